"""What is rendered for a session, where an Envoy need not be asked?"""

from __future__ import annotations

import pytest

from torana.envoy.filters.session import NAME, cookie_path
from torana.envoy.listener import render_bind
from torana.envoy.route import render_route
from torana.proxy.action import Backend, Forward
from torana.proxy.bind import Bind, Chain
from torana.proxy.match import Match, PathMatch
from torana.proxy.route import Host, Route, Table
from torana.proxy.session import Session

SESSION = Session("00000001", "sid")


def routed(*backends: Backend, session: Session | None = SESSION) -> Route:
    return Route("r", Match(), Forward(backends, session=session))


@pytest.mark.parametrize(
    ("kind", "value", "path"),
    [
        ("prefix", "/", "/"),
        ("prefix", "/a/b", "/a/b"),
        ("exact", "/a/b/", "/a/b/"),
        ("exact", "/a;v=1/b", "/"),
        ("exact", "/x/a;v=1/b", "/x"),
        ("regex", "/p1/p2/.*/p3", "/p1/p2"),
        ("regex", "/p1/abc?d", "/p1"),
        ("regex", "/p1/?x", "/"),
        ("regex", "/a|/b", "/"),
        ("regex", "(/a)?/b", "/"),
        ("regex", "[0-9]+", "/"),
    ],
)
def test_a_cookie_is_for_the_longest_literal_path(kind: str, value: str, path: str) -> None:
    assert cookie_path(PathMatch(kind, value)) == path  # type: ignore[arg-type]


def test_a_single_backend_takes_no_route_of_its_own_for_sessions() -> None:
    (route,) = render_route(routed(Backend("one")), "a.test")
    assert NAME in route.typed_per_filter_config


def test_a_single_backend_without_weight_keeps_its_sessions_and_takes_no_new_ones() -> None:
    kept, last = render_route(routed(Backend("one", 0)), "a.test")
    assert kept.route.cluster == "one"
    assert last.direct_response.status == 500


def test_backends_that_keep_sessions_come_before_the_weights() -> None:
    backends = (Backend("one", 0), Backend("two", 1), Backend("", 1), Backend("three", 0, keeps_sessions=False))
    *kept, last = render_route(routed(*backends), "a.test")
    assert [route.route.cluster for route in kept] == ["one", "two"]
    assert [entry.name for entry in last.route.weighted_clusters.clusters][:1] == ["two"]


def test_without_a_session_a_route_is_as_ever() -> None:
    (route,) = render_route(routed(Backend("one"), session=None), "a.test")
    assert not route.typed_per_filter_config
    assert not route.response_headers_to_add
    assert not route.request_headers_to_remove


def test_the_filter_stands_only_in_chains_with_sessions() -> None:
    with_sessions = Host("*", (routed(Backend("one")),)).has_sessions
    without = Host("*", (routed(Backend("one"), session=None),)).has_sessions
    assert (with_sessions, without) == (True, False)
    for has_sessions in (True, False):
        bind = Bind(80, "HTTP", (Chain("c", Table("t", has_sessions=has_sessions)),))
        assert (NAME.encode() in render_bind(bind).body) is has_sessions
