"""How a host becomes a virtual host: a framed piece of a RouteConfiguration, rendered once and joined many times."""

from __future__ import annotations

import msgspec

from torana.envoy import messages as pb
from torana.envoy import wire
from torana.envoy.filters.retry import retry_elsewhere
from torana.envoy.route import direct_response, render_route
from torana.envoy.tree import render_tree, suits_tree
from torana.proxy.limits import TREES_ABOVE
from torana.proxy.route import Host

_VIRTUAL_HOSTS = 2
"""Field number of `RouteConfiguration.virtual_hosts`."""

_ROUTES = 3
"""Field number of `VirtualHost.routes`."""


class RenderOptions(msgspec.Struct, frozen=True):
    """When the less travelled features of Envoy are used."""

    trees_above: int = TREES_ABOVE
    """A host with more routes than this becomes a prefix tree."""


_NOT_FOUND = pb.Route(name="not-found", match=pb.RouteMatch(prefix=""), direct_response=direct_response(404))
"""Ends the search within a host.

Without it the scope fallback of a sharded table could not tell a host without a matching route from an unknown host,
and would hand the request to a wildcard host.
"""

_LAST_ROUTE = wire.field(_ROUTES, _NOT_FOUND.SerializeToString())

_DEFAULT_OPTIONS = RenderOptions()
_RETRY_ELSEWHERE = retry_elsewhere()


def render_host(host: Host, options: RenderOptions = _DEFAULT_OPTIONS) -> bytes:
    """The virtual host, framed as an entry of `RouteConfiguration.virtual_hosts`."""
    message = pb.VirtualHost(name=host.domain, domains=[host.domain], retry_policy=_RETRY_ELSEWHERE)
    rendered = [render_route(route, host.domain) for route in host.routes]
    if suits_tree(host.routes, options.trees_above):
        message.matcher.CopyFrom(render_tree(host.routes, rendered, [_NOT_FOUND]))
        return wire.field(_VIRTUAL_HOSTS, message.SerializeToString(deterministic=True))
    for routes in rendered:
        message.routes.extend(routes)
    return wire.field(_VIRTUAL_HOSTS, message.SerializeToString(deterministic=True) + _LAST_ROUTE)
