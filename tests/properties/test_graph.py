"""The laws of the whole translation, on generated objects: Gateways, routes, Services and grants."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from torana.api.core.namespace import Namespace
from torana.api.core.service import Service
from torana.api.gateway import Gateway
from torana.api.gateway_class import GatewayClass
from torana.api.http_route import HTTPRoute
from torana.api.listener_set import ListenerSet
from torana.api.reference_grant import ReferenceGrant
from torana.gateway.graph import Graph
from torana.gateway.status.gateways import ProxyState

Objects = dict[tuple[str, str, str], dict[str, Any] | None]
"""(kind, namespace, name) → the object, or None for none."""

TYPES = {
    "GatewayClass": GatewayClass,
    "Gateway": Gateway,
    "ListenerSet": ListenerSet,
    "HTTPRoute": HTTPRoute,
    "Service": Service,
    "Namespace": Namespace,
    "ReferenceGrant": ReferenceGrant,
}
HOSTNAMES = ("", "a.example.com", "*.example.com", "b.a.example.com", "other.org")
NAMESPACES = ("east", "west")

BASE: Objects = {
    ("GatewayClass", "", "torana"): {"spec": {"controllerName": "torana.dev/gateway-controller"}},
    ("Namespace", "", "east"): {},
    ("Namespace", "", "west"): {},
}

listeners = st.lists(
    st.fixed_dictionaries({"hostname": st.sampled_from(HOSTNAMES), "all": st.booleans()}),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one["hostname"],
).map(
    lambda drawn: [
        {
            "name": f"l{number}",
            "port": 80,
            "protocol": "HTTP",
            "hostname": one["hostname"],
            "allowedRoutes": {"namespaces": {"from": "All" if one["all"] else "Same"}},
        }
        for number, one in enumerate(drawn)
    ]
)
gateways = st.one_of(
    st.none(),
    st.tuples(listeners, st.sampled_from(("None", "Same", "All"))).map(
        lambda drawn: {
            "spec": {
                "gatewayClassName": "torana",
                "listeners": drawn[0],
                "allowedListeners": {"namespaces": {"from": drawn[1]}},
            }
        }
    ),
)
listener_sets = st.one_of(
    st.none(),
    listeners.map(lambda drawn: {"spec": {"parentRef": {"name": "gw", "namespace": "east"}, "listeners": drawn}}),
)
rules = st.lists(
    st.fixed_dictionaries(
        {
            "path": st.sampled_from(("/", "/a", "/a/b", "(")),
            "service": st.sampled_from(("s0", "s1", "gone")),
            "namespace": st.sampled_from(("", "east", "west")),
        }
    ),
    min_size=1,
    max_size=3,
).map(
    lambda drawn: [
        {
            "matches": [
                {"path": {"type": "RegularExpression" if one["path"] == "(" else "PathPrefix", "value": one["path"]}}
            ],
            "backendRefs": [{"name": one["service"], "namespace": one["namespace"], "port": 80}],
        }
        for one in drawn
    ]
)
routes = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {
            "hostnames": st.lists(st.sampled_from(HOSTNAMES[1:]), max_size=2, unique=True),
            "rules": rules,
            "namespace": st.sampled_from(NAMESPACES),
        }
    ).map(
        lambda one: {
            "spec": {
                "parentRefs": [{"name": "gw", "namespace": "east"}, {"kind": "ListenerSet", "name": "set0"}],
                "hostnames": one["hostnames"],
                "rules": one["rules"],
            }
        }
    ),
)
services = st.sampled_from((None, {"spec": {"ports": [{"port": 80}]}}))
grants = st.sampled_from(
    (
        None,
        {
            "spec": {
                "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "east"}],
                "to": [{"group": "", "kind": "Service"}],
            }
        },
    )
)


def one_of_kind(kind: str, names: tuple[str, ...], content: Any) -> Any:
    return st.tuples(st.just(kind), st.sampled_from(NAMESPACES), st.sampled_from(names), content)


edits = st.lists(
    st.one_of(
        one_of_kind("Gateway", ("gw",), gateways),
        one_of_kind("ListenerSet", ("set0", "set1"), listener_sets),
        one_of_kind("HTTPRoute", ("r0", "r1", "r2"), routes),
        one_of_kind("Service", ("s0", "s1"), services),
        one_of_kind("ReferenceGrant", ("g",), grants),
    ),
    max_size=15,
)


class World:
    """A graph and the objects in it."""

    def __init__(self) -> None:
        self.graph = Graph(["torana.dev/gateway-controller"])
        sources = self.graph.sources
        self.sources = {
            "GatewayClass": sources.gateway_classes,
            "Gateway": sources.gateways,
            "ListenerSet": sources.listener_sets,
            "HTTPRoute": route_source(self.graph),
            "Service": sources.services,
            "Namespace": sources.namespaces,
            "ReferenceGrant": sources.grants,
        }

    def apply(self, objects: Objects) -> Any:
        changes: dict[Any, dict[Any, Any]] = {}
        for (kind, namespace, name), content in objects.items():
            typed = typed_object(kind, namespace, name, content)
            ref = typed_object(kind, namespace, name, {}).metadata.ref if content is None else typed.metadata.ref
            changes.setdefault(self.sources[kind], {})[ref] = typed
            if kind == "Gateway":
                state = ProxyState((("IPAddress", "192.0.2.1"),), True) if typed is not None else None
                changes.setdefault(self.graph.sources.proxies, {})[ref] = state
        settled = self.graph.engine.settle(changes)
        assert settled.failures == ()
        return settled

    def state(self) -> dict[str, dict[Any, Any]]:
        return {collection.name: dict(collection.items) for collection in self.graph.engine.collections}


def route_source(graph: Graph) -> Any:
    return graph.sources.routes["HTTPRoute"]


def typed_object(kind: str, namespace: str, name: str, content: dict[str, Any] | None) -> Any:
    if content is None:
        return None
    metadata = {"name": name, "namespace": namespace, "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z"}
    spec = {
        "spec": {
            "controllerName": "x",
            "gatewayClassName": "x",
            "listeners": [],
            "parentRef": {"name": "x"},
            "from": [],
            "to": [],
            "ports": [],
        }
    }
    return msgspec.convert({**({} if kind == "Namespace" else spec), **content, "metadata": metadata}, TYPES[kind])


def last_of(steps: list[tuple[str, str, str, Any]]) -> Objects:
    return {**BASE, **{(kind, namespace, name): content for kind, namespace, name, content in steps}}


relaxed = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(edits)
def test_any_sequence_of_edits_ends_as_a_build_from_scratch(steps: list[tuple[str, str, str, Any]]) -> None:
    stepwise, fresh = World(), World()
    stepwise.apply(BASE)
    for kind, namespace, name, content in steps:
        stepwise.apply({(kind, namespace, name): content})
    fresh.apply(last_of(steps))
    assert stepwise.state() == fresh.state()


@relaxed
@given(edits, st.randoms())
def test_the_order_of_objects_does_not_matter(steps: list[tuple[str, str, str, Any]], rng: random.Random) -> None:
    objects = list(last_of(steps).items())
    one, other = World(), World()
    one.apply(dict(objects))
    rng.shuffle(objects)
    for key, content in objects:
        other.apply({key: content})
    assert one.state() == other.state()


@relaxed
@given(edits)
def test_an_object_nobody_references_changes_nothing(steps: list[tuple[str, str, str, Any]]) -> None:
    world = World()
    world.apply(last_of(steps))
    settled = world.apply({("Service", "east", "unheard-of"): {"spec": {"ports": [{"port": 1}]}}})
    assert set(settled.changes) <= {"services", "service_shapes"}


@relaxed
@given(rules)
def test_removing_a_bad_rule_changes_only_that_rule(good: list[dict[str, Any]]) -> None:
    good = [rule for rule in good if rule["matches"][0]["path"]["value"] != "("]
    bad = {
        "matches": [{"path": {"type": "RegularExpression", "value": "("}}],
        "backendRefs": [{"name": "s0", "port": 80}],
    }
    world = World()
    listener = [{"name": "http", "port": 80, "protocol": "HTTP"}]
    gateway = {"spec": {"gatewayClassName": "torana", "listeners": listener}}
    route = {"parentRefs": [{"name": "gw"}], "rules": [*good, bad]}
    world.apply({**BASE, ("Gateway", "east", "gw"): gateway, ("HTTPRoute", "east", "r"): {"spec": route}})
    before = dict(world.graph.hosts.hosts.items)
    world.apply({("HTTPRoute", "east", "r"): {"spec": {**route, "rules": good}}})
    assert world.graph.hosts.hosts.items == before


def many(count: int) -> World:
    world = World()
    listener = [{"name": "http", "port": 80, "protocol": "HTTP"}]
    objects: Objects = {
        **BASE,
        ("Gateway", "east", "gw"): {"spec": {"gatewayClassName": "torana", "listeners": listener}},
        ("Service", "east", "s0"): {"spec": {"ports": [{"port": 80}]}},
    }
    objects |= {("HTTPRoute", "east", f"r{number}"): numbered(number) for number in range(count)}
    world.apply(objects)
    return world


def numbered(number: int, service: str = "s0") -> dict[str, Any]:
    return {
        "spec": {
            "parentRefs": [{"name": "gw"}],
            "hostnames": [f"h{number}.example.com"],
            "rules": [{"backendRefs": [{"name": service, "port": 80}]}],
        }
    }


@pytest.mark.parametrize("edit", ["change", "create", "delete"])
def test_editing_one_of_many_routes_computes_a_count_that_does_not_grow(edit: str) -> None:
    counts = []
    for size in (10, 60, 600):
        world = many(size)
        content = {"change": numbered(0, "gone"), "create": numbered(0), "delete": None}[edit]
        name = "new" if edit == "create" else "r0"
        if edit == "create":
            content = {"spec": {**numbered(0)["spec"], "hostnames": ["new.example.com"]}}
        counts.append(sum(world.apply({("HTTPRoute", "east", name): content}).computed.values()))
    assert counts[0] == counts[1] == counts[2], counts


def with_listeners(**ports: int) -> dict[str, Any]:
    listeners = [{"name": name, "port": port, "protocol": "HTTP"} for name, port in ports.items()]
    return {"spec": {"gatewayClassName": "torana", "listeners": listeners}}


def at(parent_ref: dict[str, Any], number: int) -> dict[str, Any]:
    return {"spec": {**numbered(number)["spec"], "parentRefs": [parent_ref]}}


@pytest.mark.parametrize("chosen", [{"sectionName": "http"}, {"port": 80}, {"sectionName": "http", "port": 80}])
@pytest.mark.parametrize("listeners", [{"more": 81, "http": 80}, {"http": 80, "more": 81}, {"http": 80, "also": 81}])
def test_a_listener_concerns_no_route_that_chose_another(chosen: dict[str, Any], listeners: dict[str, int]) -> None:
    counts = []
    for size in (10, 100):
        world = many(size)
        parent_ref = {"name": "gw", **chosen}
        world.apply({("HTTPRoute", "east", f"r{number}"): at(parent_ref, number) for number in range(size)})
        counts.append(world.apply({("Gateway", "east", "gw"): with_listeners(**listeners)}).computed)
    assert counts[0] == counts[1]
    assert "joined" not in counts[0]


def test_a_new_listener_lets_nobody_read_its_routes_again() -> None:
    world = many(20)
    computed = world.apply({("Gateway", "east", "gw"): with_listeners(http=80, more=81)}).computed
    assert computed["joined"] == computed["parents"] == computed["routed"] == 20
    assert not {"read_routes", "compiled", "route_reports", "uses", "clusters"} & computed.keys()
