"""What `torana status` and the live table say about objects."""

from __future__ import annotations

from typing import Any

from torana.cli.screen.live import describe_gateway
from torana.cli.screen.rows import class_rows, gateway_rows, route_rows


def condition(type: str, status: str, reason: str = "Reason", message: str = "why") -> dict[str, Any]:
    return {"type": type, "status": status, "reason": reason, "message": message}


def gateway(**status: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "default", "name": "web"},
        "spec": {"gatewayClassName": "torana", "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]},
        "status": status,
    }


def test_a_programmed_gateway_shows_address_routes_and_proxies() -> None:
    served = gateway(
        addresses=[{"type": "IPAddress", "value": "127.77.0.1"}],
        conditions=[condition("Accepted", "True"), condition("Programmed", "True")],
        listeners=[{"name": "http", "attachedRoutes": 3, "conditions": []}],
    )
    labels = {"gateway.networking.k8s.io/gateway-name": "web"}
    proxy = {
        "metadata": {"namespace": "default", "name": "web-x", "labels": labels},
        "spec": {"replicas": 2},
        "status": {"readyReplicas": 1},
    }
    (row,) = gateway_rows([served], [proxy])
    assert (row.addresses, row.listeners, row.attached_routes) == (("127.77.0.1",), ("http HTTP:80",), 3)
    assert (row.programmed, row.proxies, row.message) == ("True", "1/2", "")
    assert describe_gateway(row) == "programmed at 127.77.0.1, 3 routes"


def test_a_gateway_nobody_has_answered_is_unknown() -> None:
    (row,) = gateway_rows([gateway()])
    assert (row.accepted, row.programmed, row.proxies) == ("Unknown", "Unknown", "")
    assert describe_gateway(row) == "not programmed yet"


def test_the_first_trouble_is_told_in_the_words_of_the_status() -> None:
    broken = gateway(
        conditions=[condition("Accepted", "True"), condition("Programmed", "True")],
        listeners=[
            {"name": "tls", "conditions": [condition("ResolvedRefs", "False", "InvalidCertificateRef", "no b/c")]}
        ],
    )
    (row,) = gateway_rows([broken])
    assert row.message == "listener tls: InvalidCertificateRef: no b/c"


def test_a_route_has_one_row_per_answering_parent() -> None:
    route = {
        "kind": "HTTPRoute",
        "metadata": {"namespace": "apps", "name": "shop"},
        "spec": {"hostnames": ["a.example"], "parentRefs": [{"name": "web", "namespace": "infra"}]},
        "status": {
            "parents": [
                {
                    "parentRef": {"name": "web", "namespace": "infra", "sectionName": "http"},
                    "conditions": [
                        condition("Accepted", "True"),
                        condition("ResolvedRefs", "False", "BackendNotFound", "x"),
                    ],
                }
            ]
        },
    }
    (row,) = route_rows([route])
    assert (row.parent, row.accepted, row.resolved) == ("infra/web (http)", "True", "False")
    assert row.message == "BackendNotFound: x"


def test_an_unanswered_route_says_so() -> None:
    route = {
        "kind": "HTTPRoute",
        "metadata": {"namespace": "apps", "name": "shop"},
        "spec": {"parentRefs": [{"name": "web"}]},
    }
    (row,) = route_rows([route])
    assert (row.parent, row.accepted) == ("apps/web", "Unknown")
    assert row.message == "no controller has answered yet"


def test_a_class_that_is_not_accepted_says_why() -> None:
    refused = {
        "metadata": {"name": "c"},
        "spec": {"controllerName": "x/y"},
        "status": {"conditions": [condition("Accepted", "False", "InvalidParameters", "no such config")]},
    }
    (row,) = class_rows([refused])
    assert row.message == "InvalidParameters: no such config"
