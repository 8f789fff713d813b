"""Stage 1: classes → our Gateways and the ListenerSets at them → their listeners, judged."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import msgspec

from torana.api.kind import ObjectRef, Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway import classes, client_certificate, conflicts, listener_sets
from torana.gateway.authorities import Bundle, read_config_map, read_secret
from torana.gateway.certificates import KeyPair, read_key_pair
from torana.gateway.client_certificate import ClientCertificate
from torana.gateway.finding import Finding
from torana.gateway.gateways import ManagedGateway, manage
from torana.gateway.grants import Asker, is_granted
from torana.gateway.listener_sets import ManagedSet
from torana.gateway.listeners import ListenerKey, ListenerShape, gateway_ref, judge_all, set_ref
from torana.gateway.overlaps import overlaps
from torana.gateway.stages.sources import Sources


class Owner(msgspec.Struct, frozen=True, gc=False):
    """What a route needs to know of a Gateway or ListenerSet of ours that it names as parent."""

    gateway: Ref
    controller_name: str
    is_refused: bool


class Listeners:
    """Listeners are keyed by ListenerKey. Routes look at `owners` and `shapes`, which change seldom.

    `used_classes` are those of ours that have Gateways.
    """

    def __init__(self, engine: Engine, sources: Sources, controller_names: frozenset[str]) -> None:
        self.sources, self.controller_names = sources, controller_names
        self.classes = engine.map(
            "classes",
            sources.gateway_classes,
            lambda ref, one, look: classes.judge(one, controller_names, self._config_maps(look)),
        )
        self.used_classes = engine.map("used_classes", sources.gateways.index("class"), self._is_ours)
        self.key_pairs = engine.map("key_pairs", sources.secrets, _key_pair)
        self.bundles = {
            "ConfigMap": engine.map(
                "config_map_bundles", sources.config_maps, lambda _, one, look: read_config_map(one)
            ),
            "Secret": engine.map("secret_bundles", sources.secrets, lambda _, one, look: read_secret(one)),
        }
        self.labels = engine.map("namespace_labels", sources.namespaces, lambda ref, one, look: one.metadata.labels)
        self.gateways = engine.map("gateways", sources.gateways, self._manage)
        by_owner = {"owner": lambda key, one: [key.owner]}
        self.own = engine.derive("gateway_listeners", self.gateways, self._judge, by_owner)
        self.accepted = engine.map("accepted_gateways", self.gateways, self._is_accepted)
        """True for Gateways that have something to serve."""
        self.sets = engine.map(
            "listener_sets_seen", sources.listener_sets, self._admit, {"gateway": lambda ref, one: [one.gateway]}
        )
        self.set_conflicts = engine.derive("set_conflicts", self.gateways, self._conflicts)
        self.of_sets = engine.derive("set_listeners", self.sets, self._judge_set, by_owner)
        self.attached_sets = engine.map(
            "attached_sets", self.sets, self._attached, {"gateway": lambda ref, gateway: [gateway]}
        )
        """ListenerSet ref → the Gateway that accepted it."""
        self.default_gateways = engine.map(
            "default_gateways", self.gateways, lambda ref, one, look: one.scope, {"scope": lambda ref, scope: [scope]}
        )
        self.owners = engine.union(
            "owners",
            (
                engine.derive("gateway_owners", self.gateways, _gateway_owner),
                engine.derive("set_owners", self.sets, _set_owner),
            ),
        )
        self.listeners = engine.union(
            "listeners",
            (self.own, self.of_sets),
            {
                "owner": by_owner["owner"],
                "gateway": lambda key, one: [one.shape.gateway],
                "bind": lambda key, one: [one.shape.bind] if one.is_servable else [],
                "table": lambda key, one: [(one.shape.gateway, one.table)],
                "certificate": lambda key, one: [(one.shape.gateway, ref.secret) for ref in one.certificates],
            },
        )
        self.client_certificates = engine.map("client_certificate_verdicts", self.gateways, self._client_certificate)
        self.overlaps = engine.derive("overlaps", self.gateways, self._overlap)
        self.shapes = engine.map("shapes", self.listeners, lambda key, one, look: one.shape, {"wanted": _wanted})
        self.serving = engine.map(
            "serving",
            self.listeners,
            lambda key, one, look: one.shape if one.is_servable else None,
            {"bind": lambda key, shape: [shape.bind]},
        )

    def _is_ours(self, gateway_class: Ref, _: None, look: Look) -> bool | None:
        """True, or nothing."""
        return look.get(self.classes, gateway_class) is not None or None

    def _manage(self, ref: Ref, gateway: Any, look: Look) -> ManagedGateway | None:
        gateway_class = look.get(self.classes, Ref("", gateway.spec.gateway_class_name))
        unreadable = look.get(self.sources.unreadable, gateway_ref(ref))
        return manage(gateway, gateway_class, self._config_maps(look), unreadable)

    def _config_maps(self, look: Look) -> Callable[[Ref], Any]:
        return lambda ref: look.get(self.sources.config_maps, ref)

    def _judge(self, ref: Ref, managed: ManagedGateway, look: Look) -> dict[Any, Any]:
        if managed.finding is not None:
            return {}
        listeners = managed.listeners
        found = conflicts.within(dict(enumerate(listeners)))
        return judge_all(gateway_ref(ref), managed.object, listeners, found, Seen(self, look))

    def _is_accepted(self, ref: Ref, managed: ManagedGateway, look: Look) -> bool | None:
        verdicts = look.list(self.own.index("owner"), gateway_ref(ref))
        return any(one.is_valid for _, one in verdicts) or None

    def _admit(self, ref: Ref, listener_set: Any, look: Look) -> ManagedSet | None:
        gateway = listener_sets.parent_of(listener_set)
        managed = look.get(self.gateways, gateway) if gateway is not None else None
        if managed is None:
            return None
        is_accepted = look.get(self.accepted, gateway) is not None
        unreadable = look.get(self.sources.unreadable, set_ref(ref))
        return listener_sets.admit(
            listener_set, managed, is_accepted, lambda name: self.labels_of(name, look), unreadable
        )

    def _conflicts(self, ref: Ref, managed: ManagedGateway, look: Look) -> dict[Ref, tuple[tuple[int, Finding], ...]]:
        """What each ListenerSet of a Gateway loses, by position."""
        sets = [one for _, one in look.list(self.sets.index("gateway"), ref) if one.finding is None]
        sets.sort(key=lambda one: one.precedence)
        later = ((one.object.metadata.ref, one.listeners) for one in sets)
        lost = conflicts.across(managed.listeners, later)
        return {key: tuple(found.items()) for key, found in lost.items() if found}

    def _judge_set(self, ref: Ref, one: ManagedSet, look: Look) -> dict[Any, Any]:
        if one.finding is not None:
            return {}
        conflicts_of: tuple[tuple[int, Finding], ...] | None = look.get(self.set_conflicts, ref)
        lost = dict(conflicts_of or ())
        managed = look.get(self.gateways, one.gateway)
        if managed is None:
            return {}
        return judge_all(set_ref(ref), managed.object, one.listeners, lost, Seen(self, look))

    def _attached(self, ref: Ref, one: ManagedSet, look: Look) -> Ref | None:
        verdicts = look.list(self.of_sets.index("owner"), set_ref(ref))
        return one.gateway if any(verdict.is_servable for _, verdict in verdicts) else None

    def _overlap(self, ref: Ref, managed: ManagedGateway, look: Look) -> dict[ListenerKey, Finding]:
        """Listeners of a Gateway and its ListenerSets that overlap; one that loses a conflict to others has no part."""
        verdicts = [one for _, one in look.list(self.listeners.index("gateway"), ref)]
        shapes = [one.shape for one in verdicts if one.conflict is None or one.shape.owner == gateway_ref(ref)]
        found = zip(shapes, overlaps(shapes), strict=True)
        return {shape.key: finding for shape, finding in found if finding is not None}

    def labels_of(self, namespace: str, look: Look) -> dict[str, str]:
        """The labels of a namespace; none when it is not known."""
        return look.get(self.labels, Ref("", namespace)) or {}

    def _client_certificate(self, ref: Ref, managed: ManagedGateway, look: Look) -> ClientCertificate | None:
        return client_certificate.judge(managed.object, Seen(self, look))


class Seen:
    """Grants, key pairs and authorities, through the look of one task."""

    def __init__(self, stage: Listeners, look: Look) -> None:
        self.stage, self.look = stage, look

    def is_granted(self, asker: ObjectRef, target: ObjectRef) -> bool:
        grants = self.stage.sources.grants.index("namespace")
        return is_granted(self.look, grants, Asker(asker.group, asker.kind, asker.namespace), target)

    def key_pair(self, secret: Ref) -> KeyPair | None:
        return self.look.get(self.stage.key_pairs, secret)

    def bundle(self, kind: str, ref: Ref) -> Bundle | None:
        return self.look.get(self.stage.bundles[kind], ref)


def _key_pair(ref: Ref, secret: Any, look: Look) -> KeyPair | None:
    """Only Secrets that could be meant as key pairs are read."""
    if secret.type == "kubernetes.io/tls" or "tls.crt" in secret.data:
        return read_key_pair(secret)
    return KeyPair(problem=f"type is {secret.type or 'Opaque'} and data has no tls.crt; use type kubernetes.io/tls")


def _wanted(key: ListenerKey, shape: ListenerShape) -> list[Hashable]:
    """What a parentRef that selects the listener may say: a section, a port, both or neither."""
    return [(key.owner, name, port) for name in ("", key.name) for port in (None, shape.port)]


def _gateway_owner(ref: Ref, managed: ManagedGateway, look: Look) -> dict[ObjectRef, Owner]:
    return {gateway_ref(ref): Owner(ref, managed.gateway_class.controller_name, managed.finding is not None)}


def _set_owner(ref: Ref, one: ManagedSet, look: Look) -> dict[ObjectRef, Owner]:
    return {set_ref(ref): Owner(one.gateway, one.controller_name, one.finding is not None)}
