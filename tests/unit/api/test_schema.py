"""How do Structs and Fields become a structural schema?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec
import pytest

from torana.api.field import ApiStruct, Field, Rule
from torana.api.meta import Object
from torana.api.schema import structural_schema, walk


class Leaf(ApiStruct, kw_only=True):
    """A leaf."""

    cel: ClassVar[tuple[Rule, ...]] = (Rule("has(self.size)", "size is needed"),)

    size: Annotated[int | None, Field("Its size.", minimum=1, format="int32")] = None


class Tree(Object, kw_only=True):
    """A tree."""

    leaves: Annotated[tuple[Leaf, ...], Field("Its leaves.", list_type="atomic", max_items=3)]
    first: Annotated[Leaf | None, Field("The first leaf.", rules=(Rule("true", "always"),))] = None
    names: Annotated[dict[str, str], Field("Names.", max_properties=2, item=Field(max_length=5))] = msgspec.field(
        default_factory=dict
    )
    port: Annotated[int | str, Field("Port.", int_or_string=True)] = 0
    free: Annotated[dict[str, Any], Field("Anything.")] = msgspec.field(default_factory=dict)
    hidden: Annotated[str, Field("Not in the standard channel.", channel="experimental")] = ""
    age: Annotated[int, Field("Older trees have none.", is_required=True)] = 0
    scheme: Annotated[str, Field("Scheme.", enum=("a",), max_length=9, experimental=Field(enum=("a", "b")))] = ""


class Open(ApiStruct, kw_only=True):
    """Parts of something larger."""

    is_open: ClassVar[bool] = True
    is_atomic: ClassVar[bool] = True
    logic: ClassVar[Mapping[str, Any]] = {"not": {"required": ["x"]}}


def test_names_are_those_of_the_wire_and_fields_without_default_are_required() -> None:
    schema = structural_schema(Tree)
    assert list(schema["properties"])[:4] == ["apiVersion", "kind", "metadata", "leaves"]
    assert schema["required"] == ["leaves", "age"]


def test_a_field_can_be_required_of_writers_and_still_be_absent_for_readers() -> None:
    assert "age" in structural_schema(Tree)["required"]
    assert msgspec.json.decode(b'{"leaves":[]}', type=Tree).age == 0


def test_metadata_of_an_object_is_an_object_about_which_nothing_is_said() -> None:
    assert structural_schema(Tree)["properties"]["metadata"] == {"type": "object"}


def test_a_list_has_limits_of_its_own_and_the_schema_of_its_items() -> None:
    leaves = structural_schema(Tree)["properties"]["leaves"]
    assert leaves["type"] == "array"
    assert leaves["maxItems"] == 3
    assert leaves["x-kubernetes-list-type"] == "atomic"
    assert leaves["items"]["description"] == "A leaf."
    assert leaves["items"]["properties"]["size"] == {
        "type": "integer",
        "description": "Its size.",
        "format": "int32",
        "minimum": 1,
    }


def test_rules_of_a_field_and_rules_of_its_type_both_hold() -> None:
    rules = structural_schema(Tree)["properties"]["first"]["x-kubernetes-validations"]
    assert rules == [
        {"rule": "true", "message": "always"},
        {"rule": "has(self.size)", "message": "size is needed"},
    ]


def test_the_description_of_a_field_goes_before_that_of_its_type() -> None:
    assert structural_schema(Tree)["properties"]["first"]["description"] == "The first leaf."


def test_a_map_limits_its_values_by_item() -> None:
    names = structural_schema(Tree)["properties"]["names"]
    assert names["additionalProperties"] == {"type": "string", "maxLength": 5}
    assert names["maxProperties"] == 2


def test_numbers_that_may_be_names_are_int_or_string() -> None:
    port = structural_schema(Tree)["properties"]["port"]
    assert port["x-kubernetes-int-or-string"] is True
    assert "type" not in port


def test_a_map_of_anything_keeps_unknown_fields() -> None:
    free = structural_schema(Tree)["properties"]["free"]
    assert free == {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "description": "Anything."}


def test_experimental_fields_and_facts_stay_out_of_the_standard_channel() -> None:
    standard = structural_schema(Tree, "standard")["properties"]
    experimental = structural_schema(Tree, "experimental")["properties"]
    assert "hidden" not in standard
    assert "hidden" in experimental
    assert standard["scheme"]["enum"] == ["a"]
    assert experimental["scheme"]["enum"] == ["a", "b"]
    assert standard["scheme"]["maxLength"] == experimental["scheme"]["maxLength"] == 9


def test_a_struct_can_be_open_atomic_and_constrained_by_logic() -> None:
    assert structural_schema(Open) == {
        "type": "object",
        "description": "Parts of something larger.",
        "properties": {},
        "not": {"required": ["x"]},
        "x-kubernetes-map-type": "atomic",
        "x-kubernetes-preserve-unknown-fields": True,
    }


def test_a_merge_key_implies_the_merge_strategy() -> None:
    class Pod(ApiStruct, kw_only=True):
        """A pod."""

        leaves: Annotated[tuple[Leaf, ...], Field("Leaves.", merge_key="size")] = ()
        tags: Annotated[tuple[str, ...], Field("Tags.", list_type="set", patch_strategy="merge")] = ()

    properties = structural_schema(Pod)["properties"]
    assert properties["leaves"]["x-kubernetes-patch-merge-key"] == "size"
    assert properties["leaves"]["x-kubernetes-patch-strategy"] == "merge"
    assert properties["tags"]["x-kubernetes-patch-strategy"] == "merge"


def test_the_result_is_the_callers_to_change() -> None:
    structural_schema(Tree)["properties"].clear()
    assert structural_schema(Tree)["properties"]


def test_a_type_that_has_no_schema_is_refused_by_name() -> None:
    class Odd(ApiStruct, kw_only=True):
        """Odd."""

        value: Annotated[set[str], Field("A set.")]

    with pytest.raises(TypeError, match=r"set\[str\].*no structural schema"):
        structural_schema(Odd)


def test_walk_visits_every_node_with_its_path() -> None:
    paths: list[str] = []
    walk(structural_schema(Tree), lambda path, _schema: paths.append(path))
    assert {"", ".leaves", ".leaves[]", ".leaves[].size", ".names{}"} <= set(paths)
