"""Certificates and clusters that the proxy rejects: what it had goes on, and the guilty object says so."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.certificates import self_signed
from tests.e2e.conditions import condition, expect, gateway_condition, listener_status, wait_programmed, wait_route
from tests.e2e.documents import (
    authorities,
    backend,
    backend_tls_policy,
    config_map,
    listener,
    parent,
    rule,
    tls_secret,
)
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.older_crds import other_crd, store
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

HOST = "site.example.com"


def test_a_rejected_certificate_shows_on_its_listener_while_the_old_one_is_shown(
    kubernetes: Kubernetes, namespace: str
) -> None:
    good, bad, other = self_signed(HOST), self_signed(HOST, must_staple=True), self_signed("other.example.com")
    kubernetes.apply(
        tls_secret(namespace, "site", *good),
        tls_secret(namespace, "other", *other),
        documents.gateway(
            namespace,
            "gw",
            listener("site", 443, hostname=HOST, certificate={"name": "site"}),
            listener("other", 443, hostname="other.example.com", certificate={"name": "other"}),
        ),
        *documents.echo(namespace, "app"),
        documents.route(namespace, "app", parent("gw"), rule(backend("app"))),
    )
    address = wait_programmed(kubernetes, namespace, "gw")
    wait_route(kubernetes, namespace, "app", "gw")

    def serves() -> None:
        assert Door(address, 443, good.certificate).ask(HOST).status == 200

    def told(status: str) -> None:
        gateway = kubernetes.get("Gateway", namespace, "gw")
        site, neighbour = listener_status(gateway, "site"), listener_status(gateway, "other")
        expect(condition(site["conditions"], "Programmed"), gateway, status)
        expect(condition(site["conditions"], "ResolvedRefs"), gateway, status)
        expect(condition(neighbour["conditions"], "Programmed"), gateway, "True")
        assert ("must-staple" in condition(site["conditions"], "Programmed")["message"]) == (status == "False")

    eventually(serves, deadline_s=20)
    kubernetes.apply(tls_secret(namespace, "site", *bad))
    eventually(lambda: told("False"))
    serves()
    kubernetes.apply(tls_secret(namespace, "site", *good))
    eventually(lambda: told("True"))


def test_a_gateway_is_never_called_programmed_with_a_certificate_that_its_proxy_rejects(
    kubernetes: Kubernetes, namespace: str
) -> None:
    kubernetes.apply(
        tls_secret(namespace, "site", *self_signed(HOST, must_staple=True)),
        documents.gateway(namespace, "gw", listener("site", 443, certificate={"name": "site"})),
    )

    def told() -> None:
        gateway = kubernetes.get("Gateway", namespace, "gw")
        programmed = gateway_condition(gateway, "Programmed")
        if programmed["status"] == "True":
            pytest.fail("its status said for a moment that it is served")
        assert "must-staple" in programmed["message"]

    eventually(told, deadline_s=30, interval_s=0.002)


def test_a_rejected_cluster_shows_on_the_policy_that_shapes_it(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(
        documents.gateway(namespace, "gw", listener("http", 80)),
        *documents.echo(namespace, "app"),
        documents.route(namespace, "app", parent("gw"), rule(backend("app"))),
    )
    door = Door(wait_programmed(kubernetes, namespace, "gw"), 80)
    wait_route(kubernetes, namespace, "app", "gw")
    eventually(lambda: _serves(door), deadline_s=20)

    kubernetes.apply(config_map(namespace, "ca", ca_crt=self_signed(HOST).certificate))
    policy = backend_tls_policy(
        namespace, "app", "app", caCertificateRefs=[authorities("ca")], hostname=".".join(["a" * 60] * 5)
    )
    with other_crd(kubernetes, "backendtlspolicies.gateway.networking.k8s.io", _with_long_names):
        store(kubernetes, policy)

        def told() -> None:
            live = kubernetes.get("BackendTLSPolicy", namespace, "app")
            assert "status" in live
            found = condition(live["status"]["ancestors"][0]["conditions"], "Accepted")
            expect(found, live, "False", "Invalid")
            assert "value length must be at most 255 bytes" in found["message"]
            assert "goo.gle" not in found["message"]

        eventually(told)
        assert door.ask(HOST).status == 503, "never in plain text"
        kubernetes.delete("BackendTLSPolicy", namespace, "app")
        eventually(lambda: _serves(door))


def test_rejected_endpoints_show_on_the_routes_that_go_there(kubernetes: Kubernetes, namespace: str) -> None:
    kubernetes.apply(
        documents.gateway(namespace, "gw", listener("http", 80)),
        *documents.manual_service(namespace, "app", "no-address", 80),
        documents.route(namespace, "app", parent("gw"), rule(backend("app"))),
    )

    def told() -> None:
        route = kubernetes.get("HTTPRoute", namespace, "app")
        assert "status" in route
        found = condition(route["status"]["parents"][0]["conditions"], "ResolvedRefs")
        expect(found, route, "False", "InvalidBackend")
        assert "no-address" in found["message"]

    eventually(told, deadline_s=30)


def _serves(door: Door) -> None:
    assert door.ask(HOST).status == 200


def _with_long_names(spec: Any) -> None:
    spec["properties"]["validation"]["properties"]["hostname"] = {"type": "string"}
