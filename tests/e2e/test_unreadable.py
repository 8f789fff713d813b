"""Objects of other CRDs that cannot be read in part: nothing becomes more open because of them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.conditions import condition, wait_policy, wait_programmed, wait_route
from tests.e2e.documents import backend, backend_tls_policy, listener, parent, path, rule
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.older_crds import other_crd, store
from tests.e2e.waiting import always, eventually

pytestmark = pytest.mark.e2e

GROUP = "gateway.networking.k8s.io"
HOST = "app.example.com"
ANYTHING = {"x-kubernetes-preserve-unknown-fields": True}


@pytest.fixture
def door(kubernetes: Kubernetes, namespace: str) -> Door:
    """A Gateway with a route for everything, served in plain text."""
    kubernetes.apply(
        documents.gateway(namespace, "gw", listener("http", 80)),
        *documents.echo(namespace, "web"),
        documents.route(namespace, "all", parent("gw"), rule(backend("web"))),
    )
    found = Door(wait_programmed(kubernetes, namespace, "gw"), 80)
    wait_route(kubernetes, namespace, "all", "gw")
    eventually(lambda: _answers(found, 200), deadline_s=20)
    return found


def test_a_policy_that_cannot_be_read_closes_its_backend(kubernetes: Kubernetes, namespace: str, door: Door) -> None:
    policy = backend_tls_policy(namespace, "web", "web", wellKnownCACertificates="System", hostname=5)
    with other_crd(kubernetes, f"backendtlspolicies.{GROUP}", _without_hostnames):
        store(kubernetes, policy)
        wait_policy(kubernetes, namespace, "web", "Accepted", "False", "Invalid")
        _answers(door, 503)
        always(lambda: _answers(door, 503), for_s=0.3)
        kubernetes.delete("BackendTLSPolicy", namespace, "web")
        eventually(lambda: _answers(door, 200))


def test_a_route_that_cannot_be_read_takes_its_requests_and_answers_500(
    kubernetes: Kubernetes, namespace: str, door: Door
) -> None:
    private = rule(backend("web"), matches=(path("/private"),))
    private["timeouts"] = {"request": 5}
    with other_crd(kubernetes, f"httproutes.{GROUP}", _without_timeouts):
        store(kubernetes, documents.route(namespace, "private", parent("gw"), private))

        def refused() -> None:
            route = kubernetes.get("HTTPRoute", namespace, "private")
            assert "status" in route
            found = condition(route["status"]["parents"][0]["conditions"], "Accepted")
            assert (found["status"], found["reason"]) == ("False", "UnsupportedValue"), found
            assert "spec.rules[0].timeouts.request" in found["message"]

        eventually(refused)
        _answers(door, 500, "/private")
        _answers(door, 200, "/elsewhere")


def test_a_gateway_that_cannot_be_read_is_not_served_on_as_it_was(
    kubernetes: Kubernetes, namespace: str, door: Door
) -> None:
    with other_crd(kubernetes, f"gateways.{GROUP}", _without_tls):
        changed = documents.gateway(namespace, "gw", listener("http", 80))
        changed["spec"]["tls"] = {"frontend": "strict"}
        store(kubernetes, changed)

        def closed() -> None:
            gateway = kubernetes.get("Gateway", namespace, "gw")
            found = condition(gateway["status"]["conditions"], "Accepted")
            assert (found["status"], found["reason"]) == ("False", "Invalid"), found
            assert "spec.tls.frontend" in found["message"]
            assert not door.is_open()

        eventually(closed, deadline_s=30)
        kubernetes.apply(documents.gateway(namespace, "gw", listener("http", 80)))
        again = Door(wait_programmed(kubernetes, namespace, "gw"), 80)
        eventually(lambda: _answers(again, 200), deadline_s=20)


def _answers(door: Door, status: int, path: str = "/") -> None:
    assert door.ask(HOST, path).status == status


def _without_hostnames(spec: Any) -> None:
    validation = spec["properties"]["validation"]
    validation["properties"]["hostname"] = ANYTHING


def _without_timeouts(spec: Any) -> None:
    spec["properties"]["rules"]["items"]["properties"]["timeouts"] = {"type": "object", **ANYTHING}


def _without_tls(spec: Any) -> None:
    spec["properties"]["tls"] = {"type": "object", **ANYTHING}
