"""Objects that older CRDs let in with more than ours have room for: the status says what of them has no effect."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e import documents
from tests.e2e.conditions import condition, expect, gateway_condition, wait_programmed
from tests.e2e.documents import backend, listener, parent
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.older_crds import other_crd, store
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

GROUP = "gateway.networking.k8s.io"


def test_surplus_rules_of_a_stream_are_named_on_the_route(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(
        documents.gateway(namespace, "gw", {"name": "tcp", "port": 5432, "protocol": "TCP"}),
        *documents.echo(namespace, "web"),
    )
    wait_programmed(kubernetes, namespace, "gw")
    route = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "TCPRoute",
        "metadata": {"name": "data", "namespace": namespace},
        "spec": {
            "parentRefs": [parent("gw")],
            "rules": [{"backendRefs": [backend("web")]}, {"backendRefs": [backend("other")]}],
        },
    }
    with other_crd(kubernetes, f"tcproutes.{GROUP}", _with_many("rules")):
        store(kubernetes, route)

        def told() -> None:
            live = kubernetes.get("TCPRoute", namespace, "data")
            assert "status" in live
            found = condition(live["status"]["parents"][0]["conditions"], "PartiallyInvalid")
            expect(found, live, "True", "UnsupportedValue")
            assert found["message"].startswith("Dropped Rule 1: spec.rules[1]")

        eventually(told)


def test_surplus_listeners_are_named_on_the_gateway(kubernetes: Kubernetes, namespace: str) -> None:
    many = [listener(f"l{port}", port) for port in range(2000, 2066)]
    with other_crd(kubernetes, f"gateways.{GROUP}", _with_many("listeners")):
        store(kubernetes, documents.gateway(namespace, "gw", *many))
        wait_programmed(kubernetes, namespace, "gw")

        def told() -> None:
            gateway = kubernetes.get("Gateway", namespace, "gw")
            accepted = gateway_condition(gateway, "Accepted")
            expect(accepted, gateway, "True", "ListenersNotValid")
            assert "no room for l2064, l2065: 64 is the most" in accepted["message"]
            assert len(gateway["status"]["listeners"]) == 64

        eventually(told)


def _with_many(field: str) -> Any:
    def edit(spec: Any) -> None:
        spec["properties"][field]["maxItems"] = 100

    return edit
