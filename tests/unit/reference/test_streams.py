"""Does the reference model say of TLSRoutes what the specification says?"""

from __future__ import annotations

from typing import Any

import pytest
from tests.reference import identities
from tests.reference.decision import decide
from tests.reference.objects import CONTROLLER, Objects
from tests.reference.request import Request
from tests.reference.vocabulary import document

from torana.api.kind import Ref

GATEWAY = Ref("infra", "gw")
CERTIFICATE = Ref("infra", "c0")


def listener(name: str, hostname: str, protocol: str = "TLS", mode: str = "Terminate") -> dict[str, Any]:
    tls = {"mode": mode, "certificateRefs": [{"name": CERTIFICATE.name}]}
    return {"name": name, "port": 443, "protocol": protocol, "hostname": hostname, "tls": tls}


def route(name: str, *hostnames: str, day: int = 1) -> list[dict[str, Any]]:
    """A TLSRoute and a Service of its own, which is ready."""
    rules = [{"backendRefs": [{"name": name, "port": 80}]}]
    spec = {"parentRefs": [{"name": "gw"}], "hostnames": list(hostnames), "rules": rules}
    endpoints = document("EndpointSlice", "infra", name, labels={"kubernetes.io/service-name": name})
    ports = [{"name": "p", "port": 1}]
    return [
        document("TLSRoute", "infra", name, spec, creationTimestamp=f"2026-01-0{day}T00:00:00Z"),
        document("Service", "infra", name, {"ports": [{"name": "p", "port": 80}]}),
        endpoints | {"addressType": "IPv4", "ports": ports, "endpoints": [{"addresses": ["192.0.2.1"]}]},
    ]


def backend(listeners: list[dict[str, Any]], routes: list[dict[str, Any]], server_name: str) -> tuple[str, list[str]]:
    """Who answers ("" for nobody), and whose certificate is shown."""
    objects = Objects(
        [
            document("GatewayClass", "", "torana", {"controllerName": CONTROLLER}),
            document("Gateway", *GATEWAY, {"gatewayClassName": "torana", "listeners": listeners}),
            document("Secret", *CERTIFICATE) | {"data": identities.data(CERTIFICATE)},
            *routes,
        ]
    )
    decision = decide(objects, GATEWAY, Request(443, server_name, is_tls=True, server_name=server_name))
    return decision.outcomes[0].backend.partition(":")[0], [one.name for one in decision.certificates]


@pytest.mark.parametrize(
    ("server_name", "expected"),
    [
        ("test.example.com", "infra/exact"),
        ("other.example.com", "infra/wide"),
        # Hostnames of a route that the listener does not have are ignored.
        ("test.example.net", ""),
        ("example.com", ""),
        ("", ""),
    ],
)
def test_the_most_specific_hostname_that_listener_and_route_have_in_common_decides(
    server_name: str, expected: str
) -> None:
    routes = [*route("wide", "*.example.com", "*.net"), *route("exact", "test.example.com", "test.example.net", day=2)]
    assert backend([listener("l", "*.example.com")], routes, server_name)[0] == expected


def test_of_routes_with_one_hostname_the_oldest_has_it() -> None:
    routes = [*route("young", "a.com", day=2), *route("zed", "a.com"), *route("alf", "a.com", day=2)]
    assert backend([listener("l", "a.com")], routes, "a.com")[0] == "infra/zed"


@pytest.mark.parametrize(("mode", "shown"), [("Terminate", [CERTIFICATE.name]), ("Passthrough", ["backend"])])
def test_the_certificate_is_that_of_the_end_where_tls_ends(mode: str, shown: list[str]) -> None:
    assert backend([listener("l", "a.com", mode=mode)], route("r", "a.com"), "a.com") == ("infra/r", shown)


def test_a_connection_belongs_to_the_most_specific_listener_of_its_port_whichever_protocol_it_has() -> None:
    listeners = [listener("stream", "*.com"), listener("web", "a.com", "HTTPS")]
    assert backend(listeners, route("r", "*.com", "a.com"), "b.com")[0] == "infra/r"
    assert backend(listeners, route("r", "*.com", "a.com"), "a.com")[0] == ""
