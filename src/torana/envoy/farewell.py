"""Which route tables must nobody be served by any more, not even on a connection that was made before?

A listener's old connections drain with the old route table. Where clients are now checked more strictly, those that
were let in before are not served on: their table tells them to connect anew (421, RFC 9110 section 15.5.20).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from torana.api.kind import Ref
from torana.derive.engine import Settled
from torana.envoy.host import RenderOptions, render_host
from torana.envoy.resource import Resource
from torana.envoy.stage import configs_of
from torana.envoy.table import render_table
from torana.gateway.graph import Graph
from torana.gateway.hosts import TableKey
from torana.proxy.action import Respond
from torana.proxy.match import Match
from torana.proxy.route import Host, Route, Table

_MISDIRECTED = render_host(Host("*", (Route("farewell", Match(), Respond(421)),)), RenderOptions())


def farewells(settled: Settled, graph: Graph) -> Iterable[tuple[Ref, Resource]]:
    """By Gateway, what takes the place of tables that went because clients are checked more strictly."""
    for key, change in settled.of(graph.hosts.tables).items():
        old: Table | None = change.old
        if old is None or (change.new is not None and change.new.name == old.name):
            continue
        if _is_stricter(key, old, change.new, graph):
            for name in configs_of(old):
                yield key.gateway, msgspec.structs.replace(render_table(name, [_MISDIRECTED]), is_last=True)


def _is_stricter(key: TableKey, old: Table, new: Table | None, graph: Graph) -> bool:
    if new is not None:
        asked = new.client_validation
        return asked is not None and not asked.takes_all_of(old.client_validation)
    # Closed because its clients cannot be checked; one that is gone may end its connections as they come.
    verdicts = graph.listeners.listeners.index("table").buckets.get(key, {})
    return any(one.lacks_authorities for one in verdicts.values())
