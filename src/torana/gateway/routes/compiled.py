"""What compiling a route gives, whatever its kind: what is served, clusters used, and what was wrong."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from torana.gateway.backends import ClusterKey
from torana.gateway.finding import Finding
from torana.gateway.precedence import Order, grpc_rank, rank
from torana.proxy.action import Respond
from torana.proxy.route import Route


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A proxy route and its place among all routes of a host."""

    order: Order
    route: Route
    rule: str = ""
    """What tokens of sessions call the rule."""


class StreamShare(NamedTuple):
    """A share of connections or datagrams; without a cluster it is refused."""

    cluster: ClusterKey | None
    weight: int


class CompiledRoute(msgspec.Struct, frozen=True, gc=False):
    """A route without its listeners. HTTP and gRPC have `entries` for hosts, TLS, TCP and UDP have `shares`.

    `dropped` are findings that made rules unusable (their requests get an error), by rule; `rules` how many there are;
    `unresolved` are references that lead nowhere.
    """

    entries: tuple[Entry, ...] = ()
    clusters: tuple[ClusterKey, ...] = ()
    rules: int = 0
    dropped: tuple[tuple[int, Finding], ...] = ()
    unresolved: tuple[Finding, ...] = ()
    shares: tuple[StreamShare, ...] = ()
    hostnames: tuple[str, ...] = ()
    """Those that the route itself names: which of several routes goes first does not depend on the listener's."""


def shut(route: CompiledRoute, status: int | None, finding: Finding, *, is_wide: bool = False) -> CompiledRoute:
    """The same requests, all answered with an error; without a status, connections and datagrams, all refused.

    `is_wide`: also all that would fit without the regular expressions, behind what fits better.
    """
    rules = max(1, route.rules)
    entries = tuple(msgspec.structs.replace(one, route=_answered(one.route, status or 500)) for one in route.entries)
    return CompiledRoute(
        entries=tuple(_widened(one) for one in entries) if is_wide else entries,
        rules=rules,
        dropped=tuple((rule, finding) for rule in range(rules)),
        unresolved=route.unresolved,
        shares=(StreamShare(None, 1),) if status is None else (),
        hostnames=route.hostnames,
    )


def _answered(route: Route, status: int) -> Route:
    return Route(name=route.name, match=route.match, action=Respond(status), origin=route.origin)


def _widened(entry: Entry) -> Entry:
    match = entry.route.match.plain
    if match == entry.route.match:
        return entry
    _, *others = entry.order
    place = grpc_rank("", "", len(match.headers)) if match.grpc else rank(match)
    route = msgspec.structs.replace(entry.route, match=match)
    return msgspec.structs.replace(entry, order=(place, *others), route=route)
