"""Stage 6, for XBackends: what the status of each says, Gateway by Gateway."""

from __future__ import annotations

from typing import Any

from torana.api.kind import ObjectRef, Ref
from torana.api.x_backend import EXPERIMENTAL_GROUP
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway.external import KIND
from torana.gateway.stages.ancestors import Ancestors
from torana.gateway.stages.clusters import Clusters
from torana.gateway.stages.external_backends import ExternalBackends
from torana.gateway.stages.sources import Sources
from torana.gateway.status import external as external_status
from torana.gateway.status.condition import PolicyReport


class ExternalReports:
    """Reports are keyed by Ref."""

    def __init__(
        self, engine: Engine, sources: Sources, externals: ExternalBackends, clusters: Clusters, ancestors: Ancestors
    ) -> None:
        self.externals, self.clusters, self.ancestors = externals, clusters, ancestors
        self.backends = engine.map("external_backend_reports", sources.backends, self._report)

    def _report(self, ref: Ref, backend: Any, look: Look) -> PolicyReport | None:
        verdict = look.get(self.externals.verdicts, ref)
        if verdict is None:
            return None
        itself = ObjectRef(EXPERIMENTAL_GROUP, KIND, *ref)
        targets = [(None, self.clusters.gateways("backend", itself, look))]
        return self.ancestors.report(
            itself, backend, targets, lambda _, rejected: external_status.conditions(verdict, rejected), look
        )
