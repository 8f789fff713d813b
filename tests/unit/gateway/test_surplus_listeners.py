"""What becomes of more listeners than a status can speak of, as objects of other CRDs may have?"""

from __future__ import annotations

from typing import Any

from tests.golden.page import Outcome

from torana.api.kind import Ref

GROUP = "gateway.networking.k8s.io"


def made(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def listeners(first: int, count: int) -> list[dict[str, Any]]:
    return [{"name": f"l{port}", "port": port, "protocol": "HTTP"} for port in range(first, first + count)]


def world(count: int) -> Outcome:
    gateway = {
        "gatewayClassName": "torana",
        "listeners": listeners(1000, count),
        "allowedListeners": {"namespaces": {"from": "Same"}},
    }
    route = {"parentRefs": [{"name": "gw"}, {"name": "gw", "sectionName": "l1064"}]}
    return Outcome(
        [
            made("Gateway", "gw", gateway),
            made("ListenerSet", "more", {"parentRef": {"name": "gw"}, "listeners": listeners(1064, count)}),
            made("HTTPRoute", "web", route),
        ]
    )


def accepted(outcome: Outcome, kind: str, name: str) -> tuple[str, str, str]:
    found = outcome.status(kind, Ref("default", name))["conditions"][0]
    return found["status"], found["reason"], found["message"]


def test_as_many_as_a_status_has_room_for_are_all_taken() -> None:
    assert accepted(world(64), "Gateway", "gw")[:2] == ("True", "Accepted")
    assert accepted(world(64), "ListenerSet", "more")[:2] == ("True", "Accepted")


def test_those_beyond_are_not_opened_and_are_named() -> None:
    outcome = world(69)
    for kind, name, first in (("Gateway", "gw", 1064), ("ListenerSet", "more", 1128)):
        status, reason, message = accepted(outcome, kind, name)
        assert (status, reason) == ("True", "ListenersNotValid")
        assert f"no room for l{first}, l{first + 1}, l{first + 2} and 2 more: 64 is the most" in message
        assert len(outcome.status(kind, Ref("default", name))["listeners"]) == 64
    ports = {key.port for key in outcome.graph.binds.binds.items}
    assert ports == set(range(1000, 1128)), "the Gateway's surplus takes nothing from the ListenerSet"


def test_a_route_to_one_beyond_finds_no_such_listener() -> None:
    whole, beyond = world(69).status("HTTPRoute", Ref("default", "web"))["parents"]
    assert whole["conditions"][0]["status"] == "True"
    assert (beyond["conditions"][0]["status"], beyond["conditions"][0]["reason"]) == ("False", "NoMatchingParent")
