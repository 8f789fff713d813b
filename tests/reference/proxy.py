"""How do objects become a running proxy? The real translation, the real xDS server, a real Envoy; no Kubernetes."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.e2e.envoy_rig import HOST, ControlPlane, control_plane, envoy
from tests.reference.echo import serve
from tests.reference.objects import CONTROLLER, typed

from torana.api.kind import Ref
from torana.derive.engine import Settled
from torana.envoy.host import RenderOptions
from torana.envoy.resource import Key, Resource
from torana.envoy.server import Rejected
from torana.envoy.stage import Resources
from torana.gateway.graph import Graph
from torana.gateway.status.gateways import ProxyState
from torana.proxy.limits import SHARDS_ABOVE, TREES_ABOVE

Document = dict[str, Any]


class Layout(NamedTuple):
    """From which size on tables and hosts are laid out in the ways that suit large ones."""

    shards_above: int = SHARDS_ABOVE
    trees_above: int = TREES_ABOVE


PLAIN = Layout()
LARGE = Layout(0, 0)
"""Every table is sharded, every host is a tree."""


class Translation:
    """The graph with all that a test gives it in place of a cluster."""

    def __init__(self, gateway: Ref, layout: Layout = PLAIN) -> None:
        self._gateway = gateway
        self.graph = graph = Graph([CONTROLLER], layout.shards_above)
        addresses = graph.engine.source("test_addresses")
        self.resources = Resources(graph.engine, graph, addresses, RenderOptions(layout.trees_above))
        self._sources = {
            "GatewayClass": graph.sources.gateway_classes,
            "Gateway": graph.sources.gateways,
            **graph.sources.routes,
            "ReferenceGrant": graph.sources.grants,
            "Namespace": graph.sources.namespaces,
            "Service": graph.sources.services,
            "EndpointSlice": graph.sources.endpoint_slices,
            "ListenerSet": graph.sources.listener_sets,
            "Secret": graph.sources.secrets,
            "ConfigMap": graph.sources.config_maps,
            "BackendTLSPolicy": graph.sources.backend_tls_policies,
        }
        self._held: set[tuple[str, Ref]] = set()
        up = ProxyState((("IPAddress", HOST),), True)
        self._settle({addresses: {gateway: HOST}, graph.sources.proxies: {gateway: up}})

    def replace(self, documents: Iterable[Document]) -> tuple[list[Resource], list[Key]]:
        """Afterwards exactly these objects exist; returns what changes for the proxy."""
        edits: dict[Any, dict[Any, Any]] = defaultdict(dict)
        for kind, ref in self._held:
            edits[self._sources[kind]][ref] = None
        self._held = set()
        for document in documents:
            one = typed(document)
            edits[self._sources[document["kind"]]][one.metadata.ref] = one
            self._held.add((document["kind"], one.metadata.ref))
        settled = self._settle(edits)
        tables = settled.of(self.graph.hosts.tables)
        shards = {key: change.new.shards or None if change.new else None for key, change in tables.items()}
        changes = [settled, self._settle({self.graph.sources.shards_in_use: shards})]
        upserts: dict[Key, Resource] = {}
        removals: dict[Key, None] = {}
        for each in changes:
            for collection in self.resources.by_type.values():
                for (gateway, _), change in each.of(collection).items():
                    if gateway != self._gateway:
                        continue
                    if change.new is not None:
                        upserts[change.new.type, change.new.name] = change.new
                        removals.pop((change.new.type, change.new.name), None)
                    else:
                        upserts.pop((change.old.type, change.old.name), None)
                        removals[change.old.type, change.old.name] = None
        return list(upserts.values()), list(removals)

    def _settle(self, edits: dict[Any, dict[Any, Any]]) -> Settled:
        settled = self.graph.engine.settle(edits)
        assert not settled.failures, settled.failures
        return settled


class Running:
    """An Envoy that serves one Gateway, with a backend per Service port."""

    def __init__(self, plane: ControlPlane, gateway: Ref, layout: Layout) -> None:
        self.plane = plane
        self.gateway = gateway
        self.translation = Translation(gateway, layout)
        self.ports: dict[str, int] = {}
        """Backend's name, as `namespace/name:port`, → where it listens."""
        self.arrivals: dict[str, list[str]] = defaultdict(list)
        """`x-key` of a request → the backends that it came to."""
        self._log = 0

    async def serve(self, documents: Iterable[Document]) -> list[str]:
        """Afterwards the proxy serves exactly these objects, but for what it rejects: that is returned."""
        upserts, removals = self.translation.replace(documents)
        if upserts or removals:
            revision = self.plane.offer(upserts, removals, self.gateway)
            await self.plane.until(lambda: self._is_answered(revision))
        told, self._log = self.plane.events[self._log :], len(self.plane.events)
        return [f"{one.type.name} {one.name}: {one.message}" for one in told if isinstance(one, Rejected)]

    def _is_answered(self, revision: int) -> bool:
        new = self.plane.events[self._log :]
        return any(isinstance(one, Rejected) or getattr(one, "revision", -1) >= revision for one in new)

    def note(self, backend: str, headers: dict[str, str]) -> None:
        self.arrivals[headers.get("x-key", "")].append(backend)


@asynccontextmanager
async def running(
    directory: Path, gateway: Ref, backends: Iterable[str], layout: Layout = PLAIN
) -> AsyncIterator[Running]:
    async with contextlib.AsyncExitStack() as stack:
        plane = await stack.enter_async_context(control_plane())
        started = Running(plane, gateway, layout)
        for name in backends:
            server, started.ports[name] = await serve(name, HOST, started.note)
            stack.callback(server.close)
        await stack.enter_async_context(envoy(plane, directory, gateway=gateway))
        yield started
