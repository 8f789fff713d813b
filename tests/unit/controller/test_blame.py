"""A rejected route table leads to the guilty route, and to no other for long."""

from __future__ import annotations

from typing import Any

from torana.api.kind import Ref
from torana.api.meta import Object, ObjectMeta
from torana.controller.blame import Blame
from torana.gateway.quarantine import Served, served
from torana.gateway.routes.key import RouteKey

GATEWAY = Ref("default", "gw")
GOOD, BAD = RouteKey("HTTPRoute", Ref("default", "good")), RouteKey("HTTPRoute", Ref("default", "bad"))


def version(route: RouteKey, generation: int) -> Any:
    namespace, name = route.ref
    return Object(metadata=ObjectMeta(name=name, namespace=namespace, generation=generation))


def test_the_last_accepted_version_is_the_fallback() -> None:
    blame = Blame()
    blame.changed(GATEWAY, BAD, Served(version(BAD, 1)), 1, 1)
    blame.delivered(GATEWAY, 1)
    blame.changed(GATEWAY, BAD, Served(version(BAD, 2)), 2, 1)
    found = blame.rejected(GATEWAY, {GOOD, BAD}, "too large")
    assert list(found) == [BAD]
    assert (found[BAD].generation, found[BAD].fallback) == (2, version(BAD, 1))


def test_a_route_that_was_never_accepted_has_no_fallback() -> None:
    blame = Blame()
    blame.changed(GATEWAY, BAD, Served(version(BAD, 1)), 1, 1)
    assert blame.rejected(GATEWAY, {BAD}, "no")[BAD].fallback is None


def test_of_several_suspects_each_proves_itself_alone() -> None:
    blame = Blame()
    blame.changed(GATEWAY, GOOD, Served(version(GOOD, 1)), 1, 1)
    blame.changed(GATEWAY, BAD, Served(version(BAD, 1)), 1, 1)
    assert set(blame.rejected(GATEWAY, {GOOD, BAD}, "no")) == {GOOD, BAD}
    first = blame.delivered(GATEWAY, 1)
    assert first in (GOOD, BAD)
    blame.changed(GATEWAY, first, Served(version(first, 1)), 1, 1)
    second = blame.delivered(GATEWAY, 1)
    assert {first, second} == {GOOD, BAD}
    blame.changed(GATEWAY, second, Served(version(second, 1)), 1, 1)
    assert list(blame.rejected(GATEWAY, {GOOD, BAD}, "no")) == [second]
    assert blame.delivered(GATEWAY, 1) is None


def test_a_deleted_route_is_no_fallback_for_its_namesake() -> None:
    blame = Blame()
    blame.changed(GATEWAY, BAD, Served(version(BAD, 5)), 5, 1)
    blame.delivered(GATEWAY, 1)
    blame.gone(BAD)
    blame.changed(GATEWAY, BAD, Served(version(BAD, 1)), 1, 1)
    assert blame.rejected(GATEWAY, {BAD}, "no")[BAD].fallback is None


def test_an_older_acceptance_proves_nothing_newer() -> None:
    blame = Blame()
    blame.changed(GATEWAY, BAD, Served(version(BAD, 1)), 1, 7)
    blame.delivered(GATEWAY, 6)
    assert list(blame.rejected(GATEWAY, {BAD}, "no")) == [BAD]


def test_without_a_fallback_the_requests_get_an_error_and_if_that_is_rejected_too_nothing_is_served() -> None:
    blame = Blame()
    bad = version(BAD, 3)
    blame.changed(GATEWAY, BAD, Served(bad), 3, 1)
    first = blame.rejected(GATEWAY, {BAD}, "no")[BAD]
    shut = served(bad, first)
    assert shut == Served(bad, is_shut=True)
    blame.changed(GATEWAY, BAD, shut, 3, 2)
    assert served(bad, blame.rejected(GATEWAY, {BAD}, "no")[BAD]) is None


def test_errors_in_place_of_a_version_do_not_prove_it() -> None:
    blame = Blame()
    blame.changed(GATEWAY, BAD, Served(version(BAD, 1), is_shut=True), 1, 1)
    blame.delivered(GATEWAY, 1)
    blame.changed(GATEWAY, BAD, Served(version(BAD, 2)), 2, 2)
    assert blame.rejected(GATEWAY, {BAD}, "no")[BAD].fallback is None


def test_a_version_that_was_never_accepted_is_not_proven_by_the_one_served_in_its_place() -> None:
    blame = Blame()
    blame.changed(GATEWAY, BAD, Served(version(BAD, 1)), 1, 1)
    blame.delivered(GATEWAY, 1)
    for generation in (2, 3):
        bad = version(BAD, generation)
        blame.changed(GATEWAY, BAD, Served(bad), generation, generation)
        quarantine = blame.rejected(GATEWAY, {BAD}, "no")[BAD]
        assert quarantine.fallback == version(BAD, 1)
        blame.changed(GATEWAY, BAD, served(bad, quarantine), generation, generation)
        blame.delivered(GATEWAY, generation)


def test_whoever_was_accepted_as_it_is_now_is_accused_last() -> None:
    blame = Blame()
    blame.presume(GOOD, version(GOOD, 1))
    blame.changed(GATEWAY, GOOD, Served(version(GOOD, 1)), 1, 1)
    blame.changed(GATEWAY, BAD, Served(version(BAD, 1)), 1, 1)
    assert list(blame.rejected(GATEWAY, {GOOD, BAD}, "no")) == [BAD]
    again = blame.rejected(GATEWAY, {GOOD, BAD}, "no")
    assert list(again) == [GOOD]
    assert again[GOOD].fallback is None, "it is what was rejected"


def test_a_version_that_was_lost_with_a_restart_leaves_wide_errors_until_one_is_accepted() -> None:
    blame = Blame()
    bad = version(BAD, 3)
    blame.presume(BAD, None)
    blame.changed(GATEWAY, BAD, Served(bad), 3, 1)
    quarantine = blame.rejected(GATEWAY, {BAD}, "no")[BAD]
    assert served(bad, quarantine) == Served(bad, is_shut=True, is_wide=True)
    blame.changed(GATEWAY, BAD, Served(version(BAD, 4)), 4, 2)
    blame.delivered(GATEWAY, 2)
    blame.changed(GATEWAY, BAD, Served(version(BAD, 5)), 5, 3)
    assert blame.rejected(GATEWAY, {BAD}, "no")[BAD].fallback == version(BAD, 4)
