"""Are backends spoken to as BackendTLSPolicies say, and is nothing let through while policies change?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.e2e import documents
from tests.e2e.asking import Answer, Door
from tests.e2e.certificates import Certificate, self_signed
from tests.e2e.conditions import expect, gateway_condition, wait_policy, wait_programmed, wait_route
from tests.e2e.documents import authorities, backend, config_map, parent, rule
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.steady_client import Intruder, running
from tests.e2e.tls_backend import TlsBackend, serving
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

HOST = "app.example.com"
NAME = "web.example.com"
SPIFFE = "spiffe://example.com/ns/app/sa/web"


@dataclass
class Stage:
    """A Gateway `gw`, a route to the Service `web`, and behind it a backend that takes notes."""

    kubernetes: Kubernetes
    namespace: str
    backend: TlsBackend
    identity: Certificate
    door: Door

    def policy(self, **validation: Any) -> None:
        """The Service's policy is as given; returns before anybody has acted on it."""
        self.kubernetes.apply(documents.backend_tls_policy(self.namespace, "web", "web", **validation))

    def trust(self, name: str, *certificates: Certificate) -> None:
        """The ConfigMap of that name holds these authorities."""
        text = "".join(one.certificate for one in certificates)
        self.kubernetes.apply(config_map(self.namespace, name, ca_crt=text))

    def wait(self, type_: str = "Accepted", status: str = "True", reason: str = "") -> None:
        wait_policy(self.kubernetes, self.namespace, "web", type_, status, reason)

    def ask(self) -> Answer:
        return self.door.ask(HOST)

    def expect_refused(self) -> None:
        """Requests fail, and none of them reaches the backend."""
        before = self.backend.requests.total()
        for _ in range(5):
            assert self.ask().status == 503
        assert self.backend.requests.total() == before


@pytest.fixture
def stage(kubernetes: Kubernetes, namespace: str) -> Iterator[Stage]:
    identity = self_signed(NAME, "*.wild.example.com", uris=(SPIFFE,))
    seen = TlsBackend(identity)
    with serving(seen) as port:
        kubernetes.apply(
            documents.gateway(namespace, "gw"),
            *documents.manual_service(namespace, "web", "127.0.0.1", port),
            documents.route(namespace, "web", parent("gw"), rule(backend("web")), hostnames=(HOST,)),
        )
        door = Door(wait_programmed(kubernetes, namespace, "gw"))
        wait_route(kubernetes, namespace, "web", "gw")
        made = Stage(kubernetes, namespace, seen, identity, door)
        eventually(lambda: _expect_kind(made, "plain"))
        yield made


def _expect_kind(stage: Stage, kind: str) -> None:
    answer = stage.ask()
    assert answer.status == 200, answer
    assert answer.echo["kind"] == kind


def test_the_backend_is_asked_for_by_name_and_sees_nothing_plain_once_the_policy_is_accepted(stage: Stage) -> None:
    stage.trust("ca", stage.identity)
    stage.policy(hostname=NAME, caCertificateRefs=[authorities("ca")])
    stage.wait()
    plain = stage.backend.requests["plain"]
    for _ in range(10):
        answer = stage.ask()
        assert answer.status == 200
        assert answer.echo == {"kind": "tls", "server_name": NAME, "shown": []}
    assert stage.backend.requests["plain"] == plain


@pytest.mark.parametrize(
    ("names", "is_served"),
    [
        ([], False),
        ([{"type": "Hostname", "hostname": NAME}], True),
        ([{"type": "Hostname", "hostname": "other.example.com"}], False),
        ([{"type": "Hostname", "hostname": "a.wild.example.com"}], True),
        ([{"type": "Hostname", "hostname": "a.b.wild.example.com"}], False),
        ([{"type": "URI", "uri": SPIFFE}], True),
        ([{"type": "URI", "uri": SPIFFE + "2"}], False),
        ([{"type": "URI", "uri": SPIFFE + "2"}, {"type": "Hostname", "hostname": NAME}], True),
    ],
    ids=str,
)
def test_one_of_the_names_given_is_enough_and_the_hostname_then_counts_for_nothing(
    stage: Stage, names: list[dict[str, str]], is_served: bool
) -> None:
    stage.trust("ca", stage.identity)
    stage.policy(hostname="elsewhere.example.com", caCertificateRefs=[authorities("ca")], subjectAltNames=names)
    stage.wait()
    if is_served:
        assert stage.ask().echo["server_name"] == "elsewhere.example.com"
    else:
        stage.expect_refused()


def test_a_policy_that_cannot_be_followed_sends_nothing_and_is_followed_as_soon_as_it_can_be(stage: Stage) -> None:
    stage.policy(hostname=NAME, caCertificateRefs=[authorities("ca")])
    stage.wait("Accepted", "False", "NoValidCACertificate")
    stage.wait("ResolvedRefs", "False", "InvalidCACertificateRef")
    stage.expect_refused()
    stage.trust("ca", stage.identity)
    stage.wait()
    _expect_kind(stage, "tls")
    stage.kubernetes.merge("ConfigMap", stage.namespace, "ca", {"data": {"ca.crt": "-----BEGIN"}})
    stage.wait("Accepted", "False", "NoValidCACertificate")
    stage.expect_refused()
    stage.trust("ca", stage.identity)
    stage.wait()
    stage.kubernetes.delete("ConfigMap", stage.namespace, "ca")
    stage.wait("Accepted", "False", "NoValidCACertificate")
    stage.expect_refused()
    stage.kubernetes.delete("BackendTLSPolicy", stage.namespace, "web")
    eventually(lambda: _expect_kind(stage, "plain"))


def test_nothing_is_served_while_one_policy_that_refuses_becomes_another_that_refuses(stage: Stage) -> None:
    """Authorities, names and references come, change and go; never does the backend fit what is asked for."""
    other, another = self_signed(NAME), self_signed(NAME)
    mine, theirs = [authorities("mine")], [authorities("theirs")]
    stage.trust("mine", stage.identity)
    stage.trust("theirs", other)
    stage.policy(hostname=NAME, caCertificateRefs=theirs)
    stage.wait()
    stage.expect_refused()
    before = stage.backend.requests.total()
    intruder = Intruder(stage.door, HOST)
    with running(intruder):
        for _ in range(5):
            stage.trust("theirs", another)
            stage.wait()
            stage.policy(hostname="wrong.example.com", caCertificateRefs=mine)
            stage.wait()
            stage.policy(hostname=NAME, caCertificateRefs=[authorities("gone")])
            stage.wait("Accepted", "False", "NoValidCACertificate")
            stage.policy(hostname=NAME, caCertificateRefs=mine, subjectAltNames=[{"type": "URI", "uri": "a://b"}])
            stage.wait()
            stage.policy(hostname=NAME, caCertificateRefs=theirs)
            stage.wait()
            stage.kubernetes.delete("ConfigMap", stage.namespace, "theirs")
            stage.wait("Accepted", "False", "NoValidCACertificate")
            stage.trust("theirs", other)
            stage.wait()
    intruder.expect_nothing()
    assert stage.backend.requests.total() == before


def test_a_policy_that_goes_after_its_route_has_moved_opens_nothing_for_the_old_route(stage: Stage) -> None:
    """Both changes may reach Envoy in one step, and in between neither the one nor the other may be half done."""
    stage.trust("ca", self_signed(NAME))
    elsewhere = documents.route(
        stage.namespace, "web", parent("gw"), rule(backend("web")), hostnames=("elsewhere.example.com",)
    )
    here = documents.route(stage.namespace, "web", parent("gw"), rule(backend("web")), hostnames=(HOST,))
    stage.policy(hostname=NAME, caCertificateRefs=[authorities("ca")])
    stage.wait()
    intruder = Intruder(stage.door, HOST)
    with running(intruder):
        for _ in range(20):
            stage.kubernetes.apply(elsewhere)
            stage.kubernetes.delete("BackendTLSPolicy", stage.namespace, "web")
            eventually(lambda: _expect_plain_elsewhere(stage))
            stage.policy(hostname=NAME, caCertificateRefs=[authorities("ca")])
            stage.wait()
            stage.kubernetes.apply(here)
            wait_route(stage.kubernetes, stage.namespace, "web", "gw")
    intruder.expect_nothing()


def _expect_plain_elsewhere(stage: Stage) -> None:
    assert stage.door.ask("elsewhere.example.com").status == 200


def test_authorities_are_exchanged_without_a_failed_request_when_they_overlap(stage: Stage) -> None:
    old, new = stage.identity, self_signed(NAME)
    stage.trust("ca", old)
    stage.policy(hostname=NAME, caCertificateRefs=[authorities("ca")])
    stage.wait()
    for both in ((old, new), (new, old), (old,)):
        stage.trust("ca", *both)
        for _ in range(30):
            _expect_kind(stage, "tls")


def test_a_mirror_follows_the_policy_of_its_own_backend(stage: Stage) -> None:
    stage.trust("ca", stage.identity)
    stage.policy(hostname=NAME, caCertificateRefs=[authorities("ca")])
    copying = {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "web", "port": 3000}}}
    stage.kubernetes.apply(
        *documents.echo(stage.namespace, "main"),
        documents.route(
            stage.namespace, "web", parent("gw"), rule(backend("main"), filters=(copying,)), hostnames=(HOST,)
        ),
    )
    wait_route(stage.kubernetes, stage.namespace, "web", "gw")
    stage.wait()
    before = dict(stage.backend.requests)

    def copied() -> None:
        assert stage.ask().status == 200
        assert stage.backend.requests["tls"] > before.get("tls", 0)

    eventually(copied)
    assert stage.backend.requests["plain"] == before["plain"]


def test_tls_that_ends_at_the_gateway_is_begun_anew_and_tls_that_passes_is_left_alone(stage: Stage) -> None:
    front = self_signed("ends.example.com")
    ends = {"name": "ends", "port": 443, "protocol": "TLS", "hostname": "ends.example.com"}
    passes = {"name": "passes", "port": 443, "protocol": "TLS", "hostname": NAME, "tls": {"mode": "Passthrough"}}
    stage.trust("ca", stage.identity)
    stage.policy(hostname=NAME, caCertificateRefs=[authorities("ca")])
    stage.kubernetes.apply(
        documents.tls_secret(stage.namespace, "front", *front),
        documents.gateway(stage.namespace, "tls", {**ends, "tls": {"certificateRefs": [{"name": "front"}]}}, passes),
        documents.tls_route(stage.namespace, "web", parent("tls"), backend("web"), hostnames=("*.example.com",)),
    )
    address = wait_programmed(stage.kubernetes, stage.namespace, "tls")
    plain = stage.backend.requests["plain"]
    for host, shown in (("ends.example.com", front), (NAME, stage.identity)):
        door = Door(address, 443, shown.certificate)
        seen = eventually(lambda door=door, host=host: door.ask(host))  # type: ignore[misc]
        assert (seen.echo["kind"], seen.echo["server_name"]) == ("tls", NAME)
    assert stage.backend.requests["plain"] == plain


def test_the_backend_is_shown_the_certificate_of_the_gateway(kubernetes: Kubernetes, namespace: str) -> None:
    mine, identity, vault = self_signed("gateway.example.com"), self_signed(NAME), f"{namespace}-vault"
    with serving(TlsBackend(identity, clients=mine.certificate)) as port:
        gateway = documents.gateway(namespace, "gw")
        gateway["spec"]["tls"] = {"backend": {"clientCertificateRef": {"name": "mine", "namespace": vault}}}
        kubernetes.apply(
            documents.namespace(vault),
            documents.tls_secret(vault, "mine", *mine),
            config_map(namespace, "ca", ca_crt=identity.certificate),
            gateway,
            *documents.manual_service(namespace, "web", "127.0.0.1", port),
            documents.route(namespace, "web", parent("gw"), rule(backend("web")), hostnames=(HOST,)),
            documents.backend_tls_policy(namespace, "web", "web", hostname=NAME, caCertificateRefs=[authorities("ca")]),
        )
        door = Door(wait_programmed(kubernetes, namespace, "gw"))
        wait_policy(kubernetes, namespace, "web")
        _wait_references(kubernetes, namespace, "False", "RefNotPermitted")
        assert door.ask(HOST).status == 503
        grant = documents.grant(vault, "for-gw", from_kind="Gateway", from_namespace=namespace, to_kind="Secret")
        kubernetes.apply(grant)
        _wait_references(kubernetes, namespace, "True", "ResolvedRefs")
        assert door.ask(HOST).echo["shown"] == [["DNS", "gateway.example.com"]]
        kubernetes.delete("ReferenceGrant", vault, "for-gw")
        _wait_references(kubernetes, namespace, "False", "RefNotPermitted")
        assert door.ask(HOST).status == 503
        kubernetes.delete("Namespace", "", vault)


def _wait_references(kubernetes: Kubernetes, namespace: str, status: str, reason: str) -> None:
    def check() -> None:
        gateway = kubernetes.get("Gateway", namespace, "gw")
        expect(gateway_condition(gateway, "ResolvedRefs"), gateway, status, reason)

    eventually(check)
