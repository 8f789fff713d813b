"""What is rendered for a route whose requests wait for the word of a service?"""

from __future__ import annotations

import re2

from torana.envoy import messages as pb
from torana.envoy.filters.external_auth import NAME, render_external_auth, route_config
from torana.envoy.route import render_route
from torana.proxy.action import Backend, Forward, Redirect
from torana.proxy.cors import Cors
from torana.proxy.external_auth import ExternalAuth
from torana.proxy.match import Match
from torana.proxy.route import Route

HTTP = ExternalAuth("shop/door:80", "http", "door.shop")
GRPC = ExternalAuth("shop/door:90/http2", "grpc", "door.shop")
FORWARD = Forward((Backend("one"),), request_timeout_ms=1500)


def unpacked(route: Route) -> pb.ExtAuthz:
    """The filter inside of the composite that a route brings along."""
    packed = route_config(route)
    assert packed is not None
    per_route, run, found = pb.ExtensionWithMatcherPerRoute(), pb.ExecuteFilterAction(), pb.ExtAuthz()
    packed.Unpack(per_route)
    per_route.xds_matcher.on_no_match.action.typed_config.Unpack(run)
    run.typed_config.typed_config.Unpack(found)
    return found


def test_no_setting_lets_a_request_pass_when_the_service_fails() -> None:
    for auth in (HTTP, GRPC):
        rendered = render_external_auth(auth, 1000)
        assert not rendered.failure_mode_allow
        assert not rendered.with_request_body.allow_partial_message
        assert not rendered.HasField("filter_enabled")
        assert rendered.status_on_error.code == 403


def test_every_envoy_route_of_a_guarded_route_is_guarded() -> None:
    weighted = Forward((Backend("one"), Backend("", 1), Backend("two")), invalid_status=502)
    for action in (weighted, Redirect(scheme="https")):
        for route in render_route(Route("r", Match(), action, external_auth=HTTP), "*.test"):
            assert NAME in route.typed_per_filter_config


def test_preflight_requests_are_not_guarded_and_reach_no_backend() -> None:
    route = Route("r", Match(), FORWARD, cors=Cors(origins=("https://a.test",)), external_auth=HTTP)
    *preflights, itself = render_route(route, "a.test")
    assert [NAME in each.typed_per_filter_config for each in preflights] == [False, False]
    assert [each.route.cluster for each in preflights] == ["", "torana.invalid"]
    assert NAME in itself.typed_per_filter_config


def test_asking_may_take_as_long_as_the_request_and_ten_seconds_at_most() -> None:
    forever = Forward((Backend("one"),))
    assert unpacked(Route("r", Match(), FORWARD, external_auth=GRPC)).grpc_service.timeout.ToMilliseconds() == 1500
    assert unpacked(Route("r", Match(), forever, external_auth=GRPC)).grpc_service.timeout.ToMilliseconds() == 10_000
    found = unpacked(Route("r", Match(), forever, external_auth=HTTP))
    assert found.http_service.server_uri.timeout.ToMilliseconds() == 10_000


def test_headers_that_describe_the_answer_itself_are_not_copied() -> None:
    rules = render_external_auth(HTTP, 1).decoder_header_mutation_rules
    pattern = rules.disallow_expression.regex
    assert re2.fullmatch(pattern, "Content-Length")
    assert not re2.fullmatch(pattern, "x-content-length")
    assert not rules.allow_all_routing.value
    assert not render_external_auth(GRPC, 1).HasField("decoder_header_mutation_rules")


def test_a_grpc_service_is_called_by_its_name() -> None:
    assert render_external_auth(GRPC, 1).grpc_service.envoy_grpc.authority == "door.shop"


def test_a_route_without_a_service_brings_nothing_along() -> None:
    assert route_config(Route("r", Match(), FORWARD)) is None
