"""The controller's one loop: settled changes go to the proxies, the provisioner and the statuses.

A settle is a *revision*. What it changes in resources is offered to the Gateways' proxies at once; what it changes in
reports is told once those proxies have accepted the revision (`delivery.py`). What proxies reject goes back into the
graph as a quarantine or a refused bind.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Hashable, Iterable
from typing import Any

from torana.api.kind import Ref
from torana.controller.blame import Blame
from torana.controller.class_keeper import ClassKeeper
from torana.controller.delivery import Deliveries
from torana.controller.departures import Departures
from torana.controller.feed import Edits, Feed
from torana.controller.measures import Measures
from torana.controller.status_writer import StatusKey, StatusWriter
from torana.derive.collection import Change, Collection
from torana.derive.engine import Settled
from torana.envoy.farewell import farewells
from torana.envoy.refusal import of_bind, readable
from torana.envoy.resource import Key, Resource, ResourceType
from torana.envoy.server import Connected, Delivered, DeliveryEvent, Disconnected, Rejected, XdsServer
from torana.envoy.stage import ConfigKey, Resources
from torana.gateway.gateways import ManagedGateway
from torana.gateway.graph import Graph
from torana.gateway.hosts import routes_of
from torana.gateway.listeners import BindKey
from torana.gateway.quarantine import LOST, served
from torana.gateway.rejections import ResourceKey
from torana.gateway.routes.key import RouteKey
from torana.gateway.status.condition import GatewayReport, PolicyReport, RouteReport, SetReport
from torana.infra.pod import ENDPOINT_LAG_S
from torana.infra.provisioner import Provisioner
from torana.infra.stage import Infrastructure

log = logging.getLogger(__name__)

_ANSWERED_FOR = (ResourceType.CDS, ResourceType.EDS, ResourceType.SDS)
"""Types of which `gateway/stages/rejections.py` knows whose fault they are."""

GRACE_S = 10.0
"""How long a Gateway whose proxies are not (yet, or any more) connected is taken to be served as before."""


class Wiring:
    """Everything after the feed. `settle` is its entry, `on_event` that of the xDS server."""

    def __init__(
        self,
        graph: Graph,
        infrastructure: Infrastructure,
        resources: Resources,
        xds: XdsServer,
        writer: StatusWriter,
        keeper: ClassKeeper,
        measures: Measures,
    ) -> None:
        self.graph, self.infrastructure, self.resources = graph, infrastructure, resources
        self.xds, self.writer, self.keeper, self.measures = xds, writer, keeper, measures
        self.provisioner: Provisioner
        self.feed = Feed(self.settle, graph.sources.unreadable)
        self.deliveries = Deliveries()
        self.blame = Blame()
        self.departures = Departures(xds, ENDPOINT_LAG_S[infrastructure.inputs.home])
        self.revision = 0
        self._is_judging = False
        """Something was rejected, and the next settle says whose fault it is."""
        self._presumed: dict[Ref, asyncio.TimerHandle] = {}
        """Gateways taken to be served for a while although no proxy is connected."""

    def connect(self, provisioner: Provisioner) -> None:
        """Complete the ring: the provisioner tells its problems to this, and this listens to the xDS server."""
        self.provisioner = provisioner
        self.xds.on_event = self.on_event

    # The graph changed

    def settle(self, edits: Edits) -> None:
        """Bring everything up to date with these edits of sources."""
        began = time.perf_counter()
        settled = self.graph.engine.settle(edits)
        self.measures.settled(settled, time.perf_counter() - began)
        for failure in settled.failures:
            log.error("derivation %s of %s failed", failure.derivation, failure.key, exc_info=failure.error)
        self.revision += 1
        self._is_judging = False
        self._follow_gateways(settled)
        self.departures.follow(settled.of(self.infrastructure.pods))
        self._offer(settled)
        self._note_unproven(settled)
        self._tell(settled)
        for ref in {*settled.of(self.graph.sources.gateway_classes), *settled.of(self.graph.listeners.used_classes)}:
            self.keeper.check(ref)
        self._provision(settled)
        for key, change in settled.of(self.graph.hosts.tables).items():
            shards = change.new.shards if change.new is not None else 0
            self.feed.edit(self.graph.sources.shards_in_use, key, shards or None)
        for ref in settled.of(self.infrastructure.observed):
            self._refresh(ref)

    def _follow_gateways(self, settled: Settled) -> None:
        for ref, change in settled.of(self.graph.listeners.gateways).items():
            if change.old is None:
                self.xds.offer(ref, self.revision, (), ())
                self.deliveries.offered(ref, self.revision)
                if change.new.finding is None:
                    self.deliveries.expect(ref)
                    asyncio.get_running_loop().call_later(GRACE_S, self._give_up, ref)
                self._presume(ref)
                self._refresh(ref)
            elif change.new is None:
                self.xds.forget(ref)
                self._tell_all(self.deliveries.forget(ref))
                self.blame.forget(ref)
                for key in [key for key in self.graph.sources.rejected.items if key.gateway == ref]:
                    self.feed.edit(self.graph.sources.rejected, key, None)
                self.feed.edit(self.graph.sources.proxies, ref, None)

    def _offer(self, settled: Settled) -> None:
        offers: dict[Ref, tuple[list[Resource], list[tuple[ResourceType, str]]]] = {}
        for collection in self.resources.by_type.values():
            for (gateway, name), change in settled.of(collection).items():
                upserts, removals = offers.setdefault(gateway, ([], []))
                if change.new is not None:
                    upserts.append(change.new)
                else:
                    removals.append((change.old.type, name))
        for gateway, farewell in farewells(settled, self.graph):
            upserts, removals = offers.setdefault(gateway, ([], []))
            upserts.append(farewell)
            removals[:] = [key for key in removals if key != farewell.key]
        for gateway, (upserts, removals) in offers.items():
            if gateway in self.graph.listeners.gateways.items:
                self._reopen(gateway, upserts)
                self._acquit(gateway, upserts, removals)
                self.xds.offer(gateway, self.revision, tuple(upserts), tuple(removals))
                self.deliveries.offered(gateway, self.revision)

    def _reopen(self, gateway: Ref, upserts: Iterable[Resource]) -> None:
        """A bind that is offered anew is not refused any more, until it is refused again."""
        for resource in upserts:
            if resource.type is ResourceType.LDS and (key := self._bind_key(gateway, resource.name)) is not None:
                self.feed.edit(self.graph.sources.refused_binds, key, None)

    def _acquit(self, gateway: Ref, upserts: Iterable[Resource], removals: Iterable[Key]) -> None:
        """What is offered anew, or no more, is not rejected any more, until it is rejected again."""
        rejected = self.graph.sources.rejected
        if not rejected.items:
            return
        for type, name in (*(one.key for one in upserts), *removals):
            if (key := _resource_key(gateway, type, name)) in rejected.items:
                self.feed.edit(rejected, key, None)

    def _note_unproven(self, settled: Settled) -> None:
        for route, change in settled.of(self.graph.routes.specs).items():
            if change.new is None or (change.old is not None and change.old.metadata.uid != change.new.metadata.uid):
                self.blame.gone(route)
                self.feed.edit(self.graph.sources.quarantined, route, None)
            elif change.old is None:
                self._presume_accepted(route, change.new)
        for route in settled.of(self.graph.routes.compiled):
            spec = self.graph.routes.specs.items.get(route)
            if spec is not None:
                offered = served(spec, self.graph.sources.quarantined.items.get(route))
                for gateway in {verdict.gateway for verdict in self.graph.routes.parents.items.get(route, ())}:
                    self.blame.changed(gateway, route, offered, spec.metadata.generation, self.revision)

    def _presume_accepted(self, route: RouteKey, spec: Any) -> None:
        """What the status of a route that is new to us says, in our name, of what is served of it."""
        live = self.graph.sources.routes[route.kind].items.get(route.ref)
        parents = live.status.parents if live is not None and live.status is not None else ()
        ours = [one for one in parents if one.controller_name in self.graph.listeners.controller_names]
        accepted = [one for entry in ours for one in entry.conditions if one.type == "Accepted"]
        generations = {one.observed_generation for one in accepted if one.status == "True"}
        if any(one.reason == LOST for one in accepted) or generations - {spec.metadata.generation}:
            self.blame.presume(route, None)
        elif generations:
            self.blame.presume(route, spec)

    # Statuses

    def _tell(self, settled: Settled) -> None:
        reports = self.graph.reports
        for ref, change in settled.of(reports.classes).items():
            self._report(StatusKey("GatewayClass", ref), change)
        for ref, change in settled.of(reports.gateways).items():
            self._report(StatusKey("Gateway", ref), change)
        for ref, change in settled.of(reports.sets).items():
            self._report(StatusKey("ListenerSet", ref), change)
        for route, change in settled.of(reports.routes).items():
            self._report(StatusKey(*route), change)
        for ref, change in settled.of(self.graph.policy_reports.backend_tls).items():
            self._report(StatusKey("BackendTLSPolicy", ref), change)
        for ref, change in settled.of(self.graph.traffic_reports.backend_traffic).items():
            self._report(StatusKey("XBackendTrafficPolicy", ref), change)
        for ref, change in settled.of(self.graph.external_reports.backends).items():
            self._report(StatusKey("XBackend", ref), change)
        sources = self.graph.sources
        told: dict[str, Collection[Any, Any]] = {
            "GatewayClass": sources.gateway_classes,
            "Gateway": sources.gateways,
            "BackendTLSPolicy": sources.backend_tls_policies,
            "XBackendTrafficPolicy": sources.backend_traffic_policies,
            "ListenerSet": sources.listener_sets,
            "XBackend": sources.backends,
        }
        for kind, source in (told | sources.routes).items():
            for ref in settled.of(source):
                self.writer.check(StatusKey(kind, ref))

    def _report(self, key: StatusKey, change: Change) -> None:
        if change.new is None:
            self.deliveries.drop(key)
            self.writer.withdraw(key)
        else:
            concerned = self._concerned(key, change.new)
            waits = self._may_be_contradicted(key, change.new)
            self._tell_all(self.deliveries.hold(key, change.new, concerned, waits_for_first=waits))

    def _may_be_contradicted(self, key: StatusKey, report: Any) -> bool:
        """A proxy that is still to connect may serve what the report calls closed, or not yet what it claims."""
        if not isinstance(report, (GatewayReport, SetReport)):
            return True
        sources = self.graph.sources
        live = (sources.gateways if key.kind == "Gateway" else sources.listener_sets).items.get(key.ref)
        return report.is_programmed or (live is not None and _is_programmed(live))

    def _concerned(self, key: StatusKey, report: Any) -> Iterable[Ref]:
        if isinstance(report, GatewayReport):
            return (key.ref,)
        if isinstance(report, PolicyReport):
            return {ancestor.gateway for ancestor in report.ancestors}
        if isinstance(report, SetReport):
            one = self.graph.listeners.sets.items.get(key.ref)
            return (one.gateway,) if one is not None else ()
        if isinstance(report, RouteReport):
            return {verdict.gateway for verdict in self.graph.routes.parents.items.get(RouteKey(*key), ())}
        return ()

    def _tell_all(self, released: Iterable[tuple[Hashable, Any]]) -> None:
        for key, report in released:
            assert isinstance(key, StatusKey)
            self.writer.tell(key, report)
        self.measures.status_writes = self.writer.writes

    # Proxies and infrastructure

    def _provision(self, settled: Settled) -> None:
        for ref in settled.of(self.infrastructure.ports):
            managed: ManagedGateway | None = self.graph.listeners.gateways.items.get(ref)
            if managed is not None and managed.finding is None:
                self.provisioner.request(managed.object, self.infrastructure.inputs_of(ref))
        for ref, change in settled.of(self.graph.listeners.gateways).items():
            managed = change.new
            if managed is not None and managed.finding is None:
                self.provisioner.request(managed.object, self.infrastructure.inputs_of(ref))
            elif ref in self.graph.sources.gateways.items:
                self.provisioner.withdraw((managed or change.old).object)
            else:
                self.provisioner.drop(ref)
        for ref in self.infrastructure.bereft(settled):
            self.provisioner.recheck(ref)

    def on_problem(self, ref: Ref, message: str) -> None:
        """The provisioner could not make a Gateway's proxy ("" when all is well again)."""
        self.feed.edit(self.infrastructure.problems, ref, message or None)

    def on_event(self, event: DeliveryEvent) -> None:
        """A proxy connected, accepted, rejected or left."""
        match event:
            case Connected():
                self.deliveries.connected(event.gateway, event.node)
            case Delivered() if self._is_judging:
                # What was rejected in the same breath has to be in the reports before they are told.
                asyncio.get_running_loop().call_soon(self._delivered, event)
            case Delivered():
                self._delivered(event)
            case Rejected():
                self._rejected(event)
            case Disconnected():
                self._tell_all(self.deliveries.disconnected(event.gateway, event.node))
                if not self.deliveries.is_serving(event.gateway):
                    self._presume(event.gateway)
                self._refresh(event.gateway)
        self.measures.xds_bytes = self.xds.bytes_sent

    def _delivered(self, event: Delivered) -> None:
        if event.node not in self.deliveries.nodes(event.gateway):
            return  # It left meanwhile.
        self._tell_all(self.deliveries.delivered(event.gateway, event.node, event.revision))
        suspect = self.blame.delivered(event.gateway, self.deliveries.accepted_by_all(event.gateway))
        if suspect is not None:
            self.feed.edit(self.graph.sources.quarantined, suspect, None)
        self._refresh(event.gateway)

    def _rejected(self, event: Rejected) -> None:
        offered = self.resources.by_type[event.type].items.get((event.gateway, event.name))
        if offered is None or offered.version != event.version:
            return  # About a version that is not offered any more.
        self.measures.rejections += 1
        message = readable(event.message)
        log.warning("%s of %s rejects %s %s: %s", event.node, event.gateway, event.type.name, event.name, message)
        self._is_judging = True
        if event.type is ResourceType.LDS:
            key = self._bind_key(event.gateway, event.name)
            if key is not None:
                self.feed.edit(self.graph.sources.refused_binds, key, of_bind(message))
        elif event.type is ResourceType.RDS:
            routes = self._routes_in(ConfigKey(event.gateway, event.name))
            for route, quarantine in self.blame.rejected(event.gateway, routes, message).items():
                self.feed.edit(self.graph.sources.quarantined, route, quarantine)
        elif event.type in _ANSWERED_FOR:
            self.feed.edit(self.graph.sources.rejected, _resource_key(event.gateway, event.type, event.name), message)

    def _bind_key(self, gateway: Ref, name: str) -> BindKey | None:
        binds = self.graph.binds.binds.index("gateway").buckets.get(gateway, {})
        return next((key for key, bind in binds.items() if bind.name == name), None)

    def _routes_in(self, config: ConfigKey) -> set[RouteKey]:
        """Routes of all its hosts, among them those of wider hostnames."""
        keys = self.resources.fragments.index("config").buckets.get(config, {})
        held = self.graph.hosts.hosts.items
        return {route for key in keys if key in held for route in routes_of(held[key])}

    def _presume(self, ref: Ref) -> None:
        """Take the Gateway to be served for a while, if its status says so now."""
        gateway = self.graph.sources.gateways.items.get(ref)
        was_served = gateway is not None and _is_programmed(gateway)
        if was_served and ref not in self._presumed:
            self._presumed[ref] = asyncio.get_running_loop().call_later(GRACE_S, self._doubt, ref)

    def _give_up(self, ref: Ref) -> None:
        """No proxy came in good time: tell what is known, the Gateway's status says the rest."""
        self._tell_all(self.deliveries.give_up(ref))

    def _doubt(self, ref: Ref) -> None:
        self._presumed.pop(ref, None)
        self._refresh(ref)

    def _refresh(self, ref: Ref) -> None:
        """Tell the graph what is known of the Gateway's proxies now."""
        if ref not in self.graph.listeners.gateways.items:
            return
        serving = self.deliveries.is_serving(ref)
        if serving and (timer := self._presumed.pop(ref, None)) is not None:
            timer.cancel()
        observed = self.infrastructure.observed.items.get(ref)
        if ref in self._presumed and observed is None:
            return
        state = self.infrastructure.state(observed, serving or ref in self._presumed)
        if state != self.graph.sources.proxies.items.get(ref):
            self.feed.edit(self.graph.sources.proxies, ref, state)


def _resource_key(gateway: Ref, type: ResourceType, name: str) -> ResourceKey:
    return ResourceKey(gateway, type.name, name)


def _is_programmed(live: Any) -> bool:
    if live.status is None:
        return False
    return any(one.type == "Programmed" and one.status == "True" for one in live.status.conditions)
