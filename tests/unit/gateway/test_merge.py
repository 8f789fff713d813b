"""Our answer is folded into a live status without touching what is others'."""

from __future__ import annotations

from typing import Any

from torana.api.references import ParentReference
from torana.gateway.status.condition import Judgement, ParentReport, RouteReport
from torana.gateway.status.merge import conditions, route_status

OURS = frozenset({"torana.dev/gateway-controller"})
THEIRS = {
    "parentRef": {"name": "theirs", "x-unknown": 1},
    "controllerName": "example.com/other",
    "conditions": [{"type": "Accepted", "status": "True"}],
}


def report(*accepted: bool) -> RouteReport:
    return RouteReport(
        2,
        tuple(
            ParentReport(
                ParentReference(name=f"gw{i}"), "torana.dev/gateway-controller", (Judgement("Accepted", one, "R"),)
            )
            for i, one in enumerate(accepted)
        ),
    )


def test_entries_of_other_controllers_stay_as_they_are() -> None:
    live: dict[str, Any] = {"parents": [THEIRS]}
    merged = route_status(report(True), live, OURS, "t1")
    assert merged["parents"][0] is THEIRS
    assert merged["parents"][1]["controllerName"] == "torana.dev/gateway-controller"


def test_our_entry_goes_when_we_have_nothing_to_say() -> None:
    live = route_status(report(True), {"parents": [THEIRS]}, OURS, "t1")
    assert route_status(report(), live, OURS, "t2") == {"parents": [THEIRS]}


def test_a_transition_time_moves_only_with_the_status() -> None:
    first = route_status(report(True), {}, OURS, "t1")
    second = route_status(report(True), first, OURS, "t2")
    third = route_status(report(False), second, OURS, "t3")
    times = [status["parents"][0]["conditions"][0]["lastTransitionTime"] for status in (first, second, third)]
    assert times == ["t1", "t1", "t3"]


def test_merging_twice_changes_nothing() -> None:
    once = route_status(report(True, False), {"parents": [THEIRS]}, OURS, "t1")
    assert route_status(report(True, False), once, OURS, "t2") == once


def test_conditions_of_others_stay_and_ours_that_no_longer_hold_go() -> None:
    live = [
        {"type": "Accepted", "status": "True", "lastTransitionTime": "t0"},
        {"type": "PartiallyInvalid", "status": "True"},
        {"type": "example.com/Checked", "status": "True"},
    ]
    merged = conditions([Judgement("Accepted", True, "Accepted")], live, 3, "t1")
    assert [one["type"] for one in merged] == ["Accepted", "example.com/Checked"]
