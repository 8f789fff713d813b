"""A rejected route table leads to the guilty route, and to no other for long."""

from __future__ import annotations

from typing import Any

from torana.api.kind import Ref
from torana.api.meta import Object, ObjectMeta
from torana.controller.blame import Blame
from torana.gateway.routes.key import RouteKey

GATEWAY = Ref("default", "gw")
GOOD, BAD = RouteKey("HTTPRoute", Ref("default", "good")), RouteKey("HTTPRoute", Ref("default", "bad"))


def version(route: RouteKey, generation: int) -> Any:
    namespace, name = route.ref
    return Object(metadata=ObjectMeta(name=name, namespace=namespace, generation=generation))


def test_the_last_accepted_version_is_the_fallback() -> None:
    blame = Blame()
    blame.changed(GATEWAY, BAD, version(BAD, 1), 1)
    blame.delivered(GATEWAY, 1)
    blame.changed(GATEWAY, BAD, version(BAD, 2), 1)
    found = blame.rejected(GATEWAY, {GOOD, BAD}, "too large")
    assert list(found) == [BAD]
    assert (found[BAD].generation, found[BAD].fallback) == (2, version(BAD, 1))


def test_a_route_that_was_never_accepted_has_no_fallback() -> None:
    blame = Blame()
    blame.changed(GATEWAY, BAD, version(BAD, 1), 1)
    assert blame.rejected(GATEWAY, {BAD}, "no")[BAD].fallback is None


def test_of_several_suspects_each_proves_itself_alone() -> None:
    blame = Blame()
    blame.changed(GATEWAY, GOOD, version(GOOD, 1), 1)
    blame.changed(GATEWAY, BAD, version(BAD, 1), 1)
    assert set(blame.rejected(GATEWAY, {GOOD, BAD}, "no")) == {GOOD, BAD}
    first = blame.delivered(GATEWAY, 1)
    assert first in (GOOD, BAD)
    blame.changed(GATEWAY, first, version(first, 1), 1)
    second = blame.delivered(GATEWAY, 1)
    assert {first, second} == {GOOD, BAD}
    blame.changed(GATEWAY, second, version(second, 1), 1)
    assert list(blame.rejected(GATEWAY, {GOOD, BAD}, "no")) == [second]
    assert blame.delivered(GATEWAY, 1) is None


def test_a_deleted_route_is_no_fallback_for_its_namesake() -> None:
    blame = Blame()
    blame.changed(GATEWAY, BAD, version(BAD, 5), 1)
    blame.delivered(GATEWAY, 1)
    blame.gone(BAD)
    blame.changed(GATEWAY, BAD, version(BAD, 1), 1)
    assert blame.rejected(GATEWAY, {BAD}, "no")[BAD].fallback is None


def test_an_older_acceptance_proves_nothing_newer() -> None:
    blame = Blame()
    blame.changed(GATEWAY, BAD, version(BAD, 1), 7)
    blame.delivered(GATEWAY, 6)
    assert list(blame.rejected(GATEWAY, {BAD}, "no")) == [BAD]
