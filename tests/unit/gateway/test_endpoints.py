"""Which endpoints stand behind a Service's port?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from torana.api.core.endpoint_slice import EndpointSlice
from torana.api.core.service import Service
from torana.gateway.backends import ClusterKey, endpoints, shape

KEY = ClusterKey("default", "web", 80)


def a_service(**spec: Any) -> Any:
    ports = [{"name": "http", "port": 80, "targetPort": 3000}, {"name": "admin", "port": 81}]
    return shape(msgspec.convert({"metadata": {"name": "web"}, "spec": {"ports": ports, **spec}}, Service))


def a_slice(*addresses: str, family: str = "IPv4", port: str = "http", **conditions: bool) -> Any:
    ports = [{"name": port, "port": 3000}, {"name": "other", "port": 9}]
    found = [{"addresses": [one], "conditions": conditions} for one in addresses]
    document = {"metadata": {"name": "web-1"}, "addressType": family, "ports": ports, "endpoints": found}
    return msgspec.convert(document, EndpointSlice)


def addresses(*slices: Any, service: Any = None) -> list[str]:
    found = endpoints(KEY, service or a_service(), slices).endpoints
    assert {one.port for one in found} <= {3000}
    return [one.address for one in found]


@pytest.mark.parametrize(
    "spec",
    [{"selector": {"app": "web"}}, {}, {"clusterIP": "None"}, {"ipFamilyPolicy": "PreferDualStack"}],
    ids=["with selector", "without selector", "headless", "of both families"],
)
def test_a_service_of_any_type_leads_to_the_addresses_of_its_slices(spec: dict[str, Any]) -> None:
    both = a_slice("10.0.0.1", "10.0.0.2"), a_slice("fd00::1", family="IPv6")
    assert addresses(*both, service=a_service(**spec)) == ["10.0.0.1", "10.0.0.2", "fd00::1"]


def test_a_port_is_found_by_its_name() -> None:
    assert addresses(a_slice("10.0.0.1", port="admin")) == []


def test_a_port_without_a_name_is_that_of_the_slice_without_a_name() -> None:
    ports = [{"port": 80}]
    assert addresses(a_slice("10.0.0.1", port=""), service=a_service(ports=ports)) == ["10.0.0.1"]


def test_what_is_not_ready_is_left_out() -> None:
    assert addresses(a_slice("10.0.0.1"), a_slice("10.0.0.2", ready=False)) == ["10.0.0.1"]


def test_what_still_serves_while_it_ends_is_better_than_nothing() -> None:
    ending = a_slice("10.0.0.2", ready=False, serving=True, terminating=True)
    assert addresses(ending) == ["10.0.0.2"]
    assert addresses(ending, a_slice("10.0.0.1")) == ["10.0.0.1"]


def test_names_are_not_gone_to() -> None:
    assert addresses(a_slice("web.example.com", family="FQDN")) == []
