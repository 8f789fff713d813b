"""Is each kind described completely and consistently?"""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from torana.api.core.pod import PodStatus
from torana.api.field import ApiStruct, Field
from torana.api.kind import Kind
from torana.api.meta import ObjectMeta
from torana.api.registry import BUILT_IN_KINDS, CUSTOM_KINDS, KINDS, by_kind
from torana.api.schema import structural_schema, walk


def structs_of(annotation: Any) -> Iterator[type[ApiStruct]]:
    if isinstance(annotation, type) and issubclass(annotation, ApiStruct) and annotation is not ObjectMeta:
        yield annotation
        for hint in get_type_hints(annotation, include_extras=True).values():
            yield from structs_of(hint)
    elif get_origin(annotation) is not None:
        for argument in get_args(annotation)[: 1 if get_origin(annotation) is Annotated else None]:
            yield from structs_of(argument)


def all_structs() -> list[type[ApiStruct]]:
    versions = [(kind, version) for kind in KINDS for version in kind.versions]
    found = [struct for kind, version in versions for struct in structs_of(version.struct or kind.struct)]
    return list(dict.fromkeys(found))


def described_fields(struct: type[ApiStruct]) -> Iterator[tuple[msgspec.structs.FieldInfo, Any, Field]]:
    """Each field that has a Field, with its plain type."""
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        if get_origin(hints[field.name]) is Annotated:
            annotation, facts = get_args(hints[field.name])
            yield field, annotation, facts


EVERY_STRUCT = pytest.mark.parametrize("struct", all_structs(), ids=lambda struct: struct.__name__)
EVERY_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.kind}.{kind.group}")


def test_names_of_kinds_and_plurals_are_unique_in_their_group() -> None:
    assert len({(kind.group, kind.kind) for kind in KINDS}) == len(KINDS)
    assert len({(kind.group, kind.plural) for kind in KINDS}) == len(KINDS)


def test_a_kind_is_found_by_group_and_name() -> None:
    for kind in KINDS:
        assert by_kind(kind.group, kind.kind) is kind


def test_an_unknown_kind_is_named_in_the_error() -> None:
    with pytest.raises(KeyError, match=r"Ingress\.networking\.k8s\.io"):
        by_kind("networking.k8s.io", "Ingress")


@EVERY_KIND
def test_a_kind_has_exactly_one_storage_version_and_serves_it(kind: Kind) -> None:
    assert [version.served for version in kind.versions if version.storage] == [True]


@EVERY_KIND
def test_a_kind_with_status_subresource_has_a_status(kind: Kind) -> None:
    names = {field.encode_name for field in msgspec.structs.fields(kind.struct)}
    if kind.has_status:
        assert "status" in names


@EVERY_KIND
def test_only_kinds_of_the_gateway_api_are_custom(kind: Kind) -> None:
    assert kind.is_custom == kind.group.startswith("gateway.networking.")
    assert kind.is_custom == (kind in CUSTOM_KINDS)
    assert kind.is_custom != (kind in BUILT_IN_KINDS)


@EVERY_KIND
def test_every_list_says_how_it_is_merged(kind: Kind) -> None:
    missing: list[str] = []

    def look(path: str, schema: dict[str, Any]) -> None:
        if schema.get("type") == "array" and "x-kubernetes-list-type" not in schema:
            missing.append(path)
        if schema.get("x-kubernetes-list-type") == "map":
            items = schema["items"].get("properties")
            keys = set(schema["x-kubernetes-list-map-keys"])
            if items is not None and not keys <= set(items):
                missing.append(f"{path}: keys {keys}")

    walk(structural_schema(kind.struct), look)
    assert missing == []


@EVERY_STRUCT
def test_every_struct_and_field_is_documented(struct: type[ApiStruct]) -> None:
    assert struct.__doc__, "the docstring becomes the description"
    docs = {field.name: facts.doc for field, _, facts in described_fields(struct)}
    for field in msgspec.structs.fields(struct):
        if field.name not in ("api_version", "kind", "metadata") or field.name in docs:
            assert docs.get(field.name, "").endswith("."), f"{field.name}: the description is one or more sentences"


@EVERY_STRUCT
def test_a_simple_default_is_the_same_in_python_and_in_the_schema(struct: type[ApiStruct]) -> None:
    if struct is PodStatus:
        return  # the phase of a Pod that no API server has seen yet is not known
    for field, _, facts in described_fields(struct):
        if isinstance(facts.default, str | int | bool) and field.default is not None:
            assert field.default == facts.default, field.name


@EVERY_STRUCT
def test_limits_fit_the_type(struct: type[ApiStruct]) -> None:
    for field, annotation, facts in described_fields(struct):
        kinds = {get_origin(part) or part for part in _parts(annotation)}
        if facts.enum and facts.default is not None:
            assert facts.default in facts.enum, field.name
        if facts.min_length is not None or facts.max_length is not None or facts.pattern is not None:
            assert kinds == {str}, field.name
        if facts.minimum is not None or facts.maximum is not None:
            assert kinds == {int}, field.name
        if facts.list_type is not None or facts.max_items is not None:
            assert kinds == {tuple}, field.name
        if facts.map_keys:
            assert facts.list_type == "map", field.name


def _parts(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, UnionType):
        return tuple(part for part in get_args(annotation) if part is not type(None))
    return (annotation,)
