"""How the proxy proves who it is, and what it asks of the other side of a TLS connection."""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal

import msgspec

_END = b"-----END CERTIFICATE-----"


class Authorities(msgspec.Struct, frozen=True, gc=False):
    """Certificates, PEM, that other certificates must lead to. The name follows from the content."""

    name: str
    pem: bytes

    @property
    def certificates(self) -> frozenset[bytes]:
        return frozenset(filter(None, (one.strip() for one in self.pem.split(_END))))

    def __repr__(self) -> str:
        return f"Authorities({self.name!r})"


class PeerName(msgspec.Struct, frozen=True, gc=False):
    """A name that a certificate may carry. A DNS name may begin with `*.`, for any one label."""

    type: Literal["dns", "uri"]
    value: str


class UpstreamTls(msgspec.Struct, frozen=True, gc=False):
    """A backend is asked for `server_name` and must show a certificate that carries one of `names`.

    `client_certificate` is the name of the Certificate that the proxy shows; empty: none.
    """

    server_name: str
    names: tuple[PeerName, ...]
    authorities: Authorities
    client_certificate: str = ""

    @property
    def guard(self) -> str:
        """What tells one way of making sure of the other side from all others."""
        names = [f"{name.type} {name.value}" for name in self.names]
        asked = "\n".join((self.server_name, *names, self.authorities.name))
        return blake2b(asked.encode(), digest_size=4).hexdigest()


class ClientValidation(msgspec.Struct, frozen=True, gc=False):
    """Clients are asked for a certificate. When not required, those with a bad one or none are let through as well."""

    authorities: Authorities
    is_required: bool = True

    def takes_all_of(self, other: ClientValidation | None) -> bool:
        """Whether a client that the other let in is let in here too; without another everybody was."""
        if not self.is_required:
            return True
        if other is None or not other.is_required:
            return False
        return other.authorities.certificates <= self.authorities.certificates

    @property
    def guard(self) -> str:
        """What tells one way of checking clients from all others."""
        found = self.authorities.name.rpartition("/")[2]
        return found if self.is_required else f"{found}-optional"
