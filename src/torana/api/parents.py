"""How does a route name its parents, and how do they answer in its status?

Shared by all route kinds: the head of `spec` and the whole of `status`.
"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule
from torana.api.meta import Condition
from torana.api.references import ParentReference
from torana.api.rules import SAME_OBJECT, distinct, same

_SAME_PARENT = f"{SAME_OBJECT} && {same('__namespace__')}"
_ALIKE, _UNIQUE = distinct(_SAME_PARENT, ("sectionName", "''"))
_ALIKE_WITH_PORT, _UNIQUE_WITH_PORT = distinct(_SAME_PARENT, ("sectionName", "''"), ("port", "0"))
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
            enum=("All", "None"),
            channel="experimental",
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
