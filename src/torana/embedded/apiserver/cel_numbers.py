"""How do rules compute with quantities (`500Mi`) and versions (`1.2.3`)? Both are maps with a marker key.

Specification: https://kubernetes.io/docs/reference/using-api/cel/ (quantity and semver libraries).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from torana.embedded.apiserver.cel_signature import BOOL, DOUBLE, INT, MAP, STRING, function, method

QUANTITY_KEY, SEMVER_KEY = "$quantity", "$semver"
QUANTITY = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?\Z", re.ASCII)
BINARY = {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)}
SUFFIXES = ("n", "u", "m", "", "k", "M", "G", "T", "P", "E")
DECIMAL = {letter: Decimal(1000) ** power for power, letter in enumerate(SUFFIXES, -3)}
SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\Z", re.ASCII)


def parse_quantity(text: str) -> Decimal:
    """The amount a quantity means. Raises ValueError."""
    found = QUANTITY.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no quantity")
    number, suffix = Decimal(found.group(1)), found.group(2) or ""
    if suffix in BINARY:
        return number * BINARY[suffix]
    if suffix in DECIMAL:
        return number * DECIMAL[suffix]
    return number.scaleb(int(suffix[1:]))


def parse_semver(text: str) -> tuple[Any, ...]:
    """A version as something that compares. Raises ValueError."""
    found = SEMVER.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no semantic version")
    major, minor, patch, pre = found.groups()
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split(".")) if pre else ()
    return int(major), int(minor), int(patch), not pre, parts


def _comparable(value: dict[str, Any]) -> Any:
    if QUANTITY_KEY in value:
        return parse_quantity(value[QUANTITY_KEY])
    return parse_semver(value[SEMVER_KEY])


def _compare(one: dict[str, Any], other: dict[str, Any]) -> int:
    left, right = _comparable(one), _comparable(other)
    return int(left > right) - int(left < right)


def _amount(value: Any) -> Decimal:
    return _comparable(value) if isinstance(value, dict) else Decimal(value)


def _quantity(amount: Decimal) -> dict[str, Any]:
    return {QUANTITY_KEY: f"{amount:f}"}


def _as_integer(value: dict[str, Any]) -> int:
    amount = _amount(value)
    if amount != amount.to_integral_value():
        raise ValueError("cannot convert value to integer")
    return int(amount)


def _accepts(parse: Any) -> Any:
    def accepts(text: str) -> bool:
        try:
            parse(text)
        except (ValueError, ArithmeticError):
            return False
        return True

    return accepts


def _make_quantity(text: str) -> dict[str, Any]:
    return _quantity(parse_quantity(text))


def _make_semver(text: str) -> dict[str, Any]:
    parse_semver(text)
    return {SEMVER_KEY: text}


NUMBER_FUNCTIONS = (
    function("quantity", MAP, [STRING], _make_quantity),
    function("isQuantity", BOOL, [STRING], _accepts(parse_quantity)),
    function("semver", MAP, [STRING], _make_semver),
    function("isSemver", BOOL, [STRING], _accepts(parse_semver)),
    method("compareTo", INT, [MAP, MAP], _compare),
    method("isGreaterThan", BOOL, [MAP, MAP], lambda one, other: _compare(one, other) > 0),
    method("isLessThan", BOOL, [MAP, MAP], lambda one, other: _compare(one, other) < 0),
    method("add", MAP, [MAP, MAP], lambda one, other: _quantity(_amount(one) + _amount(other)), [MAP, INT]),
    method("sub", MAP, [MAP, MAP], lambda one, other: _quantity(_amount(one) - _amount(other)), [MAP, INT]),
    method("sign", INT, [MAP], lambda value: int(_amount(value) > 0) - int(_amount(value) < 0)),
    method("asInteger", INT, [MAP], _as_integer),
    method("isInteger", BOOL, [MAP], lambda value: _amount(value) == _amount(value).to_integral_value()),
    method("asApproximateFloat", DOUBLE, [MAP], lambda value: float(_amount(value))),
    method("major", INT, [MAP], lambda value: _comparable(value)[0]),
    method("minor", INT, [MAP], lambda value: _comparable(value)[1]),
    method("patch", INT, [MAP], lambda value: _comparable(value)[2]),
)
