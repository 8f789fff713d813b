"""What a BackendTLSPolicy comes to: how a backend is spoken to with TLS, or why it must not be spoken to at all.

In: a policy and the authorities it refers to. Out: a verdict. A policy with a mistake never means plain text: its
backends get nothing. Specification: BackendTLSPolicy, GEP-1897, GEP-2648.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from torana.api.kind import ObjectRef, Ref
from torana.api.references import GATEWAY_GROUP
from torana.gateway import upstream_validation
from torana.gateway.authorities import Bundles
from torana.gateway.finding import Finding, unknown_options
from torana.gateway.upstream_validation import System
from torana.proxy.tls import UpstreamTls

FEATURES = (
    "BackendTLSPolicy",
    "BackendTLSPolicySANValidation",
)


MOST_ANCESTORS = 16
"""Of how many Gateways a policy's status can speak."""


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
    notes: str = ""
    """What of it has no effect."""

    @property
    def guard(self) -> str:
        """What tells one way of speaking to a backend from all others."""
        return self.tls.guard if self.tls is not None else "refused"


def policy_ref(ref: Ref) -> ObjectRef:
    """A BackendTLSPolicy among all objects."""
    return ObjectRef(GATEWAY_GROUP, "BackendTLSPolicy", *ref)


def judge(policy: Any, bundles: Bundles, system: System, unreadable: Finding | None = None) -> PolicyVerdict:
    """The verdict on a policy. Where a part of it is `unreadable`, nothing is sent to what is known of its targets."""
    targets = tuple(
        Section(Ref(policy.metadata.namespace, one.name), one.section_name)
        for one in policy.spec.target_refs
        if (one.group or "", one.kind) == ("", "Service")
    )
    if unreadable is not None:
        return PolicyVerdict(policy.metadata.creation_timestamp, targets, not_accepted=unreadable)
    asker = policy_ref(policy.metadata.ref)
    found = upstream_validation.read(policy.spec.validation, asker, "spec.validation", bundles, system)
    return PolicyVerdict(
        policy.metadata.creation_timestamp,
        targets,
        found.tls,
        found.not_accepted,
        found.unresolved,
        unknown_options(policy.spec.options, "spec.options"),
    )
