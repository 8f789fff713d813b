"""CORS: which web pages of other origins may use what a route serves, and how?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule

_ORIGIN = r"(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)"
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*")


def _star_stands_alone(message: str) -> tuple[Rule, ...]:
    return (Rule("!('*' in self && self.size() > 1)", message),)


class HTTPCORSFilter(ApiStruct, kw_only=True):
    """Answers cross-origin preflight requests and adds the cross-origin headers to responses."""

    allow_origins: Annotated[
        tuple[str, ...],
        Field(
            "Origins that may use the responses: `scheme://host[:port]`, where the host may begin with `*.` or be `*`;"
            " `*` alone means any. A preflight request of another origin gets no cross-origin headers.",
            list_type="set",
            max_items=64,
            item=Field(min_length=1, max_length=253, pattern=_ORIGIN),
            rules=_star_stands_alone("AllowOrigins cannot contain '*' alongside other origins"),
        ),
    ] = ()
    allow_credentials: Annotated[
        bool | None,
        Field("True: pages may send cookies and other credentials. The headers then never say `*`."),
    ] = None
    allow_methods: Annotated[
        tuple[str, ...],
        Field(
            "Methods that pages may use besides the simple ones (GET, HEAD, POST); `*` alone means any.",
            list_type="set",
            max_items=9,
            item=Field(enum=_METHODS),
            rules=_star_stands_alone("AllowMethods cannot contain '*' alongside other methods"),
        ),
    ] = ()
    allow_headers: Annotated[
        tuple[str, ...],
        Field(
            "Request headers that pages may send besides the safe-listed ones; `*` alone means any.",
            list_type="set",
            max_items=64,
            item=limits.header_name(),
            rules=_star_stands_alone("AllowHeaders cannot contain '*' alongside other methods"),
        ),
    ] = ()
    expose_headers: Annotated[
        tuple[str, ...],
        Field(
            "Response headers that pages may read besides the safe-listed ones; `*` means any.",
            list_type="set",
            max_items=64,
            item=limits.header_name(),
        ),
    ] = ()
    max_age: Annotated[
        int,
        Field(
            "Seconds for which browsers may remember the answer to a preflight request.",
            default=5,
            format="int32",
            minimum=1,
        ),
    ] = 5
