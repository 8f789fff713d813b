"""In which order matches are tried when several could take a request.

Specification (HTTPRouteRule.matches), across all rules of all routes on a hostname: Exact path, then longest prefix,
then method, then number of header matches, then number of query matches; ties go to the oldest route, then to
`namespace/name`, then to the first rule. RegularExpression paths are ours to place: after Exact, before prefixes,
longer expressions first, since somebody who writes one means something narrower than a prefix.

GRPCRouteRule.matches: most characters of the service, then of the method, then number of header matches; ties alike.
Matches of GRPCRoutes come before those of HTTPRoutes: they take gRPC calls only, and leave the rest.
"""

from __future__ import annotations

from torana.api.kind import Ref
from torana.proxy.match import Match

_GRPC_RANK = -1
_PATH_RANK = {"exact": 0, "regex": 1, "prefix": 2}

Rank = tuple[int, int, int, int, int]
"""How specific a match is; smaller is tried first."""

Order = tuple[Rank, str, str, int, int]


def rank(match: Match) -> Rank:
    """The rank of an HTTPRoute's match."""
    path = match.path
    return (
        _PATH_RANK[path.type], -len(path.value), int(not match.method), -len(match.headers), -len(match.query)
    )  # fmt: skip


def grpc_rank(service: str, method: str, headers: int) -> Rank:
    """The rank of a GRPCRoute's match."""
    return (_GRPC_RANK, -len(service), -len(method), -headers, 0)


def order(rank: Rank, created: str, route: Ref, rule: int, position: int) -> Order:
    """Sort key: smaller is tried first. `created` is the route's RFC 3339 creation time (seconds, UTC, so it sorts)."""
    return (rank, created, f"{route.namespace}/{route.name}", rule, position)
