"""Which routes stand in which leaf of a prefix tree?"""

from __future__ import annotations

from torana.envoy.tree import leaves, suits_tree
from torana.proxy.action import Respond
from torana.proxy.match import HeaderMatch, Match, PathMatch
from torana.proxy.route import Route


def route(text: str, *headers: str) -> Route:
    """`=/a` is exact, `~/a.*` a regular expression, `/a` a prefix."""
    kinds = {"=": "exact", "~": "regex"}
    path = PathMatch(kinds.get(text[0], "prefix"), text.lstrip("=~"))  # type: ignore[arg-type]
    return Route(text, Match(path, headers=tuple(HeaderMatch(name, "1") for name in headers)), Respond(200))


def tree(*texts: str) -> dict[str, list[str]]:
    return {key: [texts[index] for index in indexes] for key, indexes in leaves([route(t) for t in texts]).items()}


def test_a_leaf_holds_its_own_routes_and_those_of_shorter_paths_in_the_order_of_the_host() -> None:
    assert tree("=/a/b", "/a/b", "/a", "/")["/a/b"] == ["=/a/b", "/a/b", "/a", "/"]


def test_a_path_that_ends_within_a_segment_is_no_ancestor() -> None:
    assert tree("/abc", "/ab", "/")["/abc"] == ["/abc", "/"]


def test_a_trailing_slash_makes_a_leaf_of_its_own_below_the_same_prefix() -> None:
    found = tree("=/a/", "=/a", "/a")
    assert found["/a/"] == ["=/a/", "=/a", "/a"]
    assert found["/a"] == ["=/a", "/a"]


def test_regular_expressions_stand_in_every_leaf_at_their_place_and_where_no_key_matches() -> None:
    found = tree("=/a", "~/[a-z]+", "/")
    assert found == {"": ["~/[a-z]+"], "/a": ["=/a", "~/[a-z]+", "/"], "/": ["~/[a-z]+", "/"]}


def test_nothing_follows_a_route_that_takes_everything() -> None:
    assert tree("/", "~/x")["/"] == ["/"]


def test_a_conditional_root_does_not_end_the_list() -> None:
    routes = [route("/", "x-a"), route("/")]
    assert leaves(routes)["/"] == [0, 1]


def test_few_routes_and_many_expressions_stay_a_list() -> None:
    assert not suits_tree([route("/a")] * 30, 30)
    assert suits_tree([route("/a")] * 31, 30)
    assert not suits_tree([route("~/a")] * 31, 30)
    assert suits_tree([route("/a")], 0)


def test_a_leaf_of_a_large_host_stays_small() -> None:
    routes = [route(f"/s{number}") for number in range(2000)] + [route("/")]
    assert max(len(indexes) for indexes in leaves(routes).values()) == 2


def test_without_a_literal_path_there_is_nothing_to_make_a_tree_of() -> None:
    assert not suits_tree([route("~/a.*"), route("~/b.*")], 1)
    assert suits_tree([route("~/a.*"), route("/b")], 1)
