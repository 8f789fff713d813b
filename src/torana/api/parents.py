"""How does a route name its parents, and how do they answer in its status?

Shared by all route kinds: the head of `spec` and the whole of `status`.
"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule
from torana.api.meta import Condition
from torana.api.references import ParentReference

# The pieces from which the rules about repeated parents are put together. Absent and empty values are the same.
_SAME_OBJECT = "p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name"


def _both_absent(field: str, empty: str) -> str:
    return f"((!has(p1.{field}) || p1.{field} == {empty}) && (!has(p2.{field}) || p2.{field} == {empty}))"


def _same(field: str, empty: str = "''") -> str:
    return f"({_both_absent(field, empty)} || (has(p1.{field}) && has(p2.{field}) && p1.{field} == p2.{field}))"


def _given_alike(field: str, empty: str = "''") -> str:
    return f"(!has(p1.{field}) || p1.{field} == {empty}) == (!has(p2.{field}) || p2.{field} == {empty})"


def _distinct_parents(*fields: tuple[str, str]) -> tuple[str, str]:
    """Rules: references to one parent all give the same ones of `fields` (name, empty value), and differ in them."""
    same_parent = f"{_SAME_OBJECT} && {_same('__namespace__')}"
    alike = " && ".join(_given_alike(*field) for field in fields)
    same_place = " && ".join(_same(*field) for field in fields)
    return (
        f"self.all(p1, self.all(p2, {same_parent} ? ({alike}) : true))",
        f"self.all(p1, self.exists_one(p2, {same_parent} && {same_place}))",
    )


_ALIKE, _UNIQUE = _distinct_parents(("sectionName", "''"))
_ALIKE_WITH_PORT, _UNIQUE_WITH_PORT = _distinct_parents(("sectionName", "''"), ("port", "0"))
_REPEATED = "when parentRefs includes 2 or more references to the same parent"

PARENT_REFS = limits.atomic_list(
    "What the route wants to attach to, usually Gateways or ListenerSets. Nothing happens until a parent accepts the"
    " route; each answers in `status.parents`.",
    max_items=32,
    rules=(
        Rule(_ALIKE, f"sectionName must be specified {_REPEATED}"),
        Rule(_UNIQUE, f"sectionName must be unique {_REPEATED}"),
    ),
    experimental=Field(
        rules=(
            Rule(_ALIKE_WITH_PORT, f"sectionName or port must be specified {_REPEATED}"),
            Rule(_UNIQUE_WITH_PORT, f"sectionName or port must be unique {_REPEATED}"),
        )
    ),
)


class CommonRouteSpec(ApiStruct, kw_only=True):
    """The part of a route's `spec` that all route kinds share."""

    parent_refs: Annotated[tuple[ParentReference, ...], PARENT_REFS] = ()
    use_default_gateways: Annotated[
        str,
        Field(
            "`All`: attach also to every default Gateway (see `defaultScope` of Gateway); `None`: do not.",
            enum=("All", "None"), channel="experimental",
        ),
    ] = ""


class RouteParentStatus(ApiStruct, kw_only=True):
    """One parent's answer to the route, given by one controller."""

    parent_ref: Annotated[ParentReference, Field("The entry of `spec.parentRefs` that this is the answer to.")]
    controller_name: Annotated[
        str, limits.controller_name("Controller that wrote this entry, e.g. `example.com/gateway-controller`.")
    ]
    conditions: Annotated[
        tuple[Condition, ...],
        limits.conditions("How the parent judges the route: `Accepted`, `ResolvedRefs`, and others.", min_items=1),
    ]


class RouteStatus(ApiStruct, kw_only=True):
    """What the parents say about the route. Each controller writes only its own entries."""

    parents: Annotated[
        tuple[RouteParentStatus, ...],
        limits.atomic_list(
            "One entry per parent and controller. A parent that nobody answers for, or that the route does not know,"
            " has no entry.",
            max_items=32,
        ),
    ]
