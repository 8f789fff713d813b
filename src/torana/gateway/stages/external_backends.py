"""Stage 2, for XBackends: hosts outside the cluster, judged."""

from __future__ import annotations

from typing import Any

from torana.api.kind import ObjectRef, Ref
from torana.api.x_backend import EXPERIMENTAL_GROUP
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway import external
from torana.gateway.backends import ClusterKey
from torana.gateway.external import ExternalBackend
from torana.gateway.gateways import without_status
from torana.gateway.stages.listeners import Listeners, Seen
from torana.gateway.stages.sources import Sources
from torana.gateway.upstream_validation import SYSTEM


class ExternalBackends:
    """Verdicts are keyed by Ref."""

    def __init__(self, engine: Engine, sources: Sources, listeners: Listeners) -> None:
        self.sources, self.listeners = sources, listeners
        self.specs = engine.map("external_backend_specs", sources.backends, lambda ref, one, look: without_status(one))
        self.verdicts = engine.map("external_backends", self.specs, self._judge)

    def find(self, key: ClusterKey, look: Look) -> ExternalBackend | None:
        """The XBackend that a cluster stands for; None when it stands for a Service."""
        return look.get(self.verdicts, Ref(key.namespace, key.object_name)) if key.kind == external.KIND else None

    def _judge(self, ref: Ref, backend: Any, look: Look) -> ExternalBackend:
        return external.judge(
            backend,
            Seen(self.listeners, look),
            lambda: look.get(self.sources.system_authorities, SYSTEM),
            look.get(self.sources.unreadable, ObjectRef(EXPERIMENTAL_GROUP, external.KIND, *ref)),
        )
