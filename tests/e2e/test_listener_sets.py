"""Do listeners of ListenerSets come and go on a running Gateway, without disturbing anybody else's?"""

from __future__ import annotations

import errno
import socket

import pytest
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.certificates import self_signed
from tests.e2e.conditions import condition, expect, gateway_condition, listener_status, wait_programmed
from tests.e2e.documents import backend, grant, listener, listener_set, parent, rule, tls_secret
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.steady_client import SteadyClient, running
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


@pytest.fixture
def address(kubernetes: Kubernetes, namespace: str) -> str:
    """Of a Gateway `gw` that admits ListenerSets, with a route of its own on port 80, and backends `own` and `team`."""
    gateway = documents.gateway(namespace, "gw", listener(hostname="own.example.com"))
    gateway["spec"]["allowedListeners"] = {"namespaces": {"from": "Same"}}
    kubernetes.apply(gateway, *documents.echo(namespace, "own"), *documents.echo(namespace, "team"))
    kubernetes.apply(documents.route(namespace, "own", parent("gw"), rule(backend("own"))))
    found = wait_programmed(kubernetes, namespace, "gw")
    wait_answer(Door(found), "own.example.com", "own")
    return found


def wait_answer(door: Door, host: str, name: str) -> None:
    def answered() -> None:
        answer = door.ask(host)
        assert answer.status == 200, answer.status
        assert answer.backend == name

    eventually(answered, deadline_s=20)


def wait_set(kubernetes: Kubernetes, namespace: str, name: str) -> None:
    def programmed() -> None:
        found = kubernetes.get("ListenerSet", namespace, name)
        expect(gateway_condition(found, "Accepted"), found, "True")
        expect(gateway_condition(found, "Programmed"), found, "True")

    eventually(programmed, deadline_s=20)


def test_a_listener_set_comes_and_goes_while_the_gateway_serves_its_own(
    kubernetes: Kubernetes, namespace: str, address: str
) -> None:
    certificate = self_signed("team.example.com")
    kubernetes.apply(tls_secret(namespace, "team", *certificate))
    steady = SteadyClient(Door(address), "own.example.com")
    with running(steady):
        kubernetes.apply(
            listener_set(
                namespace,
                "team",
                parent("gw"),
                listener("plain", 80, hostname="team.example.com"),
                listener("secure", 8443, hostname="team.example.com", certificate={"name": "team"}),
            ),
            documents.route(namespace, "team", parent("team", kind="ListenerSet"), rule(backend("team"))),
        )
        wait_set(kubernetes, namespace, "team")
        wait_answer(Door(address), "team.example.com", "team")
        wait_answer(Door(address, 8443, certificate.certificate), "team.example.com", "team")
        assert set(service_ports(kubernetes, namespace)) == {80, 8443}
        gateway = kubernetes.get("Gateway", namespace, "gw")
        assert gateway["status"]["attachedListenerSets"] == 1
        found = kubernetes.get("ListenerSet", namespace, "team")
        assert [listener_status(found, name)["attachedRoutes"] for name in ("plain", "secure")] == [1, 1]

        kubernetes.delete("ListenerSet", namespace, "team")
        eventually(lambda: expect_closed(address, 8443))
        eventually(lambda: expect_status(Door(address), "team.example.com", 404))

        def left() -> None:
            assert kubernetes.get("Gateway", namespace, "gw")["status"]["attachedListenerSets"] == 0
            assert service_ports(kubernetes, namespace) == [80]
            assert kubernetes.get("HTTPRoute", namespace, "team")["status"]["parents"] == []

        eventually(left)
    assert steady.failures == []


def test_of_two_listener_sets_the_older_has_the_hostname_until_it_goes(
    kubernetes: Kubernetes, namespace: str, address: str
) -> None:
    for name, target in (("a", "own"), ("b", "team")):
        kubernetes.apply(
            listener_set(namespace, name, parent("gw"), listener("http", 80, hostname="both.example.com")),
            documents.route(namespace, name, parent(name, kind="ListenerSet"), rule(backend(target))),
        )
    wait_answer(Door(address), "both.example.com", "own")

    def refused() -> None:
        found = kubernetes.get("ListenerSet", namespace, "b")
        expect(gateway_condition(found, "Accepted"), found, "False", "ListenersNotValid")
        conditions = listener_status(found, "http")["conditions"]
        expect(condition(conditions, "Conflicted"), found, "True", "HostnameConflict")

    eventually(refused)
    kubernetes.delete("ListenerSet", namespace, "a")
    wait_answer(Door(address), "both.example.com", "team")
    wait_set(kubernetes, namespace, "b")


def test_a_listener_set_is_told_that_its_gateway_is_gone(kubernetes: Kubernetes, namespace: str, address: str) -> None:
    kubernetes.apply(listener_set(namespace, "team", parent("gw"), listener("http", 81)))
    wait_set(kubernetes, namespace, "team")
    kubernetes.delete("Gateway", namespace, "gw")

    def orphaned() -> None:
        found = kubernetes.get("ListenerSet", namespace, "team")
        expect(gateway_condition(found, "Accepted"), found, "False", "ParentNotAccepted")
        expect(gateway_condition(found, "Programmed"), found, "False", "ParentNotProgrammed")

    eventually(orphaned)


def test_a_certificate_of_another_namespace_is_granted_to_the_listener_set(
    kubernetes: Kubernetes, namespace: str, address: str
) -> None:
    vault = f"{namespace}-vault"
    certificate = self_signed("vault.example.com")
    reference = {"name": "cert", "namespace": vault}
    kubernetes.apply(documents.namespace(vault), tls_secret(vault, "cert", *certificate))
    kubernetes.apply(
        grant(vault, "gateways", from_kind="Gateway", from_namespace=namespace, to_kind="Secret"),
        listener_set(
            namespace,
            "team",
            parent("gw"),
            listener("secure", 8443, hostname="vault.example.com", certificate=reference),
        ),
        documents.route(namespace, "team", parent("team", kind="ListenerSet"), rule(backend("team"))),
    )

    def not_permitted() -> None:
        found = kubernetes.get("ListenerSet", namespace, "team")
        conditions = listener_status(found, "secure")["conditions"]
        expect(condition(conditions, "ResolvedRefs"), found, "False", "RefNotPermitted")

    eventually(not_permitted)
    kubernetes.apply(grant(vault, "sets", from_kind="ListenerSet", from_namespace=namespace, to_kind="Secret"))
    wait_set(kubernetes, namespace, "team")
    wait_answer(Door(address, 8443, certificate.certificate), "vault.example.com", "team")
    kubernetes.delete("Namespace", "", vault)


def service_ports(kubernetes: Kubernetes, namespace: str) -> list[int]:
    (service,) = kubernetes.list("Service", namespace, "gateway.networking.k8s.io/gateway-name=gw")
    return [port["port"] for port in service["spec"]["ports"]]


def expect_closed(address: str, port: int) -> None:
    with socket.socket() as client:
        assert client.connect_ex((address, port)) == errno.ECONNREFUSED


def expect_status(door: Door, host: str, status: int) -> None:
    assert door.ask(host).status == status
