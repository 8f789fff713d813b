"""Is a value what its structural schema asks for? Types, limits, patterns, enumerations, required fields, unique items.

Input is a structural schema; output a function from a value to its errors. A schema is compiled once into closures that
do only the checks it names; paths of errors are made while an error travels up, so a valid object costs no path at all.
Messages are those of a Kubernetes API server. CEL rules are not here: see `rules.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torana.embedded.apiserver.combined import compile_combined
from torana.embedded.apiserver.field_error import (
    DUPLICATE,
    IN_BODY,
    INVALID,
    NOT_SUPPORTED,
    REQUIRED,
    TOO_MANY,
    TYPE_INVALID,
    Fault,
    shown,
    under,
)
from torana.embedded.apiserver.scalars import compile_number, compile_string, type_error

Errors = list[Fault] | None
Check = Callable[[Any], Errors]
"""What is wrong with a value, or None when it is valid."""


OBJECT_KEYS = ("properties", "required", "additionalProperties", "maxProperties", "minProperties")


def compile_check(schema: Mapping[str, Any], *, root: bool = False) -> Check | None:
    """The check of a schema; None when every value is valid."""
    candidates = (_typed(schema, root), _enum(schema), compile_combined(schema, compile_check))
    checks = [check for check in candidates if check is not None]
    if not checks:
        return None
    check = checks[0] if len(checks) == 1 else _all_of(checks)
    if schema.get("nullable"):
        return lambda value: None if value is None else check(value)
    return check


def _all_of(checks: list[Check]) -> Check:
    def check_all(value: Any) -> Errors:
        found: Errors = None
        for check in checks:
            if errors := check(value):
                found = errors if found is None else found + errors
                if errors[0].type == TYPE_INVALID and not errors[0].steps:
                    return found
        return found

    return check_all


def _typed(schema: Mapping[str, Any], root: bool) -> Check | None:
    match schema.get("type"):
        case "object":
            return _object(schema, root)
        case "array":
            return _array(schema)
        case "string":
            return compile_string(schema)
        case "integer":
            return compile_number(schema, whole=True)
        case "number":
            return compile_number(schema, whole=False)
        case "boolean":
            return lambda value: None if type(value) is bool else type_error("boolean", value)
    return _untyped(schema, root)


def _untyped(schema: Mapping[str, Any], root: bool) -> Check | None:
    """Checks of a schema without a type (int-or-string, and the parts of anyOf and its kin): each for its own type."""
    by_type: dict[type, Check] = {}
    if any(key in schema for key in OBJECT_KEYS):
        by_type[dict] = _object(schema, root)
    if any(key in schema for key in ("items", "maxItems", "minItems", "uniqueItems")):
        by_type[list] = _array(schema)
    if any(key in schema for key in ("pattern", "format", "maxLength", "minLength")):
        by_type[str] = compile_string(schema)
    if any(key in schema for key in ("minimum", "maximum", "multipleOf")):
        by_type[int] = by_type[float] = compile_number(schema, whole=False)
    if schema.get("x-kubernetes-int-or-string"):
        return _int_or_string(by_type)
    if not by_type:
        return None

    def check(value: Any) -> Errors:
        fitting = by_type.get(type(value))
        return fitting(value) if fitting is not None else None

    return check


def _int_or_string(by_type: Mapping[type, Check]) -> Check:
    def check(value: Any) -> Errors:
        if type(value) is not int and type(value) is not str:
            return type_error("integer,string", value)
        fitting = by_type.get(type(value))
        return fitting(value) if fitting is not None else None

    return check


def _enum(schema: Mapping[str, Any]) -> Check | None:
    if "enum" not in schema:
        return None
    values = list(schema["enum"])
    texts = frozenset(value for value in values if isinstance(value, str))
    supported = ", ".join(shown(value if isinstance(value, str) else shown(value)) for value in values)

    def check(value: Any) -> Errors:
        if (type(value) is str and value in texts) or any(same(value, allowed) for allowed in values):
            return None
        return [Fault(NOT_SUPPORTED, (), f"supported values: {supported}", value)]

    return check


def _object(schema: Mapping[str, Any], root: bool) -> Check:
    children: dict[str, Check] = {}
    for name, child_schema in (schema.get("properties") or {}).items():
        if (compiled := compile_check(child_schema)) is not None:
            children[name] = compiled
    if root:
        children.pop("metadata", None)
    required = tuple(schema.get("required") or ())
    extra = schema.get("additionalProperties")
    extra_check = compile_check(extra) if isinstance(extra, Mapping) else None
    declared = frozenset(schema.get("properties") or ())
    at_most, at_least = schema.get("maxProperties"), schema.get("minProperties", 0)
    counted = at_most is not None or at_least > 0
    find_child = children.get

    def check(value: Any) -> Errors:
        if type(value) is not dict:
            return type_error("object", value)
        found: Errors = None
        for name, item in value.items():
            child = find_child(name)
            if child is None:
                if extra_check is None or name in declared:
                    continue
                child = extra_check
            if (errors := child(item)) is not None:
                found = under(found, name, errors)
        for name in required:
            if name not in value:
                found = (found or []) + [Fault(REQUIRED, (name,))]
        return (found or []) + _count_errors(value, at_least, at_most) if counted else found

    return check


def _count_errors(value: dict[str, Any], at_least: int, at_most: int | None) -> list[Fault]:
    count = len(value)
    if at_most is not None and count > at_most:
        return [Fault(TOO_MANY, (), f"must have at most {at_most} items", count)]
    if count < at_least:
        return [Fault(INVALID, (), f"{IN_BODY} should have at least {at_least} properties", value)]
    return []


def _array(schema: Mapping[str, Any]) -> Check:
    item_check = compile_check(schema["items"]) if "items" in schema else None
    at_most, at_least = schema.get("maxItems"), schema.get("minItems", 0)
    unique = _uniqueness(schema)

    def check(value: Any) -> Errors:
        if type(value) is not list:
            return type_error("array", value)
        found: Errors = None
        count = len(value)
        if at_most is not None and count > at_most:
            found = [Fault(TOO_MANY, (), f"must have at most {at_most} items", count)]
        elif count < at_least:
            found = [Fault(INVALID, (), f"{IN_BODY} should have at least {at_least} items", value)]
        if item_check is not None:
            for index, item in enumerate(value):
                if (errors := item_check(item)) is not None:
                    found = under(found, index, errors)
        if unique is not None and count > 1 and (errors := unique(value)) is not None:
            found = (found or []) + errors
        return found

    return check


def _uniqueness(schema: Mapping[str, Any]) -> Check | None:
    list_type = schema.get("x-kubernetes-list-type")
    if list_type == "map":
        keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
        return lambda value: _duplicates([_keys_of(item, keys) for item in value])
    if list_type == "set" or schema.get("uniqueItems"):
        return _duplicates
    return None


def _keys_of(item: Any, keys: tuple[str, ...]) -> Any:
    return {key: item[key] for key in keys if key in item} if type(item) is dict else item


def _duplicates(items: list[Any]) -> Errors:
    """One error for each value that stands more than once, at its second place."""
    times: dict[Any, int] = {}
    found: list[Fault] = []
    for index, item in enumerate(items):
        key = shown(item)
        times[key] = times.get(key, 0) + 1
        if times[key] == 2:
            found.append(Fault(DUPLICATE, (index,), "", item))
    return found or None


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values: 1 is not true."""
    return type(one) is type(other) and bool(one == other)
