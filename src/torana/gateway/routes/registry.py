"""Which kinds of routes are served. A new kind is a file here with its compile function, and a line below.

Sources, watches, statuses and what a listener takes follow from this list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from torana.api.grpc_route import GRPC_ROUTE
from torana.api.http_route import HTTP_ROUTE
from torana.api.kind import Kind
from torana.api.tcp_route import TCP_ROUTE
from torana.api.tls_route import TLS_ROUTE
from torana.api.udp_route import UDP_ROUTE
from torana.gateway.backends import Resolve, Speech
from torana.gateway.routes import grpc, http, stream
from torana.gateway.routes.compiled import CompiledRoute
from torana.gateway.routes.key import RouteKey


class RouteKind(msgspec.Struct, frozen=True):
    """A kind of route. `protocols` are those of the listeners that carry it."""

    api: Kind
    protocols: tuple[str, ...]
    speech: Speech
    compile: Callable[[Any, Resolve], CompiledRoute]
    features: tuple[str, ...]

    failure: int | None = None
    """Status for requests that cannot be served; None where there are no requests."""

    @property
    def name(self) -> str:
        return self.api.kind


ROUTE_KINDS: dict[str, RouteKind] = {
    one.name: one
    for one in (
        RouteKind(HTTP_ROUTE, ("HTTP", "HTTPS"), "http", http.compile_route, http.FEATURES, http.FAILURE),
        RouteKind(GRPC_ROUTE, ("HTTP", "HTTPS"), "grpc", grpc.compile_route, grpc.FEATURES, grpc.UNAVAILABLE),
        RouteKind(TLS_ROUTE, ("TLS",), "tcp", stream.compile_route, stream.TLS_FEATURES),
        RouteKind(TCP_ROUTE, ("TCP",), "tcp", stream.compile_route, ("TCPRoute",)),
        RouteKind(UDP_ROUTE, ("UDP",), "udp", stream.compile_route, ("UDPRoute",)),
    )
}

PROTOCOLS: tuple[str, ...] = tuple(
    dict.fromkeys(protocol for kind in ROUTE_KINDS.values() for protocol in kind.protocols)
)
"""Protocols of listeners that are served."""


def speaks_http(route: RouteKey) -> bool:
    """Whether the route's listeners have hosts and route tables."""
    return "HTTP" in ROUTE_KINDS[route.kind].protocols


def kinds_for(protocol: str) -> tuple[str, ...]:
    """The route kinds (of the Gateway API's group) that a listener of this protocol carries; none: not served."""
    return tuple(kind.name for kind in ROUTE_KINDS.values() if protocol in kind.protocols)
