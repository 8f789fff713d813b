"""What was the echo server asked to be? Reads the environment variables of the echo image.

The variables are those of the Gateway API project's `echo-basic` image, so that its manifests work as they are. One
is ours: `TORANA_POD_IP`, the address to bind. Pods of this node are processes in one network, so a wildcard would
take the port from all the other Pods.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Context(msgspec.Struct, frozen=True):
    """Where this server runs; part of every answer."""

    namespace: str = ""
    ingress: str = ""
    service: str = ""
    pod: str = ""


class TlsFiles(msgspec.Struct, frozen=True):
    """PEM files of the TLS port."""

    certificate: str
    key: str
    client_ca: str = ""
    """When set, a client certificate is asked for and verified if one is given."""


class Settings(msgspec.Struct, frozen=True):
    """All that a mode needs to know."""

    mode: str
    address: str
    context: Context
    http_port: int = 3000
    h2c_port: int = 3001
    https_port: int = 8443
    tcp_port: int = 3000
    udp_port: int = 8080
    dns_port: int = 53
    tls: TlsFiles | None = None


def read_settings(environ: Mapping[str, str], mode: str = "") -> Settings:
    """Raises `ValueError` when a port is not a number."""

    def port(name: str, default: int) -> int:
        text = environ.get(name) or str(default)
        if not text.isdigit() or not 0 <= int(text) < 65536:
            raise ValueError(f"environment variable {name}={text!r}: expected a port number")
        return int(text)

    return Settings(
        mode=mode or _mode(environ),
        address=environ.get("TORANA_POD_IP") or environ.get("POD_IP") or "127.0.0.1",
        context=Context(
            environ.get("NAMESPACE", ""),
            environ.get("INGRESS_NAME", ""),
            environ.get("SERVICE_NAME", ""),
            environ.get("POD_NAME", ""),
        ),
        http_port=port("HTTP_PORT", 3000),
        h2c_port=port("H2C_PORT", 3001),
        https_port=port("HTTPS_PORT", 8443),
        tcp_port=port("TCP_PORT", 3000),
        udp_port=port("UDP_PORT", 8080),
        dns_port=port("DNS_PORT", 53),
        tls=_tls(environ),
    )


def _mode(environ: Mapping[str, str]) -> str:
    for name, mode in (("GRPC_ECHO_SERVER", "grpc"), ("TCP_ECHO_SERVER", "tcp"), ("UDP_ECHO_SERVER", "udp")):
        if environ.get(name):
            return mode
    return "http"


def _tls(environ: Mapping[str, str]) -> TlsFiles | None:
    certificate = environ.get("TLS_SERVER_CERT", "")
    # The HTTP and the TCP server of the original spell the key's variable differently.
    key = environ.get("TLS_SERVER_PRIVKEY") or environ.get("TLS_SERVER_PRIV_KEY") or ""
    if not certificate or not key:
        return None
    return TlsFiles(certificate, key, environ.get("TLS_CLIENT_CACERTS", ""))
