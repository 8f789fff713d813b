"""What a BackendTLSPolicy comes to: how a backend is spoken to with TLS, or why it must not be spoken to at all.

In: a policy and the authorities it refers to. Out: a verdict. A policy with a mistake never means plain text: its
backends get nothing. Specification: BackendTLSPolicy, GEP-1897, GEP-2648.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from torana.api.kind import ObjectRef, Ref
from torana.api.references import GATEWAY_GROUP
from torana.gateway.authorities import Bundles, gather
from torana.gateway.finding import Finding
from torana.proxy.tls import Authorities, PeerName, UpstreamTls

FEATURES = (
    "BackendTLSPolicy",
    "BackendTLSPolicySANValidation",
)

SYSTEM = "System"


class Section(NamedTuple):
    """What a policy is for: a port of a Service by its name, or with "" all its ports."""

    service: Ref
    port: str


class PolicyVerdict(msgspec.Struct, frozen=True, gc=False):
    """A policy as judged by itself, without its rivals. Without `tls` its backends get nothing."""

    created: str
    targets: tuple[Section, ...]
    tls: UpstreamTls | None = None
    not_accepted: Finding | None = None
    unresolved: Finding | None = None

    @property
    def guard(self) -> str:
        """What tells one way of speaking to a backend from all others."""
        if self.tls is None:
            return "refused"
        names = [f"{name.type} {name.value}" for name in self.tls.names]
        asked = "\n".join((self.tls.server_name, *names, self.tls.authorities.name))
        return blake2b(asked.encode(), digest_size=4).hexdigest()


def judge(policy: Any, bundles: Bundles, system: Authorities | None) -> PolicyVerdict:
    """The verdict on a policy; `system` are the authorities of the system, if there are any."""
    targets = tuple(
        Section(Ref(policy.metadata.namespace, one.name), one.section_name)
        for one in policy.spec.target_refs
        if (one.group or "", one.kind) == ("", "Service")
    )
    validation = policy.spec.validation
    if validation.ca_certificate_refs:
        authorities, not_accepted, unresolved = _from_refs(policy, bundles)
    else:
        authorities, not_accepted = _well_known(validation.well_known_ca_certificates, system)
        unresolved = None
    tls = None
    if authorities is not None:
        tls = UpstreamTls(validation.hostname.lower(), _names(validation), authorities)
    return PolicyVerdict(policy.metadata.creation_timestamp, targets, tls, not_accepted, unresolved)


def _from_refs(policy: Any, bundles: Bundles) -> tuple[Authorities | None, Finding | None, Finding | None]:
    asker = ObjectRef(GATEWAY_GROUP, "BackendTLSPolicy", *policy.metadata.ref)
    path = "spec.validation.caCertificateRefs"
    refs = policy.spec.validation.ca_certificate_refs
    authorities, findings = gather(refs, asker, path, bundles, "InvalidKind")
    unresolved = findings[0] if findings else None
    if authorities is not None:
        return authorities, None, unresolved
    message = f"no authority is left to trust, so nothing is sent to the backend: {findings[0].message}"
    return None, Finding("NoValidCACertificate", message, path), unresolved


def _well_known(name: str, system: Authorities | None) -> tuple[Authorities | None, Finding | None]:
    path = "spec.validation.wellKnownCACertificates"
    if name != SYSTEM:
        return None, Finding("Invalid", f"{name or 'no set of authorities'} is not known; use {SYSTEM}", path)
    if system is None:
        return None, Finding("Invalid", "the controller's system has no authorities; use caCertificateRefs", path)
    return system, None


def _names(validation: Any) -> tuple[PeerName, ...]:
    """What the certificate must carry: one of the names given, or else the hostname."""
    if not validation.subject_alt_names:
        return (PeerName("dns", validation.hostname.lower()),)
    return tuple(
        PeerName("uri", one.uri) if one.type == "URI" else PeerName("dns", one.hostname.lower())
        for one in validation.subject_alt_names
    )
