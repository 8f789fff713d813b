"""Which CEL rules of a schema does an object break?

Input is a structural schema; output a function from a value, and the value it replaces, to faults. Only parts of
an object that have rules somewhere below are visited. Rules with `oldSelf` (transition rules) run only where there is
an old value to compare with: under objects, maps, and lists that are maps. Where nothing changed only transition rules
run, since what an older, laxer schema let in may stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torana.embedded.apiserver.cel import CelFailure, CelSyntaxError, Program, rule_engine
from torana.embedded.apiserver.cel_values import Adapter, compile_adapter, root_value
from torana.embedded.apiserver.correlation import correlate_items
from torana.embedded.apiserver.field_error import DUPLICATE, FORBIDDEN, INVALID, OMITTED, REQUIRED, Fault, Step, under

ABSENT: Any = type("Absent", (), {"__slots__": ()})()
"""There is no old value to compare with."""

REASONS = frozenset({REQUIRED, FORBIDDEN, DUPLICATE})
OLD_SELF = re.compile(r"\boldSelf\b")
MISSING_KEY = re.compile(r'NOT_FOUND: Key not found in map : "(.*)"')

Walk = Callable[[Any, Any], "list[Fault] | None"]
"""Faults of a value, given the value it replaces or ABSENT."""


@dataclass(frozen=True, slots=True)
class RuleWalk:
    """Visits the rules at and below one node of a schema."""

    visit: Walk
    has_transitions: bool


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One `x-kubernetes-validations` entry."""

    program: Program | None
    rule: str
    message: str
    message_program: Program | None
    uses_old: bool
    optional_old: bool
    reason: str
    steps: tuple[Step, ...]
    problem: str = ""


def compile_rule(rule: Mapping[str, Any]) -> CompiledRule:
    """A rule ready to run; one that is not CEL keeps its problem and fails whenever it would run."""
    text = rule["rule"].strip()
    program: Program | None = None
    message_program: Program | None = None
    problem = ""
    try:
        program = rule_engine().compile(text)
        if expression := rule.get("messageExpression"):
            message_program = rule_engine().compile(expression)
    except CelSyntaxError as error:
        problem = str(error)
    reason = rule.get("reason") or INVALID
    return CompiledRule(
        program=program,
        rule=text,
        message=(rule.get("message") or "").strip(),
        message_program=message_program,
        uses_old=OLD_SELF.search(text) is not None,
        optional_old=bool(rule.get("optionalOldSelf")),
        reason=reason if reason in REASONS else INVALID,
        steps=tuple(re.findall(r"[^.\[\]']+", rule.get("fieldPath") or "")),
        problem=problem,
    )


def compile_rules(schema: Mapping[str, Any], *, root: bool = False) -> RuleWalk | None:
    """The walk over a schema's rules; None when there are none at or below it."""
    rules = [compile_rule(rule) for rule in schema.get("x-kubernetes-validations") or ()]
    walks: list[RuleWalk] = []
    if rules:
        walks.append(_node_walk(rules, _adapter(schema, root), str(schema.get("type", ""))))
    if "items" in schema and (items := compile_rules(schema["items"])):
        walks.append(_items_walk(items, schema))
    children = {
        name: walk for name, child in (schema.get("properties") or {}).items() if (walk := compile_rules(child))
    }
    extra = schema.get("additionalProperties")
    every = compile_rules(extra) if isinstance(extra, Mapping) else None
    if children or every:
        walks.append(_members_walk(children, every, frozenset(schema.get("properties") or ())))
    walks.extend(walk for part in schema.get("allOf") or () if (walk := compile_rules(part)) is not None)
    return _joined(walks) if walks else None


def _adapter(schema: Mapping[str, Any], root: bool) -> Adapter | None:
    adapt = compile_adapter(schema)
    if not root:
        return adapt
    return root_value if adapt is None else (lambda value: adapt(root_value(value)))


def _joined(walks: list[RuleWalk]) -> RuleWalk:
    visits = [walk.visit for walk in walks]
    has_transitions = any(walk.has_transitions for walk in walks)

    def visit(value: Any, old: Any) -> list[Fault] | None:
        if value is None or (not has_transitions and old is not ABSENT and value == old):
            return None
        found: list[Fault] | None = None
        for walk in visits:
            if (faults := walk(value, old)) is not None:
                found = faults if found is None else found + faults
        return found

    return RuleWalk(visit, has_transitions)


def _members_walk(children: Mapping[str, RuleWalk], every: RuleWalk | None, declared: frozenset[str]) -> RuleWalk:
    visits = {name: walk.visit for name, walk in children.items()}
    visit_other = every.visit if every else None

    def visit(value: Any, old: Any) -> list[Fault] | None:
        if type(value) is not dict:
            return None
        found: list[Fault] | None = None
        is_map = type(old) is dict
        for name in value if visit_other else visits.keys() & value.keys():
            walk = visits.get(name) or (visit_other if name not in declared else None)
            if walk is not None and (faults := walk(value[name], old.get(name, ABSENT) if is_map else ABSENT)):
                found = under(found, name, faults)
        return found

    return RuleWalk(visit, any(walk.has_transitions for walk in [*children.values(), *([every] if every else [])]))


def _items_walk(items: RuleWalk, schema: Mapping[str, Any]) -> RuleWalk:
    walk = items.visit

    def visit(value: Any, old: Any) -> list[Fault] | None:
        if type(value) is not list:
            return None
        found: list[Fault] | None = None
        olds = correlate_items(schema, value, old, ABSENT)
        for index, item in enumerate(value):
            if (faults := walk(item, olds[index])) is not None:
                found = under(found, index, faults)
        return found

    return RuleWalk(visit, items.has_transitions)


def _node_walk(rules: list[CompiledRule], adapt: Adapter | None, type_name: str) -> RuleWalk:
    engine = rule_engine()
    needs_old = any(rule.uses_old for rule in rules)

    def visit(value: Any, old: Any) -> list[Fault] | None:
        has_old = old is not ABSENT and old is not None
        unchanged = has_old and value == old
        if unchanged and not needs_old:
            return None
        values = {"self": value if adapt is None else adapt(value)}
        if has_old and needs_old:
            values["oldSelf"] = old if adapt is None else adapt(old)
        activation = engine.activation(values)
        found: list[Fault] | None = None
        for rule in rules:
            if (not has_old or rule.optional_old) if rule.uses_old else unchanged:
                continue
            if (fault := _run(rule, activation, value, type_name)) is not None:
                found = [fault] if found is None else [*found, fault]
        return found

    return RuleWalk(visit, needs_old)


def _run(rule: CompiledRule, activation: Any, value: Any, type_name: str) -> Fault | None:
    """The fault that a rule finds; a rule that cannot be evaluated is broken."""
    if rule.program is None:
        return Fault(INVALID, (), f"rule compile error: {rule.problem}", type_name)
    result = rule.program.evaluate(activation)
    if result is True:
        return None
    if isinstance(result, CelFailure):
        message = MISSING_KEY.sub(r"no such key: \1", result.message)
        return Fault(INVALID, (), f"{message} evaluating rule: {rule.message or rule.rule}", type_name)
    message = rule.message or f"failed rule: {rule.rule}"
    if rule.message_program is not None:
        said = rule.message_program.evaluate(activation)
        if isinstance(said, str) and said.strip() and "\n" not in said.strip():
            message = said.strip()
    return Fault(rule.reason, rule.steps, message, OMITTED if isinstance(value, (dict, list)) else value)


def rule_problems(schema: Mapping[str, Any], path: str = "") -> list[tuple[str, str]]:
    """Paths and problems of the rules that are not valid CEL (asked when a CustomResourceDefinition is created)."""
    found = [
        (f"{path}.x-kubernetes-validations[{index}].rule", compiled.problem)
        for index, rule in enumerate(schema.get("x-kubernetes-validations") or ())
        if (compiled := compile_rule(rule)).problem
    ]
    for name, child in (schema.get("properties") or {}).items():
        found.extend(rule_problems(child, f"{path}.properties[{name}]"))
    for name in ("items", "additionalProperties"):
        if isinstance(child := schema.get(name), Mapping):
            found.extend(rule_problems(child, f"{path}.{name}"))
    return found
