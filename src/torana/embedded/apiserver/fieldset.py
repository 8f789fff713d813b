"""How are sets of field paths joined, subtracted and shown? They are kept in the form the API carries them (FieldsV1).

A set is a tree of dicts: `{"f:spec": {"f:listeners": {'k:{"name":"a"}': {".": {}, "f:port": {}}}}}`. An empty dict is a
path that is in the set; a dict with children is in the set itself only if it says so with `"."`. The root stands for
the object and is never in the set, so the empty set is `{}`. Trees are never changed once made: results share branches.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson

Tree = dict[str, Any]

MEMBER: Tree = {}
"""A path that is in the set and has nothing below it."""


def node(children: Tree, *, member: bool) -> Tree | None:
    """The tree of a path with these children; None when nothing is left of it."""
    if not children:
        return MEMBER if member else None
    return {".": MEMBER, **children} if member else children


def is_member(tree: Tree) -> bool:
    return not tree or "." in tree


def union(one: Tree, other: Tree) -> Tree:
    """Paths in either set."""
    if not one or one is other:
        return other
    if not other:
        return one
    joined = dict(one)
    for key, tree in other.items():
        mine = joined.get(key)
        joined[key] = tree if mine is None else _union_nodes(mine, tree)
    return joined


def _union_nodes(one: Tree, other: Tree) -> Tree:
    if one is other or one == other:
        return one
    children = union(_children(one), _children(other))
    return node(children, member=is_member(one) or is_member(other)) or MEMBER


def _children(tree: Tree) -> Tree:
    return {key: child for key, child in tree.items() if key != "."} if "." in tree else tree


def difference(one: Tree, other: Tree) -> Tree:
    """Paths in the one set that are not in the other. Paths below those of the other stay."""
    if not one or not other:
        return one
    left: Tree = {}
    for key, tree in one.items():
        taken = other.get(key)
        rest = tree if taken is None else _difference_nodes(tree, taken)
        if rest is not None:
            left[key] = rest
    return left


def _difference_nodes(one: Tree, other: Tree) -> Tree | None:
    children = difference(_children(one), _children(other))
    return node(children, member=is_member(one) and not is_member(other))


def intersection(one: Tree, other: Tree) -> Tree:
    """Paths in both sets."""
    if not one or not other:
        return {}
    shared: Tree = {}
    for key, tree in one.items():
        if (theirs := other.get(key)) is not None and (both := _intersection_nodes(tree, theirs)) is not None:
            shared[key] = both
    return shared


def _intersection_nodes(one: Tree, other: Tree) -> Tree | None:
    children = intersection(_children(one), _children(other))
    return node(children, member=is_member(one) and is_member(other))


def paths(tree: Tree, prefix: str = "") -> Iterator[str]:
    """The set's paths as conflict messages show them, in order: `.spec.listeners[name="http"].port`."""
    for key in sorted(tree):
        if key == ".":
            continue
        path = prefix + element_text(key)
        child = tree[key]
        if is_member(child):
            yield path
        yield from paths(child, path)


def element_text(key: str) -> str:
    """One element of a path as people read it."""
    kind, text = key[0], key[2:]
    if kind == "f":
        return f".{text}"
    if kind == "k":
        keys = json.loads(text)
        return "[" + ",".join(f"{name}={json.dumps(keys[name], ensure_ascii=False)}" for name in sorted(keys)) + "]"
    return f"[={text}]" if kind == "v" else f"[{text}]"


def value_key(value: Any) -> str:
    """The element for an item of a set list."""
    return "v:" + orjson.dumps(value).decode()


def item_key(keys: dict[str, Any]) -> str:
    """The element for an item of a map list with these key fields."""
    return "k:" + orjson.dumps(keys, option=orjson.OPT_SORT_KEYS).decode()


def is_valid(tree: Any) -> bool:
    """Whether somebody's FieldsV1 is a set at all."""
    if not isinstance(tree, dict):
        return False
    return all(
        (key == "." and child == {}) or (key[:2] in ("f:", "k:", "v:", "i:") and is_valid(child))
        for key, child in tree.items()
    )
