"""What is rendered for one route, where an Envoy need not be asked?"""

from __future__ import annotations

import pytest

from torana.envoy import messages as pb
from torana.envoy.filters.header_edits import in_sequence
from torana.envoy.filters.redirect import render_redirect, stray_port
from torana.envoy.fractions import fraction
from torana.envoy.route import render_route
from torana.proxy.action import Action, Backend, Forward, HeaderEdit, Mirror, Redirect, Retry
from torana.proxy.match import HeaderMatch, Match
from torana.proxy.route import Route


def rendered(action: Action, match: Match = Match()) -> pb.Route:  # noqa: B008
    (route,) = render_route(Route("r", match, action), "a.test")
    return route


def test_the_limit_of_fifteen_seconds_does_not_leak_in() -> None:
    timeout = rendered(Forward((Backend("one"),))).route.timeout
    assert (timeout.seconds, timeout.nanos) == (0, 0)
    assert rendered(Forward((Backend("one"),))).route.HasField("timeout")


def test_a_limit_per_try_needs_a_policy_only_with_more_than_one_try() -> None:
    single = rendered(Forward((Backend("one"),), request_timeout_ms=1500, attempt_timeout_ms=250)).route
    assert (single.timeout.ToMilliseconds(), single.HasField("retry_policy")) == (250, False)
    several = Forward((Backend("one"),), request_timeout_ms=1500, attempt_timeout_ms=250, retry=Retry(2, (503,), 10))
    route = rendered(several).route
    assert route.timeout.ToMilliseconds() == 1500
    assert route.retry_policy.per_try_timeout.ToMilliseconds() == 250
    assert route.retry_policy.num_retries.value == 2
    assert list(route.retry_policy.retriable_status_codes) == [503]


def test_a_single_plain_backend_is_a_plain_cluster() -> None:
    assert rendered(Forward((Backend("one", 7), Backend("two", 0)))).route.cluster == "one"


def test_a_mirror_of_nothing_is_left_out() -> None:
    action = Forward((Backend("one"),), mirrors=(Mirror("two", 0), Mirror("three", 1, 3)))
    (policy,) = rendered(action).route.request_mirror_policies
    assert policy.cluster == "three"
    assert policy.runtime_fraction.default_value.numerator == 333_333
    assert policy.disable_shadow_host_suffix_append


@pytest.mark.parametrize(
    ("share", "expected"),
    [((1, 2), (50, "HUNDRED")), ((1, 400), (25, "TEN_THOUSAND")), ((1, 3), (333_333, "MILLION")),
     ((2, 3), (666_667, "MILLION")), ((5, 4), (100, "HUNDRED"))],
)  # fmt: skip
def test_shares_are_exact_where_envoy_can(share: tuple[int, int], expected: tuple[int, str]) -> None:
    found = fraction(*share)
    assert (found.numerator, pb.FractionalPercent.DenominatorType.Name(found.denominator)) == expected


def test_a_match_on_the_host_header_looks_at_the_authority() -> None:
    match = rendered(Redirect(), Match(headers=(HeaderMatch("Host", "x"),))).match
    assert match.headers[0].name == ":authority"


def test_a_redirect_on_an_exact_host_names_it_and_so_leaves_out_the_port() -> None:
    assert render_redirect(Redirect(scheme="https"), "a.test").host_redirect == "a.test"
    assert render_redirect(Redirect(scheme="https"), "*.test").host_redirect == ""
    assert stray_port(Redirect(scheme="https"), "*.test") == 443
    assert stray_port(Redirect(scheme="https"), "a.test") == 0


def test_on_a_wildcard_host_requests_with_a_port_take_a_route_whose_location_leaves_it_out() -> None:
    with_port, plain = render_route(Route("r", Match(), Redirect(scheme="https")), "*.test")
    assert with_port.match.headers[0].string_match.safe_regex.regex == ".*:[0-9]*"
    assert (with_port.redirect.port_redirect, plain.redirect.port_redirect) == (443, 0)
    assert [one.header.key for one in with_port.response_headers_to_add] == ["location"]
    assert not plain.response_headers_to_add


def test_one_edit_after_another_is_one_edit_in_which_the_latter_wins() -> None:
    first = HeaderEdit(set=(("A", "1"), ("b", "1")), add=(("c", "1"), ("d", "1")), remove=("e",))
    then = HeaderEdit(set=(("a", "2"), ("e", "2")), add=(("b", "2"), ("C", "2")), remove=("D",))
    assert in_sequence(first, then) == HeaderEdit(
        set=(("b", "1"), ("a", "2"), ("e", "2")),
        add=(("c", "1"), ("b", "2"), ("C", "2")),
        remove=("e", "D"),
    )
    assert in_sequence(first, None) is first
    assert in_sequence(None, then) is then
