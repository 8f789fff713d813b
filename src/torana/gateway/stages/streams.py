"""Stage 3, for what is not HTTP: which route has the bytes of a listener and server name.

Several routes may be attached to one place, only the oldest is served; of equals the first by "namespace/name".
Specification: TLSRoute, TCPRoute, UDPRoute.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway.hosts import is_owner
from torana.gateway.listeners import ListenerKey
from torana.gateway.routes.compiled import StreamShare
from torana.gateway.routes.key import RouteKey
from torana.gateway.routes.registry import speaks_http
from torana.gateway.stages.hosts import neighbours_of
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.routes import Routes
from torana.proxy.bind import Share


class Place(NamedTuple):
    """A listener and a server name ("" is any): what one route can have."""

    listener: ListenerKey
    hostname: str


class Stream(msgspec.Struct, frozen=True, gc=False):
    """The route that has a place, and where its bytes go."""

    route: RouteKey
    shares: tuple[Share, ...] = ()


class Streams:
    """Claims are keyed by (Place, RouteKey), streams by Place."""

    def __init__(self, engine: Engine, listeners: Listeners, routes: Routes) -> None:
        self.listeners, self.routes = listeners, routes
        self.claims = engine.derive(
            "stream_claims", routes.attachments, self._claim, {"place": lambda key, created: [key[0]]}
        )
        self.streams = engine.map(
            "streams", self.claims.index("place"), self._stream, {"listener": lambda key, one: [key.listener]}
        )

    def _claim(self, key: Any, hostnames: tuple[str, ...], look: Look) -> dict[Any, str]:
        """The places that a route asks for, and since when: those that belong to its listener."""
        listener, route = key
        if speaks_http(route):
            return {}
        shape = look.get(self.listeners.serving, listener)
        spec = look.get(self.routes.specs, route)
        if shape is None or spec is None:
            return {}
        neighbours = neighbours_of(shape, self.listeners, look)
        return {
            (Place(listener, name), route): spec.metadata.creation_timestamp
            for name in hostnames
            if is_owner(shape, name, neighbours)
        }

    def _stream(self, key: Place, group: None, look: Look) -> Stream:
        claims = look.list(self.claims.index("place"), key)
        _, _, route = min((created, str(claim[1].ref), claim[1]) for claim, created in claims)
        compiled = look.get(self.routes.compiled, route)
        shape = look.get(self.listeners.serving, key.listener)
        passes_on = shape is not None and shape.passes_on
        return Stream(route, tuple(_share(one, passes_on) for one in compiled.shares) if compiled is not None else ())


def _share(one: StreamShare, passes_on: bool) -> Share:
    if one.cluster is None:
        return Share("", one.weight)
    return Share((one.cluster.passed_on if passes_on else one.cluster).name, one.weight)
