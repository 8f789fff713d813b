"""Do statuses say what is, for the object as it stands now?"""

from __future__ import annotations

import pytest
from bench.api import Document
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.conditions import (
    condition,
    expect,
    gateway_condition,
    listener_status,
    parent_conditions,
    wait_programmed,
    wait_route,
)
from tests.e2e.documents import backend, parent, rule
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.waiting import eventually

from torana.gateway.classes import FINALIZER

pytestmark = pytest.mark.e2e


def test_a_class_of_ours_is_accepted_and_anothers_is_left_alone(kubernetes: Kubernetes) -> None:
    kubernetes.apply(
        documents.gateway_class("ours-2"), documents.gateway_class("others", "example.net/some-controller")
    )

    def accepted() -> Document:
        found = kubernetes.get("GatewayClass", "", "ours-2")
        expect(condition(found["status"]["conditions"], "Accepted"), found, "True", "Accepted")
        return found

    features = {each["name"] for each in eventually(accepted)["status"].get("supportedFeatures", [])}
    assert {"Gateway", "HTTPRoute", "ReferenceGrant"} <= features
    others = kubernetes.get("GatewayClass", "", "others")
    assert all(each["status"] == "Unknown" for each in others.get("status", {}).get("conditions", [])), others["status"]
    for name in ("ours-2", "others"):
        kubernetes.delete("GatewayClass", "", name)


def test_attached_routes_follow_routes_as_they_come_and_go(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(documents.gateway(namespace, "gw"))
    wait_programmed(kubernetes, namespace, "gw")

    def counts(expected: int) -> None:
        listener = listener_status(kubernetes.get("Gateway", namespace, "gw"), "http")
        assert listener["attachedRoutes"] == expected
        assert {each["kind"] for each in listener["supportedKinds"]} >= {"HTTPRoute"}

    for number in range(5):
        kubernetes.apply(documents.route(namespace, f"r{number}", parent("gw"), rule(backend("none"))))
    eventually(lambda: counts(5))
    for number in range(3):
        kubernetes.delete("HTTPRoute", namespace, f"r{number}")
    eventually(lambda: counts(2))


def test_every_status_follows_the_generation(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(
        documents.gateway(namespace, "gw"), documents.route(namespace, "r", parent("gw"), rule(backend("none")))
    )
    wait_programmed(kubernetes, namespace, "gw")
    wait_route(kubernetes, namespace, "r", "gw")
    kubernetes.merge(
        "Gateway", namespace, "gw", {"spec": {"listeners": [documents.listener(), documents.listener("more", 81)]}}
    )
    kubernetes.merge("HTTPRoute", namespace, "r", {"spec": {"hostnames": ["new.example.com"]}})

    def current() -> None:
        gateway = kubernetes.get("Gateway", namespace, "gw")
        assert gateway["metadata"]["generation"] == 2
        for entry in gateway["status"]["conditions"]:
            assert entry["observedGeneration"] == 2, entry
        for name in ("http", "more"):
            expect(condition(listener_status(gateway, name)["conditions"], "Programmed"), gateway, "True")
        route = kubernetes.get("HTTPRoute", namespace, "r")
        for entry in parent_conditions(route, "gw"):
            assert entry["observedGeneration"] == 2, entry

    eventually(current)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ({"name": "missing", "port": 80}, "BackendNotFound"),
        ({"name": "x", "port": 80, "kind": "Bucket", "group": "storage.example"}, "InvalidKind"),
        ({"name": "x", "port": 80, "namespace": "kube-system"}, "RefNotPermitted"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named_and_answers_500(
    kubernetes: Kubernetes, namespace: str, reference: Document, reason: str
) -> None:
    kubernetes.apply(
        documents.gateway(namespace, "gw"),
        documents.route(namespace, "r", parent("gw"), rule(reference), hostnames=("bad.example.com",)),
    )
    door = Door(wait_programmed(kubernetes, namespace, "gw"))
    wait_route(kubernetes, namespace, "r", "gw", "ResolvedRefs", "False", reason)
    wait_route(kubernetes, namespace, "r", "gw", "Accepted")

    def answered() -> None:
        assert door.ask("bad.example.com").status == 500

    eventually(answered)


def test_a_parent_that_does_not_fit_is_told_with_its_reason(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(documents.gateway(namespace, "gw"))
    wait_programmed(kubernetes, namespace, "gw")
    for name, given, reason in (
        ("section", parent("gw", section="nowhere"), "NoMatchingParent"),
        ("port", parent("gw", port=9999), "NoMatchingParent"),
    ):
        kubernetes.apply(documents.route(namespace, name, given, rule(backend("none"))))
        wait_route(kubernetes, namespace, name, "gw", status="False", reason=reason)


def test_two_listeners_of_one_port_and_hostname_conflict(kubernetes: Kubernetes, namespace: str) -> None:
    doubled = documents.gateway(
        namespace, "gw", documents.listener("one", 80, hostname="a.example.com"), documents.listener("free", 81)
    )
    doubled["spec"]["listeners"].append({"name": "tcp", "port": 81, "protocol": "TCP"})
    kubernetes.apply(doubled)

    def told() -> None:
        gateway = kubernetes.get("Gateway", namespace, "gw")
        expect(condition(listener_status(gateway, "one")["conditions"], "Programmed"), gateway, "True")
        found = condition(listener_status(gateway, "tcp")["conditions"], "Conflicted")
        expect(found, gateway, "True", "ProtocolConflict")
        expect(gateway_condition(gateway, "Accepted"), gateway, "True", "ListenersNotValid")

    eventually(told)


def test_a_gateway_without_its_class_is_left_alone(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(documents.gateway(namespace, "gw", class_name="no-such-class"))
    kubernetes.apply(documents.gateway(namespace, "served"))
    wait_programmed(kubernetes, namespace, "served")
    untouched = kubernetes.get("Gateway", namespace, "gw")
    assert all(each["status"] == "Unknown" for each in untouched.get("status", {}).get("conditions", []))
    assert not kubernetes.list("Deployment", namespace, "gateway.networking.k8s.io/gateway-name=gw")


def test_a_class_goes_only_after_the_gateways_that_use_it(kubernetes: Kubernetes, namespace: str) -> None:
    name = f"kept-{namespace}"
    kubernetes.apply(documents.gateway_class(name), documents.gateway(namespace, "gw", class_name=name))
    door = Door(wait_programmed(kubernetes, namespace, "gw"))

    def finalizers() -> list[str]:
        return list(kubernetes.get("GatewayClass", "", name)["metadata"].get("finalizers", []))

    def kept() -> None:
        assert finalizers() == [FINALIZER]

    eventually(kept)
    kubernetes.delete("GatewayClass", "", name)
    kept()
    assert door.ask("any.example.com").status == 404
    kubernetes.delete("Gateway", namespace, "gw")

    def gone() -> None:
        assert name not in {one["metadata"]["name"] for one in kubernetes.list("GatewayClass", "")}

    eventually(gone)


def test_a_deleted_gateway_takes_its_proxy_along(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(documents.gateway(namespace, "gw"))
    door = Door(wait_programmed(kubernetes, namespace, "gw"))
    assert door.ask("any.example.com").status == 404
    kubernetes.delete("Gateway", namespace, "gw")

    def gone() -> None:
        for kind in ("Deployment", "Service", "Pod", "ConfigMap", "Secret", "ServiceAccount"):
            left = kubernetes.list(kind, namespace, "gateway.networking.k8s.io/gateway-name=gw")
            assert not left, f"{kind} {left[0]['metadata']['name']} is left"
        assert not door.is_open(), "the port is still open"

    eventually(gone, deadline_s=30)


def test_a_service_without_selector_leads_to_a_local_process(
    kubernetes: Kubernetes, namespace: str, local_backend: tuple[str, int]
) -> None:
    kubernetes.apply(
        documents.gateway(namespace, "gw"),
        *documents.manual_service(namespace, "mine", *local_backend),
        documents.route(namespace, "mine", parent("gw"), rule(backend("mine")), hostnames=("mine.example.com",)),
    )
    door = Door(wait_programmed(kubernetes, namespace, "gw"))
    wait_route(kubernetes, namespace, "mine", "gw", "ResolvedRefs")

    def served() -> None:
        answer = door.ask("mine.example.com")
        assert (answer.status, answer.body) == (200, b"hello from a local process")

    eventually(served)
    slice_ = kubernetes.get("EndpointSlice", namespace, "mine")
    kubernetes.merge(
        "EndpointSlice", namespace, "mine", {"endpoints": [{**slice_["endpoints"][0], "conditions": {"ready": False}}]}
    )

    def without() -> None:
        assert door.ask("mine.example.com").status in (500, 503)

    eventually(without)
