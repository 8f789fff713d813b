"""Stage 6, for policies: what the status of each BackendTLSPolicy says, Gateway by Gateway."""

from __future__ import annotations

from typing import Any

from torana.api.kind import Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway.finding import Finding
from torana.gateway.listeners import gateway_ref
from torana.gateway.policies.backend_tls import PolicyVerdict, Section, policy_ref
from torana.gateway.rejections import Rejection
from torana.gateway.stages.clusters import Clusters
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.rejections import Rejections
from torana.gateway.stages.routes import Routes
from torana.gateway.stages.sources import Sources
from torana.gateway.stages.tls_policies import TlsPolicies
from torana.gateway.status import policies as policy_status
from torana.gateway.status.condition import AncestorReport, PolicyReport


class PolicyReports:
    """Reports are keyed by policy Ref."""

    def __init__(
        self,
        engine: Engine,
        sources: Sources,
        listeners: Listeners,
        routes: Routes,
        policies: TlsPolicies,
        clusters: Clusters,
        rejections: Rejections,
    ) -> None:
        self.listeners, self.routes, self.policies, self.clusters = listeners, routes, policies, clusters
        self.rejections = rejections
        self.backend_tls = engine.map("tls_policy_reports", sources.backend_tls_policies, self._report)

    def _report(self, ref: Ref, policy: Any, look: Look) -> PolicyReport | None:
        """None while no Gateway of ours goes to a target, and none is spoken of in the status."""
        verdict = look.get(self.policies.verdicts, ref)
        if verdict is None:
            return None
        behind: dict[Ref, list[Finding | None]] = {}
        for position, section in enumerate(verdict.targets):
            finding = self._finding(ref, section, f"spec.targetRefs[{position}]", look)
            clusters = look.list(self.clusters.clusters.index("service"), section.service)
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
        verdict: PolicyVerdict,
        targets: tuple[Finding | None, ...],
        rejected: Rejection | None,
        look: Look,
    ) -> AncestorReport | None:
        owner = look.get(self.listeners.owners, gateway_ref(gateway))
        if owner is None:
            return None
        return AncestorReport(gateway, owner.controller_name, policy_status.conditions(verdict, targets, rejected))

    def _finding(self, policy: Ref, section: Section, path: str, look: Look) -> Finding | None:
        """What keeps the policy from ruling a target."""
        shape = look.get(self.routes.services, section.service)
        ports = shape.ports if shape is not None else {}
        asked = {transport for (transport, _), port in ports.items() if section.port in ("", port.name)}
        if not asked:
            what = f"Service {section.service}" + (f" has no port named {section.port}" if ports else " does not exist")
            return Finding("TargetNotFound", what, path)
        if asked == {"UDP"}:
            return Finding("Invalid", f"Service {section.service} is reached by UDP, which TLS is not for", path)
        ruler = self.policies.ruler(section, look)
        if ruler != policy:
            message = f"BackendTLSPolicy {ruler} came first for the same target; delete one of the two"
            return Finding("Conflicted", message, path)
        return None
