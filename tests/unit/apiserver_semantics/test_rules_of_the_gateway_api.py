"""Does every CEL rule of our kinds refuse what it is there to refuse, and nothing beside it?"""

from __future__ import annotations

import copy
import re
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

import pytest

from torana.api.crd import crd_manifest
from torana.api.registry import KINDS
from torana.embedded.apiserver.schema import CompiledSchema, compile_schema

from .cel_cases import BASES, Case
from .rule_cases import CASES

Channel = Literal["standard", "experimental"]
CHANNELS: tuple[Channel, ...] = ("standard", "experimental")

UNREACHABLE = {"type must be one of ['Exact', 'PathPrefix', 'RegularExpression']"}
"""Rules that an enumeration in the schema makes superfluous."""


@lru_cache
def schema_of(kind_name: str, channel: Channel) -> CompiledSchema | None:
    """The schema of a kind's storage version as the channel serves it; None when it does not serve the kind."""
    for kind in KINDS:
        if kind.kind == kind_name and kind.is_custom and (channel == "experimental" or kind.channel == "standard"):
            versions = crd_manifest(kind, channel)["spec"]["versions"]
            stored = next(version for version in versions if version["storage"])
            return compile_schema(stored["schema"]["openAPIV3Schema"])
    return None


def edited(kind_name: str, edits: dict[str, Any]) -> dict[str, Any]:
    """The kind's base object with the edits made."""
    obj = copy.deepcopy(BASES[kind_name])
    for path, value in edits.items():
        steps: list[Any] = [int(index) if index else name for name, index in re.findall(r"(\w+)|\[(\d+)\]", path)]
        target: Any = obj
        for step, following in pairwise(steps):
            if isinstance(target, dict):
                target = target.setdefault(step, [] if isinstance(following, int) else {})
            else:
                target = target[step]
        if value is ...:
            target.pop(steps[-1], None)
        else:
            target[steps[-1]] = copy.deepcopy(value)
    return obj


def errors_of(kind_name: str, case: Case, schema: CompiledSchema) -> list[str]:
    """What the schema says about a case's object."""
    objects = [edited(kind_name, case.edits)] + ([edited(kind_name, case.old)] if case.old is not None else [])
    for obj in objects:
        dropped = schema.prune(obj)
        assert not dropped, f"the case uses fields that do not exist: {dropped}"
        schema.default(obj)
    return [str(error) for error in schema.validate(objects[0], objects[1] if case.old is not None else None)]


def cases_for(channel: Channel) -> list[Any]:
    return [
        pytest.param(kind_name, case, id=f"{kind_name}: {case.message[:60] or 'accepted'} {index}")
        for kind_name, cases in CASES.items()
        if schema_of(kind_name, channel) is not None
        for index, case in enumerate(cases)
        if case.channel in ("", channel)
    ]


@pytest.mark.parametrize(("kind_name", "case"), cases_for("standard"))
def test_the_standard_channel_judges(kind_name: str, case: Case) -> None:
    judge(kind_name, case, "standard")


@pytest.mark.parametrize(("kind_name", "case"), cases_for("experimental"))
def test_the_experimental_channel_judges(kind_name: str, case: Case) -> None:
    judge(kind_name, case, "experimental")


def judge(kind_name: str, case: Case, channel: Channel) -> None:
    schema = schema_of(kind_name, channel)
    assert schema is not None
    errors = errors_of(kind_name, case, schema)
    if case.message:
        assert any(case.message in error for error in errors), errors
    else:
        assert errors == []


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_rule_is_broken_by_some_case(channel: Channel) -> None:
    for kind_name, cases in CASES.items():
        schema = schema_of(kind_name, channel)
        if schema is None:
            continue
        said = " ".join(
            error
            for case in cases
            if case.channel in ("", channel) and case.message
            for error in errors_of(kind_name, case, schema)
        )
        silent = {message for message in messages_of(schema.schema) if message not in said} - UNREACHABLE
        assert not silent, f"no case of {kind_name} breaks these rules: {silent}"


def messages_of(schema: Any) -> set[str]:
    """Messages of all rules of a schema."""
    if isinstance(schema, list):
        return {message for item in schema for message in messages_of(item)}
    if not isinstance(schema, dict):
        return set()
    own = {rule["message"].strip() for rule in schema.get("x-kubernetes-validations") or () if "message" in rule}
    return own | {message for child in schema.values() for message in messages_of(child)}
