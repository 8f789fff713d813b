"""Which field paths does a value have, and which did a change add, modify or remove?

Input is a schema (see `shape.py`) and one or two values; output field sets as in `fieldset.py`. The rules are those of
Kubernetes' structured merge: an applied configuration owns its leaves and list items, a changed object its additions
with the maps around them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from torana.embedded.apiserver.fieldset import MEMBER, Tree, node
from torana.embedded.apiserver.shape import Schema, index_items, is_divided, item_schema, member_schema


class Comparison(NamedTuple):
    """What a change did. No path is in two of the sets."""

    removed: Tree
    modified: Tree
    added: Tree


def field_set(schema: Schema, value: Any) -> Tree:
    """The paths an applied configuration owns."""
    return _applied_children(schema, value)


def _applied_children(schema: Schema, value: Any) -> Tree:
    children: Tree = {}
    if type(value) is dict:
        for name, item in value.items():
            child_schema, declared = member_schema(schema, name)
            if is_divided(child_schema, item):
                tree = node(_applied_children(child_schema, item), member=not declared)
            elif item == [] and child_schema.get("x-kubernetes-list-type") in ("map", "set") and declared:
                continue
            else:
                tree = MEMBER
            if tree is not None:
                children[f"f:{name}"] = tree
        return children
    below = item_schema(schema)
    for element, items in index_items(schema, value).items():
        inside = _applied_children(below, items[0]) if len(items) == 1 and is_divided(below, items[0]) else {}
        children[element] = node(inside, member=True)
    return children


def whole(schema: Schema, value: Any) -> Tree:
    """The tree of a value that came or went as a whole: it and every path below it."""
    return node(whole_children(schema, value), member=True) if is_divided(schema, value) else MEMBER  # type: ignore[return-value]


def whole_children(schema: Schema, value: Any) -> Tree:
    """The paths below a value that came or went as a whole."""
    if type(value) is dict:
        return {f"f:{name}": whole(member_schema(schema, name)[0], item) for name, item in value.items()}
    below = item_schema(schema)
    return {
        element: whole(below, items[0]) if len(items) == 1 else MEMBER
        for element, items in index_items(schema, value).items()
    }


def compare(schema: Schema, old: dict[str, Any], new: dict[str, Any]) -> Comparison:
    """What changed between two objects."""
    removed: Tree = {}
    modified: Tree = {}
    added: Tree = {}
    _compare_members(schema, old, new, removed, modified, added)
    return Comparison(removed, modified, added)


def _compare_members(
    schema: Schema, old: dict[str, Any], new: dict[str, Any], removed: Tree, modified: Tree, added: Tree
) -> None:
    for name, item in new.items():
        if name not in old:
            added[f"f:{name}"] = whole(member_schema(schema, name)[0], item)
        elif old[name] is not item and (old[name] != item or type(old[name]) is not type(item)):
            child = member_schema(schema, name)[0]
            _compare_values(child, old[name], item, f"f:{name}", (removed, modified, added))
    for name, item in old.items():
        if name not in new:
            removed[f"f:{name}"] = whole(member_schema(schema, name)[0], item)


def _compare_values(schema: Schema, old: Any, new: Any, element: str, into: tuple[Tree, Tree, Tree]) -> None:
    """Records how two different values at one path differ; `into`: what is removed, modified and added around them."""
    if type(old) is not type(new) or not (is_divided(schema, old) or is_divided(schema, new)):
        if {type(old), type(new)} <= {dict, list, type(None)} and not old and not new:
            return
        into[1][element] = MEMBER
        return
    inside: tuple[Tree, Tree, Tree] = ({}, {}, {})
    if type(new) is dict:
        _compare_members(schema, old, new, *inside)
    else:
        _compare_items(schema, old, new, inside)
    for tree, found in zip(into, inside, strict=True):
        if found:
            tree[element] = found


def _compare_items(schema: Schema, old: list[Any], new: list[Any], into: tuple[Tree, Tree, Tree]) -> None:
    removed, modified, added = into
    below = item_schema(schema)
    olds, news = index_items(schema, old), index_items(schema, new)
    for element in {**olds, **news}:
        before, after = olds.get(element, []), news.get(element, [])
        if before == after:
            continue
        if len(before) > 1 or len(after) > 1:
            # Items that share their keys are one piece.
            target = modified if before and after else (added if after else removed)
            target[element] = MEMBER
        elif not before:
            added[element] = whole(below, after[0])
        elif not after:
            removed[element] = whole(below, before[0])
        else:
            _compare_values(below, before[0], after[0], element, into)
