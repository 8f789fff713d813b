"""Does a change of configuration ever cost a request? A client keeps asking while routes and listeners change."""

from __future__ import annotations

import pytest
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.certificates import self_signed
from tests.e2e.conditions import wait_programmed
from tests.e2e.documents import backend, listener, path, rule, tls_secret
from tests.e2e.steady_client import SteadyClient, running
from tests.e2e.street import Street, street
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e
__all__ = ["street"]


def test_a_route_moves_between_backends_without_a_failed_request(street: Street) -> None:
    host = street.hostname("move")
    name = street.route(host, rule(backend("v1")))
    street.expect_backend("v1", host)
    client = SteadyClient(street.door, host)
    with running(client):
        for number in range(20):
            wanted = ("v2", "v1")[number % 2]
            street.kubernetes.merge("HTTPRoute", street.namespace, name, {"spec": {"rules": [rule(backend(wanted))]}})
            street.expect_backend(wanted, host)
    client.expect_no_failure()


def test_changed_weights_new_rules_and_filters_cost_no_request(street: Street) -> None:
    host = street.hostname("edit")
    name = street.route(host, rule(backend("v1")))
    street.expect_backend("v1", host)
    header = {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [{"name": "x-a", "value": "b"}]}}
    edits = [
        [rule(backend("v1", weight=1), backend("v2", weight=9))],
        [rule(backend("v3"), matches=(path("/new"),)), rule(backend("v1", weight=5), backend("v2", weight=5))],
        [rule(backend("v2"), filters=(header,))],
        [rule(backend("v1"), timeouts={"request": "5s"})],
    ]
    client = SteadyClient(street.door, host)
    with running(client):
        for rules in edits * 3:
            street.kubernetes.merge("HTTPRoute", street.namespace, name, {"spec": {"rules": rules}})
            street.expect_status(200, host)
    client.expect_no_failure()


def test_a_route_repointed_while_its_old_service_is_deleted_never_fails(street: Street) -> None:
    host = street.hostname("replace")
    kubernetes, namespace = street.kubernetes, street.namespace
    name = street.route(host, rule(backend("v1")))
    street.expect_backend("v1", host)
    client = SteadyClient(street.door, host)
    with running(client):
        for number in range(8):
            _, service = documents.echo(namespace, "v1")
            service["metadata"]["name"] = f"old-{number}"
            kubernetes.apply(service)
            ready_service(street, f"old-{number}")
            kubernetes.merge("HTTPRoute", namespace, name, {"spec": {"rules": [rule(backend(f"old-{number}"))]}})
            street.expect_backend("v1", host)
            kubernetes.merge("HTTPRoute", namespace, name, {"spec": {"rules": [rule(backend("v2"))]}})
            kubernetes.delete("Service", namespace, f"old-{number}")
            street.expect_backend("v2", host)
    client.expect_no_failure()


def test_a_listener_that_comes_is_renamed_and_goes_disturbs_nobody(street: Street) -> None:
    host = street.hostname("listeners")
    street.route(host, rule(backend("v1")))
    street.expect_backend("v1", host)
    kubernetes, namespace = street.kubernetes, street.namespace
    client = SteadyClient(street.door, host)
    extra = Door(street.door.address, 8099)
    with running(client):
        for name in ("extra", "renamed"):
            change = {"spec": {"listeners": [listener(), listener(name, 8099)]}}
            kubernetes.merge("Gateway", namespace, "gw", change)
            wait_programmed(kubernetes, namespace, "gw")
            # The port is open by now, and its first answer is the right one.
            assert extra.ask(host).status == 200
        kubernetes.merge("Gateway", namespace, "gw", {"spec": {"listeners": [listener()]}})
        wait_programmed(kubernetes, namespace, "gw")

        def closed() -> None:
            assert not extra.is_open()

        eventually(closed)
    client.expect_no_failure()


def test_other_routes_coming_and_going_cost_no_request(street: Street) -> None:
    host = street.hostname("quiet")
    street.route(host, rule(backend("v1")))
    street.expect_backend("v1", host)
    client = SteadyClient(street.door, host, right=lambda answer: answer.status == 200 and answer.backend == "v1")
    with running(client):
        for number in range(15):
            noisy = f"noisy-{number}"
            street.route(f"{noisy}.example.com", rule(backend("v2")), name=noisy)
            street.expect_backend("v2", f"{noisy}.example.com")
            street.kubernetes.delete("HTTPRoute", street.namespace, noisy)
            street.expect_status(404, f"{noisy}.example.com")
    client.expect_no_failure()


def test_a_rolling_restart_of_a_backend_costs_no_request(street: Street) -> None:
    host = street.hostname("rollout")
    kubernetes, namespace = street.kubernetes, street.namespace
    deployment, service = documents.echo(namespace, "rolling", replicas=2)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["readinessProbe"] = {"httpGet": {"path": "/health", "port": 3000}, "periodSeconds": 1}
    # As in any Kubernetes, a Pod that ends at once may still be asked on connections that are open: let it linger.
    container["lifecycle"] = {"preStop": {"sleep": {"seconds": 1}}}
    kubernetes.apply(deployment, service)
    street.route(host, rule(backend("rolling")))

    def both() -> None:
        live = kubernetes.get("Deployment", namespace, "rolling")
        assert live.get("status", {}).get("readyReplicas") == 2
        assert live["status"].get("updatedReplicas") == 2
        assert live["status"].get("replicas") == 2
        assert live["status"]["observedGeneration"] == live["metadata"]["generation"]

    eventually(both, deadline_s=30)
    street.expect_backend("rolling", host)
    client = SteadyClient(street.door, host)
    with running(client):
        kubernetes.merge(
            "Deployment",
            namespace,
            "rolling",
            {"spec": {"template": {"metadata": {"annotations": {"restarted": "yes"}}}}},
        )
        eventually(both, deadline_s=60)
    client.expect_no_failure()


def test_a_new_certificate_costs_no_request(street: Street) -> None:
    kubernetes, namespace = street.kubernetes, street.namespace
    first = self_signed("tls.example.com")
    kubernetes.apply(
        tls_secret(namespace, "tls", *first),
        documents.gateway(namespace, "tls", listener("https", 443, certificate={"name": "tls"})),
        documents.route(namespace, "tls", documents.parent("tls"), rule(backend("v1"))),
    )
    address = wait_programmed(kubernetes, namespace, "tls")
    everything = [first, *(self_signed("tls.example.com") for _ in range(12))]
    door = Door(address, 443, "".join(each.certificate for each in everything))

    def served() -> None:
        assert door.ask("tls.example.com").status == 200

    eventually(served, deadline_s=20)
    client = SteadyClient(door, "tls.example.com")
    with running(client):
        for each in everything[1:]:
            kubernetes.apply(tls_secret(namespace, "tls", *each))

            def shown(wanted: str = each.certificate) -> None:
                assert door.certificate("tls.example.com").split() == wanted.split()

            eventually(shown)
            assert door.ask("tls.example.com").status == 200
    client.expect_no_failure()
    kubernetes.delete("Gateway", namespace, "tls")


def ready_service(street: Street, name: str) -> None:
    """The Service has a ready endpoint."""

    def check() -> None:
        slices = street.kubernetes.list("EndpointSlice", street.namespace, f"kubernetes.io/service-name={name}")
        assert any(each["conditions"].get("ready") for entry in slices for each in entry["endpoints"] or ())

    eventually(check)
