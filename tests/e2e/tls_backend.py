"""What does a backend see of the Gateway's connections? One that speaks TLS, plain text as well, and takes notes."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.asking import show
from tests.e2e.certificates import Certificate

_HANDSHAKE = b"\x16"


class TlsBackend:
    """Answers each request with the server name that was asked for and the names in the certificate that was shown.

    `requests` counts what arrived: "tls", and "plain" for whatever came without. A certificate of `clients` is asked
    for, and needed.
    """

    def __init__(self, identity: Certificate, clients: str = "") -> None:
        self.requests: Counter[str] = Counter()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        show(self.context, identity)
        self.context.sni_callback = _note_name
        if clients:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(cadata=clients)

    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        kind = "tls" if connection.recv(1, socket.MSG_PEEK) == _HANDSHAKE else "plain"
        if kind == "tls":
            connection = self.context.wrap_socket(connection, server_side=True)
        _read_head(connection)
        self.requests[kind] += 1
        seen: dict[str, object] = {"kind": kind}
        if isinstance(connection, ssl.SSLSocket):
            shown = connection.getpeercert() or {}
            seen |= {"server_name": _asked.get(connection), "shown": shown.get("subjectAltName", ())}
        body = json.dumps(seen).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        connection.close()


_asked: dict[ssl.SSLSocket | ssl.SSLObject, str | None] = {}


def _note_name(connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
    _asked[connection] = name


def _read_head(connection: socket.socket) -> None:
    """The whole request: these have no body."""
    head = b""
    while b"\r\n\r\n" not in head:
        chunk = connection.recv(65536)
        if not chunk:
            raise ConnectionError("the connection ended within a request")
        head += chunk


@contextmanager
def serving(backend: TlsBackend) -> Iterator[int]:
    """The backend listens on loopback; gives its port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                backend.serve(self.request)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
