"""Stage 6, for XBackends: what the status of each says, Gateway by Gateway."""

from __future__ import annotations

from typing import Any

from torana.api.kind import ObjectRef, Ref
from torana.api.x_backend import EXPERIMENTAL_GROUP
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway.external import KIND
from torana.gateway.listeners import gateway_ref
from torana.gateway.stages.clusters import Clusters
from torana.gateway.stages.external_backends import ExternalBackends
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.rejections import Rejections
from torana.gateway.stages.sources import Sources
from torana.gateway.status import external as external_status
from torana.gateway.status.condition import AncestorReport, PolicyReport


class ExternalReports:
    """Reports are keyed by Ref."""

    def __init__(
        self,
        engine: Engine,
        sources: Sources,
        listeners: Listeners,
        externals: ExternalBackends,
        clusters: Clusters,
        rejections: Rejections,
    ) -> None:
        self.listeners, self.externals, self.clusters, self.rejections = listeners, externals, clusters, rejections
        self.backends = engine.map("external_backend_reports", sources.backends, self._report)

    def _report(self, ref: Ref, backend: Any, look: Look) -> PolicyReport | None:
        """None while no Gateway of ours goes to the backend, and none is spoken of in the status."""
        verdict = look.get(self.externals.verdicts, ref)
        itself = ObjectRef(EXPERIMENTAL_GROUP, KIND, *ref)
        clusters = look.list(self.clusters.clusters.index("backend"), itself)
        gateways = sorted({gateway for (gateway, _), _ in clusters})
        if verdict is None or (not gateways and backend.status is None):
            return None
        rejected = self.rejections.against(itself, look)
        owners = ((gateway, look.get(self.listeners.owners, gateway_ref(gateway))) for gateway in gateways)
        reports = tuple(
            AncestorReport(gateway, owner.controller_name, external_status.conditions(verdict, rejected.get(gateway)))
            for gateway, owner in owners
            if owner is not None
        )
        return PolicyReport(backend.metadata.generation, reports)
