"""What a backend that is spoken to with TLS must show: whose certificate, for which names.

In: BackendTLSPolicyValidation, of a policy or an XBackend. Out: how TLS is spoken, or why nothing must be sent at all.
Specification: BackendTLSPolicyValidation, GEP-1897.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from torana.api.kind import ObjectRef
from torana.gateway.authorities import Bundles, gather
from torana.gateway.certificates import Credentials
from torana.gateway.finding import Finding
from torana.proxy.tls import Authorities, PeerName, UpstreamTls

SYSTEM = "System"

System = Callable[[], Authorities | None]
"""Gives the authorities of the system, if there are any; called only when they are asked for."""


class Sight(Bundles, Credentials, Protocol):
    """How the world is seen: granted references, authorities, key pairs."""


class Validation(NamedTuple):
    """Without `tls` nothing must be sent to the backend."""

    tls: UpstreamTls | None = None
    not_accepted: Finding | None = None
    unresolved: Finding | None = None


def read(validation: Any, asker: ObjectRef, path: str, bundles: Bundles, system: System) -> Validation:
    """The validation that stands at `path` of the object `asker`."""
    unresolved = None
    if validation.ca_certificate_refs:
        authorities, not_accepted, unresolved = _from_refs(validation, asker, path, bundles)
    else:
        authorities, not_accepted = _well_known(validation.well_known_ca_certificates, path, system)
    if authorities is None:
        return Validation(None, not_accepted, unresolved)
    return Validation(UpstreamTls(validation.hostname.lower(), _names(validation), authorities), None, unresolved)


def _from_refs(
    validation: Any, asker: ObjectRef, path: str, bundles: Bundles
) -> tuple[Authorities | None, Finding | None, Finding | None]:
    path = f"{path}.caCertificateRefs"
    authorities, findings = gather(validation.ca_certificate_refs, asker, path, bundles, "InvalidKind")
    unresolved = findings[0] if findings else None
    if authorities is not None:
        return authorities, None, unresolved
    message = f"no authority is left to trust, so nothing is sent to the backend: {findings[0].message}"
    return None, Finding("NoValidCACertificate", message, path), unresolved


def _well_known(name: str, path: str, system: System) -> tuple[Authorities | None, Finding | None]:
    path = f"{path}.wellKnownCACertificates"
    if name != SYSTEM:
        return None, Finding("Invalid", f"{name or 'no set of authorities'} is not known; use {SYSTEM}", path)
    authorities = system()
    if authorities is None:
        return None, Finding("Invalid", "the controller's system has no authorities; use caCertificateRefs", path)
    return authorities, None


def _names(validation: Any) -> tuple[PeerName, ...]:
    """What the certificate must carry: one of the names given, or else the hostname."""
    if not validation.subject_alt_names:
        return (PeerName("dns", validation.hostname.lower()),)
    return tuple(
        PeerName("uri", one.uri) if one.type == "URI" else PeerName("dns", one.hostname.lower())
        for one in validation.subject_alt_names
    )
