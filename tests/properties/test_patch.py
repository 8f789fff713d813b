"""Laws of JSON patches and merge patches."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torana.embedded.apiserver.patch import PatchError, json_patch, merge_patch

scalars = st.booleans() | st.integers() | st.text(max_size=4)
values = st.recursive(
    scalars | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)
without_null = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from("abcd"), without_null, max_size=4)


def difference(old: Any, new: Any) -> Any:
    """A merge patch that makes the one object the other."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    changed = {key: difference(old.get(key), value) for key, value in new.items() if old.get(key) != value}
    return {**changed, **{key: None for key in old if key not in new}}


@given(objects, values)
def test_a_merge_patch_is_idempotent(doc: Any, patch: Any) -> None:
    once = merge_patch(doc, patch)
    assert merge_patch(once, patch) == once


@given(objects)
def test_an_empty_merge_patch_changes_nothing(doc: Any) -> None:
    assert merge_patch(doc, {}) == doc


@given(objects, objects)
def test_every_change_between_objects_without_null_can_be_said(old: Any, new: Any) -> None:
    assert merge_patch(old, difference(old, new)) == new


@given(values, values)
def test_a_merge_patch_leaves_document_and_patch_alone_and_shares_nothing(doc: Any, patch: Any) -> None:
    before = copy.deepcopy((doc, patch))
    scribble(merge_patch(doc, patch))
    assert (doc, patch) == before


def scribble(value: Any) -> None:
    """Changes everything that can be changed inside a value."""
    if isinstance(value, dict):
        for item in value.values():
            scribble(item)
        value["scribble"] = 1
    elif isinstance(value, list):
        for item in value:
            scribble(item)
        value.append("scribble")


@given(values, values)
def test_replacing_the_whole_document_gives_the_value(doc: Any, value: Any) -> None:
    assert json_patch(doc, [{"op": "replace", "path": "", "value": value}]) == value


@given(objects, without_null)
def test_adding_and_removing_a_member_changes_nothing(doc: Any, value: Any) -> None:
    ops = [{"op": "add", "path": "/new", "value": value}, {"op": "remove", "path": "/new"}]
    assert json_patch(doc, ops) == doc


@given(objects)
def test_a_json_patch_leaves_the_document_alone(doc: Any) -> None:
    before = copy.deepcopy(doc)
    json_patch(doc, [{"op": "add", "path": "/a", "value": 1}, {"op": "remove", "path": "/a"}])
    assert doc == before


@pytest.mark.parametrize(
    ("ops", "status"),
    [
        ({}, 400),
        (["x"], 400),
        ([{"op": "explode", "path": "/a"}], 400),
        ([{"path": "/a"}], 400),
        ([{"op": "add", "path": "/a"}], 400),
        ([{"op": "remove", "path": "/absent"}], 422),
        ([{"op": "test", "path": "/a", "value": 2}], 422),
        ([{"op": "replace", "path": "/list/9", "value": 2}], 422),
        ([{"op": "copy", "from": "/absent", "path": "/b"}], 422),
        ([{"op": "copy", "path": "/b"}], 400),
        ([{"op": "add", "path": "no/slash", "value": 1}], 422),
        ([{"op": "copy", "from": "", "path": "/list/-"}] * 40, 413),
        ([{"op": "test", "path": "/a", "value": 1}] * 10_001, 413),
    ],
)
def test_a_json_patch_that_cannot_be_applied_is_refused(ops: Any, status: int) -> None:
    with pytest.raises(PatchError) as refused:
        json_patch({"a": 1, "list": []}, ops)
    assert refused.value.status == status


def test_a_failing_operation_undoes_those_before_it() -> None:
    doc = {"a": 1}
    with pytest.raises(PatchError):
        json_patch(doc, [{"op": "remove", "path": "/a"}, {"op": "remove", "path": "/a"}])
    assert doc == {"a": 1}
