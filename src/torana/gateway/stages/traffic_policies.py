"""Stage 1, for policies: which XBackendTrafficPolicy rules a backend."""

from __future__ import annotations

from typing import Any

from torana.api.kind import ObjectRef, Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway.gateways import without_status
from torana.gateway.policies import backend_traffic
from torana.gateway.policies.backend_traffic import TrafficVerdict
from torana.gateway.stages.sources import Sources


class TrafficPolicies:
    """Verdicts are keyed by policy Ref, claims by (target, policy Ref)."""

    def __init__(self, engine: Engine, sources: Sources) -> None:
        self.specs = engine.map(
            "traffic_policy_specs", sources.backend_traffic_policies, lambda ref, one, look: without_status(one)
        )
        self.verdicts = engine.map(
            "traffic_policy_verdicts",
            self.specs,
            lambda ref, one, look: backend_traffic.judge(
                one, look.get(sources.unreadable, backend_traffic.policy_ref(ref))
            ),
        )
        self.claims = engine.derive(
            "traffic_policy_claims", self.verdicts, _claims, {"target": lambda key, created: [key[0]]}
        )

    def ruler(self, target: ObjectRef, look: Look) -> Ref | None:
        """The policy that has this target: the oldest, then the first by name."""
        claims = look.list(self.claims.index("target"), target)
        return min(((created, policy) for (_, policy), created in claims), default=("", None))[1]

    def rule(self, target: ObjectRef, look: Look) -> TrafficVerdict | None:
        """The verdict on the policy that has this target."""
        policy = self.ruler(target, look)
        return look.get(self.verdicts, policy) if policy is not None else None


def _claims(ref: Ref, verdict: TrafficVerdict, look: Look) -> dict[tuple[Any, Ref], str]:
    return {(target, ref): verdict.created for target in verdict.targets}
