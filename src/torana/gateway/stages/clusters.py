"""Stage 4: the clusters that each Gateway's proxy needs, and the endpoints behind them."""

from __future__ import annotations

from typing import Any

from torana.api.kind import Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway import backends
from torana.gateway.attachment import ParentVerdict
from torana.gateway.backends import ClusterKey
from torana.gateway.routes.key import RouteKey
from torana.gateway.stages.routes import Routes
from torana.gateway.stages.sources import Sources
from torana.proxy.cluster import Cluster, Endpoints


class Clusters:
    """Uses are keyed by (gateway, ClusterKey, RouteKey), clusters by (gateway, ClusterKey), endpoints by ClusterKey."""

    def __init__(self, engine: Engine, sources: Sources, routes: Routes) -> None:
        self.sources, self.routes = sources, routes
        self.uses = engine.derive(
            "uses",
            routes.parents,
            self._uses,
            {"cluster": lambda key, one: [key[:2]], "backend": lambda key, one: [key[1]]},
        )
        self.clusters = engine.map(
            "clusters", self.uses.index("cluster"), self._cluster, {"gateway": lambda key, one: [key[0]]}
        )
        self.endpoints = engine.map("endpoints", self.uses.index("backend"), self._endpoints)

    def _uses(self, route: RouteKey, verdicts: tuple[ParentVerdict, ...], look: Look) -> dict[Any, bool]:
        compiled = look.get(self.routes.compiled, route)
        if compiled is None:
            return {}
        gateways = {verdict.gateway for verdict in verdicts if verdict.attachments}
        return {(gateway, key, route): True for gateway in gateways for key in compiled.clusters}

    def _cluster(self, key: tuple[Ref, ClusterKey], _: None, look: Look) -> Cluster:
        return backends.cluster(key[1])

    def _endpoints(self, key: ClusterKey, _: None, look: Look) -> Endpoints:
        service = Ref(key.namespace, key.service)
        slices = look.list(self.sources.endpoint_slices.index("service"), service)
        return backends.endpoints(key, look.get(self.routes.services, service), tuple(one for _, one in slices))
