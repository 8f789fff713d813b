"""To which backends do connections or datagrams go? The rule that TLSRoute, TCPRoute and UDPRoute share."""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct
from torana.api.references import BackendRef
from torana.api.rules import unique_rule_names


class StreamRule(ApiStruct, kw_only=True):
    """Everything that the route takes goes to `backendRefs`."""

    name: Annotated[str, limits.section_name("Name of the rule. Policies may refer to it.")] = ""
    backend_refs: Annotated[
        tuple[BackendRef, ...],
        limits.atomic_list(
            "Where connections go, by weight. The share of a backend that cannot be resolved is refused.",
            max_items=16,
            min_items=1,
        ),
    ]


ONE_RULE = limits.atomic_list("The one rule.", max_items=1, min_items=1)

SEVERAL_RULES = limits.atomic_list(
    "The rules. Only the first one counts.", max_items=16, min_items=1, rules=(unique_rule_names("experimental"),)
)
"""What versions before v1 allow."""


def superseded(kind: str, version: str) -> str:
    """What clients of an old version are told."""
    return (
        f"The {version} version of {kind} has been deprecated and will be removed in a future release of the API."
        " Please upgrade to v1."
    )
