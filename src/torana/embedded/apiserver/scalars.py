"""Is a string or a number within the limits of its schema? Lengths, patterns, formats and bounds.

The length is checked first: a pattern never sees a text that is too long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torana.embedded.apiserver.field_error import IN_BODY, INVALID, TOO_LONG, TYPE_INVALID, Fault
from torana.embedded.apiserver.formats import FORMATS, INTEGER_RANGES
from torana.embedded.apiserver.regex import compile_pattern

Check = Callable[[Any], list[Fault] | None]
JSON_TYPES: dict[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def type_error(wanted: str, value: Any) -> list[Fault]:
    """The error of a value of another type than the wanted one."""
    got = JSON_TYPES.get(type(value), type(value).__name__)
    return [Fault(TYPE_INVALID, (), f'{IN_BODY} must be of type {wanted}: "{got}"', got)]


def compile_string(schema: Mapping[str, Any]) -> Check:
    """The check of a string."""
    at_most, at_least = schema.get("maxLength"), schema.get("minLength", 0)
    pattern, format_name = schema.get("pattern"), schema.get("format", "")
    matches = compile_pattern(pattern) if pattern is not None else None
    fits = FORMATS.get(format_name)
    if at_most is None and not at_least and matches is None and fits is None:
        return lambda value: None if type(value) is str else type_error("string", value)
    longest = at_most if at_most is not None else float("inf")

    def check(value: Any) -> list[Fault] | None:
        if type(value) is not str:
            return type_error("string", value)
        length = len(value)
        if length > longest:
            return [Fault(TOO_LONG, (), f"may not be more than {at_most} byte{'' if at_most == 1 else 's'}", value)]
        if length < at_least:
            return [Fault(INVALID, (), f"{IN_BODY} should be at least {at_least} chars long", value)]
        if matches is not None and not matches(value):
            return [Fault(INVALID, (), f"{IN_BODY} should match '{pattern}'", value)]
        if fits is not None and not fits(value):
            return [Fault(INVALID, (), f'{IN_BODY} must be of type {format_name}: "{value}"', value)]
        return None

    return check


def compile_number(schema: Mapping[str, Any], *, whole: bool) -> Check:
    """The check of an integer or a number. Whole floats (`1.0`) count as integers, true and false do not."""
    low, high = INTEGER_RANGES.get(schema.get("format", ""), (None, None))
    bounds = [bound for bound in (_range(low, high), _minimum(schema), _maximum(schema), _multiple(schema)) if bound]
    wanted = "integer" if whole else "number"

    def check(value: Any) -> list[Fault] | None:
        if type(value) is not int and (type(value) is not float or (whole and not value.is_integer())):
            return type_error(wanted, value)
        for bound in bounds:
            if (message := bound(value)) is not None:
                return [Fault(INVALID, (), f"{IN_BODY} {message}", value)]
        return None

    return check


Bound = Callable[[float], "str | None"]


def _range(low: int | None, high: int | None) -> Bound | None:
    if low is None or high is None:
        return None
    return lambda value: None if low <= value <= high else f"should be between {low} and {high}"


def _minimum(schema: Mapping[str, Any]) -> Bound | None:
    limit = schema.get("minimum")
    if limit is None:
        return None
    if schema.get("exclusiveMinimum"):
        return lambda value: None if value > limit else f"should be greater than {limit}"
    return lambda value: None if value >= limit else f"should be greater than or equal to {limit}"


def _maximum(schema: Mapping[str, Any]) -> Bound | None:
    limit = schema.get("maximum")
    if limit is None:
        return None
    if schema.get("exclusiveMaximum"):
        return lambda value: None if value < limit else f"should be less than {limit}"
    return lambda value: None if value <= limit else f"should be less than or equal to {limit}"


def _multiple(schema: Mapping[str, Any]) -> Bound | None:
    step = schema.get("multipleOf")
    if not step:
        return None
    return lambda value: None if abs(value / step - round(value / step)) < 1e-9 else f"should be a multiple of {step}"
