"""What is rendered for a route that shares its answers with pages of other origins?"""

from __future__ import annotations

import pytest
import re2

from torana.envoy.filters.cors import NAME, preflights, render_cors
from torana.envoy.names import INVALID_CLUSTER
from torana.envoy.route import render_route
from torana.proxy.action import Backend, Forward, Respond
from torana.proxy.cors import Cors
from torana.proxy.match import HeaderMatch, Match, PathMatch
from torana.proxy.route import Route

FORWARD = Forward((Backend("one"),))


def takes(origin: str, asked: str) -> bool:
    """Whether a policy for `origin` is for the page `asked`."""
    (matcher,) = render_cors(Cors(origins=(origin,))).allow_origin_string_match
    return re2.fullmatch(matcher.safe_regex.regex, asked) is not None


@pytest.mark.parametrize(
    ("origin", "asked"),
    [
        ("https://www.foo.com", "https://www.foo.com"),
        ("https://www.foo.com", "https://WWW.foo.com:443"),
        ("https://www.foo.com:443", "https://www.foo.com"),
        ("http://www.foo.com", "http://www.foo.com:80"),
        ("https://*.bar.com", "https://a.b.bar.com"),
        ("https://*:8443", "https://any.where:8443"),
        ("*", "null"),
    ],
)
def test_an_origin_takes(origin: str, asked: str) -> None:
    assert takes(origin, asked)


@pytest.mark.parametrize(
    ("origin", "asked"),
    [
        ("https://www.foo.com", "http://www.foo.com"),
        ("https://www.foo.com", "https://www.foo.com:8443"),
        ("https://www.foo.com", "https://wwwxfoo.com"),
        ("https://www.foo.com", "https://www.foo.com.evil.net"),
        ("https://*.bar.com", "https://bar.com"),
        ("https://*.bar.com", "https://evil.net/.bar.com"),
        ("https://*.bar.com", "https://evil.net:1.bar.com"),
        ("https://*", "http://any.where"),
        ("https://*", "null"),
    ],
)
def test_an_origin_does_not_take(origin: str, asked: str) -> None:
    assert not takes(origin, asked)


def test_preflight_requests_are_taken_before_the_route_by_the_method_they_ask_for() -> None:
    route = Route(
        "r", Match(PathMatch("prefix", "/a"), "PUT", (HeaderMatch("x-v", "2"),)), FORWARD, cors=Cors(origins=("*",))
    )
    asking, itself = render_route(route, "a.test")
    assert [header.name for header in asking.match.headers] == [
        ":method", "origin", "access-control-request-method", "x-v",
    ]  # fmt: skip
    assert asking.match.headers[2].string_match.exact == "PUT"
    assert asking.match.path_separated_prefix == itself.match.path_separated_prefix == "/a"
    assert (asking.route.cluster, itself.route.cluster) == (INVALID_CLUSTER, "one")
    assert NAME in asking.typed_per_filter_config
    assert NAME in itself.typed_per_filter_config


def test_strangers_are_answered_first_unless_everybody_is_known() -> None:
    route = Route("r", Match(), FORWARD, cors=Cors(origins=("https://a.test", "https://b.test")))
    stranger, _, _ = render_route(route, "a.test")
    assert stranger.direct_response.status == 204
    assert [header.invert_match for header in stranger.match.headers] == [False, False, False, True, True]


def test_a_policy_for_nobody_answers_everybody_as_a_stranger() -> None:
    stranger, _, _ = render_route(Route("r", Match(), FORWARD, cors=Cors()), "a.test")
    assert stranger.direct_response.status == 204
    assert len(stranger.match.headers) == 3


def test_a_rule_that_serves_nothing_answers_no_preflight_requests() -> None:
    (only,) = render_route(Route("r", Match(), Respond(500), cors=Cors(origins=("*",))), "a.test")
    assert only.direct_response.status == 500


def test_a_route_without_a_policy_has_no_routes_before_it() -> None:
    (plain,) = render_route(Route("r", Match(), FORWARD), "a.test")
    assert preflights(plain, Route("r", Match(), FORWARD)) == []
