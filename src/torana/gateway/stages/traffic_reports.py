"""Stage 6, for policies: what the status of each XBackendTrafficPolicy says, Gateway by Gateway."""

from __future__ import annotations

from typing import Any

from torana.api.kind import ObjectRef, Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway.finding import Finding
from torana.gateway.listeners import gateway_ref
from torana.gateway.policies.backend_traffic import TrafficVerdict, policy_ref
from torana.gateway.rejections import Rejection
from torana.gateway.stages.clusters import Clusters
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.rejections import Rejections
from torana.gateway.stages.sources import Sources
from torana.gateway.stages.traffic_policies import TrafficPolicies
from torana.gateway.status import policies as policy_status
from torana.gateway.status.condition import AncestorReport, PolicyReport


class TrafficReports:
    """Reports are keyed by policy Ref."""

    def __init__(
        self,
        engine: Engine,
        sources: Sources,
        listeners: Listeners,
        policies: TrafficPolicies,
        clusters: Clusters,
        rejections: Rejections,
    ) -> None:
        self.listeners, self.policies, self.clusters, self.rejections = listeners, policies, clusters, rejections
        self.backend_traffic = engine.map("traffic_policy_reports", sources.backend_traffic_policies, self._report)

    def _report(self, ref: Ref, policy: Any, look: Look) -> PolicyReport | None:
        """None while no Gateway of ours goes to a target, and none is spoken of in the status.

        A target that does not exist has no Gateway in front of it either.
        """
        verdict = look.get(self.policies.verdicts, ref)
        if verdict is None:
            return None
        behind: dict[Ref, list[Finding | None]] = {}
        for position, target in enumerate(verdict.targets):
            finding = self._rival(ref, target, f"spec.targetRefs[{position}]", look)
            clusters = look.list(self.clusters.clusters.index("backend"), target)
            for gateway in {gateway for (gateway, _), _ in clusters}:
                behind.setdefault(gateway, []).append(finding)
        if not behind and policy.status is None:
            return None
        rejected = self.rejections.against(policy_ref(ref), look)
        ancestors = (
            self._ancestor(gateway, verdict, tuple(behind[gateway]), rejected.get(gateway), look)
            for gateway in sorted(behind)
        )
        return PolicyReport(policy.metadata.generation, tuple(one for one in ancestors if one is not None))

    def _ancestor(
        self,
        gateway: Ref,
        verdict: TrafficVerdict,
        targets: tuple[Finding | None, ...],
        rejected: Rejection | None,
        look: Look,
    ) -> AncestorReport | None:
        owner = look.get(self.listeners.owners, gateway_ref(gateway))
        if owner is None:
            return None
        finding = verdict.finding or (rejected.not_accepted if rejected is not None else None)
        accepted = policy_status.accepted(finding, targets, verdict.notes)
        return AncestorReport(gateway, owner.controller_name, (accepted,))

    def _rival(self, policy: Ref, target: ObjectRef, path: str, look: Look) -> Finding | None:
        ruler = self.policies.ruler(target, look)
        if ruler == policy:
            return None
        message = f"XBackendTrafficPolicy {ruler} came first for the same target; delete one of the two"
        return Finding("Conflicted", message, path)
