"""Do strategic merge patches merge the lists of built-in kinds as kubectl means it?"""

from __future__ import annotations

from typing import Any

import pytest

from torana.embedded.apiserver.patch import PatchError
from torana.embedded.apiserver.strategic import strategic_merge

PORTS = {
    "type": "array",
    "x-kubernetes-patch-strategy": "merge",
    "x-kubernetes-patch-merge-key": "port",
    "items": {"type": "object", "properties": {"port": {"type": "integer"}, "name": {"type": "string"}}},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "ports": PORTS,
                "plain": {"type": "array", "items": {"type": "object"}},
                "words": {"type": "array", "items": {"type": "string"}, "x-kubernetes-patch-strategy": "merge"},
                "strategy": {"type": "object", "x-kubernetes-patch-strategy": "retainKeys"},
            },
        }
    },
}


def patched(spec: dict[str, Any], patch: dict[str, Any]) -> Any:
    return strategic_merge({"spec": spec}, {"spec": patch}, SCHEMA).get("spec")


def ports(*numbers: int) -> list[dict[str, Any]]:
    return [{"port": number, "name": f"p{number}"} for number in numbers]


def test_objects_are_merged_and_null_removes() -> None:
    assert patched({"a": {"b": 1, "c": 2}, "d": 1}, {"a": {"b": None, "e": 3}}) == {"a": {"c": 2, "e": 3}, "d": 1}


def test_a_list_with_a_merge_key_is_merged_by_it() -> None:
    changed = [{"port": 443, "name": "tls"}, {"port": 9, "name": "new"}]
    assert patched({"ports": ports(80, 443)}, {"ports": changed}) == {"ports": [*ports(80), *changed]}


def test_a_list_without_a_merge_key_is_replaced() -> None:
    assert patched({"plain": [{"a": 1}]}, {"plain": [{"b": 1}]}) == {"plain": [{"b": 1}]}
    assert patched({"unknown": [1]}, {"unknown": [2]}) == {"unknown": [2]}


def test_an_item_can_be_deleted() -> None:
    assert patched({"ports": ports(80, 443)}, {"ports": [{"port": 443, "$patch": "delete"}]}) == {"ports": ports(80)}
    assert patched({"ports": ports(80)}, {"ports": [{"port": 1, "$patch": "delete"}]}) == {"ports": ports(80)}


def test_a_list_and_an_object_can_be_replaced() -> None:
    assert patched({"ports": ports(80)}, {"ports": [*ports(1), {"$patch": "replace"}]}) == {"ports": ports(1)}
    assert patched({"a": {"b": 1}}, {"a": {"$patch": "replace", "c": 1}}) == {"a": {"c": 1}}
    assert patched({"a": {"b": 1}}, {"a": {"$patch": "delete"}}) == {}


def test_values_of_a_list_of_scalars_are_joined_and_deleted() -> None:
    assert patched({"words": ["a", "b"]}, {"words": ["b", "c"]}) == {"words": ["a", "b", "c"]}
    assert patched({"words": ["a", "b"]}, {"$deleteFromPrimitiveList/words": ["a"]}) == {"words": ["b"]}


def test_retained_keys_are_all_that_is_left() -> None:
    live = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {}}}
    patch = {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}
    assert patched(live, patch) == {"strategy": {"type": "Recreate"}}


def test_an_order_is_followed_and_unnamed_items_keep_their_place() -> None:
    patch = {"$setElementOrder/ports": [{"port": 3}, {"port": 1}], "ports": ports(3)}
    assert patched({"ports": ports(1, 2)}, patch) == {"ports": ports(3, 1, 2)}
    assert patched({"ports": ports(1, 2, 4)}, {"$setElementOrder/ports": [{"port": 4}, {"port": 1}]}) == {
        "ports": ports(2, 4, 1)
    }
    assert patched({"words": ["a", "b"]}, {"$setElementOrder/words": ["c", "a"], "words": ["c"]}) == {
        "words": ["c", "a", "b"]
    }


def test_finalizers_and_owners_are_merged_for_every_kind() -> None:
    live = {"metadata": {"finalizers": ["a"], "ownerReferences": [{"uid": "1", "name": "x"}]}}
    patch = {"metadata": {"finalizers": ["b"], "ownerReferences": [{"uid": "2", "name": "y"}]}}
    assert strategic_merge(live, patch, SCHEMA) == {
        "metadata": {
            "finalizers": ["a", "b"],
            "ownerReferences": [{"uid": "1", "name": "x"}, {"uid": "2", "name": "y"}],
        }
    }


@pytest.mark.parametrize(
    "patch",
    [
        {"ports": [{"name": "no key"}]},
        {"ports": ["no object"]},
        {"a": {"$patch": "explode"}},
        {"strategy": {"$retainKeys": "type"}},
        {"ports": ports(1), "$setElementOrder/ports": "x"},
    ],
)
def test_a_senseless_patch_is_refused(patch: dict[str, Any]) -> None:
    with pytest.raises(PatchError):
        patched({"ports": ports(80)}, patch)


def test_the_input_is_not_changed() -> None:
    spec = {"ports": ports(80), "a": {"b": 1}}
    patched(spec, {"ports": [{"port": 80, "name": None}], "a": {"b": None}})
    assert spec == {"ports": ports(80), "a": {"b": 1}}
