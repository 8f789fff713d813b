"""Do workloads run as in any Kubernetes? Deployments, Services, logs and deletion on `torana up`."""

from __future__ import annotations

import http.client
from typing import Any

import pytest
from tests.e2e.kubernetes import Kubernetes, path_of
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

IMAGE = "gcr.io/k8s-staging-gateway-api/echo-basic:v20251204-v1.4.1"


def workload(namespace: str, name: str, replicas: int = 1, service_type: str = "ClusterIP") -> list[dict[str, Any]]:
    """A Deployment of echo servers and its Service."""
    labels = {"app": name}
    env = [
        {"name": variable, "valueFrom": {"fieldRef": {"fieldPath": path}}}
        for variable, path in (("POD_NAME", "metadata.name"), ("NAMESPACE", "metadata.namespace"))
    ]
    containers = [{"name": name, "image": IMAGE, "env": env, "readinessProbe": {"tcpSocket": {"port": 3000}}}]
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"type": service_type, "selector": labels, "ports": [{"port": 80, "targetPort": 3000}]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
            },
        },
    ]


def addresses(kubernetes: Kubernetes, namespace: str, service: str, count: int = 1) -> list[str]:
    """The ready addresses in the Service's slices, as soon as there are so many."""

    def check() -> list[str]:
        found = [
            endpoint["addresses"][0]
            for each in kubernetes.list("EndpointSlice", namespace, f"kubernetes.io/service-name={service}")
            for endpoint in each.get("endpoints") or ()
            if endpoint["conditions"]["ready"]
        ]
        assert len(found) == count, found
        return found

    return eventually(check)


def ask(address: str, port: int = 3000) -> str:
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", "/asked")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_a_deployment_answers_on_the_addresses_of_its_service(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(*workload(namespace, "echo", replicas=2))
    for address in addresses(kubernetes, namespace, "echo", count=2):
        assert '"pod": "echo-' in ask(address)


def test_a_load_balancer_s_pods_run_on_its_address(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(*workload(namespace, "front", service_type="LoadBalancer"))
    (address,) = addresses(kubernetes, namespace, "front")
    service = kubernetes.get("Service", namespace, "front")
    assert service["status"]["loadBalancer"]["ingress"][0]["ip"] == address


def test_what_a_container_wrote_is_its_log(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(*workload(namespace, "echo"))
    (address,) = addresses(kubernetes, namespace, "echo")
    ask(address)
    (pod,) = kubernetes.list("Pod", namespace)

    def check() -> None:
        path = f"{path_of('Pod', namespace, pod['metadata']['name'])}/log?sinceSeconds=60"
        assert "Echoing back request made to /asked" in kubernetes.send("GET", path).body.decode()

    eventually(check)


def test_deleting_a_deployment_stops_its_pods(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(*workload(namespace, "echo"))
    (address,) = addresses(kubernetes, namespace, "echo")
    kubernetes.delete("Deployment", namespace, "echo")

    def check() -> None:
        assert not kubernetes.list("Pod", namespace)

    eventually(check)
    with pytest.raises(ConnectionRefusedError):
        ask(address)
