"""The controller's one loop: settled changes go to the proxies, the provisioner and the statuses.

A settle is a *revision*. What it changes in resources is offered to the Gateways' proxies at once; what it changes in
reports is told once those proxies have accepted the revision (`telling.py`). What proxies reject goes back into the
graph (`faults.py`).
"""

from __future__ import annotations

import asyncio
import logging
import time

from torana.api.kind import Ref
from torana.controller.class_keeper import ClassKeeper
from torana.controller.delivery import Deliveries
from torana.controller.departures import Departures
from torana.controller.faults import Faults
from torana.controller.feed import Edits, Feed
from torana.controller.measures import Measures
from torana.controller.status_writer import StatusWriter
from torana.controller.telling import Telling, is_programmed
from torana.derive.engine import Settled
from torana.envoy.farewell import farewells
from torana.envoy.resource import Resource, ResourceType
from torana.envoy.server import Connected, Delivered, DeliveryEvent, Disconnected, Rejected, XdsServer
from torana.envoy.stage import Resources
from torana.gateway.gateways import ManagedGateway
from torana.gateway.graph import Graph
from torana.infra.pod import ENDPOINT_LAG_S
from torana.infra.provisioner import Provisioner
from torana.infra.stage import Infrastructure

log = logging.getLogger(__name__)

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
        self.telling = Telling(graph, self.deliveries, writer, measures)
        self.faults = Faults(graph, resources, self.feed)
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
        self.faults.follow(settled, self.revision)
        self.telling.tell(settled)
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
                self.telling.release(self.deliveries.forget(ref))
                self.faults.forget(ref)
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
                self.faults.offering(gateway, upserts, removals)
                self.xds.offer(gateway, self.revision, tuple(upserts), tuple(removals))
                self.deliveries.offered(gateway, self.revision)

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
                if self.faults.rejected(event):
                    self.measures.rejections += 1
                    self._is_judging = True
            case Disconnected():
                self.telling.release(self.deliveries.disconnected(event.gateway, event.node))
                if not self.deliveries.is_serving(event.gateway):
                    self._presume(event.gateway)
                self._refresh(event.gateway)
        self.measures.xds_bytes = self.xds.bytes_sent

    def _delivered(self, event: Delivered) -> None:
        if event.node not in self.deliveries.nodes(event.gateway):
            return  # It left meanwhile.
        self.telling.release(self.deliveries.delivered(event.gateway, event.node, event.revision))
        self.faults.accepted(event.gateway, self.deliveries.accepted_by_all(event.gateway))
        self._refresh(event.gateway)

    def _presume(self, ref: Ref) -> None:
        """Take the Gateway to be served for a while, if its status says so now."""
        gateway = self.graph.sources.gateways.items.get(ref)
        was_served = gateway is not None and is_programmed(gateway)
        if was_served and ref not in self._presumed:
            self._presumed[ref] = asyncio.get_running_loop().call_later(GRACE_S, self._doubt, ref)

    def _give_up(self, ref: Ref) -> None:
        """No proxy came in good time: tell what is known, the Gateway's status says the rest."""
        self.telling.release(self.deliveries.give_up(ref))

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
