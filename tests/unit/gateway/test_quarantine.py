"""What is in the proxy of a route that it rejected: the earlier version as it was, or errors; nothing in between."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.golden.page import Outcome

from torana.api.http_route import HTTPRoute
from torana.api.kind import Ref
from torana.gateway.quarantine import Quarantine
from torana.gateway.routes.key import RouteKey

ADMIN = RouteKey("HTTPRoute", Ref("default", "admin"))


def made(kind: str, name: str, spec: dict[str, Any], generation: int = 1) -> dict[str, Any]:
    version = "v1" if kind == "Service" else "gateway.networking.k8s.io/v1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "generation": generation}, "spec": spec}


def gateway(name: str, port: int) -> dict[str, Any]:
    listener = {"name": "http", "port": port, "protocol": "HTTP"}
    return made("Gateway", name, {"gatewayClassName": "torana", "listeners": [listener]})


def admin(generation: int, host: str, parent: str, **rule: Any) -> dict[str, Any]:
    rules = [{"matches": [{"path": {"value": "/admin"}}], "backendRefs": [{"name": "web", "port": 80}], **rule}]
    spec = {"parentRefs": [{"name": parent}], "hostnames": [host], "rules": rules}
    return made("HTTPRoute", "admin", spec, generation)


@pytest.fixture
def world() -> Outcome:
    """A route for everything without a filter, and generation 2 of one that asks before it lets anybody to /admin."""
    asks = {"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "backendRef": {"name": "web", "port": 80}}}
    everything = {"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]}
    return Outcome(
        [
            gateway("gw", 80),
            gateway("other", 81),
            made("Service", "web", {"ports": [{"port": 80}]}),
            made("HTTPRoute", "all", everything),
            admin(2, "new.example.com", "gw", filters=[asks]),
        ]
    )


def typed(document: dict[str, Any]) -> HTTPRoute:
    document["metadata"]["namespace"] = "default"
    return msgspec.convert(document, HTTPRoute)


def quarantine(world: Outcome, one: Quarantine) -> list[str]:
    """The proxy configuration with that in force, line by line."""
    settled = world.graph.engine.settle({world.graph.sources.quarantined: {ADMIN: one}})
    assert not settled.failures
    return [" ".join(line.split()) for line in world.proxy_text().splitlines()]


def test_without_an_earlier_version_its_requests_get_an_error_and_do_not_go_on_to_other_routes(world: Outcome) -> None:
    text = quarantine(world, Quarantine(2, "too large"))
    assert "prefix /admin -> 500" in text
    (entry,) = world.status("HTTPRoute", ADMIN.ref)["parents"]
    accepted = entry["conditions"][0]
    assert (accepted["status"], accepted["reason"]) == ("False", "UnsupportedValue")
    assert "its requests get an error: too large" in accepted["message"]


def test_an_earlier_version_is_served_where_it_was_and_nowhere_else(world: Outcome) -> None:
    earlier = typed(admin(1, "old.example.com", "other"))
    text = quarantine(world, Quarantine(2, "too large", earlier))
    assert text == [
        "default/gw HTTP :80", "*", "prefix / -> default/web:80",
        "default/other HTTP :81", "*", "(no routes: 404)", "old.example.com", "prefix /admin -> default/web:80",
    ]  # fmt: skip


def test_a_parent_that_only_the_rejected_version_names_is_told_so(world: Outcome) -> None:
    earlier = typed(admin(1, "old.example.com", "other"))
    quarantine(world, Quarantine(2, "too large", earlier))
    (entry,) = world.status("HTTPRoute", ADMIN.ref)["parents"]
    assert entry["parentRef"]["name"] == "gw"
    accepted = entry["conditions"][0]
    assert (accepted["status"], accepted["reason"]) == ("False", "UnsupportedValue")
    assert "generation 1, which is served, has another parent" in accepted["message"]
    assert {one["type"] for one in entry["conditions"]} == {"Accepted", "ResolvedRefs"}


def test_a_parent_of_both_versions_says_which_is_served(world: Outcome) -> None:
    earlier = typed(admin(1, "old.example.com", "gw"))
    assert "new.example.com" not in quarantine(world, Quarantine(2, "too large", earlier))
    (entry,) = world.status("HTTPRoute", ADMIN.ref)["parents"]
    told = {one["type"]: (one["status"], one["observedGeneration"]) for one in entry["conditions"]}
    assert told == {"Accepted": ("True", 1), "ResolvedRefs": ("True", 2), "PartiallyInvalid": ("True", 2)}


def test_where_the_earlier_version_is_lost_regular_expressions_do_not_narrow_what_gets_an_error(world: Outcome) -> None:
    expression = {"path": {"type": "RegularExpression", "value": "/(too|large)"}, "method": "GET"}
    route = typed(admin(2, "new.example.com", "gw", matches=[expression]))
    source = world.graph.sources.routes["HTTPRoute"]
    world.graph.engine.settle({source: {ADMIN.ref: route}})
    text = quarantine(world, Quarantine(2, "too large", is_lost=True))
    assert "prefix /, GET -> 500" in text
    (entry,) = world.status("HTTPRoute", ADMIN.ref)["parents"]
    accepted = entry["conditions"][0]
    assert (accepted["status"], accepted["reason"]) == ("False", "FallbackLost")
