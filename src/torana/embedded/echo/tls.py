"""How does the echo server speak TLS, and what does it tell about a connection?"""

from __future__ import annotations

import ssl
from typing import Any
from weakref import WeakKeyDictionary

from torana.embedded.echo.settings import TlsFiles

_server_names: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def server_context(files: TlsFiles, protocols: list[str]) -> ssl.SSLContext:
    """Raises `OSError` (missing files) or `ssl.SSLError` (unusable ones)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    if files.client_ca:
        context.load_verify_locations(files.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    if protocols:
        context.set_alpn_protocols(protocols)

    def remember(connection: Any, name: str | None, _: ssl.SSLContext) -> None:
        _server_names[connection] = name or ""

    context.sni_callback = remember
    return context


def server_name(connection: Any) -> str:
    """The name that the client asked for in its hello."""
    return _server_names.get(connection, "")


def describe(connection: ssl.SSLObject) -> dict[str, Any]:
    """The connection as the HTTP echo tells it."""
    cipher = connection.cipher()
    certificate = connection.getpeercert(binary_form=True)
    described: dict[str, Any] = {
        "version": connection.version() or "",
        "serverName": server_name(connection),
        "negotiatedProtocol": connection.selected_alpn_protocol() or "",
        "cipherSuite": cipher[0] if cipher else "",
    }
    if certificate:
        described["peerCertificates"] = [ssl.DER_cert_to_PEM_cert(certificate)]
    return described
