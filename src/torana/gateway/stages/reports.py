"""Stage 6: what the statuses say."""

from __future__ import annotations

from typing import Any

from torana.api.kind import Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway.classes import ClassVerdict
from torana.gateway.features import claimed
from torana.gateway.gateways import ManagedGateway
from torana.gateway.listeners import GROUP, ListenerKey, ListenerVerdict
from torana.gateway.routes.key import RouteKey
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.routes import Routes
from torana.gateway.stages.sources import Sources
from torana.gateway.status import classes as class_status
from torana.gateway.status import gateways as gateway_status
from torana.gateway.status import routes as route_status
from torana.gateway.status.condition import ClassReport, GatewayReport, RouteReport
from torana.gateway.status.gateways import ProxyState


class Reports:
    """Reports of routes are keyed by RouteKey, the others by Ref."""

    def __init__(self, engine: Engine, sources: Sources, listeners: Listeners, routes: Routes) -> None:
        self.sources, self.listeners, self.judged = sources, listeners, routes
        self.classes = engine.map("class_reports", listeners.classes, self._class)
        self.gateways = engine.map("gateway_reports", listeners.gateways, self._gateway)
        self.routes = engine.map("route_reports", routes.specs, self._route)

    def _class(self, ref: Ref, verdict: ClassVerdict, look: Look) -> ClassReport:
        crds = [crd for _, crd in look.list(self.sources.bundle_versions.index("group"), GROUP)]
        features = claimed({crd.channel for crd in crds})
        return class_status.report(verdict, frozenset(crd.version for crd in crds), features)

    def _route(self, key: RouteKey, route: Any, look: Look) -> RouteReport:
        verdicts = look.get(self.judged.parents, key) or ()
        compiled = look.get(self.judged.compiled, key)
        return route_status.report(route, verdicts, compiled, look.get(self.sources.quarantined, key))

    def _gateway(self, ref: Ref, managed: ManagedGateway, look: Look) -> GatewayReport | None:
        """None until the infrastructure has been looked at: an unknown proxy is not a missing one."""
        proxy: ProxyState | None = look.get(self.sources.proxies, ref)
        if proxy is None and managed.finding is None:
            return None
        verdicts = [one for _, one in look.list(self.listeners.listeners.index("gateway"), ref)]
        verdicts.sort(key=lambda one: one.shape.position)
        return gateway_status.report(
            managed,
            tuple(self._listener(one, look) for one in verdicts),
            proxy or ProxyState(),
            look.get(self.listeners.client_certificates, ref),
        )

    def _listener(self, verdict: ListenerVerdict, look: Look) -> tuple[ListenerVerdict, int, str]:
        shape = verdict.shape
        attached = look.count(self.judged.attachments.index("listener"), ListenerKey(shape.gateway, shape.name))
        closed = look.get(self.sources.refused_binds, shape.bind) or ""
        return verdict, attached, closed
