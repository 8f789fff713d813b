"""Stage 3: attachments → hosts of route tables, and how large the tables are."""

from __future__ import annotations

from typing import Any

from torana.api.kind import Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway import hosts, shards
from torana.gateway.hostnames import domain, wider_domains
from torana.gateway.hosts import HostKey, Placement, PlacementKey, TableKey
from torana.gateway.listeners import ListenerKey, ListenerShape, table_name
from torana.gateway.routes.key import RouteKey
from torana.gateway.routes.registry import speaks_http
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.routes import Routes
from torana.gateway.stages.sources import Sources
from torana.proxy.route import Host, Route, Table


class Hosts:
    """Hosts are keyed by HostKey, tables by TableKey."""

    def __init__(
        self, engine: Engine, sources: Sources, listeners: Listeners, routes: Routes, shards_above: int
    ) -> None:
        self.sources, self.listeners, self.routes = sources, listeners, routes
        self.shards_above = shards_above
        self.routed = engine.derive("routed", routes.attachments, self._place)
        self.fences = engine.derive("fences", listeners.serving, self._fence)
        self.placements = engine.union("placements", (self.routed, self.fences), {"host": lambda key, one: [key.host]})
        self.hosts = engine.map(
            "hosts",
            self.placements.index("host"),
            self._host,
            {
                "table": lambda key, one: [TableKey(key.gateway, key.table)],
                "wildcard": lambda key, one: [TableKey(key.gateway, key.table)] if key.domain.startswith("*") else [],
                "sessions": lambda key, one: [TableKey(key.gateway, key.table)] if one.has_sessions else [],
            },
        )
        self.tables = engine.map("tables", self.hosts.index("table"), self._table)

    def _place(self, key: Any, hostnames: tuple[str, ...], look: Look) -> dict[PlacementKey, Placement]:
        """Where a route answers: on the hostnames that belong to its listener and to no more specific one."""
        listener, route = key
        if not speaks_http(route):
            return {}
        shape = look.get(self.listeners.serving, listener)
        if shape is None:
            return {}
        neighbours = neighbours_of(shape, self.listeners, look)
        return {
            PlacementKey(_host_key(shape, name), route): Placement(listener, shape.port, shape.protocol)
            for name in hostnames
            if hosts.is_owner(shape, name, neighbours)
        }

    def _fence(self, key: ListenerKey, shape: ListenerShape, look: Look) -> dict[PlacementKey, Placement]:
        """A listener's own hostname is a host, with or without routes: it keeps requests from wider listeners.

        Behind TLS the chain was chosen by server name, so the hostnames of the port's other listeners are hosts too:
        requests for them came down the wrong connection.
        """
        if not shape.speaks_http:
            return {}
        placement = Placement(key, shape.port, shape.protocol)
        found = {PlacementKey(_host_key(shape, shape.hostname), RouteKey("", Ref("", shape.label))): placement}
        if shape.protocol == "HTTPS":
            for other in neighbours_of(shape, self.listeners, look):
                if other.key != key:
                    host = _host_key(shape, other.hostname)
                    found[PlacementKey(host, RouteKey(hosts.MISDIRECTED, Ref("", other.label)))] = placement
        return found

    def _host(self, key: HostKey, _: None, look: Look) -> Host:
        """The routes of the hostname, then those of wider hostnames of the same listener, while something is left."""
        placements = look.list(self.placements.index("host"), key)
        owner = next((one.listener for at, one in placements if at.route.kind != hosts.MISDIRECTED), None)
        if owner is None:
            return hosts.misdirected(key)
        seen: set[RouteKey] = set()
        routes = self._routes_at(key, owner, seen, look)
        for wider in wider_domains(key.domain):
            if hosts.takes_everything(routes):
                break
            routes += self._routes_at(key._replace(domain=wider), owner, seen, look)
        return Host(key.domain, routes)

    def _routes_at(self, key: HostKey, owner: ListenerKey, seen: set[RouteKey], look: Look) -> tuple[Route, ...]:
        """The routes of the listener on a hostname, but for those seen, in order."""
        placed = []
        for at, placement in look.list(self.placements.index("host"), key):
            if placement.listener != owner or at.route in seen:
                continue
            seen.add(at.route)
            compiled = look.get(self.routes.compiled, at.route)
            if compiled is not None:
                placed.append((compiled, placement))
        return hosts.assemble(placed, "" if key.domain == "*" else key.domain)

    def _table(self, key: TableKey, _: None, look: Look) -> Table:
        total = look.count(self.hosts.index("table"), key)
        wildcards = look.count(self.hosts.index("wildcard"), key)
        current = look.get(self.sources.shards_in_use, key) or 0
        shard_count = shards.shard_count(total - wildcards, current, self.shards_above)
        sessions = look.count(self.hosts.index("sessions"), key)
        verdicts = look.list(self.listeners.listeners.index("table"), key)
        checked = next((one.client_validation for _, one in verdicts if one.client_validation is not None), None)
        # Where clients are checked in another way, the proxy has another table: what is routed never comes before or
        # after who may ask. Routes with sessions need a filter, which connections of before do not have.
        name = f"{key.table}~{checked.guard}" if checked is not None else key.table
        name += "+sessions" if sessions else ""
        return Table(name, shard_count, wildcards > 0, sessions > 0, checked)


def neighbours_of(shape: ListenerShape, listeners: Listeners, look: Look) -> list[ListenerShape]:
    """The listeners that share the port, itself included."""
    return [one for _, one in look.list(listeners.serving.index("bind"), shape.bind)]


def _host_key(shape: ListenerShape, hostname: str) -> HostKey:
    return HostKey(shape.gateway, table_name(shape), domain(hostname))
