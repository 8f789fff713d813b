"""Stage 2, for backends: what routing needs of Services, and which BackendTLSPolicy rules a port of theirs."""

from __future__ import annotations

from typing import Any

from torana.api.kind import Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway import backends
from torana.gateway.backends import SERVICE, ClusterKey, ServiceShape
from torana.gateway.gateways import without_status
from torana.gateway.policies import backend_tls
from torana.gateway.policies.backend_tls import MOST_ANCESTORS, PolicyVerdict, Section
from torana.gateway.stages.listeners import Listeners, Seen
from torana.gateway.stages.sources import Sources
from torana.gateway.upstream_validation import SYSTEM


class TlsPolicies:
    """Services are keyed by Ref, verdicts by policy Ref, claims by (Section, policy Ref).

    `strangers` are the entries of other controllers in a policy's status, which leave less room for ours.
    """

    def __init__(self, engine: Engine, sources: Sources, listeners: Listeners) -> None:
        self.sources, self.listeners = sources, listeners
        self.services = engine.map("service_shapes", sources.services, lambda ref, one, look: backends.shape(one))
        self.specs = engine.map(
            "tls_policy_specs", sources.backend_tls_policies, lambda ref, one, look: without_status(one)
        )
        self.verdicts = engine.map("tls_policy_verdicts", self.specs, self._judge)
        self.strangers = engine.map("tls_policy_strangers", sources.backend_tls_policies, self._strangers)
        self.claims = engine.derive(
            "tls_policy_claims", self.verdicts, _claims, {"section": lambda key, created: [key[0]]}
        )

    def ruler(self, section: Section, look: Look) -> Ref | None:
        """The policy that has this section: the oldest, then the first by name."""
        claims = look.list(self.claims.index("section"), section)
        return min(((created, policy) for (_, policy), created in claims), default=("", None))[1]

    def rule(self, key: ClusterKey, look: Look) -> tuple[Ref, PolicyVerdict] | None:
        """The policy for a Service port: one for the port goes before one for the whole Service."""
        if key.protocol in ("udp", "tls") or key.kind != SERVICE:
            return None
        service = Ref(key.namespace, key.object_name)
        shape: ServiceShape | None = look.get(self.services, service)
        port = shape.ports.get(("TCP", key.port)) if shape is not None else None
        names = (port.name, "") if port is not None and port.name else ("",)
        for name in names:
            policy = self.ruler(Section(service, name), look)
            verdict = look.get(self.verdicts, policy) if policy is not None else None
            if policy is not None and verdict is not None:
                return policy, verdict
        return None

    def guarded(self, key: ClusterKey, look: Look) -> ClusterKey:
        """The cluster to speak to where the policy for it, if there is one, is followed."""
        found = self.rule(key, look)
        return key._replace(guard=found[1].guard) if found is not None else key

    def room(self, policy: Ref, look: Look) -> int:
        """For how many Gateways the policy's status has room."""
        return max(0, MOST_ANCESTORS - (look.get(self.strangers, policy) or 0))

    def _strangers(self, ref: Ref, policy: Any, look: Look) -> int | None:
        entries = policy.status.ancestors if policy.status is not None else ()
        return sum(one.controller_name not in self.listeners.controller_names for one in entries) or None

    def _judge(self, ref: Ref, policy: Any, look: Look) -> PolicyVerdict:
        return backend_tls.judge(
            policy,
            Seen(self.listeners, look),
            lambda: look.get(self.sources.system_authorities, SYSTEM),
            look.get(self.sources.unreadable, backend_tls.policy_ref(ref)),
        )


def _claims(ref: Ref, verdict: PolicyVerdict, look: Look) -> dict[tuple[Section, Ref], str]:
    return {(section, ref): verdict.created for section in verdict.targets}
