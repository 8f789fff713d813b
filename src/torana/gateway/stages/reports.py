"""Stage 6: what the statuses say."""

from __future__ import annotations

from typing import Any

from torana.api.kind import ObjectRef, Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway import listener_sets
from torana.gateway.classes import ClassVerdict
from torana.gateway.features import claimed
from torana.gateway.gateways import ManagedGateway
from torana.gateway.listener_sets import ManagedSet
from torana.gateway.listeners import GROUP, ListenerVerdict, gateway_ref, set_ref
from torana.gateway.routes.key import RouteKey
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.rejections import Rejections
from torana.gateway.stages.routes import Routes
from torana.gateway.stages.sources import Sources
from torana.gateway.status import classes as class_status
from torana.gateway.status import gateways as gateway_status
from torana.gateway.status import listener_sets as set_status
from torana.gateway.status import routes as route_status
from torana.gateway.status.condition import ClassReport, GatewayReport, RouteReport, SetReport
from torana.gateway.status.gateways import ProxyState, Standing


class Reports:
    """Reports of routes are keyed by RouteKey, the others by Ref."""

    def __init__(
        self, engine: Engine, sources: Sources, listeners: Listeners, routes: Routes, rejections: Rejections
    ) -> None:
        self.sources, self.listeners, self.judged, self.rejections = sources, listeners, routes, rejections
        self.classes = engine.map("class_reports", listeners.classes, self._class)
        self.gateways = engine.map("gateway_reports", listeners.gateways, self._gateway)
        self.programmed = engine.map("programmed_gateways", self.gateways, lambda ref, one, look: one.is_programmed)
        self.sets = engine.union(
            "set_reports",
            (
                engine.map("attached_set_reports", listeners.sets, self._set),
                engine.map("orphaned_set_reports", sources.listener_sets, self._orphan),
            ),
        )
        self.routes = engine.map("route_reports", routes.specs, self._route)

    def _class(self, ref: Ref, verdict: ClassVerdict, look: Look) -> ClassReport:
        crds = [crd for _, crd in look.list(self.sources.bundle_versions.index("group"), GROUP)]
        features = claimed({crd.channel for crd in crds})
        return class_status.report(verdict, frozenset(crd.version for crd in crds), features)

    def _route(self, key: RouteKey, route: Any, look: Look) -> RouteReport:
        verdicts = look.get(self.judged.parents, key) or ()
        compiled = look.get(self.judged.compiled, key)
        quarantine = look.get(self.sources.quarantined, key)
        return route_status.report(route, verdicts, compiled, quarantine, self.rejections.against(key, look))

    def _gateway(self, ref: Ref, managed: ManagedGateway, look: Look) -> GatewayReport | None:
        """None until the infrastructure has been looked at: an unknown proxy is not a missing one."""
        proxy: ProxyState | None = look.get(self.sources.proxies, ref)
        if proxy is None and managed.finding is None:
            return None
        attached_sets = look.count(self.listeners.attached_sets.index("gateway"), ref)
        return gateway_status.report(
            managed,
            self._of_owner(gateway_ref(ref), look),
            proxy or ProxyState(),
            attached_sets,
            look.get(self.listeners.client_certificates, ref),
            self.rejections.against(gateway_ref(ref), look).get(ref),
        )

    def _set(self, ref: Ref, one: ManagedSet, look: Look) -> SetReport | None:
        """None until its Gateway has a report."""
        is_programmed = look.get(self.programmed, one.gateway)
        if is_programmed is None:
            return None
        proxy = look.get(self.sources.proxies, one.gateway) or ProxyState()
        return set_status.report(one, self._of_owner(set_ref(ref), look), proxy, is_programmed)

    def _orphan(self, ref: Ref, listener_set: Any, look: Look) -> SetReport | None:
        """What is left to say when the Gateway was deleted: nobody else says it."""
        gateway = listener_sets.parent_of(listener_set)
        if gateway is None or look.get(self.sources.gateways, gateway) is not None:
            return None
        return set_status.orphaned(listener_set, gateway)

    def _of_owner(self, owner: ObjectRef, look: Look) -> tuple[Standing, ...]:
        """The listeners of a Gateway or ListenerSet, in their order."""
        verdicts = [one for _, one in look.list(self.listeners.listeners.index("owner"), owner)]
        verdicts.sort(key=lambda one: one.position)
        return tuple(self._standing(one, look) for one in verdicts)

    def _standing(self, verdict: ListenerVerdict, look: Look) -> Standing:
        shape = verdict.shape
        return Standing(
            verdict,
            look.count(self.judged.accepted.index("listener"), shape.key),
            look.get(self.sources.refused_binds, shape.bind),
            look.get(self.listeners.overlaps, shape.key),
            self.rejections.against(shape.key, look).get(shape.gateway),
        )
