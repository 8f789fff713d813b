"""Stage 3: attachments → hosts of route tables, and how large the tables are."""

from __future__ import annotations

from typing import Any

from torana.api.kind import Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway import hosts, shards
from torana.gateway.hostnames import domain
from torana.gateway.hosts import HostKey, Placement, PlacementKey, TableKey
from torana.gateway.listeners import ListenerKey, ListenerShape, table_name
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.routes import Routes
from torana.gateway.stages.sources import Sources
from torana.proxy.route import Host, Table


class Hosts:
    """Hosts are keyed by HostKey, tables by TableKey."""

    def __init__(self, engine: Engine, sources: Sources, listeners: Listeners, routes: Routes) -> None:
        self.sources, self.listeners, self.routes = sources, listeners, routes
        self.routed = engine.derive("routed", routes.attachments, self._place)
        self.fences = engine.derive("fences", listeners.serving, _fence)
        self.placements = engine.union("placements", (self.routed, self.fences), {"host": lambda key, one: [key.host]})
        self.hosts = engine.map(
            "hosts",
            self.placements.index("host"),
            self._host,
            {
                "table": lambda key, one: [TableKey(key.gateway, key.table)],
                "wildcard": lambda key, one: [TableKey(key.gateway, key.table)] if key.domain.startswith("*") else [],
            },
        )
        self.tables = engine.map("tables", self.hosts.index("table"), self._table)

    def _place(self, key: Any, hostnames: tuple[str, ...], look: Look) -> dict[PlacementKey, Placement]:
        """Where a route answers: on the hostnames that belong to its listener and to no more specific one."""
        listener, kind, route = key
        shape = look.get(self.listeners.serving, listener)
        if shape is None:
            return {}
        table = TableKey(listener.gateway, table_name(shape))
        neighbours = [one for _, one in look.list(self.listeners.serving.index("table"), table)]
        return {
            PlacementKey(HostKey(*table, domain(name)), kind, route): Placement(shape.port, shape.protocol)
            for name in hostnames
            if hosts.is_owner(shape, name, neighbours)
        }

    def _host(self, key: HostKey, _: None, look: Look) -> Host:
        placed = []
        for placement_key, placement in look.list(self.placements.index("host"), key):
            compiled = look.get(self.routes.compiled, placement_key.route) if placement_key.kind else None
            if compiled is not None:
                placed.append((compiled, placement))
        return hosts.assemble(key, placed)

    def _table(self, key: TableKey, _: None, look: Look) -> Table:
        total = look.count(self.hosts.index("table"), key)
        wildcards = look.count(self.hosts.index("wildcard"), key)
        current = look.get(self.sources.shards_in_use, key) or 0
        return Table(key.table, shards.shard_count(total - wildcards, current), wildcards > 0)


def _fence(key: ListenerKey, shape: ListenerShape, look: Look) -> dict[PlacementKey, Placement]:
    """A listener's own hostname is a host, with or without routes: it keeps requests from wider listeners."""
    host = HostKey(key.gateway, table_name(shape), domain(shape.hostname))
    return {PlacementKey(host, "", Ref("", key.name)): Placement(shape.port, shape.protocol)}
