"""Which objects does a selector select? Label selectors, field selectors and `LabelSelector` objects.

Input is the text of the `labelSelector` and `fieldSelector` query parameters, or a `LabelSelector` as a dict; output is
a selector with `matches(...)`. A text that is no selector is a ValueError that says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Operator = Literal["=", "!=", "in", "notin", "exists", "!", "gt", "lt"]

NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\Z")
TOKEN = re.compile(r"\s*(?:(==|!=|=|<|>|!|\(|\)|,)|([^\s=!<>(),]+))")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A test of one label."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case "=" | "in":
                return value is not None and value in self.values
            case "!=" | "notin":
                return value is None or value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
        return value is not None and self._compares(value)

    def _compares(self, value: str) -> bool:
        try:
            left, right = int(value), int(next(iter(self.values)))
        except ValueError:
            return False
        return left > right if self.operator == "gt" else left < right


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """A conjunction of requirements; without any it selects everything, unless `nothing` says otherwise."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    @property
    def is_everything(self) -> bool:
        return not self.requirements and not self.nothing

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        if self.nothing:
            return False
        labels = labels or {}
        return all(requirement.matches(labels) for requirement in self.requirements)


@dataclass(frozen=True, slots=True)
class FieldTest:
    """A test of one field: it must, or must not, have the value."""

    path: str
    value: str
    equal: bool = True


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """A conjunction of field tests; without any it selects everything."""

    tests: tuple[FieldTest, ...] = ()

    @property
    def is_everything(self) -> bool:
        return not self.tests

    @property
    def paths(self) -> tuple[str, ...]:
        """Fields the selector asks for; a server refuses those it does not support."""
        return tuple(test.path for test in self.tests)

    def exact(self, path: str) -> str | None:
        """The one value that `path` must have, if the selector says so."""
        return next((test.value for test in self.tests if test.equal and test.path == path), None)

    def matches(self, fields: Mapping[str, Any] | Callable[[str], str]) -> bool:
        """Whether an object is selected: `fields` is the object, or a function from path to the field's text."""
        read = fields if callable(fields) else lambda path: field_text(fields, path)
        return all((read(test.path) == test.value) == test.equal for test in self.tests)


def field_text(obj: Mapping[str, Any], path: str) -> str:
    """Text of the field at a dotted path; an absent field is the empty string."""
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def parse_label_selector(text: str) -> LabelSelector:
    """The selector that a `labelSelector` parameter means. Raises ValueError when it is none."""
    tokens = _tokens(text)
    requirements: list[Requirement] = []
    while tokens:
        requirements.append(_requirement(tokens, text))
        if not tokens:
            break
        if tokens.pop(0) != ",":
            raise ValueError(f"unable to parse label selector {text!r}: requirements must be separated by commas")
        if not tokens:
            raise ValueError(f"unable to parse label selector {text!r}: nothing follows the last comma")
    return LabelSelector(tuple(requirements))


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        found = TOKEN.match(text, position)
        if found is None:
            raise ValueError(f"unable to parse label selector {text!r}: unexpected character at {position}")
        tokens.append(found.group(1) or found.group(2))
        position = found.end()
    return tokens


def _requirement(tokens: list[str], text: str) -> Requirement:
    first = tokens.pop(0)
    if first == "!":
        return Requirement(_key(tokens.pop(0) if tokens else "", text), "!")
    key = _key(first, text)
    if not tokens or tokens[0] == ",":
        return Requirement(key, "exists")
    sign = tokens.pop(0)
    if sign in ("=", "==", "!="):
        value = tokens.pop(0) if tokens and tokens[0] not in (",",) else ""
        return Requirement(key, "!=" if sign == "!=" else "=", frozenset((_value(value, text),)))
    if sign in ("<", ">"):
        value = tokens.pop(0) if tokens else ""
        if not re.fullmatch(r"-?\d+", value):
            raise ValueError(f"unable to parse label selector {text!r}: {sign} needs an integer, not {value!r}")
        return Requirement(key, "gt" if sign == ">" else "lt", frozenset((value,)))
    if sign in ("in", "notin"):
        return Requirement(key, "in" if sign == "in" else "notin", _values(tokens, text))
    raise ValueError(f"unable to parse label selector {text!r}: found {sign!r}, expected in, notin, =, ==, !=, > or <")


def _values(tokens: list[str], text: str) -> frozenset[str]:
    if not tokens or tokens.pop(0) != "(":
        raise ValueError(f"unable to parse label selector {text!r}: a list of values starts with '('")
    values: set[str] = set()
    current = ""
    while tokens:
        token = tokens.pop(0)
        if token in (",", ")"):
            values.add(_value(current, text))
            if token == ")":
                return frozenset(values)
            current = ""
        elif current:
            raise ValueError(f"unable to parse label selector {text!r}: values must be separated by commas")
        else:
            current = token
    raise ValueError(f"unable to parse label selector {text!r}: a list of values ends with ')'")


def _key(key: str, text: str) -> str:
    prefix, slash, name = key.rpartition("/")
    if not NAME.match(name) or (slash and (len(prefix) > 253 or not PREFIX.match(prefix))):
        raise ValueError(f"unable to parse label selector {text!r}: {key!r} is not a label key")
    return key


def _value(value: str, text: str) -> str:
    if value and not NAME.match(value):
        raise ValueError(f"unable to parse label selector {text!r}: {value!r} is not a label value")
    return value


def parse_field_selector(text: str) -> FieldSelector:
    """The selector that a `fieldSelector` parameter means. Raises ValueError when it is none."""
    tests: list[FieldTest] = []
    for term in _split_terms(text):
        if not term.strip():
            continue
        found = re.match(r"([^=!]+?)(==|!=|=)(.*)\Z", term, re.DOTALL)
        if found is None:
            raise ValueError(f"invalid field selector {text!r}: can't understand {term!r}, expected path=value")
        value = re.sub(r"\\([\\,=])", r"\1", found.group(3))
        tests.append(FieldTest(found.group(1).strip(), value, found.group(2) != "!="))
    return FieldSelector(tuple(tests))


def _split_terms(text: str) -> list[str]:
    """Split at commas that no backslash escapes."""
    return re.findall(r"(?:[^,\\]|\\.)+", text, re.DOTALL)


OPERATORS: dict[str, Operator] = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


def label_selector_from(selector: Mapping[str, Any] | None) -> LabelSelector:
    """The selector a `LabelSelector` object means: none at all selects nothing, an empty one everything."""
    if selector is None:
        return LabelSelector(nothing=True)
    requirements = [
        Requirement(key, "=", frozenset((value,))) for key, value in (selector.get("matchLabels") or {}).items()
    ]
    for expression in selector.get("matchExpressions") or ():
        of = f"matchExpressions of key {expression.get('key')!r}"
        operator = OPERATORS.get(expression.get("operator", ""))
        if operator is None:
            raise ValueError(
                f"{of}: {expression.get('operator')!r} is not a valid "
                "label selector operator; use In, NotIn, Exists or DoesNotExist"
            )
        values = frozenset(expression.get("values") or ())
        if operator in ("in", "notin") and not values:
            raise ValueError(f"{of}: In and NotIn need values")
        if operator in ("exists", "!") and values:
            raise ValueError(f"{of}: Exists and DoesNotExist take no values")
        requirements.append(Requirement(expression["key"], operator, values))
    return LabelSelector(tuple(requirements))
