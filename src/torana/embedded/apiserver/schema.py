"""What does a structural schema make of an object? It drops unknown fields, fills in defaults and finds mistakes.

Input is an OpenAPI v3 structural schema with its `x-kubernetes-*` extensions, as a CustomResourceDefinition carries it;
output a `CompiledSchema`, made once per version of a kind. The order of use on every write is prune, default, validate.
Implements what https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ says
about validation, defaulting, pruning and ratcheting.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from torana.embedded.apiserver.correlation import is_unchanged
from torana.embedded.apiserver.defaults import compile_defaulter
from torana.embedded.apiserver.field_error import (
    INVALID,
    NOT_SUPPORTED,
    REQUIRED,
    TOO_LONG,
    TOO_MANY,
    TYPE_INVALID,
    Fault,
    FieldError,
    under,
)
from torana.embedded.apiserver.pruning import compile_pruner
from torana.embedded.apiserver.rules import ABSENT, RuleWalk, compile_rules
from torana.embedded.apiserver.shape import object_schema
from torana.embedded.apiserver.validation import Check, compile_check

BLOCKING = frozenset({REQUIRED, NOT_SUPPORTED, TOO_LONG, TOO_MANY, TYPE_INVALID})
"""Mistakes after which rules are not run: they might fail, or take long, for that reason alone."""

NOT_CHECKED = FieldError(
    INVALID,
    "",
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete "
    "validation",
    None,
)

__all__ = ["CompiledSchema", "FieldError", "compile_schema"]


class CompiledSchema:
    """The semantics of one version of a kind. The schema must not be changed afterwards."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self.shape = object_schema(schema)
        """The schema with the metadata that all objects have: what server-side apply merges by."""
        self._prune = compile_pruner(schema, root=True)
        self._default = compile_defaulter(schema)
        self._check = compile_check(schema, root=True)
        self._rules: RuleWalk | None = None
        self._rules_compiled = False

    def prune(self, obj: dict[str, Any]) -> list[str]:
        """Drops the fields that the schema does not know, in place, and returns their paths."""
        dropped = self._prune(obj) if self._prune is not None else None
        return [path.removeprefix(".") for path in dropped] if dropped else []

    def default(self, obj: dict[str, Any]) -> None:
        """Fills in defaults in place. Nulls where null is not allowed are dropped or replaced by the default."""
        if self._default is not None:
            self._default(obj)

    def validate(
        self, obj: dict[str, Any], old: dict[str, Any] | None = None, *, status_only: bool = False
    ) -> list[FieldError]:
        """All mistakes of an object. On an update, those in parts that `old` had already are tolerated.

        A write of the status subresource has `status_only`: the rest is held to the rules, but not to the schema.
        """
        faults = self._status_faults(obj) if status_only else (self._check(obj) if self._check is not None else None)
        if faults and old is not None:
            faults = [fault for fault in faults if not is_unchanged(fault, self.schema, obj, old)]
        errors = [fault.at(int(status_only)) for fault in faults or ()]
        if any(error.type in BLOCKING for error in errors):
            return [*errors, NOT_CHECKED] if self.rules is not None else errors
        if self.rules is not None and (broken := self.rules.visit(obj, ABSENT if old is None else old)):
            errors.extend(fault.at() for fault in broken)
        return errors

    @cached_property
    def _status_check(self) -> Check | None:
        return compile_check((self.schema.get("properties") or {}).get("status") or {})

    def _status_faults(self, obj: dict[str, Any]) -> list[Fault]:
        if self._status_check is None or "status" not in obj:
            return []
        return under(None, "status", self._status_check(obj["status"]) or [])

    @property
    def rules(self) -> RuleWalk | None:
        """The CEL rules, compiled when the first object is validated."""
        if not self._rules_compiled:
            self._rules = compile_rules(self.schema, root=True)
            self._rules_compiled = True
        return self._rules


def compile_schema(schema: Mapping[str, Any]) -> CompiledSchema:
    """The semantics of a schema. Raises ValueError for a pattern that is no regular expression."""
    return CompiledSchema(schema)
