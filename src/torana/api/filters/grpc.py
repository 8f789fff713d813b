"""GRPCRouteFilter: which one of the filters is this entry of a GRPCRoute's `filters`?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule
from torana.api.filters.discriminator import at_most_one, goes_with
from torana.api.filters.header_modifier import HTTPHeaderFilter
from torana.api.filters.mirror import HTTPRequestMirrorFilter
from torana.api.references import LocalObjectReference


class GRPCRouteFilter(ApiStruct, kw_only=True):
    """Something done to calls on their way. `type` says which field is set."""

    cel: ClassVar[tuple[Rule, ...]] = (
        *goes_with("RequestHeaderModifier", "requestHeaderModifier"),
        *goes_with("ResponseHeaderModifier", "responseHeaderModifier"),
        *goes_with("RequestMirror", "requestMirror"),
        *goes_with("ExtensionRef", "extensionRef"),
    )

    type: Annotated[
        str,
        Field(
            "Which filter this is. The field of the same name holds its settings.",
            enum=("ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef"),
        ),
    ]
    request_header_modifier: Annotated[HTTPHeaderFilter | None, Field("Changes metadata of the call.")] = None
    response_header_modifier: Annotated[HTTPHeaderFilter | None, Field("Changes metadata of the answer.")] = None
    request_mirror: Annotated[
        HTTPRequestMirrorFilter | None, Field("Copies calls to another backend. May be repeated.")
    ] = None
    extension_ref: Annotated[
        LocalObjectReference | None,
        Field("Names an object that describes a filter of the controller's own. An unknown one fails the call."),
    ] = None


def grpc_filters(doc: str) -> Field:
    """A list of GRPCRouteFilter."""
    rules = (at_most_one("RequestHeaderModifier"), at_most_one("ResponseHeaderModifier"))
    return limits.atomic_list(doc, max_items=16, rules=rules)
