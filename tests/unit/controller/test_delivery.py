"""Reports are told when they are true: after every connected proxy accepted what they follow from."""

from __future__ import annotations

from torana.api.kind import Ref
from torana.controller.delivery import Deliveries

GATEWAY = Ref("default", "gw")
OTHER = Ref("default", "other")


def test_a_report_waits_for_all_connected_proxies() -> None:
    book = Deliveries()
    book.offered(GATEWAY, 1)
    book.connected(GATEWAY, "a")
    book.connected(GATEWAY, "b")
    assert book.hold("route", "accepted", [GATEWAY]) == []
    assert book.delivered(GATEWAY, "a", 1) == []
    assert book.delivered(GATEWAY, "b", 1) == [("route", "accepted")]


def test_without_a_connected_proxy_nothing_is_held_back() -> None:
    book = Deliveries()
    book.offered(GATEWAY, 1)
    assert book.hold("route", "accepted", [GATEWAY]) == [("route", "accepted")]


def test_a_newer_report_replaces_the_held_one() -> None:
    book = Deliveries()
    book.offered(GATEWAY, 1)
    book.connected(GATEWAY, "a")
    book.hold("route", "first", [GATEWAY])
    book.offered(GATEWAY, 2)
    book.hold("route", "second", [GATEWAY])
    assert book.delivered(GATEWAY, "a", 1) == []
    assert book.delivered(GATEWAY, "a", 2) == [("route", "second")]


def test_late_word_of_an_earlier_revision_takes_nothing_back() -> None:
    book = Deliveries()
    book.connected(GATEWAY, "a")
    book.offered(GATEWAY, 2)
    book.delivered(GATEWAY, "a", 2)
    book.delivered(GATEWAY, "a", 1)
    assert book.hold("route", "accepted", [GATEWAY]) == [("route", "accepted")]


def test_a_report_about_two_gateways_waits_for_both() -> None:
    book = Deliveries()
    for gateway in (GATEWAY, OTHER):
        book.offered(gateway, 1)
        book.connected(gateway, "a")
    book.hold("route", "accepted", [GATEWAY, OTHER])
    assert book.delivered(GATEWAY, "a", 1) == []
    assert book.delivered(OTHER, "a", 1) == [("route", "accepted")]


def test_a_proxy_that_leaves_holds_nothing_back() -> None:
    book = Deliveries()
    book.offered(GATEWAY, 1)
    book.connected(GATEWAY, "a")
    book.hold("route", "accepted", [GATEWAY])
    assert book.disconnected(GATEWAY, "a") == [("route", "accepted")]
    assert not book.is_serving(GATEWAY)


def test_a_gateway_that_is_gone_holds_nothing_back() -> None:
    book = Deliveries()
    book.offered(GATEWAY, 1)
    book.connected(GATEWAY, "a")
    book.hold("route", "accepted", [GATEWAY])
    assert book.forget(GATEWAY) == [("route", "accepted")]


def test_what_all_accepted_is_what_the_slowest_accepted() -> None:
    book = Deliveries()
    book.offered(GATEWAY, 3)
    assert book.accepted_by_all(GATEWAY) == -1
    book.connected(GATEWAY, "a")
    book.connected(GATEWAY, "b")
    book.delivered(GATEWAY, "a", 3)
    assert book.accepted_by_all(GATEWAY) == -1
    book.delivered(GATEWAY, "b", 2)
    assert book.accepted_by_all(GATEWAY) == 2


def test_a_report_waits_for_the_first_proxy_that_is_expected() -> None:
    book = Deliveries()
    book.offered(GATEWAY, 1)
    book.expect(GATEWAY)
    assert book.hold("route", "accepted", [GATEWAY]) == []
    book.connected(GATEWAY, "a")
    assert book.delivered(GATEWAY, "a", 1) == [("route", "accepted")]


def test_a_proxy_that_never_comes_is_not_waited_for_longer_than_is_good() -> None:
    book = Deliveries()
    book.offered(GATEWAY, 1)
    book.expect(GATEWAY)
    book.hold("route", "accepted", [GATEWAY])
    assert book.give_up(GATEWAY) == [("route", "accepted")]


def test_what_claims_nothing_waits_for_connected_proxies_alone() -> None:
    book = Deliveries()
    book.offered(GATEWAY, 1)
    book.expect(GATEWAY)
    assert book.hold("gw", "not programmed", [GATEWAY], waits_for_first=False) == [("gw", "not programmed")]
    book.connected(GATEWAY, "a")
    book.offered(GATEWAY, 2)
    assert book.hold("gw", "closed", [GATEWAY], waits_for_first=False) == []
    assert book.delivered(GATEWAY, "a", 2) == [("gw", "closed")]
