"""Do HTTPS listeners ask clients for certificates as the Gateway says, and is nobody let in while that changes?"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from bench.api import Document
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.certificates import Certificate, self_signed
from tests.e2e.conditions import condition, expect, gateway_condition, listener_status, wait_programmed, wait_route
from tests.e2e.documents import authorities, backend, config_map, listener, parent, rule
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.steady_client import Intruder, SteadyClient, running
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

HOST = "shop.example.com"


@dataclass
class Shop:
    """A Gateway `gw` that serves HTTPS on 443 and 8443, and HTTP on 80, with a route to an echo backend.

    `alice` is a client's certificate; nobody trusts it yet.
    """

    kubernetes: Kubernetes
    namespace: str
    identity: Certificate
    alice: Certificate
    address: str = ""

    def gateway(self, frontend: Document | None = None) -> None:
        """The Gateway asks this of its clients; returns before anybody has acted on it."""
        made = documents.gateway(
            self.namespace,
            "gw",
            listener("http", 80),
            listener("https", 443, certificate={"name": "shop"}),
            listener("other", 8443, certificate={"name": "shop"}),
        )
        if frontend is not None:
            made["spec"]["tls"] = {"frontend": frontend}
        self.kubernetes.apply(made)

    def trust(self, name: str, *certificates: Certificate, namespace: str = "") -> None:
        text = "".join(one.certificate for one in certificates)
        self.kubernetes.apply(config_map(namespace or self.namespace, name, ca_crt=text))

    def door(self, shown: Certificate | None = None, port: int = 443) -> Door:
        return Door(self.address, port, self.identity.certificate if port != 80 else "", shown)

    def wait(self, name: str, type_: str = "Programmed", status: str = "True", reason: str = "") -> Document:
        """Waits until the listener's condition says so for the Gateway as it stands."""

        def check() -> Document:
            gateway = self.kubernetes.get("Gateway", self.namespace, "gw")
            expect(condition(listener_status(gateway, name)["conditions"], type_), gateway, status, reason)
            return gateway

        return eventually(check)

    def expect_served(self, shown: Certificate | None = None, port: int = 443) -> None:
        assert self.door(shown, port).ask(HOST).status == 200

    def expect_refused(self, shown: Certificate | None = None, port: int = 443) -> None:
        """At the level of connections, every time."""
        for _ in range(5):
            with suppress(OSError):
                raise AssertionError(f"served: {self.door(shown, port).ask(HOST)}")


@pytest.fixture
def shop(kubernetes: Kubernetes, namespace: str) -> Shop:
    made = Shop(kubernetes, namespace, self_signed(HOST), self_signed("alice.example.com"))
    kubernetes.apply(documents.tls_secret(namespace, "shop", *made.identity))
    made.gateway()
    kubernetes.apply(
        *documents.echo(namespace, "app"),
        documents.route(namespace, "app", parent("gw"), rule(backend("app")), hostnames=(HOST,)),
    )
    made.address = wait_programmed(kubernetes, namespace, "gw")
    eventually(made.expect_served, deadline_s=20)
    return made


def validation(*refs: Document, mode: str = "") -> dict[str, Any]:
    return {"validation": {"caCertificateRefs": list(refs), **({"mode": mode} if mode else {})}}


def test_https_listeners_take_trusted_certificates_by_default_and_by_port(shop: Shop) -> None:
    bob = self_signed("bob.example.com")
    shop.trust("for-alice", shop.alice)
    shop.trust("for-bob", bob)
    shop.gateway(
        {
            "default": validation(authorities("for-alice")),
            "perPort": [{"port": 8443, "tls": validation(authorities("for-bob"))}],
        }
    )
    shop.wait("https")
    for port, good, bad in ((443, shop.alice, bob), (8443, bob, shop.alice)):
        shop.expect_served(good, port)
        shop.expect_refused(bad, port)
        shop.expect_refused(None, port)
    shop.expect_served(None, 80)
    shop.gateway({"default": validation(authorities("for-alice")), "perPort": [{"port": 8443, "tls": {}}]})
    shop.wait("https")
    shop.expect_served(None, 8443)
    shop.expect_refused(None, 443)


def test_everybody_is_let_in_where_the_gateway_says_so_and_its_status_warns(shop: Shop) -> None:
    shop.trust("ca", shop.alice)
    shop.gateway({"default": validation(authorities("ca"), mode="AllowInsecureFallback")})
    gateway = shop.wait("https")
    expect(gateway_condition(gateway, "InsecureFrontendValidationMode"), gateway, "True", "ConfigurationChanged")
    for shown in (shop.alice, self_signed("mallory.example.com"), None):
        shop.expect_served(shown)
    shop.gateway({"default": validation(authorities("ca"))})
    gateway = shop.wait("https")
    assert "InsecureFrontendValidationMode" not in {one["type"] for one in gateway["status"]["conditions"]}
    shop.expect_refused()


def test_a_listener_without_an_authority_is_closed_and_opens_with_one(shop: Shop) -> None:
    vault = f"{shop.namespace}-vault"
    shop.kubernetes.apply(documents.namespace(vault))
    shop.gateway({"default": validation(authorities("ca", namespace=vault))})
    shop.wait("https", "ResolvedRefs", "False", "RefNotPermitted")
    shop.wait("https", "Accepted", "False", "NoValidCACertificate")
    shop.expect_refused(shop.alice)
    shop.expect_served(None, 80)
    shop.trust("ca", shop.alice, namespace=vault)
    grant = documents.grant(vault, "gw", from_kind="Gateway", from_namespace=shop.namespace, to_kind="ConfigMap")
    shop.kubernetes.apply(grant)
    shop.wait("https")
    shop.expect_served(shop.alice)
    shop.expect_refused()
    shop.kubernetes.delete("ReferenceGrant", vault, "gw")
    shop.wait("https", "Accepted", "False", "NoValidCACertificate")
    shop.expect_refused(shop.alice)
    shop.kubernetes.delete("Namespace", "", vault)


def test_nobody_is_let_in_while_one_check_that_refuses_becomes_another(shop: Shop) -> None:
    """Alice and a client without a certificate, while authorities, grants and ports change; alice is never trusted."""
    shop.trust("bob", self_signed("bob.example.com"))
    shop.gateway({"default": validation(authorities("bob"))})
    shop.wait("https")
    shop.expect_refused(shop.alice)
    intruders = [Intruder(shop.door(shown), HOST) for shown in (shop.alice, None)]
    with running(*intruders):
        for _ in range(5):
            shop.trust("bob", self_signed("bob.example.com"), self_signed("carol.example.com"))
            shop.gateway(
                {"default": {}, "perPort": [{"port": 443, "tls": validation(authorities("bob"), authorities("gone"))}]}
            )
            shop.wait("https", "ResolvedRefs", "False", "InvalidCACertificateRef")
            shop.gateway({"default": validation(authorities("gone"))})
            shop.wait("https", "Accepted", "False", "NoValidCACertificate")
            shop.gateway({"default": validation(authorities("bob"))})
            shop.wait("https")
            shop.kubernetes.delete("ConfigMap", shop.namespace, "bob")
            shop.wait("https", "Accepted", "False", "NoValidCACertificate")
            shop.trust("bob", self_signed("bob.example.com"))
            shop.wait("https")
    for intruder in intruders:
        intruder.expect_nothing()


def test_new_authorities_beside_the_old_cost_no_request(shop: Shop) -> None:
    shop.trust("ca", shop.alice)
    shop.gateway({"default": validation(authorities("ca"))})
    shop.wait("https")
    shop.expect_served(shop.alice)
    client = SteadyClient(shop.door(shop.alice), HOST)
    with running(client):
        trusted = [shop.alice]
        for number in range(5):
            trusted.append(self_signed(f"c{number}.example.com"))
            shop.trust("ca", *trusted)
            shop.gateway({"default": validation(authorities("ca")), "perPort": [{"port": 9000 + number, "tls": {}}]})
            shop.wait("https")
    client.expect_no_failure()


def test_a_connection_from_before_is_told_to_connect_anew_when_checks_become_stricter(shop: Shop) -> None:
    bob = self_signed("bob.example.com")
    shop.trust("ca", bob)
    with shop.door().kept_open(HOST) as ask:
        assert ask() == 200
        shop.gateway({"default": validation(authorities("ca"))})
        shop.wait("https")
        assert ask() == 421
    shop.expect_served(bob)
    with shop.door(bob).kept_open(HOST) as ask:
        shop.trust("ca", bob, shop.alice)
        eventually(lambda: shop.expect_served(shop.alice))
        assert ask() == 200, "the new check takes whom the old one took"
    with shop.door(bob).kept_open(HOST) as ask:
        assert ask() == 200
        shop.trust("ca", shop.alice)
        eventually(lambda: shop.expect_refused(bob))
        assert ask() == 421
    with shop.door(shop.alice).kept_open(HOST) as ask:
        assert ask() == 200
        shop.kubernetes.delete("ConfigMap", shop.namespace, "ca")
        shop.wait("https", "Accepted", "False", "NoValidCACertificate")
        assert ask() == 421
    shop.trust("ca", shop.alice)
    shop.wait("https")
    shop.expect_served(shop.alice)


def test_a_gateway_whose_every_listener_closes_says_so_when_they_are_closed(shop: Shop) -> None:
    """A status that is told before the proxy has acted would call closed what is open."""
    only = documents.gateway(shop.namespace, "gw", listener("https", 443, certificate={"name": "shop"}))
    only["spec"]["tls"] = {"frontend": {"default": validation(authorities("ca"))}}
    shop.trust("ca", shop.alice)
    shop.kubernetes.apply(only)
    for _ in range(5):
        shop.wait("https")
        shop.expect_served(shop.alice)
        shop.kubernetes.delete("ConfigMap", shop.namespace, "ca")
        shop.wait("https", "Accepted", "False", "NoValidCACertificate")
        shop.expect_refused(shop.alice)
        shop.trust("ca", shop.alice)


def test_a_check_that_goes_after_a_route_has_moved_opens_nothing_for_the_old_route(shop: Shop) -> None:
    """Both changes may reach Envoy in one step, and in between neither the one nor the other may be half done."""
    shop.trust("bob", self_signed("bob.example.com"))
    here, elsewhere = (
        documents.route(shop.namespace, "app", parent("gw"), rule(backend("app")), hostnames=(host,))
        for host in (HOST, "elsewhere.example.com")
    )
    checked = {"default": validation(authorities("bob"))}
    shop.gateway(checked)
    shop.wait("https")
    shop.expect_refused()
    intruder = Intruder(shop.door(), HOST)
    with running(intruder):
        for _ in range(20):
            shop.kubernetes.apply(elsewhere)
            shop.gateway()
            shop.wait("https")
            shop.gateway(checked)
            shop.wait("https")
            shop.kubernetes.apply(here)
            wait_route(shop.kubernetes, shop.namespace, "app", "gw")
    intruder.expect_nothing()
