"""Does the first hour with the Gateway API go as its tutorials promise?"""

from __future__ import annotations

import time

import pytest
import yaml
from bench.api import Document
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.conditions import wait_programmed, wait_route
from tests.e2e.home import Home
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


def test_one_kubectl_apply_leads_to_a_served_route(home: Home, kubernetes: Kubernetes, namespace: str) -> None:
    objects = [
        documents.gateway(namespace, "first"),
        *documents.echo(namespace, "shop"),
        documents.route(
            namespace,
            "shop",
            documents.parent("first"),
            documents.rule(documents.backend("shop")),
            hostnames=("shop.example.com",),
        ),
    ]
    began = time.monotonic()
    home.kubectl("apply", "-f", "-", stdin=_as_file(objects))
    door = Door(wait_programmed(kubernetes, namespace, "first"))

    def served() -> None:
        answer = door.ask("shop.example.com", "/hello")
        assert answer.status == 200, f"{answer.status} {answer.body!r}"
        assert answer.backend == "shop"
        assert answer.echo["path"] == "/hello"

    eventually(served, deadline_s=20)
    took = time.monotonic() - began
    assert took < 30, f"{took:.1f} s from apply to the first answer"
    assert door.ask("other.example.com").status == 404


def test_kubectl_shows_the_address_and_that_all_is_programmed(
    home: Home, kubernetes: Kubernetes, namespace: str
) -> None:
    kubernetes.apply(documents.gateway(namespace, "seen"))
    address = wait_programmed(kubernetes, namespace, "seen")
    table = home.kubectl("get", "gateways", "-n", namespace).stdout.splitlines()
    assert table[0].split()[:5] == ["NAME", "CLASS", "ADDRESS", "PROGRAMMED", "AGE"]
    assert table[1].split()[:4] == ["seen", "torana", address, "True"]
    home.kubectl("wait", "--for=condition=Programmed", "gateway/seen", "-n", namespace, "--timeout=10s")


def test_the_quickstart_of_envoy_gateway_works_word_for_word(kubernetes: Kubernetes, home: Home) -> None:
    """The same objects as in Envoy Gateway's published quickstart: its class, names, image and fields."""
    objects = envoy_gateway_quickstart()
    text = _as_file(objects)
    try:
        home.kubectl("apply", "-f", "-", stdin=text)
        door = Door(wait_programmed(kubernetes, "default", "eg"))
        wait_route(kubernetes, "default", "backend", "eg")

        def served() -> None:
            answer = door.ask("www.example.com", "/get")
            assert answer.status == 200, f"{answer.status} {answer.body!r}"
            assert answer.echo["namespace"] == "default"

        eventually(served, deadline_s=20)
    finally:
        home.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=text, check=False)


def test_what_kubectl_printed_can_be_applied_again(home: Home, kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(documents.gateway(namespace, "again"), *documents.echo(namespace, "app"))
    wait_programmed(kubernetes, namespace, "again")
    printed = home.kubectl("get", "gateways,services,deployments", "-n", namespace, "-o", "yaml").stdout
    told = home.kubectl("apply", "-n", namespace, "-f", "-", stdin=printed).stdout
    assert "gateway.gateway.networking.k8s.io/again" in told
    wait_programmed(kubernetes, namespace, "again")


def _as_file(objects: list[Document]) -> str:
    """A file of several documents, as tutorials publish them."""
    return str(yaml.safe_dump_all(objects))


def envoy_gateway_quickstart() -> list[Document]:
    """As published for v1.9: without namespaces, so kubectl puts them into `default`."""
    named = [
        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": f"metadata.{field}"}}}
        for name, field in (("POD_NAME", "name"), ("NAMESPACE", "namespace"))
    ]
    container = {
        "image": "registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0",
        "imagePullPolicy": "IfNotPresent",
        "name": "backend",
        "ports": [{"containerPort": 3000}],
        "env": named,
    }
    labels = {"app": "backend", "version": "v1"}
    pod = {"metadata": {"labels": labels}, "spec": {"serviceAccountName": "backend", "containers": [container]}}
    reference = {"group": "", "kind": "Service", "name": "backend", "port": 3000, "weight": 1}
    group = "gateway.networking.k8s.io/v1"
    return [
        {
            "apiVersion": group,
            "kind": "GatewayClass",
            "metadata": {"name": "eg"},
            "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
        },
        {
            "apiVersion": group,
            "kind": "Gateway",
            "metadata": {"name": "eg"},
            "spec": {"gatewayClassName": "eg", "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]},
        },
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "backend"}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "backend", "labels": {"app": "backend", "service": "backend"}},
            "spec": {"ports": [{"name": "http", "port": 3000, "targetPort": 3000}], "selector": {"app": "backend"}},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "backend"},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod},
        },
        {
            "apiVersion": group,
            "kind": "HTTPRoute",
            "metadata": {"name": "backend"},
            "spec": {
                "parentRefs": [{"name": "eg"}],
                "hostnames": ["www.example.com"],
                "rules": [{"backendRefs": [reference], "matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}],
            },
        },
    ]
