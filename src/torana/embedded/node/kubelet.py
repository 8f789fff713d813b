"""How does the API server get a container's log? By the kubelet's HTTPS endpoint on this node.

An edge. `GET /containerLogs/{namespace}/{pod}/{container}` with the options of `kubectl logs`. Served only to client
certificates of the cluster's authority that are the API server's own or in group `system:masters`: a log may hold
secrets.
"""

from __future__ import annotations

import ipaddress
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from torana.api.kind import Ref
from torana.embedded.node.log_files import read_log
from torana.embedded.node.logs import LogQuery
from torana.embedded.node.pods import Pods

TRUSTED_GROUPS = ("system:masters",)
TRUSTED_NAMES = ("kube-apiserver", "kube-apiserver-kubelet-client", "torana-apiserver")


def parse_query(query: Mapping[str, str], now: float) -> LogQuery:
    """Raises `ValueError` naming the option that is malformed."""

    def number(name: str) -> int | None:
        text = query.get(name)
        if text is None:
            return None
        if not text.isdigit():
            raise ValueError(f"{name}={text!r}: expected a number that is not negative")
        return int(text)

    since: float | None = None
    if "sinceTime" in query:
        try:
            since = datetime.fromisoformat(query["sinceTime"].replace("Z", "+00:00")).timestamp()
        except ValueError:
            raise ValueError(f"sinceTime={query['sinceTime']!r}: expected an RFC 3339 time") from None
    elif (seconds := number("sinceSeconds")) is not None:
        since = now - seconds
    return LogQuery(
        follow=query.get("follow") in ("true", "1"),
        previous=query.get("previous") in ("true", "1"),
        timestamps=query.get("timestamps") in ("true", "1"),
        tail_lines=number("tailLines"),
        since=since,
        limit_bytes=number("limitBytes"),
    )


def is_trusted(certificate: Mapping[str, Any] | None) -> bool:
    """Whether a verified client certificate (as `ssl` describes it) may read logs."""
    subject = [pair for part in (certificate or {}).get("subject", ()) for pair in part]
    return any(
        (name == "organizationName" and value in TRUSTED_GROUPS) or (name == "commonName" and value in TRUSTED_NAMES)
        for name, value in subject
    )


class KubeletServer:
    """The endpoint. `port` is known after `start`."""

    def __init__(self, pods: Pods, client_ca: bytes, directory: Path) -> None:
        self._pods = pods
        self._context = _server_context(client_ca, directory)
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        application = web.Application()
        application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", self._logs)
        application.router.add_get("/healthz", _healthz)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=self._context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        transport = request.transport
        if transport is None or not is_trusted(transport.get_extra_info("peercert")):
            return web.Response(status=403, text="only the API server and cluster administrators may read logs\n")
        ref = Ref(request.match_info["namespace"], request.match_info["pod"])
        container = request.match_info["container"]
        try:
            query = parse_query(request.query, time.time())
        except ValueError as error:
            return web.Response(status=400, text=f"{error}\n")
        found = self._pods.log_of(ref, container)
        if found is None:
            return web.Response(status=404, text=f'container "{container}" of Pod {ref} is not on this node\n')
        file, ended = found
        if query.previous and not file.previous.exists():
            text = f'previous terminated container "{container}" in pod "{ref.name}" not found\n'
            return web.Response(status=400, text=text)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        async for chunk in read_log(file, query, ended):
            if chunk:
                await response.write(chunk)
        return response


async def _healthz(_: web.Request) -> web.Response:
    return web.Response(text="ok")


def _server_context(client_ca: bytes, directory: Path) -> ssl.SSLContext:
    certificate, key = directory / "kubelet.crt", directory / "kubelet.key"
    if not certificate.exists() or not key.exists():
        _make_certificate(certificate, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if client_ca:
        context.load_verify_locations(cadata=client_ca.decode())
        # Optional, so that a caller without one gets an answer that says what is wrong.
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _make_certificate(certificate: Path, key: Path) -> None:
    """A self-signed serving certificate, as kubelet makes by default; the API server does not verify it."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "torana-node")])
    now = datetime.now(UTC)
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(addresses, critical=False)
        .sign(private, hashes.SHA256())
    )
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    key.chmod(0o600)
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
