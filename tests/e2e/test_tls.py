"""Does a Gateway serve HTTPS as its listeners say, and follow its certificates?"""

from __future__ import annotations

import collections
import ssl

import pytest
from bench.api import Document
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.certificates import Certificate, self_signed
from tests.e2e.conditions import condition, expect, gateway_condition, listener_status, wait_programmed, wait_route
from tests.e2e.documents import backend, listener, parent, rule, tls_secret
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


def test_http_redirects_to_https_where_a_header_splits_two_versions(kubernetes: Kubernetes, namespace: str) -> None:
    certificate = self_signed("shop.example.com")
    kubernetes.apply(
        tls_secret(namespace, "shop", *certificate),
        documents.gateway(
            namespace, "pair", listener("http", 8088), listener("https", 8443, certificate={"name": "shop"})
        ),
        *documents.echo(namespace, "stable"),
        *documents.echo(namespace, "next"),
        _redirecting_route(namespace),
        _splitting_route(namespace),
    )
    address = wait_programmed(kubernetes, namespace, "pair")
    plain, secure = Door(address, 8088), Door(address, 8443, certificate.certificate)
    wait_route(kubernetes, namespace, "plain", "pair")
    wait_route(kubernetes, namespace, "split", "pair")

    def redirected() -> None:
        answer = plain.ask("shop.example.com", "/cart?x=1")
        assert answer.status == 301
        assert answer.headers["location"] == "https://shop.example.com:8443/cart?x=1"
        assert answer.headers["x-moved"] == "yes"

    eventually(redirected)

    def ready() -> None:
        for _ in range(20):
            assert secure.ask("shop.example.com", headers={"x-canary": "yes"}).status == 200

    eventually(ready, deadline_s=20)
    answers = (secure.ask("shop.example.com", headers={"x-canary": "yes"}) for _ in range(300))
    counted = collections.Counter(answer.backend for answer in answers)
    assert abs(counted["stable"] - 240) < 4 * (300 * 0.8 * 0.2) ** 0.5, counted
    assert {secure.ask("shop.example.com").backend for _ in range(20)} == {"stable"}


def test_each_hostname_shows_its_own_certificate(kubernetes: Kubernetes, namespace: str) -> None:
    one, many = self_signed("one.example.com"), self_signed("*.many.example.com")
    kubernetes.apply(
        tls_secret(namespace, "one", *one),
        tls_secret(namespace, "many", *many),
        documents.gateway(
            namespace,
            "two",
            listener("one", 443, hostname="one.example.com", certificate={"name": "one"}),
            listener("many", 443, hostname="*.many.example.com", certificate={"name": "many"}),
        ),
        *documents.echo(namespace, "app"),
        documents.route(namespace, "app", parent("two"), rule(backend("app"))),
    )
    address = wait_programmed(kubernetes, namespace, "two")
    for host, shown in (("one.example.com", one), ("a.many.example.com", many)):

        def served(host: str = host, shown: Certificate = shown) -> None:
            assert Door(address, 443, shown.certificate).ask(host).status == 200

        eventually(served, deadline_s=20)
        assert _same(Door(address, 443).certificate(host), shown)
    with pytest.raises(OSError, match=r".*"):
        Door(address, 443).certificate("unknown.example.net")


def test_a_replaced_certificate_is_shown_without_a_restart(kubernetes: Kubernetes, namespace: str) -> None:
    old, new = self_signed("site.example.com"), self_signed("site.example.com")
    kubernetes.apply(
        tls_secret(namespace, "site", *old),
        documents.gateway(namespace, "site", listener("https", 443, certificate={"name": "site"})),
    )
    door = Door(wait_programmed(kubernetes, namespace, "site"), 443)
    eventually(lambda: _shows(door, old))
    kubernetes.apply(tls_secret(namespace, "site", *new))
    eventually(lambda: _shows(door, new))


def test_a_certificate_that_does_not_parse_is_named_and_its_neighbour_serves(
    kubernetes: Kubernetes, namespace: str
) -> None:
    good = self_signed("good.example.com")
    kubernetes.apply(
        tls_secret(namespace, "good", *good),
        tls_secret(namespace, "bad", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n", good.key),
        documents.gateway(
            namespace,
            "mixed",
            listener("good", 443, hostname="good.example.com", certificate={"name": "good"}),
            listener("bad", 443, hostname="bad.example.com", certificate={"name": "bad"}),
        ),
    )

    def told() -> Document:
        gateway = kubernetes.get("Gateway", namespace, "mixed")
        bad, well = listener_status(gateway, "bad"), listener_status(gateway, "good")
        expect(condition(bad["conditions"], "ResolvedRefs"), gateway, "False", "InvalidCertificateRef")
        expect(condition(bad["conditions"], "Programmed"), gateway, "False")
        expect(condition(well["conditions"], "Programmed"), gateway, "True")
        return gateway

    gateway = eventually(told)
    # One good listener is enough for the Gateway to be of use.
    expect(gateway_condition(gateway, "Accepted"), gateway, "True")
    door = Door(str(gateway["status"]["addresses"][0]["value"]), 443)
    eventually(lambda: _shows(door, good, "good.example.com"))
    kubernetes.apply(tls_secret(namespace, "bad", *self_signed("bad.example.com")))
    wait_programmed(kubernetes, namespace, "mixed")


def test_a_certificate_of_another_namespace_needs_a_grant(kubernetes: Kubernetes, namespace: str) -> None:
    vault = f"{namespace}-vault"
    certificate = self_signed("lent.example.com")
    kubernetes.apply(
        documents.namespace(vault),
        tls_secret(vault, "lent", *certificate),
        documents.gateway(
            namespace, "borrower", listener("https", 443, certificate={"name": "lent", "namespace": vault})
        ),
    )

    def check(status: str, reason: str) -> None:
        gateway = kubernetes.get("Gateway", namespace, "borrower")
        found = condition(listener_status(gateway, "https")["conditions"], "ResolvedRefs")
        expect(found, gateway, status, reason)

    eventually(lambda: check("False", "RefNotPermitted"))
    kubernetes.apply(
        documents.grant(vault, "lend", from_kind="Gateway", from_namespace=namespace, to_kind="Secret", to_name="lent")
    )
    eventually(lambda: check("True", "ResolvedRefs"))
    door = Door(wait_programmed(kubernetes, namespace, "borrower"), 443)
    eventually(lambda: _shows(door, certificate, "lent.example.com"))
    kubernetes.delete("Namespace", "", vault)


def _redirecting_route(namespace: str) -> Document:
    redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "port": 8443, "statusCode": 301}}
    moved = {"add": [{"name": "X-Moved", "value": "yes"}]}
    header = {"type": "ResponseHeaderModifier", "responseHeaderModifier": moved}
    return documents.route(
        namespace,
        "plain",
        parent("pair", section="http"),
        rule(filters=(header, redirect)),
        hostnames=("shop.example.com",),
    )


def _splitting_route(namespace: str) -> Document:
    canary = {"headers": [{"name": "x-canary", "value": "yes"}]}
    return documents.route(
        namespace,
        "split",
        parent("pair", section="https"),
        rule(backend("stable", weight=80), backend("next", weight=20), matches=(canary,)),
        rule(backend("stable")),
        hostnames=("shop.example.com",),
    )


def _same(pem: str, certificate: Certificate) -> bool:
    return ssl.PEM_cert_to_DER_cert(pem) == ssl.PEM_cert_to_DER_cert(certificate.certificate)


def _shows(door: Door, certificate: Certificate, host: str = "site.example.com") -> None:
    assert _same(door.certificate(host), certificate), "another certificate is shown"
