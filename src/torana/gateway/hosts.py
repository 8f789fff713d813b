"""From attachments to hosts: which routes answer on a hostname of a route table, in which order.

Listener isolation: a request belongs to the most specific listener of its port whose hostname matches, and to no
other. So a hostname that a more specific listener covers is not routed by a wider one, and each listener's own
hostname is a host even without routes (404), which keeps wider ones away. Within a listener, what no rule of the more
specific hostname takes goes on to the rules of wider ones: Envoy knows only one host for a request, so their routes
stand at the end of it. Specification: GatewaySpec.listeners, HTTPRouteSpec.hostnames, HTTPRouteRule.matches.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from torana.api.kind import Ref
from torana.gateway.hostnames import matches, specificity
from torana.gateway.listeners import ListenerKey, ListenerShape
from torana.gateway.routes.compiled import CompiledRoute, Entry
from torana.gateway.routes.key import RouteKey
from torana.proxy.action import Redirect, Respond
from torana.proxy.match import Match
from torana.proxy.route import Host, Route

FEATURES = (
    "GatewayHTTPListenerIsolation",
    "GatewayHTTPSListenerDetectMisdirectedRequests",
)

_DEFAULT_PORT = {"http": 80, "https": 443}


class TableKey(NamedTuple):
    """Identity of a route table among all Gateways."""

    gateway: Ref
    table: str


class HostKey(NamedTuple):
    """Identity of a host: a domain (`*` is any) in a route table."""

    gateway: Ref
    table: str
    domain: str


MISDIRECTED = "misdirected"
"""Stands for the kind of a route where another listener of the port takes the host."""


class PlacementKey(NamedTuple):
    """A route on a host; kind "" is the listener itself, MISDIRECTED another one."""

    host: HostKey
    route: RouteKey


class Placement(msgspec.Struct, frozen=True, gc=False):
    """A route answers on a host, behind this listener."""

    listener: ListenerKey
    port: int
    protocol: str


def is_owner(listener: ListenerShape, hostname: str, neighbours: Iterable[ListenerShape]) -> bool:
    """Whether requests for `hostname` belong to this listener, and not to a more specific one of its route table."""
    mine = specificity(listener.hostname)
    return not any(
        specificity(other.hostname) > mine and matches(other.hostname, hostname)
        for other in neighbours
        if other.key != listener.key
    )


def misdirected(key: HostKey) -> Host:
    """A host that another TLS listener of the port takes: 421 tells the client to open a connection for it.

    Specification: Listener.hostname, RFC 9110 section 15.5.20.
    """
    return Host(key.domain, (Route("misdirected", Match(), Respond(421)),))


def assemble(placed: Iterable[tuple[CompiledRoute, Placement]], hostname: str = "") -> tuple[Route, ...]:
    """The entries of all routes of a host, first match first: of the routes that name the hostname most precisely."""
    entries: list[tuple[tuple[int, int], Entry, Placement]] = []
    for compiled, placement in placed:
        precision = max((specificity(one) for one in compiled.hostnames if matches(one, hostname)), default=(0, 0))
        before = (-precision[0], -precision[1])
        entries += [(before, entry, placement) for entry in compiled.entries]
    entries.sort(key=lambda one: (one[0], one[1].order))
    return tuple(_on_listener(entry.route, placement) for _, entry, placement in entries)


def routes_of(host: Host) -> set[RouteKey]:
    """The routes that have a part in a host."""
    objects = [route.origin.object for route in host.routes if route.origin is not None]
    return {RouteKey(one.kind, Ref(one.namespace, one.name)) for one in objects}


def takes_everything(routes: Iterable[Route]) -> bool:
    """Whether no request gets past these routes."""
    return any(route.match == Match() for route in routes)


def _on_listener(route: Route, placement: Placement) -> Route:
    """Fill in what depends on the listener: a redirect without scheme and port stays on the listener's port.

    A port that the scheme implies is left out. To leave out that of a request's Host, too, the scheme must be known.
    """
    action = route.action
    if not isinstance(action, Redirect):
        return route
    scheme = action.scheme or placement.protocol.lower()
    port = action.port or (0 if action.scheme else placement.port)
    if port in (0, _DEFAULT_PORT.get(scheme)):
        found = msgspec.structs.replace(action, port=0, scheme=action.scheme if action.host else scheme)
    else:
        found = msgspec.structs.replace(action, port=port)
    return msgspec.structs.replace(route, action=found)
