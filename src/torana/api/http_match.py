"""Which requests does an HTTPRoute rule mean: by path, method, headers and query parameters?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule

_MATCH_TYPES = ("Exact", "RegularExpression")
_PLAIN = "['Exact','PathPrefix']"
_PLAIN_NAMES = "['Exact', 'PathPrefix']"


def _plain_path(test: str, message: str) -> Rule:
    return Rule(f"(self.type in {_PLAIN}) ? {test} : true", f"{message} when type one of {_PLAIN_NAMES}")


class HTTPPathMatch(ApiStruct, kw_only=True):
    """A test of the request's path."""

    cel: ClassVar[tuple[Rule, ...]] = (
        _plain_path("self.value.startsWith('/')", "value must be an absolute path and start with '/'"),
        *(
            _plain_path(f"!self.value.contains('{part}')", f"must not contain '{part}'")
            for part in ("//", "/./", "/../", "%2f", "%2F", "#")
        ),
        *(_plain_path(f"!self.value.endsWith('{end}')", f"must not end with '{end}'") for end in ("/..", "/.")),
        Rule(
            f"self.type in {_PLAIN} || self.type == 'RegularExpression'",
            "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']",
        ),
        Rule(
            f'(self.type in {_PLAIN}) ? self.value.matches(r"""{limits.PATH}""") : true',
            f"must only contain valid characters (matching {limits.PATH}) for types {_PLAIN_NAMES}",
        ),
    )

    type: Annotated[
        str,
        Field(
            "`Exact`: the whole path. `PathPrefix`: whole leading path elements, so `/a` fits `/a` and `/a/b` but not"
            " `/ab`. `RegularExpression`: an expression in RE2 syntax for the whole path.",
            default="PathPrefix",
            enum=("Exact", "PathPrefix", "RegularExpression"),
        ),
    ] = "PathPrefix"
    value: Annotated[str, Field("The path, prefix or expression.", default="/", max_length=1024)] = "/"


class HTTPHeaderMatch(ApiStruct, kw_only=True):
    """A test of one request header."""

    type: Annotated[str, Field("How the value is compared.", default="Exact", enum=_MATCH_TYPES)] = "Exact"
    name: Annotated[
        str, limits.header_name("Name of the header, in any case. Of entries with one name the first counts.")
    ]
    value: Annotated[str, limits.header_value("The value, or an expression in RE2 syntax for all of it.")]


class HTTPQueryParamMatch(ApiStruct, kw_only=True):
    """A test of one query parameter."""

    type: Annotated[str, Field("How the value is compared.", default="Exact", enum=_MATCH_TYPES)] = "Exact"
    name: Annotated[
        str, limits.header_name("Name of the parameter, in this case. Of entries with one name the first counts.")
    ]
    value: Annotated[
        str, Field("The value, or an expression in RE2 syntax for all of it.", min_length=1, max_length=1024)
    ]


class HTTPRouteMatch(ApiStruct, kw_only=True):
    """A test of a request. All parts must hold."""

    path: Annotated[HTTPPathMatch, Field("Test of the path.", default={"type": "PathPrefix", "value": "/"})] = (
        HTTPPathMatch()
    )
    headers: Annotated[
        tuple[HTTPHeaderMatch, ...],
        Field("Tests of headers; all must hold.", list_type="map", map_keys=("name",), max_items=16),
    ] = ()
    query_params: Annotated[
        tuple[HTTPQueryParamMatch, ...],
        Field("Tests of query parameters; all must hold.", list_type="map", map_keys=("name",), max_items=16),
    ] = ()
    method: Annotated[
        str,
        Field(
            "Method of the request.",
            enum=("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"),
        ),
    ] = ""
