"""Do routes that name no Gateway follow the default Gateways as these come and go?"""

from __future__ import annotations

import pytest
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.conditions import condition, expect, gateway_condition, wait_programmed
from tests.e2e.documents import backend, listener, rule
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.steady_client import SteadyClient, running
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


@pytest.fixture
def old(kubernetes: Kubernetes, namespace: str) -> Door:
    """A default Gateway `old`, and a route without parents that it serves."""
    kubernetes.apply(*documents.echo(namespace, "app"), default_gateway(namespace, "old", "All"))
    route = documents.route(namespace, "app", {}, rule(backend("app")), hostnames=("app.example.com",))
    del route["spec"]["parentRefs"]
    route["spec"]["useDefaultGateways"] = "All"
    kubernetes.apply(route)
    door = Door(wait_programmed(kubernetes, namespace, "old"))
    eventually(lambda: expect_status(door, 200), deadline_s=20)
    return door


def default_gateway(namespace: str, name: str, scope: str) -> documents.Document:
    gateway = documents.gateway(namespace, name, listener(from_="Same"))
    gateway["spec"]["defaultScope"] = scope
    return gateway


def expect_status(door: Door, status: int) -> None:
    assert door.ask("app.example.com").status == status


def expect_parents(kubernetes: Kubernetes, namespace: str, *names: str) -> None:
    """The route is accepted by these Gateways of the namespace, and its spec is untouched."""
    route = kubernetes.get("HTTPRoute", namespace, "app")
    parents = [one for one in route["status"]["parents"] if one["parentRef"].get("namespace", namespace) == namespace]
    assert sorted(one["parentRef"]["name"] for one in parents) == sorted(names)
    for one in parents:
        expect(condition(one["conditions"], "Accepted"), route, "True", "Accepted")
    assert "parentRefs" not in route["spec"]


def test_a_default_gateway_is_replaced_without_a_gap(kubernetes: Kubernetes, namespace: str, old: Door) -> None:
    expect(gateway_condition(found := kubernetes.get("Gateway", namespace, "old"), "DefaultGateway"), found, "True")
    eventually(lambda: expect_parents(kubernetes, namespace, "old"))
    kubernetes.apply(default_gateway(namespace, "new", "All"))
    new = Door(wait_programmed(kubernetes, namespace, "new"))
    eventually(lambda: expect_status(new, 200))
    with running(steady := SteadyClient(new, "app.example.com")):
        eventually(lambda: expect_parents(kubernetes, namespace, "old", "new"))
        kubernetes.delete("Gateway", namespace, "old")
        eventually(lambda: expect_parents(kubernetes, namespace, "new"))
    assert steady.failures == []


def test_a_gateway_that_stops_being_a_default_one_lets_go(kubernetes: Kubernetes, namespace: str, old: Door) -> None:
    kubernetes.merge("Gateway", namespace, "old", {"spec": {"defaultScope": "None"}})
    eventually(lambda: expect_status(old, 404))
    eventually(lambda: expect_parents(kubernetes, namespace))

    def is_plain() -> None:
        types = [one["type"] for one in kubernetes.get("Gateway", namespace, "old")["status"]["conditions"]]
        assert "DefaultGateway" not in types

    eventually(is_plain)
