"""What proxies reject, and the way back into the graph: a refused bind, a quarantined route, a rejected resource.

What a Gateway is offered anew is not at fault any more, until it is rejected again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from torana.api.kind import Ref
from torana.controller.blame import Blame
from torana.controller.feed import Feed
from torana.derive.engine import Settled
from torana.envoy.refusal import of_bind, readable
from torana.envoy.resource import Key, Resource, ResourceType
from torana.envoy.server import Rejected
from torana.envoy.stage import ConfigKey, Resources
from torana.gateway.graph import Graph
from torana.gateway.hosts import routes_of
from torana.gateway.listeners import BindKey
from torana.gateway.quarantine import LOST, served
from torana.gateway.rejections import ResourceKey
from torana.gateway.routes.key import RouteKey

log = logging.getLogger(__name__)

_ANSWERED_FOR = (ResourceType.CDS, ResourceType.EDS, ResourceType.SDS)
"""Types of which `gateway/stages/rejections.py` knows whose fault they are."""


class Faults:
    """Edits the sources of the graph that say what proxies do not take."""

    def __init__(self, graph: Graph, resources: Resources, feed: Feed) -> None:
        self.graph, self.resources, self.feed = graph, resources, feed
        self.blame = Blame()

    def follow(self, settled: Settled, revision: int) -> None:
        """Routes that changed are unproven until the revision is accepted; what is gone is under no suspicion."""
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
                    self.blame.changed(gateway, route, offered, spec.metadata.generation, revision)

    def offering(self, gateway: Ref, upserts: Iterable[Resource], removals: Iterable[Key]) -> None:
        """These are about to be offered, or no more."""
        for resource in upserts:
            if resource.type is ResourceType.LDS and (key := self._bind_key(gateway, resource.name)) is not None:
                self.feed.edit(self.graph.sources.refused_binds, key, None)
        rejected = self.graph.sources.rejected
        if not rejected.items:
            return
        for type, name in (*(one.key for one in upserts), *removals):
            if (resource_key := _resource_key(gateway, type, name)) in rejected.items:
                self.feed.edit(rejected, resource_key, None)

    def accepted(self, gateway: Ref, revision: int) -> None:
        """Every proxy of the Gateway has accepted the revision."""
        suspect = self.blame.delivered(gateway, revision)
        if suspect is not None:
            self.feed.edit(self.graph.sources.quarantined, suspect, None)

    def rejected(self, event: Rejected) -> bool:
        """Whether it is about what is offered now; then the next settle tells whose fault it is."""
        offered = self.resources.by_type[event.type].items.get((event.gateway, event.name))
        if offered is None or offered.version != event.version:
            return False
        message = readable(event.message)
        log.warning("%s of %s rejects %s %s: %s", event.node, event.gateway, event.type.name, event.name, message)
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
        return True

    def forget(self, gateway: Ref) -> None:
        """The Gateway is gone."""
        self.blame.forget(gateway)
        for key in [key for key in self.graph.sources.rejected.items if key.gateway == gateway]:
            self.feed.edit(self.graph.sources.rejected, key, None)

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

    def _bind_key(self, gateway: Ref, name: str) -> BindKey | None:
        binds = self.graph.binds.binds.index("gateway").buckets.get(gateway, {})
        return next((key for key, bind in binds.items() if bind.name == name), None)

    def _routes_in(self, config: ConfigKey) -> set[RouteKey]:
        """Routes of all its hosts, among them those of wider hostnames."""
        keys = self.resources.fragments.index("config").buckets.get(config, {})
        held = self.graph.hosts.hosts.items
        return {route for key in keys if key in held for route in routes_of(held[key])}


def _resource_key(gateway: Ref, type: ResourceType, name: str) -> ResourceKey:
    return ResourceKey(gateway, type.name, name)
