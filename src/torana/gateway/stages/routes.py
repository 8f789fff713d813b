"""Stage 2: routes of all kinds → which listeners take them, and what their rules come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torana.api.kind import ObjectRef, Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway import attachment, backends, sessions
from torana.gateway.attachment import ParentVerdict
from torana.gateway.backends import ClusterKey
from torana.gateway.gateways import without_status
from torana.gateway.grants import Asker, is_granted
from torana.gateway.listeners import GROUP, ListenerKey
from torana.gateway.quarantine import effective
from torana.gateway.routes.compiled import CompiledRoute
from torana.gateway.routes.key import RouteKey
from torana.gateway.routes.registry import ROUTE_KINDS
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.sources import Sources
from torana.gateway.stages.traffic_policies import TrafficPolicies


class Routes:
    """Routes are keyed by RouteKey, attachments by (ListenerKey, RouteKey)."""

    def __init__(self, engine: Engine, sources: Sources, listeners: Listeners, traffic: TrafficPolicies) -> None:
        self.sources, self.listeners, self.traffic = sources, listeners, traffic
        self.labels = engine.map("namespace_labels", sources.namespaces, lambda ref, one, look: one.metadata.labels)
        self.services = engine.map("service_shapes", sources.services, lambda ref, one, look: backends.shape(one))
        slim = tuple(
            engine.derive(f"{kind.api.plural}_specs", sources.routes[kind.name], _slim(kind.name))
            for kind in ROUTE_KINDS.values()
        )
        self.specs = engine.union("route_specs", slim)
        self.parents = engine.map("parents", self.specs, self._parents)
        self.attachments = engine.derive(
            "attachments", self.parents, _attachments, {"listener": lambda key, hostnames: [key[0]]}
        )
        self.read = engine.map("read_routes", self.specs, self._read)
        self.peopled = engine.map("peopled_services", sources.endpoint_slices.index("service"), self._has_endpoints)
        self.compiled = engine.map("compiled", self.read, self._settle_sessions)

    def _parents(self, key: RouteKey, route: Any, look: Look) -> tuple[ParentVerdict, ...] | None:
        """A verdict for each parentRef that names a Gateway of ours; None when there is none."""
        found = []
        for position, parent_ref in enumerate(route.spec.parent_refs):
            if not attachment.names_gateway(parent_ref):
                continue
            gateway = attachment.gateway_of(parent_ref, route)
            controller = look.get(self.listeners.owners, gateway)
            if controller is None:
                continue
            shapes = [shape for _, shape in look.list(self.listeners.shapes.index("gateway"), gateway)]
            attached, finding = attachment.attach(
                route, key.kind, parent_ref, shapes, lambda name: look.get(self.labels, Ref("", name)) or {}
            )
            found.append(ParentVerdict(position, gateway, parent_ref, controller, attached, finding))
        return tuple(found) or None

    def _read(self, key: RouteKey, route: Any, look: Look) -> CompiledRoute | None:
        if look.get(self.parents, key) is None:
            return None
        served = effective(route, look.get(self.sources.quarantined, key))
        if served is None:
            return None
        kind = ROUTE_KINDS[key.kind]
        asker = ObjectRef(GROUP, key.kind, *key.ref)
        grants = self.sources.grants.index("namespace")

        def resolve(backend_ref: Any, path: str) -> backends.BackendVerdict:
            return backends.resolve(
                backend_ref,
                path,
                asker,
                lambda target: is_granted(look, grants, Asker(GROUP, key.kind, key.ref.namespace), target),
                lambda service: look.get(self.services, service),
                kind.speech,
            )

        return kind.compile(served, resolve)

    def _has_endpoints(self, service: Ref, _: None, look: Look) -> bool:
        slices = look.list(self.sources.endpoint_slices.index("service"), service)
        return backends.has_endpoints(one for _, one in slices)

    def _settle_sessions(self, key: RouteKey, compiled: CompiledRoute, look: Look) -> CompiledRoute:
        def is_empty(cluster: ClusterKey) -> bool:
            return not look.get(self.peopled, Ref(cluster.namespace, cluster.service))

        def session_of(cluster: ClusterKey) -> Any:
            ruled = self.traffic.rule(cluster.backend, look)
            return ruled.session if ruled is not None else None

        return sessions.settle(compiled, session_of, is_empty)


def _slim(kind: str) -> Callable[[Ref, Any, Look], Mapping[RouteKey, Any]]:
    return lambda ref, route, look: {RouteKey(kind, ref): without_status(route)}


def _attachments(key: RouteKey, verdicts: tuple[ParentVerdict, ...], look: Look) -> dict[Any, tuple[str, ...]]:
    """Hostnames by listener; several parentRefs to one listener add up."""
    found: dict[Any, set[str]] = {}
    for verdict in verdicts:
        for one in verdict.attachments:
            found.setdefault((ListenerKey(verdict.gateway, one.listener), key), set()).update(one.hostnames)
    return {key: tuple(sorted(names)) for key, names in found.items()}
