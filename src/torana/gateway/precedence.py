"""In which order matches are tried when several could take a request.

Specification (HTTPRouteRule.matches), across all rules of all routes on a hostname: Exact path, then longest prefix,
then method, then number of header matches, then number of query matches; ties go to the oldest route, then to
`namespace/name`, then to the first rule. RegularExpression paths are ours to place: after Exact, before prefixes,
longer expressions first, since somebody who writes one means something narrower than a prefix.
"""

from __future__ import annotations

from torana.api.kind import Ref
from torana.proxy.match import Match

_PATH_RANK = {"exact": 0, "regex": 1, "prefix": 2}

Order = tuple[int, int, bool, int, int, str, str, int, int]


def order(match: Match, created: str, route: Ref, rule: int, position: int) -> Order:
    """Sort key: smaller is tried first. `created` is the route's RFC 3339 creation time (seconds, UTC, so it sorts)."""
    return (
        _PATH_RANK[match.path.type],
        -len(match.path.value),
        not match.method,
        -len(match.headers),
        -len(match.query),
        created,
        f"{route.namespace}/{route.name}",
        rule,
        position,
    )
