"""Do the statuses say of routes and listeners what the reference model says? On random objects, without a proxy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.reference import attachment, listeners
from tests.reference.attachment import KINDS
from tests.reference.backends import unresolved
from tests.reference.generator import Generator
from tests.reference.listeners import Judged, ListenerId
from tests.reference.objects import CONTROLLER, Objects
from tests.reference.proxy import Translation
from tests.reference.vocabulary import BACKENDS, Document

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
        for parent in attachment.parents(objects, kind, route.metadata.ref)
    ]


def gateway_told(translation: Translation) -> Document:
    return merge.gateway_status(translation.graph.reports.gateways.items[GATEWAY], {}, "now")


def sets_told(translation: Translation) -> dict[Ref, Document]:
    return {ref: merge.set_status(one, {}, "now") for ref, one in translation.graph.reports.sets.items.items()}


def sets_expected(objects: Objects) -> dict[Ref, set[Condition]]:
    """What the Accepted condition may be, of each ListenerSet at the Gateway."""
    accepted = listeners.accepted_sets(objects, GATEWAY)
    found = {}
    for ref, one in objects.of("ListenerSet").items():
        if listeners.parent_of(one) == GATEWAY:
            refusal = listeners.set_refusal(objects, ref) or ("" if ref in accepted else "ListenersNotValid")
            found[ref] = {("False", refusal)} if refusal else {("True", "Accepted"), ("True", "ListenersNotValid")}
    return found


def entries_told(translation: Translation) -> dict[ListenerId, Document]:
    """The status of each listener."""
    owners = {("Gateway", GATEWAY): gateway_told(translation)}
    owners |= {("ListenerSet", ref): status for ref, status in sets_told(translation).items()}
    return {
        ListenerId(kind, ref, one["name"]): one
        for (kind, ref), status in owners.items()
        for one in status.get("listeners", [])
    }


def conditions(entry: Document) -> dict[str, Condition]:
    return {one["type"]: (one["status"], one["reason"]) for one in entry["conditions"]}


def counts_expected(objects: Objects) -> dict[ListenerId, int]:
    """How many routes each listener has, of all kinds together."""
    taken = [
        {listener for parent in attachment.parents(objects, kind, ref) for listener in parent.counted}
        for kind in KINDS
        for ref in objects.of(kind)
    ]
    return {key: sum(key in each for each in taken) for key in listeners.judged(objects, GATEWAY)}


def expect_listener(told: dict[str, Condition], judged: Judged) -> None:
    assert told["Accepted"][0] == str(judged.is_accepted)
    assert told["Programmed"][0] == str(judged.is_open)
    for name, reasons, good in (
        ("Conflicted", judged.conflicts, "False"),
        ("ResolvedRefs", judged.unresolved, "True"),
    ):
        status, reason = told[name]
        assert (status == good) is (not reasons), (name, reasons)
        assert not reasons or reason in reasons, name


def worlds(decade: int) -> Iterator[tuple[int, Translation, Objects]]:
    """Some of all, by seed."""
    for seed in range(decade * 20, decade * 20 + 20):
        documents = Generator(seed, PORTS).objects(ENDPOINTS)
        translation = Translation(GATEWAY)
        translation.replace(documents)
        yield seed, translation, Objects(documents)


@pytest.mark.parametrize("decade", range(10))
def test_routes_are_accepted_resolved_and_counted_as_the_model_says(decade: int) -> None:
    for seed, translation, objects in worlds(decade):
        for kind in KINDS:
            for ref, route in objects.of(kind).items():
                told, expected = parents_told(translation, kind, ref), parents_expected(objects, kind, route)
                assert len(told) == len(expected), (seed, kind, ref)
                for (accepted, resolved), (wanted, allowed) in zip(told, expected, strict=True):
                    assert (seed, kind, ref, accepted) == (seed, kind, ref, wanted)
                    assert resolved in allowed, (seed, kind, ref)
        counts = {key: one["attachedRoutes"] for key, one in entries_told(translation).items()}
        assert (seed, counts) == (seed, counts_expected(objects))


@pytest.mark.parametrize("decade", range(10))
def test_listeners_of_gateways_and_sets_are_judged_as_the_model_says(decade: int) -> None:
    for seed, translation, objects in worlds(decade):
        told = {ref: conditions(one)["Accepted"] for ref, one in sets_told(translation).items()}
        expected = sets_expected(objects)
        assert (seed, told.keys()) == (seed, expected.keys())
        assert not {ref: one for ref, one in told.items() if one not in expected[ref]}, seed
        attached = gateway_told(translation)["attachedListenerSets"]
        assert (seed, attached) == (seed, len(listeners.accepted_sets(objects, GATEWAY)))
        entries, judged = entries_told(translation), listeners.judged(objects, GATEWAY)
        assert (seed, entries.keys()) == (seed, judged.keys())
        for key, entry in entries.items():
            expect_listener(conditions(entry), judged[key])
