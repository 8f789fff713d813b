"""What the objects say whose certificates, authorities or backends a proxy rejected.

In: the proxy's message. Out: findings with the reasons that the same mistake has when it is seen before a proxy does.
Listeners and route tables have ways of their own: `refused_binds` and `quarantine.py`.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import msgspec

from torana.api.kind import Ref
from torana.gateway.finding import Finding


class ResourceKey(NamedTuple):
    """A cluster, its endpoints or a secret of a Gateway's proxy: which of them (CDS, EDS, SDS), and its name."""

    gateway: Ref
    type: str
    name: str


class Charge(NamedTuple):
    """Identity of a rejection at an object (or a ListenerKey) that brought it about."""

    culprit: Hashable
    cause: ResourceKey


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """What keeps an object from having the effect it says. `not_accepted` and `unresolved` become conditions."""

    not_accepted: Finding | None = None
    unresolved: Finding | None = None


def of_certificate(secret: Ref, message: str, reason: str, path: str) -> Finding:
    """A certificate that is sound as far as we can see, and that the proxy does not take."""
    return Finding(reason, f"the proxy rejected the certificate of Secret {secret}: {message}; {_KEPT}", path)


def of_authorities(message: str, path: str) -> Rejection:
    """Authorities are known by their content, so there is no earlier version that could go on."""
    text = f"the proxy rejected the authorities, so nothing is sent to the backend: {message}"
    return Rejection(Finding("NoValidCACertificate", text, path), Finding("InvalidCACertificateRef", text, path))


def of_backend(backend: str, message: str, path: str) -> Finding:
    """A cluster or its endpoints."""
    return Finding(BAD_BACKEND, f"the proxy rejected the configuration of {backend}: {message}; {_KEPT}", path)


BAD_BACKEND = "InvalidBackend"
_KEPT = "what it accepted before, if anything, goes on"
