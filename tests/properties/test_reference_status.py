"""Do the statuses say of routes and listeners what the reference model says? On random objects, without a proxy."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.reference import attachment
from tests.reference.attachment import HTTP_KINDS, ListenerId
from tests.reference.backends import unresolved
from tests.reference.generator import BACKENDS, Document, Generator
from tests.reference.objects import CONTROLLER, Objects
from tests.reference.proxy import Translation

from torana.api.kind import Ref
from torana.gateway.routes.key import RouteKey
from torana.gateway.status import merge

GATEWAY = Ref("east", "gw")
PORTS = (80, 8080, 8081)
ENDPOINTS = {name: ("192.0.2.1", 8000 + number) for number, name in enumerate(BACKENDS)}

Condition = tuple[str, str]
"""Status and reason."""


def parents_told(translation: Translation, kind: str, ref: Ref) -> list[tuple[Condition, Condition]]:
    """Accepted and ResolvedRefs of each parent in the route's status."""
    report = translation.graph.reports.routes.items.get(RouteKey(kind, ref))
    status = merge.route_status(report, {}, frozenset({CONTROLLER}), "now") if report is not None else {}
    found = []
    for parent in status.get("parents", []):
        by_type = {one["type"]: (one["status"], one["reason"]) for one in parent["conditions"]}
        found.append((by_type["Accepted"], by_type["ResolvedRefs"]))
    return found


def parents_expected(objects: Objects, kind: str, route: Any) -> list[tuple[Condition, set[Condition]]]:
    """The same by the model; several reasons may hold at once."""
    reasons = unresolved(objects, kind, route)
    resolved = {("False", reason) for reason in reasons} or {("True", "ResolvedRefs")}
    return [
        (("True" if parent.reason == "Accepted" else "False", parent.reason), resolved)
        for parent in attachment.parents(objects, kind, route)
    ]


def counts_told(translation: Translation) -> dict[str, int]:
    status = merge.gateway_status(translation.graph.reports.gateways.items[GATEWAY], {}, "now")
    return {one["name"]: one["attachedRoutes"] for one in status["listeners"]}


def counts_expected(objects: Objects, listeners: list[Document]) -> dict[str, int]:
    taken = [
        {listener for parent in attachment.parents(objects, kind, route) for listener in parent.counted}
        for kind in HTTP_KINDS
        for route in objects.of(kind).values()
    ]
    names = [listener["name"] for listener in listeners]
    return {name: sum(ListenerId(GATEWAY, name) in each for each in taken) for name in names}


@pytest.mark.parametrize("decade", range(10))
def test_routes_are_accepted_resolved_and_counted_as_the_model_says(decade: int) -> None:
    for seed in itertools.islice(itertools.count(decade * 20), 20):
        documents = Generator(seed, PORTS).objects(ENDPOINTS)
        translation, objects = Translation(GATEWAY), Objects(documents)
        translation.replace(documents)
        for kind in HTTP_KINDS:
            for ref, route in objects.of(kind).items():
                told, expected = parents_told(translation, kind, ref), parents_expected(objects, kind, route)
                assert len(told) == len(expected), (seed, kind, ref)
                for (accepted, resolved), (wanted, allowed) in zip(told, expected, strict=True):
                    assert (seed, kind, ref, accepted) == (seed, kind, ref, wanted)
                    assert resolved in allowed, (seed, kind, ref)
        gateway = next(one for one in documents if one["kind"] == "Gateway")
        assert (seed, counts_told(translation)) == (seed, counts_expected(objects, gateway["spec"]["listeners"]))
