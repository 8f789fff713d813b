"""Does a value satisfy `allOf`, `anyOf`, `oneOf` and `not`? The parts are schemas of their own, most without a type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torana.embedded.apiserver.field_error import INVALID, OMITTED, Fault

Check = Callable[[Any], list[Fault] | None]
Compile = Callable[[Mapping[str, Any]], "Check | None"]


ONE_OF = '"{path}" must validate one and only one schema (oneOf)'


def compile_combined(schema: Mapping[str, Any], compile_check: Compile) -> Check | None:
    """The check of a schema's combinations; None when it has none."""
    checks: list[Check] = []
    checks.extend(check for part in schema.get("allOf") or () if (check := compile_check(part)) is not None)
    if parts := schema.get("anyOf"):
        checks.append(_any_of([compile_check(part) for part in parts]))
    if parts := schema.get("oneOf"):
        checks.append(_one_of([compile_check(part) for part in parts]))
    if "not" in schema:
        checks.append(_not(compile_check(schema["not"])))
    if not checks:
        return None

    def check_all(value: Any) -> list[Fault] | None:
        found = [error for check in checks for error in check(value) or ()]
        return found or None

    return check_all


def _any_of(parts: list[Check | None]) -> Check:
    def check(value: Any) -> list[Fault] | None:
        errors: list[Fault] = []
        for part in parts:
            failed = part(value) if part is not None else None
            if not failed:
                return None
            errors.extend(failed)
        return [*errors, _failure('"{path}" must validate at least one schema (anyOf)')]

    return check


def _one_of(parts: list[Check | None]) -> Check:
    def check(value: Any) -> list[Fault] | None:
        failures = [part(value) if part is not None else None for part in parts]
        valid = sum(not failure for failure in failures)
        if valid == 1:
            return None
        if valid:
            return [_failure(f"{ONE_OF}. Found {valid} valid alternatives")]
        first = next((failure for failure in failures if failure), [])
        return [*first, _failure(f"{ONE_OF}. Found none valid")]

    return check


def _not(part: Check | None) -> Check:
    def check(value: Any) -> list[Fault] | None:
        if part is not None and part(value):
            return None
        return [_failure('"{path}" must not validate the schema (not)')]

    return check


def _failure(message: str) -> Fault:
    return Fault(INVALID, (), message, OMITTED)
