"""What does a route's status say of a version that a proxy rejected?"""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.http_route import HTTPRoute
from torana.api.kind import Ref
from torana.gateway.attachment import ParentVerdict
from torana.gateway.quarantine import Quarantine
from torana.gateway.routes.compiled import CompiledRoute
from torana.gateway.status.merge import route_status
from torana.gateway.status.routes import report

OURS = "torana.dev/gateway-controller"


def a_route(generation: int) -> Any:
    spec = {"parentRefs": [{"name": "gw"}]}
    return msgspec.convert({"metadata": {"name": "web", "generation": generation}, "spec": spec}, HTTPRoute)


def conditions(quarantine: Quarantine | None) -> dict[str, tuple[str, int]]:
    """Condition type → status and generation, for a route of generation 5."""
    route = a_route(5)
    verdict = ParentVerdict(Ref("default", "gw"), route.spec.parent_refs[0], OURS)
    told = report(route, (verdict,), CompiledRoute((), (), 1), quarantine)
    (entry,) = route_status(told, {}, frozenset({OURS}), "now")["parents"]
    return {one["type"]: (one["status"], one["observedGeneration"]) for one in entry["conditions"]}


def test_a_rejected_version_leaves_the_generation_that_is_served_accepted() -> None:
    assert conditions(Quarantine(5, "too large", a_route(3))) == {
        "Accepted": ("True", 3),
        "ResolvedRefs": ("True", 5),
        "PartiallyInvalid": ("True", 5),
    }


def test_without_a_version_to_go_back_to_the_rejected_one_is_not_accepted() -> None:
    found = conditions(Quarantine(5, "too large"))
    assert found == {"Accepted": ("False", 5), "ResolvedRefs": ("True", 5)}


def test_a_rejection_says_nothing_about_a_later_version() -> None:
    assert conditions(Quarantine(4, "too large", a_route(3)))["Accepted"] == ("True", 5)
