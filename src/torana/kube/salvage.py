"""What can be read of an object that does not fit its Struct? In: its JSON. Out: the Struct, and what is not in it.

Objects may have been stored by another version of a CRD, or another vendor's. What cannot be read is left out, so what
remains says less than the object: a match without a condition takes more requests, a target without a port is all
ports. Whoever uses it has to refuse what it is about, not serve it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import msgspec.inspect as shapes


class Salvage(NamedTuple):
    """`lost` are fields that could not be read, each with the reason."""

    value: Any
    lost: tuple[str, ...]


class _Lost(Exception):
    """Nothing that fits is left of a value."""


_STAND_INS: tuple[tuple[type[shapes.Type], Any], ...] = (
    (shapes.StrType, ""),
    (shapes.IntType, 0),
    (shapes.BoolType, False),
    (shapes.DictType, {}),
    (shapes.VarTupleType, []),
    (shapes.ListType, []),
)
"""What stands in a required field that could not be read, so that the rest of the object can be."""


def salvage(raw: bytes | msgspec.Raw, struct: type[Any]) -> Salvage | None:
    """The object as far as it can be read; None when that is nothing."""
    found: list[str] = []
    try:
        pruned = _prune(msgspec.json.decode(raw), shapes.type_info(struct), "", found)
        return Salvage(msgspec.convert(pruned, struct), tuple(found))
    except (_Lost, msgspec.ValidationError):
        return None


def _prune(value: Any, shape: shapes.Type, path: str, found: list[str], *, is_whole: bool = False) -> Any:
    """The value without what does not fit. `is_whole`: no required field may be missing, or all of it is lost."""
    if isinstance(shape, shapes.UnionType):
        return _prune_union(value, shape, path, found, is_whole)
    if isinstance(shape, shapes.StructType) and isinstance(value, dict):
        return _prune_struct(value, shape, path, found, is_whole)
    if isinstance(shape, (shapes.VarTupleType, shapes.ListType)) and isinstance(value, list):
        return _prune_list(value, shape.item_type, path, found)
    if isinstance(shape, shapes.StructType):
        found.append(f"{path}: expected an object")
        return _prune_struct({}, shape, path, [], is_whole)
    if isinstance(shape, (shapes.VarTupleType, shapes.ListType)):
        found.append(f"{path}: expected a list")
        return _prune_list([None], shape.item_type, path, [])
    return _leaf(value, shape, path, found)


def _prune_union(value: Any, shape: shapes.UnionType, path: str, found: list[str], is_whole: bool) -> Any:
    """Such as `T | None`."""
    if value is None:
        return None
    members = [one for one in shape.types if not isinstance(one, shapes.NoneType)]
    if len(members) == 1:
        return _prune(value, members[0], path, found, is_whole=is_whole)
    return _leaf(value, shape, path, found)


def _prune_struct(
    value: dict[str, Any], shape: shapes.StructType, path: str, found: list[str], is_whole: bool
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for field in shape.fields:
        name, at = field.encode_name, f"{path}.{field.encode_name}".lstrip(".")
        try:
            if name in value:
                kept[name] = _prune(value[name], field.type, at, found, is_whole=is_whole)
                continue
            if not field.required:
                continue
            found.append(f"{at}: missing")
        except _Lost:
            if not field.required:
                continue
        if is_whole:
            raise _Lost
        kept[name] = _stand_in(field.type)
    return kept


def _stand_in(shape: shapes.Type) -> Any:
    if isinstance(shape, shapes.StructType):
        return _prune_struct({}, shape, "", [], False)
    for type_, value in _STAND_INS:
        if isinstance(shape, type_):
            return value
    raise _Lost


def _prune_list(values: list[Any], item: shapes.Type, path: str, found: list[str]) -> list[Any]:
    """Items that cannot be read stay as empty ones, which say nothing and so mean everything, where there are such."""
    kept = []
    for position, value in enumerate(values):
        at = f"{path}[{position}]"
        try:
            kept.append(_prune(value, item, at, found, is_whole=True))
        except _Lost:
            continue
    return kept


def _leaf(value: Any, shape: shapes.Type, path: str, found: list[str]) -> Any:
    """Raises `_Lost` when the value is of another type."""
    try:
        msgspec.convert(value, next((type_ for kind, type_ in _TYPES if isinstance(shape, kind)), Any))
    except msgspec.ValidationError as error:
        found.append(f"{path}: {error}")
        raise _Lost from None
    return value


_TYPES: tuple[tuple[type[shapes.Type], Any], ...] = (
    (shapes.StrType, str),
    (shapes.IntType, int),
    (shapes.BoolType, bool),
    (shapes.DictType, dict[str, str]),
)
"""What leaves of the kinds are."""
