"""Stage 6, for policies: what the status of each BackendTLSPolicy says, Gateway by Gateway."""

from __future__ import annotations

from functools import partial
from typing import Any

from torana.api.kind import Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway.finding import Finding
from torana.gateway.policies.backend_tls import Section, policy_ref
from torana.gateway.stages.ancestors import Ancestors
from torana.gateway.stages.clusters import Clusters
from torana.gateway.stages.routes import Routes
from torana.gateway.stages.sources import Sources
from torana.gateway.stages.tls_policies import TlsPolicies
from torana.gateway.status.condition import PolicyReport
from torana.gateway.status.policies import conditions


class PolicyReports:
    """Reports are keyed by policy Ref."""

    def __init__(
        self,
        engine: Engine,
        sources: Sources,
        routes: Routes,
        policies: TlsPolicies,
        clusters: Clusters,
        ancestors: Ancestors,
    ) -> None:
        self.routes, self.policies, self.clusters, self.ancestors = routes, policies, clusters, ancestors
        self.backend_tls = engine.map("tls_policy_reports", sources.backend_tls_policies, self._report)

    def _report(self, ref: Ref, policy: Any, look: Look) -> PolicyReport | None:
        verdict = look.get(self.policies.verdicts, ref)
        if verdict is None:
            return None
        targets = (
            (
                self._finding(ref, section, f"spec.targetRefs[{position}]", look),
                self.clusters.gateways("service", section.service, look),
            )
            for position, section in enumerate(verdict.targets)
        )
        return self.ancestors.report(policy_ref(ref), policy, targets, partial(conditions, verdict), look)

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
