"""How a host with many routes becomes a prefix tree, in which finding the route takes constant time.

Envoy looks up the longest raw prefix of the path (query included) among the tree's keys and then tries only the routes
in that leaf. A leaf that matched ends the search, there is no way back to a shorter key. So a leaf lists, in the order
of the host, every route that may still match: its own and those of every shorter path up to `/`. The precise test is
always the route's own; the tree only narrows the choice. Seen on Envoy 1.40.
"""

from __future__ import annotations

from collections.abc import Sequence

from torana.envoy import messages as pb
from torana.proxy.match import Match
from torana.proxy.route import Route

_MOST_REGEX_ROUTES = 8
"""Regular expressions stand in every leaf; with more of them the plain list is smaller and as fast."""


def suits_tree(routes: Sequence[Route], above: int) -> bool:
    """More routes than `above`, and few of them, but not all, without a literal path."""
    if len(routes) <= above:
        return False
    expressions = sum(route.match.path.type == "regex" for route in routes)
    return expressions <= _MOST_REGEX_ROUTES and expressions < len(routes)


def leaves(routes: Sequence[Route]) -> dict[str, list[int]]:
    """For every path value the indexes of the routes that can match when it is the longest known prefix, in order.

    The key "" holds the routes for requests that no key takes.
    """
    by_path: dict[str, list[int]] = {}
    anywhere: list[int] = []
    for index, route in enumerate(routes):
        if route.match.path.type == "regex":
            anywhere.append(index)
        else:
            by_path.setdefault(route.match.path.value or "/", []).append(index)
    found = {"": anywhere}
    for key in by_path:
        indexes = list(anywhere)
        for prefix in _ancestors(key):
            indexes += by_path.get(prefix, ())
        found[key] = _reachable(routes, sorted(indexes))
    return found


def render_tree(
    routes: Sequence[Route], rendered: Sequence[list[pb.Route]], otherwise: Sequence[pb.Route]
) -> pb.Matcher:
    """The matcher that decides as the list of `rendered` followed by `otherwise` would."""
    matcher = pb.Matcher()
    tree = matcher.matcher_tree
    tree.input.name = "path"
    tree.input.typed_config.CopyFrom(pb.packed(pb.HttpRequestHeaderMatchInput(header_name=":path")))
    for key, indexes in leaves(routes).items():
        leaf = pb.RouteList(routes=[route for index in indexes for route in rendered[index]])
        leaf.routes.extend(otherwise)
        if not leaf.routes:
            continue
        on_match = tree.prefix_match_map.map[key] if key else matcher.on_no_match
        on_match.action.name = "routes"
        on_match.action.typed_config.CopyFrom(pb.packed(leaf))
    return matcher


def _ancestors(key: str) -> list[str]:
    """The path values that can match a path below `key`: itself and what ends where one of its segments ends."""
    ends = [end for end, character in enumerate(key) if character in "/?" and end > 0]
    # A key with a trailing slash (an Exact path may have one) is itself the last of them.
    return list(dict.fromkeys(["/", *(key[:end] for end in ends), key]))


def _reachable(routes: Sequence[Route], indexes: list[int]) -> list[int]:
    """Cut after the first route that takes every request."""
    for position, index in enumerate(indexes):
        if routes[index].match == Match():
            return indexes[: position + 1]
    return indexes
