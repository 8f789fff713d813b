"""What is an object with a configuration merged in, and without a set of its fields?

Input is a schema (see `shape.py`) and values; output new values that share unchanged parts with the input.
"""

from __future__ import annotations

from typing import Any

from torana.embedded.apiserver.fieldset import Tree, element_text, is_member, node
from torana.embedded.apiserver.shape import Schema, index_items, is_divided, item_element, item_schema, member_schema


def merge(schema: Schema, live: Any, config: Any) -> Any:
    """The live value with the configuration's fields set. The configuration has passed `check_items`."""
    if type(live) is not type(config) or not (is_divided(schema, live) and is_divided(schema, config)):
        if type(live) is type(config) and not config and is_divided(schema, live):
            return live
        return config
    if type(config) is dict:
        merged = dict(live)
        for name, item in config.items():
            merged[name] = merge(member_schema(schema, name)[0], live[name], item) if name in live else item
        return merged
    return _merge_lists(schema, live, config)


def check_items(schema: Schema, config: Any, path: str = "") -> None:
    """Raises ValueError for a configuration whose list items cannot be told apart, or have no identity."""
    if not is_divided(schema, config):
        return
    if type(config) is dict:
        for name, item in config.items():
            check_items(member_schema(schema, name)[0], item, f"{path}.{name}")
        return
    seen: set[str] = set()
    for index, item in enumerate(config):
        try:
            element = item_element(schema, item)
        except ValueError as error:
            raise ValueError(f"{path}[{index}]: {error}") from None
        if element in seen:
            raise ValueError(f"{path}: duplicate entries for key {element_text(element)}")
        seen.add(element)
        check_items(item_schema(schema), item, path + element_text(element))


def _merge_lists(schema: Schema, live: list[Any], config: list[Any]) -> list[Any]:
    """Shared items in the configuration's order; items of one side only keep their place, the live list's first.

    The order is that of Kubernetes, so that both make the same list of the same history.
    """
    below = item_schema(schema)
    wanted = {item_element(schema, item): item for item in config}
    mine = index_items(schema, live)
    element_of = {id(item): element for element, items in mine.items() for item in items}
    lives = [(element_of[id(item)], item) for item in live]
    configs = list(wanted)
    shared = [element for element in configs if element in mine]
    merged: list[Any] = []
    taken: set[str] = set()

    def take(element: str) -> None:
        olds = mine.get(element, [])
        merged.append(merge(below, olds[0], wanted[element]) if len(olds) == 1 else wanted[element])
        taken.add(element)
        if shared and shared[0] == element:
            del shared[0]

    left = right = 0
    while left < len(lives) or right < len(configs):
        if left < len(lives):
            element, item = lives[left]
            if right < len(configs) and element == configs[right]:
                take(element)
                left, right = left + 1, right + 1
                continue
            if element not in wanted:
                merged.append(item)
                left += 1
                continue
            if element in taken or (right < len(configs) and shared and shared[0] != element):
                # The configuration has put it elsewhere, or will.
                left += 1
                continue
        take(configs[right])
        right += 1
    return merged


def remove(schema: Schema, value: Any, fields: Tree, owned: Tree) -> Any:
    """The value without the paths of the set. What ends empty is gone (None), unless `owned` has it itself."""
    if not is_divided(schema, value):
        return value
    if type(value) is dict:
        kept: dict[str, Any] = {}
        for name, item in value.items():
            child = fields.get(f"f:{name}")
            if child is None:
                kept[name] = item
            elif not is_member(child):
                rest = _rest(member_schema(schema, name)[0], item, child, owned.get(f"f:{name}"))
                if rest is not None:
                    kept[name] = rest
        return kept or None
    return _remove_items(schema, value, fields, owned)


def _rest(schema: Schema, value: Any, fields: Tree, owned: Tree | None) -> Any:
    rest = remove(schema, value, fields, owned or {})
    return type(value)() if rest is None and owned is not None and is_member(owned) else rest


def _remove_items(schema: Schema, value: list[Any], fields: Tree, owned: Tree) -> list[Any] | None:
    below = item_schema(schema)
    kept: list[Any] = []
    for item in value:
        try:
            element = item_element(schema, item)
        except ValueError:
            element = ""
        child = fields.get(element)
        if child is None:
            kept.append(item)
        elif not is_member(child) and (rest := _rest(below, item, child, owned.get(element))) is not None:
            kept.append(rest)
    return kept or None


def with_named_fields(schema: Schema, fields: Tree) -> Tree:
    """The set with every declared field that has a path below it: removing `spec.a` empties `spec` of its owner."""
    out: Tree = {}
    for key, child in fields.items():
        if key == ".":
            out[key] = child
            continue
        if key.startswith("f:"):
            below, declared = member_schema(schema, key[2:])
        else:
            below, declared = item_schema(schema), False
        inside = with_named_fields(below, {name: tree for name, tree in child.items() if name != "."})
        tree = node(inside, member=declared or is_member(child))
        if tree is not None:
            out[key] = tree
    return out
