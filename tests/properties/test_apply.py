"""Laws of server-side apply, on generated configurations of several managers."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from torana.embedded.apiserver.apply import ApplyConflict, apply, track_update

STRING = {"type": "string"}
ITEM = {
    "type": "object",
    "properties": {
        "name": STRING,
        "a": STRING,
        "b": STRING,
        "inner": {"type": "object", "additionalProperties": STRING},
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "text": STRING,
                "list": {"type": "array", "items": STRING},
                "set": {"type": "array", "items": STRING, "x-kubernetes-list-type": "set"},
                "items": {
                    "type": "array",
                    "items": ITEM,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                },
                "nested": {"type": "object", "properties": {"a": STRING, "b": STRING}},
                "atomic": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": STRING},
            },
        }
    },
}

words = st.sampled_from(["x", "y", "z"])
maps = st.dictionaries(st.sampled_from("ab"), words, min_size=1, max_size=2)
items = st.lists(
    st.fixed_dictionaries({"name": words}, optional={"a": words, "b": words, "inner": maps}),
    min_size=1,
    max_size=3,
    unique_by=lambda item: item["name"],
)
specs = st.fixed_dictionaries(
    {},
    optional={
        "text": words,
        "list": st.lists(words, min_size=1, max_size=3),
        "set": st.lists(words, min_size=1, max_size=3, unique=True),
        "items": items,
        "nested": maps,
        "atomic": maps,
    },
)
managers = st.sampled_from(["ann", "bob", "eve"])
DAY = "2026-01-01T00:00:{:02d}Z"


def config(spec: dict[str, Any], labels: dict[str, str] | None = None) -> dict[str, Any]:
    meta = {"name": "n", **({"labels": labels} if labels else {})}
    return {"apiVersion": "v1", "kind": "X", "metadata": meta, "spec": spec}


def applied(live: dict[str, Any] | None, spec: Any, manager: str, second: int = 0, force: bool = True) -> Any:
    return apply(live, config(spec), manager=manager, force=force, schema=SCHEMA, now=DAY.format(second))


def built(steps: list[tuple[str, Any]]) -> dict[str, Any] | None:
    """The object after several managers applied, one after the other."""
    live: dict[str, Any] | None = None
    for second, (manager, spec) in enumerate(steps):
        live = applied(live, spec, manager, second)
    return live


histories = st.lists(st.tuples(managers, specs), max_size=4)


def contains(whole: Any, part: Any) -> bool:
    """Whether everything a configuration says holds in an object."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and contains(whole[key], part[key]) for key in part)
    if isinstance(part, list) and part and isinstance(part[0], dict):
        by_name = {item["name"]: item for item in whole}
        return all(item["name"] in by_name and contains(by_name[item["name"]], item) for item in part)
    return bool(whole == part)


@given(histories, managers, specs)
def test_applying_twice_is_applying_once(history: Any, manager: str, spec: Any) -> None:
    once = applied(built(history), spec, manager, 30)
    assert applied(once, spec, manager, 40) == once


@given(histories, managers, specs)
def test_what_is_applied_holds(history: Any, manager: str, spec: Any) -> None:
    result = applied(built(history), spec, manager, 30)
    expected = {key: value for key, value in spec.items() if key != "set"}
    assert contains(result.get("spec", {}), expected)
    assert set(spec.get("set", [])) <= set(result.get("spec", {}).get("set", []))


@given(specs)
def test_the_first_apply_makes_the_configuration(spec: Any) -> None:
    result = applied(None, spec, "ann")
    assert result["spec"] == spec
    assert {key: value for key, value in result["metadata"].items() if key != "managedFields"} == {"name": "n"}


@given(histories, managers, specs, specs)
def test_what_a_manager_no_longer_applies_and_nobody_else_owns_is_gone(
    history: Any, manager: str, first: Any, second: Any
) -> None:
    others = [step for step in history if step[0] != manager]
    gone = applied(applied(built(others), first, manager, 30), second, manager, 40)
    for field in first.keys() - second.keys():
        if not any(field in spec for _, spec in others):
            assert field not in (gone.get("spec") or {})


@settings(max_examples=200)
@given(specs, specs, specs)
def test_two_managers_never_lose_each_others_fields(ann: Any, bob: Any, again: Any) -> None:
    """Without force, whatever one manager applies and stops applying, the other's configuration goes on to hold."""
    live = applied(None, ann, "ann", 0)
    for second, spec in enumerate((bob, again, {}), start=1):
        try:
            live = applied(live, spec, "bob", second, force=False)
        except ApplyConflict:
            continue
        expected = {key: value for key, value in ann.items() if key != "set"}
        assert contains(live.get("spec") or {}, expected)
        assert set(ann.get("set", [])) <= set((live.get("spec") or {}).get("set", []))


@given(histories, managers, specs)
def test_a_conflict_means_that_somebody_else_would_lose_a_field(history: Any, manager: str, spec: Any) -> None:
    live = built(history)
    entries = (live or {}).get("metadata", {}).get("managedFields") or []
    others = [entry for entry in entries if entry["manager"] != manager]
    try:
        applied(live, spec, manager, 30, force=False)
        conflicted = False
    except ApplyConflict:
        conflicted = True
    forced = applied(live, spec, manager, 30, force=True)
    left = {entry["manager"]: entry["fieldsV1"] for entry in forced["metadata"].get("managedFields", [])}
    lost = any(left.get(entry["manager"]) != entry["fieldsV1"] for entry in others)
    assert conflicted == lost


@given(histories, managers, specs)
def test_apply_changes_neither_the_live_object_nor_the_configuration(history: Any, manager: str, spec: Any) -> None:
    live = built(history)
    before = copy.deepcopy((live, spec))
    applied(live, spec, manager, 30)
    assert (live, spec) == before


@given(histories)
def test_an_update_that_changes_nothing_changes_no_owner(history: Any) -> None:
    live = built(history)
    if live is None:
        return
    assert track_update(live, copy.deepcopy(live), manager="new", schema=SCHEMA, now=DAY.format(50)) == live


@given(histories, specs)
def test_an_update_owns_what_it_changed_and_nobody_else_does(history: Any, spec: Any) -> None:
    live = built(history)
    new = {**(live or {"apiVersion": "v1", "kind": "X", "metadata": {"name": "n"}}), "spec": spec}
    if live is not None and not live["metadata"].get("managedFields"):
        return
    result = track_update(live, new, manager="upd", schema=SCHEMA, now=DAY.format(50))
    entries = result["metadata"].get("managedFields", [])
    fields = {entry["manager"]: entry["fieldsV1"].get("f:spec", {}) for entry in entries}
    for name in ("text", "list", "atomic"):
        changed = spec.get(name) != ((live or {}).get("spec") or {}).get(name)
        owners = {manager for manager, tree in fields.items() if f"f:{name}" in tree}
        if changed and name in spec:
            assert owners == {"upd"}
        elif changed:
            assert owners == set()


@given(histories, histories)
def test_a_set_of_fields_is_owned_as_the_object_has_it(first: Any, second: Any) -> None:
    """Every owned leaf exists: no entry keeps what is gone."""
    live = built([*first, *second])
    for entry in (live or {}).get("metadata", {}).get("managedFields") or []:
        for name in entry["fieldsV1"].get("f:spec", {}):
            assert name == "." or name.removeprefix("f:") in (live or {})["spec"]
