"""HTTPRouteFilter: which one of the filters is this entry of an HTTPRoute's `filters`?"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule
from torana.api.filters.cors import HTTPCORSFilter
from torana.api.filters.discriminator import at_most_one, goes_with
from torana.api.filters.external_auth import HTTPExternalAuthFilter
from torana.api.filters.header_modifier import HTTPHeaderFilter
from torana.api.filters.mirror import HTTPRequestMirrorFilter
from torana.api.filters.redirect import HTTPRequestRedirectFilter
from torana.api.filters.rewrite import HTTPURLRewriteFilter
from torana.api.references import LocalObjectReference

_STANDARD_TYPES = (
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
    "RequestRedirect",
    "URLRewrite",
    "ExtensionRef",
    "CORS",
)


class HTTPRouteFilter(ApiStruct, kw_only=True):
    """Something done to requests or responses on their way. `type` says which field is set."""

    cel: ClassVar[tuple[Rule, ...]] = (
        *goes_with("CORS", "cors"),
        *goes_with("RequestHeaderModifier", "requestHeaderModifier"),
        *goes_with("ResponseHeaderModifier", "responseHeaderModifier"),
        *goes_with("RequestMirror", "requestMirror"),
        *goes_with("RequestRedirect", "requestRedirect"),
        *goes_with("URLRewrite", "urlRewrite"),
        *goes_with("ExtensionRef", "extensionRef"),
        *goes_with("ExternalAuth", "externalAuth", channel="experimental"),
    )

    type: Annotated[
        str,
        Field(
            "Which filter this is. The field of the same name holds its settings.",
            enum=_STANDARD_TYPES,
            experimental=Field(enum=(*_STANDARD_TYPES, "ExternalAuth")),
        ),
    ]
    request_header_modifier: Annotated[HTTPHeaderFilter | None, Field("Changes headers of the request.")] = None
    response_header_modifier: Annotated[HTTPHeaderFilter | None, Field("Changes headers of the response.")] = None
    request_mirror: Annotated[
        HTTPRequestMirrorFilter | None, Field("Copies requests to another backend. May be repeated.")
    ] = None
    request_redirect: Annotated[
        HTTPRequestRedirectFilter | None, Field("Sends the client elsewhere. Not together with backends.")
    ] = None
    url_rewrite: Annotated[HTTPURLRewriteFilter | None, Field("Changes hostname and path towards the backend.")] = None
    cors: Annotated[HTTPCORSFilter | None, Field("Lets web pages of other origins use the responses.")] = None
    external_auth: Annotated[
        HTTPExternalAuthFilter | None,
        Field("Asks a service whether the request may pass.", channel="experimental"),
    ] = None
    extension_ref: Annotated[
        LocalObjectReference | None,
        Field("Names an object that describes a filter of the controller's own. An unknown one fails the request."),
    ] = None


HTTP_FILTER_RULES = (
    Rule(
        "!(self.exists(f, f.type == 'RequestRedirect') && self.exists(f, f.type == 'URLRewrite'))",
        "May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both",
    ),
    *(
        at_most_one(filter_type)
        for filter_type in ("CORS", "RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite")
    ),
)


def http_filters(doc: str) -> Field:
    """A list of HTTPRouteFilter."""
    more: dict[str, Any] = {"rules": HTTP_FILTER_RULES}
    return limits.atomic_list(doc, max_items=16, **more)
