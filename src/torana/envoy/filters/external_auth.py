"""How external authorization becomes an ext_authz filter of the route's own.

Envoy's per-route settings for ext_authz cannot say which headers are shown. So what stands in the chain is an empty
composite, and a route puts into it an ext_authz filter with all of its settings (seen on 1.40). A route whose filter
Envoy cannot make is refused as a whole, so no request gets past it.
"""

from __future__ import annotations

from collections.abc import Iterable

from torana.envoy import messages as pb
from torana.proxy.action import Forward
from torana.proxy.external_auth import ExternalAuth
from torana.proxy.route import Route

NAME = "torana.external_auth"
_LONGEST_MS = 10_000
"""How long the service may take when the rule has no tighter limit; Envoy's own 200 ms is nobody's wish."""

_OF_THE_ANSWER_ITSELF = (
    "connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade"
    "|content-length|content-type|content-encoding"
)
"""Headers that describe the service's answer, its framing or its body. On the request they would be lies."""


def chain_filter() -> pb.Any:
    """An empty composite: it lets everything pass that no route has a say in."""
    with_matcher = pb.ExtensionWithMatcher()
    with_matcher.xds_matcher.SetInParent()
    with_matcher.extension_config.name = "composite"
    with_matcher.extension_config.typed_config.CopyFrom(pb.packed(pb.Composite()))
    return pb.packed(with_matcher)


def route_config(route: Route) -> pb.Any | None:
    """Every request of the route goes through a filter of its own."""
    if route.external_auth is None:
        return None
    run = pb.ExecuteFilterAction()
    run.typed_config.name = "ext_authz"
    run.typed_config.typed_config.CopyFrom(pb.packed(render_external_auth(route.external_auth, _limit_ms(route))))
    per_route = pb.ExtensionWithMatcherPerRoute()
    always = per_route.xds_matcher.on_no_match.action
    always.name = "ask"
    always.typed_config.CopyFrom(pb.packed(run))
    return pb.packed(per_route)


def render_external_auth(auth: ExternalAuth, limit_ms: int) -> pb.ExtAuthz:
    """The filter. It refuses with 403 when the service cannot be reached, fails, or takes too long."""
    message = pb.ExtAuthz(
        transport_api_version="V3", failure_mode_allow=False, status_on_error={"code": 403}, validate_mutations=True
    )
    if auth.request_headers:
        message.allowed_headers.CopyFrom(_named(auth.request_headers))
    if auth.max_body_bytes:
        message.with_request_body.max_request_bytes = auth.max_body_bytes
    if auth.protocol == "grpc":
        message.grpc_service.envoy_grpc.cluster_name = auth.cluster
        message.grpc_service.envoy_grpc.authority = auth.authority
        message.grpc_service.timeout.CopyFrom(pb.duration_ms(limit_ms))
        return message
    http = message.http_service
    http.server_uri.uri = f"http://{auth.authority}"
    http.server_uri.cluster = auth.cluster
    http.server_uri.timeout.CopyFrom(pb.duration_ms(limit_ms))
    http.path_prefix = auth.path_prefix
    http.authorization_response.allowed_upstream_headers.CopyFrom(_copied(auth.response_headers))
    # With any rule here, Envoy also keeps Host, pseudo headers and its own from being changed.
    message.decoder_header_mutation_rules.disallow_expression.regex = f"(?i)({_OF_THE_ANSWER_ITSELF})"
    return message


def _limit_ms(route: Route) -> int:
    """The client's whole wait is limited, and asking is part of it."""
    limit = route.action.request_timeout_ms if isinstance(route.action, Forward) else 0
    return min(limit or _LONGEST_MS, _LONGEST_MS)


def _named(names: Iterable[str]) -> pb.ListStringMatcher:
    return pb.ListStringMatcher(patterns=[pb.StringMatcher(exact=name, ignore_case=True) for name in names])


def _copied(names: tuple[str, ...]) -> pb.ListStringMatcher:
    if names:
        return _named(names)
    return pb.ListStringMatcher(patterns=[pb.StringMatcher(safe_regex=pb.RegexMatcher(regex=".*"))])
