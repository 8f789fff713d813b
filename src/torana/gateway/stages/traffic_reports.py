"""Stage 6, for policies: what the status of each XBackendTrafficPolicy says, Gateway by Gateway."""

from __future__ import annotations

from functools import partial
from typing import Any

from torana.api.kind import ObjectRef, Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway.finding import Finding
from torana.gateway.policies.backend_traffic import TrafficVerdict, policy_ref
from torana.gateway.rejections import Rejection
from torana.gateway.stages.ancestors import Ancestors
from torana.gateway.stages.clusters import Clusters
from torana.gateway.stages.sources import Sources
from torana.gateway.stages.traffic_policies import TrafficPolicies
from torana.gateway.status.condition import Judgement, PolicyReport
from torana.gateway.status.policies import accepted


class TrafficReports:
    """Reports are keyed by policy Ref."""

    def __init__(
        self, engine: Engine, sources: Sources, policies: TrafficPolicies, clusters: Clusters, ancestors: Ancestors
    ) -> None:
        self.policies, self.clusters, self.ancestors = policies, clusters, ancestors
        self.backend_traffic = engine.map("traffic_policy_reports", sources.backend_traffic_policies, self._report)

    def _report(self, ref: Ref, policy: Any, look: Look) -> PolicyReport | None:
        """A target that does not exist has no Gateway in front of it either."""
        verdict = look.get(self.policies.verdicts, ref)
        if verdict is None:
            return None
        targets = (
            (
                self._rival(ref, target, f"spec.targetRefs[{position}]", look),
                self.clusters.gateways("backend", target, look),
            )
            for position, target in enumerate(verdict.targets)
        )
        return self.ancestors.report(policy_ref(ref), policy, targets, partial(_conditions, verdict), look)

    def _rival(self, policy: Ref, target: ObjectRef, path: str, look: Look) -> Finding | None:
        ruler = self.policies.ruler(target, look)
        if ruler == policy:
            return None
        message = f"XBackendTrafficPolicy {ruler} came first for the same target; delete one of the two"
        return Finding("Conflicted", message, path)


def _conditions(
    verdict: TrafficVerdict, targets: tuple[Finding | None, ...], rejected: Rejection | None
) -> tuple[Judgement, ...]:
    finding = verdict.finding or (rejected.not_accepted if rejected is not None else None)
    return (accepted(finding, targets, verdict.notes),)
