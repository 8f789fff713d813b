"""How does a server that has begun to read find out that it is TLS, and go on inside?"""

from __future__ import annotations

import ssl

from tests.e2e.asking import show
from tests.reference import identities

HANDSHAKE = b"\x16"
"""How a client that speaks TLS begins."""


class TlsInside:
    """The server's end of one connection: bytes in and out, nothing is sent or waited for here."""

    def __init__(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        show(context, identities.identity(identities.BACKEND))
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._is_ready = False

    def feed(self, data: bytes) -> bytes:
        """What the client says, once that is known. Raises ssl.SSLError when it breaks off."""
        self._incoming.write(data)
        plain = b""
        try:
            if not self._is_ready:
                self._tls.do_handshake()
                self._is_ready = True
            while chunk := self._tls.read(65536):
                plain += chunk
        except ssl.SSLWantReadError:
            pass
        return plain

    def write(self, plain: bytes) -> None:
        self._tls.write(plain)

    def take(self) -> bytes:
        """What has to be sent."""
        return self._outgoing.read()
