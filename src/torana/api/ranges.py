"""Which numbers of an object are outside the limits of its kind?

An API server refuses them when an object is written. What an older or laxer one let through can be read all the same,
and has to be judged before somebody counts with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from torana.api.field import ApiStruct, Field
from torana.api.schema import unwrap


class Misfit(NamedTuple):
    """A number that is too small or too large, and where it stands."""

    path: str
    message: str


_MOST = {"int32": 2**31 - 1, "int64": 2**63 - 1}
"""By format; nobody counts further than int32 where the kind says nothing."""

Check = Callable[[Any, str], Iterator[Misfit]]


def misfits(value: ApiStruct, path: str) -> Iterator[Misfit]:
    """All numbers of the value, which stands at `path` of its object, that do not fit."""
    for attribute, name, check in _checks(type(value)):
        part = getattr(value, attribute)
        if part is not None:
            yield from check(part, f"{path}.{name}")


@cache
def _checks(struct: type[ApiStruct]) -> tuple[tuple[str, str, Check], ...]:
    """The fields in which there may be numbers with limits: attribute, name in JSON, check."""
    hints = get_type_hints(struct, include_extras=True)
    found = []
    for field in msgspec.structs.fields(struct):
        check = _check(*unwrap(hints[field.name], Field()))
        if check is not None:
            found.append((field.name, field.encode_name, check))
    return tuple(found)


def _check(annotation: Any, facts: Field) -> Check | None:
    if annotation is int:
        most = facts.maximum if facts.maximum is not None else _MOST.get(facts.format or "", _MOST["int32"])
        return _in_range(facts.minimum if facts.minimum is not None else -most, most)
    if get_origin(annotation) is tuple:
        each = _check(*unwrap(get_args(annotation)[0], facts.item or Field()))
        return None if each is None else _in_list(each)
    if isinstance(annotation, type) and issubclass(annotation, ApiStruct) and _checks(annotation):
        return misfits
    return None


def _in_range(low: int, high: int) -> Check:
    def check(value: int, path: str) -> Iterator[Misfit]:
        if value < low:
            yield Misfit(path, f"{value} is too small; {low} is the least")
        elif value > high:
            yield Misfit(path, f"{value} is too large; {high} is the most")

    return check


def _in_list(each: Check) -> Check:
    def check(values: tuple[Any, ...], path: str) -> Iterator[Misfit]:
        for position, value in enumerate(values):
            yield from each(value, f"{path}[{position}]")

    return check
