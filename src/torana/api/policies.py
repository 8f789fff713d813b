"""How does a policy name its targets, and how do those who act on it answer in its status?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule
from torana.api.meta import Condition
from torana.api.references import ParentReference
from torana.api.rules import SAME_OBJECT, distinct

DIRECT_POLICY_LABEL = ("gateway.networking.k8s.io/policy", "Direct")
"""Marks the definition of a policy that acts on nothing but its targets."""


class LocalPolicyTargetReference(ApiStruct, kw_only=True):
    """Names what a policy is about, in the policy's own namespace."""

    group: Annotated[str, limits.group("API group of the target; empty for the core group.")]
    kind: Annotated[str, limits.kind("Kind of the target, e.g. `Service`.")]
    name: Annotated[str, limits.object_name("Name of the target.")]


class LocalPolicyTargetReferenceWithSectionName(LocalPolicyTargetReference, kw_only=True):
    """Names what a policy is about, in the policy's own namespace: an object, or one section of it."""

    section_name: Annotated[
        str,
        limits.section_name(
            "Section of the target: a port name of a Service, a listener name of a Gateway. When absent, all of it. A"
            " policy for a section goes before one for the whole."
        ),
    ] = ""


_ALIKE, _UNIQUE = distinct(SAME_OBJECT, ("sectionName", "''"))
_REPEATED = "when targetRefs includes 2 or more references to the same target"

DISTINCT_TARGETS = (
    Rule(_ALIKE, f"sectionName must be specified {_REPEATED}"),
    Rule(_UNIQUE, f"sectionName must be unique {_REPEATED}"),
)


class PolicyAncestorStatus(ApiStruct, kw_only=True):
    """How the policy works out for one ancestor of its targets, as one controller says."""

    ancestor_ref: Annotated[
        ParentReference, Field("The ancestor, usually the Gateway through which the target is reached.")
    ]
    controller_name: Annotated[
        str, limits.controller_name("Controller that wrote this entry, e.g. `example.com/gateway-controller`.")
    ]
    conditions: Annotated[
        tuple[Condition, ...],
        limits.conditions("How the policy is judged here: `Accepted`, and others.", min_items=1),
    ]


class PolicyStatus(ApiStruct, kw_only=True):
    """How the policy works out. Each controller writes only its own entries."""

    ancestors: Annotated[
        tuple[PolicyAncestorStatus, ...],
        limits.atomic_list(
            "One entry per ancestor and controller. When it is full, the policy does nothing for further ancestors.",
            max_items=16,
        ),
    ]
