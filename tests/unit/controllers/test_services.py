"""Which addresses Services get, and who keeps which."""

from __future__ import annotations

import pytest

from torana.embedded.controllers.action import Patch
from torana.embedded.controllers.services import (
    BALANCER_NETWORK,
    CONDITION,
    Denied,
    Taken,
    balancer_actions,
    choose_balancer,
    next_free,
    wants_balancer,
    wants_cluster_address,
)

from .objects import service

NOBODY = Taken({}, {})


def test_a_load_balancer_gets_the_next_free_address_of_the_pool() -> None:
    wanted = service(type="LoadBalancer")
    assert choose_balancer(wanted, NOBODY, "") == "127.77.0.1"
    assert choose_balancer(wanted, Taken({}, {"127.77.0.2": "other"}), "127.77.0.1") == "127.77.0.3"


def test_an_address_stays_with_its_service() -> None:
    settled = service(type="LoadBalancer", ingress="127.77.3.3")
    assert choose_balancer(settled, Taken({}, {"127.77.3.3": "s1"}), "127.77.9.9") == "127.77.3.3"


def test_an_address_is_not_handed_out_again_soon() -> None:
    assert next_free(BALANCER_NETWORK, {}, "127.77.0.7") == "127.77.0.8"
    assert next_free(BALANCER_NETWORK, {}, "127.77.255.254") == "127.77.0.1"


def test_the_address_asked_for_is_given_when_it_is_a_free_loopback_address() -> None:
    wanted = service(type="LoadBalancer", loadBalancerIP="127.0.9.9")
    assert choose_balancer(wanted, NOBODY, "") == "127.0.9.9"
    denied = choose_balancer(wanted, Taken({}, {"127.0.9.9": "other"}), "")
    assert isinstance(denied, Denied)
    assert denied.reason == "AddressInUse"


@pytest.mark.parametrize("asked", ["192.0.2.1", "127.0.0.1", "127.88.0.4", "nonsense", "::1"])
def test_an_address_that_cannot_be_used_is_denied_with_the_reason(asked: str) -> None:
    denied = choose_balancer(service(type="LoadBalancer", loadBalancerIP=asked), NOBODY, "")
    assert isinstance(denied, Denied)
    assert denied.reason == "AddressNotUsable"
    assert asked in denied.message


def test_a_denied_service_has_no_ingress_and_a_condition_that_says_why() -> None:
    denied = Denied("AddressNotUsable", "because")
    (patch,) = balancer_actions(service(type="LoadBalancer"), denied, "2026-01-01T00:00:00Z")
    assert isinstance(patch, Patch)
    assert patch.body["status"]["loadBalancer"] is None
    (condition,) = patch.body["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["message"]) == (CONDITION, "False", "because")


def test_nothing_is_written_when_nothing_changes() -> None:
    settled = service(type="LoadBalancer", ingress="127.77.0.1")
    assert balancer_actions(settled, "127.77.0.1", "2026-01-01T00:00:00Z") == []
    assert balancer_actions(service(), None, "2026-01-01T00:00:00Z") == []


def test_a_service_that_is_no_load_balancer_any_more_loses_its_address() -> None:
    (patch,) = balancer_actions(service(ingress="127.77.0.1"), None, "2026-01-01T00:00:00Z")
    assert isinstance(patch, Patch)
    assert patch.body["status"]["loadBalancer"] is None


def test_headless_and_external_services_get_no_cluster_address() -> None:
    assert wants_cluster_address(service())
    assert not wants_cluster_address(service(clusterIP="None"))
    assert not wants_cluster_address(service(type="ExternalName"))


def test_services_of_another_load_balancer_class_are_left_alone() -> None:
    assert wants_balancer(service(type="LoadBalancer"))
    assert not wants_balancer(service(type="LoadBalancer", loadBalancerClass="example.com/lb"))
