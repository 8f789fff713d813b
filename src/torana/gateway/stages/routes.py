"""Stage 2: routes of all kinds → which listeners take them, and what their rules come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from torana.api.kind import ObjectRef, Ref
from torana.api.x_backend import EXPERIMENTAL_GROUP
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway import attachment, backends, external, sessions
from torana.gateway.attachment import Attachment, Joined, ParentVerdict
from torana.gateway.backends import BackendVerdict, ClusterKey
from torana.gateway.finding import Finding
from torana.gateway.gateways import ALL, without_status
from torana.gateway.grants import Asker, is_granted
from torana.gateway.listeners import GROUP
from torana.gateway.quarantine import fallback, served
from torana.gateway.routes.compiled import CompiledRoute, shut
from torana.gateway.routes.key import RouteKey
from torana.gateway.routes.registry import ROUTE_KINDS
from torana.gateway.stages.external_backends import ExternalBackends
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.sources import Sources
from torana.gateway.stages.tls_policies import TlsPolicies
from torana.gateway.stages.traffic_policies import TrafficPolicies
from torana.gateway.status.routes import is_sound

_MOST_PARENTS = 32
"""As many as a status can speak of."""


class Routes:
    """Routes are keyed by RouteKey, attachments by (ListenerKey, RouteKey)."""

    def __init__(
        self,
        engine: Engine,
        sources: Sources,
        listeners: Listeners,
        externals: ExternalBackends,
        policies: TlsPolicies,
        traffic: TrafficPolicies,
    ) -> None:
        self.sources, self.listeners, self.externals = sources, listeners, externals
        self.policies, self.traffic = policies, traffic
        self.services = policies.services
        slim = tuple(
            engine.derive(f"{kind.api.plural}_specs", sources.routes[kind.name], _slim(kind.name))
            for kind in ROUTE_KINDS.values()
        )
        self.specs = engine.union("route_specs", slim)
        self.joined = engine.map("joined", self.specs, self._join)
        self.parents = engine.map("parents", self.joined, lambda key, one, look: tuple(each.verdict for each in one))
        """RouteKey → a verdict for each parent. What need not know the listeners looks here: it changes seldom."""
        self.attachments = engine.derive(
            "attachments", self.joined, _attachments, {"listener": lambda key, hostnames: [key[0]]}
        )
        self.read = engine.map("read_routes", self.specs, self._read)
        self.peopled = engine.map("peopled_services", sources.endpoint_slices.index("service"), self._has_endpoints)
        self.compiled = engine.map("compiled", self.read, self._settle_sessions)
        self.sound = engine.map("sound_routes", self.specs, self._is_sound)
        self.accepted = engine.map(
            "accepted_attachments",
            self.attachments,
            lambda key, _, look: look.get(self.sound, key[1]),
            {"listener": lambda key, _: [key[0]]},
        )

    def _join(self, key: RouteKey, route: Any, look: Look) -> tuple[Joined, ...] | None:
        """Each parent that is a Gateway of ours, or a ListenerSet at one; None when there is none."""
        found = self._join_all(key, route, look)
        earlier = fallback(route, look.get(self.sources.quarantined, key))
        if earlier is not None:
            found = attachment.fall_back(found, self._join_all(key, earlier, look), earlier.metadata.generation)
        return found or None

    def _join_all(self, key: RouteKey, route: Any, look: Look) -> tuple[Joined, ...]:
        refs = route.spec.parent_refs
        found = [self._join_one(key, route, ref, False, look) for ref in refs]
        if route.spec.use_default_gateways == ALL:
            for gateway, _ in look.list(self.listeners.default_gateways.index("scope"), ALL):
                if not any(attachment.names_whole(ref, key.ref.namespace, gateway) for ref in refs):
                    found.append(self._join_one(key, route, attachment.default_parent(gateway), True, look))
        return tuple(one for one in found[:_MOST_PARENTS] if one is not None)

    def _join_one(self, key: RouteKey, route: Any, parent_ref: Any, is_default: bool, look: Look) -> Joined | None:
        parent = attachment.parent_of(parent_ref, key.ref.namespace)
        owner = look.get(self.listeners.owners, parent)
        if owner is None:
            return None
        attached: tuple[Attachment, ...] = ()
        finding: Finding | None = Finding("NoMatchingParent", f"{parent} is not accepted; see its status")
        if not owner.is_refused:
            wanted = (parent, parent_ref.section_name, parent_ref.port)
            shapes = [shape for _, shape in look.list(self.listeners.shapes.index("wanted"), wanted)]
            attached, finding = attachment.attach(
                route, key.kind, parent_ref, shapes, lambda name: self.listeners.labels_of(name, look)
            )
        ways = tuple(sorted({one.passes_on for one in attached}))
        verdict = ParentVerdict(owner.gateway, parent_ref, owner.controller_name, finding, ways, is_default)
        return Joined(verdict, attached)

    def _read(self, key: RouteKey, route: Any, look: Look) -> CompiledRoute | None:
        if look.get(self.parents, key) is None:
            return None
        quarantine = look.get(self.sources.quarantined, key)
        chosen = served(route, quarantine)
        if chosen is None:
            return None
        kind = ROUTE_KINDS[key.kind]
        asker = ObjectRef(GROUP, key.kind, *key.ref)
        grants = self.sources.grants.index("namespace")

        def find_service(ref: Any, path: str, target: ObjectRef) -> BackendVerdict:
            shape = look.get(self.services, Ref(target.namespace, target.name))
            return backends.resolve_service(
                ref, path, target, shape, key.kind, kind.speech, lambda cluster: self.policies.guarded(cluster, look)
            )

        def find_external(ref: Any, path: str, target: ObjectRef) -> BackendVerdict:
            found = look.get(self.externals.verdicts, Ref(target.namespace, target.name))
            return external.resolve(ref, path, target, found, kind.speech)

        def resolve(ref: Any, path: str) -> BackendVerdict:
            kinds = {("", backends.SERVICE): find_service, (EXPERIMENTAL_GROUP, external.KIND): find_external}
            return backends.resolve(
                ref,
                path,
                asker,
                lambda target: is_granted(look, grants, Asker(GROUP, key.kind, key.ref.namespace), target),
                kinds,
            )

        compiled = kind.compile(chosen.version, resolve)
        finding = look.get(self.sources.unreadable, asker)
        if chosen.is_shut and quarantine is not None:
            finding = finding or Finding("UnsupportedValue", f"the proxy rejected this route: {quarantine.message}")
        if finding is None:
            return compiled
        finding = msgspec.structs.replace(finding, reason="UnsupportedValue")
        return shut(compiled, kind.failure, finding, is_wide=chosen.is_wide)

    def _is_sound(self, key: RouteKey, route: Any, look: Look) -> bool | None:
        """True, or nothing."""
        quarantine = look.get(self.sources.quarantined, key)
        return is_sound(route, look.get(self.compiled, key), quarantine) or None

    def _has_endpoints(self, service: Ref, _: None, look: Look) -> bool:
        slices = look.list(self.sources.endpoint_slices.index("service"), service)
        return backends.has_endpoints(one for _, one in slices)

    def _settle_sessions(self, key: RouteKey, compiled: CompiledRoute, look: Look) -> CompiledRoute:
        def is_empty(cluster: ClusterKey) -> bool:
            if cluster.kind != backends.SERVICE:
                return False
            return not look.get(self.peopled, Ref(cluster.namespace, cluster.object_name))

        def session_of(cluster: ClusterKey) -> Any:
            ruled = self.traffic.rule(cluster.backend, look)
            return ruled.session if ruled is not None else None

        return sessions.settle(compiled, session_of, is_empty)


def _slim(kind: str) -> Callable[[Ref, Any, Look], Mapping[RouteKey, Any]]:
    return lambda ref, route, look: {RouteKey(kind, ref): without_status(route)}


def _attachments(key: RouteKey, joined: tuple[Joined, ...], look: Look) -> dict[Any, tuple[str, ...]]:
    """Hostnames by listener; several parentRefs to one listener add up."""
    found: dict[Any, set[str]] = {}
    for parent in joined:
        for one in parent.attachments:
            found.setdefault((one.listener, key), set()).update(one.hostnames)
    return {key: tuple(sorted(names)) for key, names in found.items()}
