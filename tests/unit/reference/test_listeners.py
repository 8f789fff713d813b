"""Does the reference model say of listeners what the specification says in its own examples?"""

from __future__ import annotations

from typing import Any

import pytest
from tests.reference import attachment, identities, listeners
from tests.reference.decision import decide
from tests.reference.listeners import ListenerId
from tests.reference.objects import CONTROLLER, Objects
from tests.reference.request import Request
from tests.reference.vocabulary import document

from torana.api.kind import Ref

GATEWAY = Ref("infra", "gw")
CERTIFICATE = Ref("infra", "c0")


def https(name: str, hostname: str = "") -> dict[str, Any]:
    found = {"name": name, "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": CERTIFICATE.name}]}}
    return found | ({"hostname": hostname} if hostname else {})


def http(name: str, hostname: str = "", protocol: str = "HTTP") -> dict[str, Any]:
    found = {"name": name, "port": 80, "protocol": protocol}
    return found | ({"hostname": hostname} if hostname else {})


def objects(own: list[dict[str, Any]], *more: dict[str, Any], allowed: str = "All") -> Objects:
    """A Gateway with these listeners, and a route without backends for all of them."""
    spec = {"gatewayClassName": "torana", "listeners": own, "allowedListeners": {"namespaces": {"from": allowed}}}
    rules: list[dict[str, Any]] = [{}]
    return Objects(
        [
            document("GatewayClass", "", "torana", {"controllerName": CONTROLLER}),
            document("Gateway", *GATEWAY, spec),
            document("Secret", *CERTIFICATE) | {"data": identities.data(CERTIFICATE)},
            document("HTTPRoute", "infra", "web", {"parentRefs": [{"name": "gw"}], "rules": rules}),
            *more,
        ]
    )


def listener_set(namespace: str, name: str, *entries: dict[str, Any], day: int = 1) -> dict[str, Any]:
    spec = {"parentRef": {"name": "gw", "namespace": "infra"}, "listeners": list(entries)}
    return document("ListenerSet", namespace, name, spec, creationTimestamp=f"2026-01-0{day}T00:00:00Z")


def conflicts(found: Objects) -> dict[str, set[str]]:
    """By `owner/listener`."""
    judged = listeners.judged(found, GATEWAY)
    return {f"{key.owner.name}/{key.name}": set(one.conflicts) for key, one in judged.items()}


@pytest.mark.parametrize(
    ("server_name", "host", "status"),
    [
        ("a.example.com", "a.example.com", 500),
        ("b.example.com", "b.example.com", 500),
        ("unknown.org", "unknown.org", 500),
        ("", "unknown.org", 500),
        # Another listener has an exact match or a more specific wildcard.
        ("b.example.com", "a.example.com", 421),
        ("unknown.org", "b.example.com", 421),
        # The listener of the connection does not match, and another one does.
        ("a.example.com", "b.example.com", 421),
        ("a.example.com", "unknown.org", 421),
    ],
)
def test_a_request_belongs_to_one_listener_whatever_connection_it_comes_by(
    server_name: str, host: str, status: int
) -> None:
    found = objects([https("exact", "a.example.com"), https("wildcard", "*.example.com"), https("any")])
    request = Request(443, host, is_tls=True, server_name=server_name)
    assert [one.status for one in decide(found, GATEWAY, request).outcomes] == [status]


@pytest.mark.parametrize(("server_name", "status"), [("a.example.com", 404), ("b.example.com", 0), ("", 0)])
def test_without_a_listener_for_it_a_request_is_404_and_a_connection_is_refused(server_name: str, status: int) -> None:
    found = objects([https("exact", "a.example.com")])
    request = Request(443, "unknown.org", is_tls=True, server_name=server_name)
    assert [one.status for one in decide(found, GATEWAY, request).outcomes] == [status]


def test_of_conflicting_owners_the_gateway_wins_then_the_older_set_then_the_first_by_name() -> None:
    found = objects(
        [http("own", "a.com")],
        listener_set("x", "young", http("one", "a.com"), http("two", "b.com"), http("three", "c.com"), day=2),
        listener_set("x", "zed", http("two", "b.com"), http("four", "d.com")),
        listener_set("x", "alf", http("four", "d.com")),
    )
    assert conflicts(found) == {
        "gw/own": set(), "young/one": {"HostnameConflict"}, "young/two": {"HostnameConflict"}, "young/three": set(),
        "zed/two": set(), "zed/four": {"HostnameConflict"}, "alf/four": set(),
    }  # fmt: skip


def test_within_one_object_nobody_wins_and_nobody_else_profits() -> None:
    found = objects(
        [http("one"), http("two", protocol="TCP"), https("three")],
        listener_set("x", "set", http("own", "a.com")),
    )
    clash = {"ProtocolConflict"}
    assert conflicts(found) == {"gw/one": clash, "gw/two": clash, "gw/three": set(), "set/own": clash}


def test_a_loser_takes_nothing_from_those_after_it() -> None:
    found = objects(
        [http("own", "a.com")],
        listener_set("x", "one", http("raw", protocol="TCP")),
        listener_set("x", "two", http("web", "b.com"), day=2),
    )
    assert conflicts(found) == {"gw/own": set(), "one/raw": {"ProtocolConflict"}, "two/web": set()}


@pytest.mark.parametrize(("allowed", "seen"), [("All", {"gw", "a", "b"}), ("Same", {"gw", "a"}), ("None", {"gw"})])
def test_a_gateway_takes_listener_sets_from_where_it_says(allowed: str, seen: set[str]) -> None:
    sets = (listener_set("infra", "a", http("l", "a.com")), listener_set("x", "b", http("l", "b.com")))
    found = objects([https("own")], *sets, allowed=allowed)
    assert {key.owner.name for key in listeners.judged(found, GATEWAY)} == seen


def test_a_route_attaches_to_the_listeners_of_the_very_object_that_it_names() -> None:
    found = objects(
        [http("foo", "a.com")],
        listener_set("infra", "set", http("foo", "b.com"), http("bar", "c.com")),
        document("HTTPRoute", "infra", "sets", {"parentRefs": [{"kind": "ListenerSet", "name": "set"}], "rules": [{}]}),
        document("HTTPRoute", "infra", "lost", {"parentRefs": [{"name": "gw", "sectionName": "bar"}], "rules": [{}]}),
    )
    (parent,) = attachment.parents(found, "HTTPRoute", Ref("infra", "web"))
    assert parent.counted == (ListenerId("Gateway", GATEWAY, "foo"),)
    (parent,) = attachment.parents(found, "HTTPRoute", Ref("infra", "sets"))
    assert [one.name for one in parent.counted] == ["foo", "bar"]
    (parent,) = attachment.parents(found, "HTTPRoute", Ref("infra", "lost"))
    assert parent.reason == "NoMatchingParent"
