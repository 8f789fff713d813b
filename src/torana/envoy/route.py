"""How a route becomes Envoy routes: usually one, more where Envoy decides by random share or by the Host's port."""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.envoy.filters import on_demand
from torana.envoy.filters.cors import preflights
from torana.envoy.filters.header_edits import apply_edits
from torana.envoy.filters.redirect import render_redirect, stray_port, without_port
from torana.envoy.forward import render_forward
from torana.envoy.match import render_match
from torana.proxy.action import Forward, Redirect, Respond
from torana.proxy.route import Route

_HOST_WITH_PORT = ".*:[0-9]*"


def render_route(route: Route, domain: str) -> list[pb.Route]:
    """The Envoy routes of one route of a host with this domain, in the order in which they are tried."""
    # The name is never empty: the scope fallback asks for it.
    plain = pb.Route(name=route.name or "route", match=render_match(route.match))
    on_demand.enable(plain, route)
    before = preflights(plain, route) if isinstance(route.action, Forward) else []
    return before + _render_action(plain, route, domain)


def _render_action(plain: pb.Route, route: Route, domain: str) -> list[pb.Route]:
    action = route.action
    if isinstance(action, Forward):
        return render_forward(plain, route, action)
    apply_edits(plain, None, route.response_headers)
    if isinstance(action, Respond):
        plain.direct_response.CopyFrom(direct_response(action.status, action.body))
        return [plain]
    return _redirects(plain, action, domain)


def direct_response(status: int, body: str = "") -> pb.DirectResponse:
    """An answer given by Envoy itself."""
    response = pb.DirectResponse(status=status)
    if body:
        response.body.inline_string = body
    return response


def _redirects(plain: pb.Route, redirect: Redirect, domain: str) -> list[pb.Route]:
    plain.redirect.CopyFrom(render_redirect(redirect, domain))
    port = stray_port(redirect, domain)
    if not port:
        return [plain]
    with_port = pb.Route()
    with_port.CopyFrom(plain)
    authority = pb.StringMatcher(safe_regex=pb.RegexMatcher(regex=_HOST_WITH_PORT))
    with_port.match.headers.append(pb.HeaderMatcher(name=":authority", string_match=authority))
    without_port(with_port, port)
    return [with_port, plain]
