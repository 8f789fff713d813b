"""Key material, in a type that never prints it."""

from __future__ import annotations

import msgspec

from torana.proxy.origin import Origin


class Redacted(bytes):
    """Bytes that print as a placeholder."""

    def __repr__(self) -> str:
        return f"<redacted, {len(self)} bytes>"

    __str__ = __repr__


class Certificate(msgspec.Struct, frozen=True, gc=False):
    """A certificate chain with its private key, both PEM."""

    name: str
    chain_pem: bytes
    key_pem: Redacted
    origin: Origin | None = None
