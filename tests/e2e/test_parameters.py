"""Do a Gateway's proxies follow its parameters, while they serve?"""

from __future__ import annotations

import pytest
from bench.api import Document
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.conditions import expect, gateway_condition, wait_programmed
from tests.e2e.documents import backend, parent, rule
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.steady_client import SteadyClient, running
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


def tuning(namespace: str, **data: str) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": namespace, "name": "tuning"},
        "data": data,
    }


def tuned_gateway(namespace: str) -> Document:
    gateway = documents.gateway(namespace, "gw")
    gateway["spec"]["infrastructure"] = {"parametersRef": {"group": "", "kind": "ConfigMap", "name": "tuning"}}
    return gateway


def proxy(kubernetes: Kubernetes, kind: str, namespace: str) -> Document:
    (found,) = kubernetes.list(kind, namespace, "gateway.networking.k8s.io/gateway-name=gw")
    return found


def wait_served(door: Door) -> None:
    def served() -> None:
        assert door.ask("app.example.com").status == 200

    eventually(served, deadline_s=20)


@pytest.fixture
def served(kubernetes: Kubernetes, namespace: str) -> Door:
    """A Gateway with two proxies that log much, and a route."""
    kubernetes.apply(
        tuning(namespace, replicas="2", logLevel="info"), tuned_gateway(namespace), *documents.echo(namespace, "app")
    )
    kubernetes.apply(documents.route(namespace, "app", parent("gw"), rule(backend("app"))))
    door = Door(wait_programmed(kubernetes, namespace, "gw"))
    wait_served(door)
    return door


def test_changed_parameters_are_taken_up_without_a_gap(kubernetes: Kubernetes, namespace: str, served: Door) -> None:
    def has(replicas: int, level: str) -> None:
        deployment = proxy(kubernetes, "Deployment", namespace)
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container["args"][container["args"].index("--log-level") + 1] == level
        assert deployment["status"].get("observedGeneration") == deployment["metadata"]["generation"]
        counts = [deployment["status"].get(name) for name in ("replicas", "updatedReplicas", "readyReplicas")]
        assert counts == [replicas] * 3

    eventually(lambda: has(2, "info"), deadline_s=30)
    with running(steady := SteadyClient(served, "app.example.com")):
        kubernetes.apply(tuning(namespace, logLevel="error"))
        eventually(lambda: has(1, "error"), deadline_s=60)
    steady.expect_no_failure_of(stopped=2)


def test_a_proxy_may_be_reached_from_inside_alone(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(tuning(namespace, serviceType="ClusterIP"), tuned_gateway(namespace))
    kubernetes.apply(*documents.echo(namespace, "app"))
    kubernetes.apply(documents.route(namespace, "app", parent("gw"), rule(backend("app"))))
    address = wait_programmed(kubernetes, namespace, "gw")
    service = proxy(kubernetes, "Service", namespace)
    assert (service["spec"]["type"], service["spec"]["clusterIP"]) == ("ClusterIP", address)
    wait_served(Door(address))


def test_bad_parameters_are_told_and_mended(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(tuning(namespace, replicas="none"), tuned_gateway(namespace))

    def refused() -> None:
        gateway = kubernetes.get("Gateway", namespace, "gw")
        expect(gateway_condition(gateway, "Accepted"), gateway, "False", "InvalidParameters")

    eventually(refused)
    kubernetes.apply(tuning(namespace, replicas="1"))
    wait_programmed(kubernetes, namespace, "gw")
