"""What is the OpenAPI v3 structural schema of a kind, as a CustomResourceDefinition or a built-in kind publishes it?

Input: a Struct whose fields are annotated with `Field`, and the channel. Output: the schema as plain JSON values. The
result is new each time and may be changed by the caller.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from torana.api.field import ApiStruct, Channel, Field, Rule
from torana.api.meta import Object, ObjectMeta

Schema = dict[str, Any]

_NO_FACTS = Field()
_SCALARS: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}

_ROOT_DOCS = {
    "apiVersion": "Group and version of the object's kind, e.g. `gateway.networking.k8s.io/v1`.",
    "kind": "Kind of the object. Cannot be changed.",
}

_NAMES: tuple[tuple[str, str], ...] = (
    ("pattern", "pattern"),
    ("format", "format"),
    ("min_length", "minLength"),
    ("max_length", "maxLength"),
    ("min_items", "minItems"),
    ("max_items", "maxItems"),
    ("min_properties", "minProperties"),
    ("max_properties", "maxProperties"),
    ("minimum", "minimum"),
    ("maximum", "maximum"),
    ("list_type", "x-kubernetes-list-type"),
    ("map_type", "x-kubernetes-map-type"),
    ("merge_key", "x-kubernetes-patch-merge-key"),
)
"""Facts whose value stands in the schema as it is."""


def structural_schema(struct: type[ApiStruct], channel: Channel = "experimental") -> Schema:
    """The schema of objects (or parts of objects) that `struct` defines, as `channel` has it."""
    return copy.deepcopy(_cached_schema(struct, channel))


@cache
def _cached_schema(struct: type[ApiStruct], channel: Channel) -> Schema:
    schema = _struct_schema(struct, _NO_FACTS, channel)
    if issubclass(struct, Object):
        for name, doc in _ROOT_DOCS.items():
            schema["properties"][name] = {"type": "string", "description": doc}
        schema["properties"]["metadata"] = {"type": "object"}
    return schema


def _struct_schema(struct: type[ApiStruct], facts: Field, channel: Channel) -> Schema:
    hints = get_type_hints(struct, include_extras=True)
    properties: Schema = {}
    required: list[str] = []
    for field in msgspec.structs.fields(struct):
        annotation = hints[field.name]
        if annotation is ObjectMeta:
            properties[field.encode_name] = {"type": "object"}
            continue
        plain, field_facts = unwrap(annotation, _NO_FACTS)
        if field_facts.channel == "experimental" and channel == "standard":
            continue
        properties[field.encode_name] = _schema(plain, field_facts, channel)
        if field.required or field_facts.is_required:
            required.append(field.encode_name)
    schema: Schema = {"type": "object", "description": _doc(struct), "properties": properties, **struct.logic}
    if required:
        schema["required"] = required
    if struct.is_atomic:
        schema["x-kubernetes-map-type"] = "atomic"
    if struct.is_open:
        schema["x-kubernetes-preserve-unknown-fields"] = True
    _add_facts(schema, facts, channel)
    _add_rules(schema, (*facts.rules, *struct.cel), channel)
    return schema


def _schema(annotation: Any, facts: Field, channel: Channel) -> Schema:
    """The schema of a value of type `annotation`, about which `facts` are known."""
    annotation, facts = unwrap(annotation, facts)
    facts = _in_channel(facts, channel)
    if isinstance(annotation, type) and issubclass(annotation, ApiStruct):
        return _struct_schema(annotation, facts, channel)
    schema = _type_schema(annotation, facts, channel)
    _add_facts(schema, facts, channel)
    _add_rules(schema, facts.rules, channel)
    return schema


def _type_schema(annotation: Any, facts: Field, channel: Channel) -> Schema:
    if annotation in _SCALARS:
        return {"type": _SCALARS[annotation]}
    if annotation is Any:
        return {"x-kubernetes-preserve-unknown-fields": True}
    origin, arguments = get_origin(annotation), get_args(annotation)
    item_facts = facts.item or _NO_FACTS
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], item_facts, channel)}
    if origin is dict and arguments[1] is Any:
        return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1], item_facts, channel)}
    if _is_union(origin) and set(arguments) == {int, str}:
        return {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}
    if _is_union(origin) and set(arguments) == {int, str, float}:
        return {"oneOf": [{"type": "string"}, {"type": "number"}]}
    raise TypeError(f"type {annotation!r} has no structural schema; use a Struct, a scalar, a tuple or a dict")


def unwrap(annotation: Any, facts: Field) -> tuple[Any, Field]:
    """The annotation without `Annotated` and `| None`, and its Field, or `facts` if it has none."""
    while True:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation = arguments[0]
            facts = next((extra for extra in arguments[1:] if isinstance(extra, Field)), facts)
        elif _is_union(origin) and type(None) in arguments:
            annotation = Union[tuple(argument for argument in arguments if argument is not type(None))]  # noqa: UP007
        else:
            return annotation, facts


def _is_union(origin: Any) -> bool:
    return origin is Union or origin is types.UnionType


def _in_channel(facts: Field, channel: Channel) -> Field:
    """The facts, with what the experimental channel says differently where that is the channel."""
    if facts.experimental is None or channel != "experimental":
        return facts
    changes = {
        name: value
        for name in Field.__struct_fields__
        if (value := getattr(facts.experimental, name)) != getattr(_NO_FACTS, name)
    }
    return msgspec.structs.replace(facts, **changes)


def _add_facts(schema: Schema, facts: Field, channel: Channel) -> None:
    if facts.doc:
        schema["description"] = facts.doc
    if facts.default is not None:
        schema["default"] = facts.default
    if facts.enum:
        schema["enum"] = list(facts.enum)
    for attribute, keyword in _NAMES:
        value = getattr(facts, attribute)
        if value is not None:
            schema[keyword] = value
    if facts.map_keys:
        schema["x-kubernetes-list-map-keys"] = list(facts.map_keys)
    if facts.patch_strategy or facts.merge_key:
        schema["x-kubernetes-patch-strategy"] = facts.patch_strategy or "merge"
    if facts.preserve_unknown:
        schema["x-kubernetes-preserve-unknown-fields"] = True


def _add_rules(schema: Schema, rules: tuple[Rule, ...], channel: Channel) -> None:
    entries = [
        {"rule": rule.rule, "message": rule.message}
        for rule in rules
        if channel == "experimental" or rule.channel == "standard"
    ]
    if entries:
        schema["x-kubernetes-validations"] = entries


def _doc(struct: type[ApiStruct]) -> str:
    return " ".join((struct.__doc__ or "").split())


def walk(schema: Schema, visit: Callable[[str, Schema], None], path: str = "") -> None:
    """Calls `visit` with path and schema of every node. Paths look like `.spec.rules[].matches[]` and `.labels{}`."""
    visit(path, schema)
    for name, child in schema.get("properties", {}).items():
        walk(child, visit, f"{path}.{name}")
    if "items" in schema:
        walk(schema["items"], visit, f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        walk(schema["additionalProperties"], visit, f"{path}{{}}")
