"""Which calls does a GRPCRoute rule mean: by service, method and headers?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule

_MATCH_TYPES = ("Exact", "RegularExpression")
_SERVICE = r"^(?i)\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$"
_METHOD = r"^[A-Za-z_][A-Za-z_0-9]*$"


def _exact_name(field: str, pattern: str) -> Rule:
    return Rule(
        f"(!has(self.type) || self.type == 'Exact') && has(self.{field}) ?"
        f' self.{field}.matches(r"""{pattern}"""): true',
        f"{field} must only contain valid characters (matching {pattern})",
    )


class GRPCMethodMatch(ApiStruct, kw_only=True):
    """A test of the service and method called. At least one is given; an absent one fits everything."""

    cel: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.type) ? has(self.service) || has(self.method) : true",
            "One or both of 'service' or 'method' must be specified",
        ),
        _exact_name("service", _SERVICE),
        _exact_name("method", _METHOD),
    )

    type: Annotated[str, Field("How both are compared.", default="Exact", enum=_MATCH_TYPES)] = "Exact"
    service: Annotated[
        str, Field("Full name of the service, or an expression in RE2 syntax for all of it.", max_length=1024)
    ] = ""
    method: Annotated[
        str, Field("Name of the method, or an expression in RE2 syntax for all of it.", max_length=1024)
    ] = ""


class GRPCHeaderMatch(ApiStruct, kw_only=True):
    """A test of one metadata entry of the call."""

    type: Annotated[str, Field("How the value is compared.", default="Exact", enum=_MATCH_TYPES)] = "Exact"
    name: Annotated[
        str, limits.header_name("Name of the entry, in any case. Of entries with one name the first counts.")
    ]
    value: Annotated[
        str, Field("The value, or an expression in RE2 syntax for all of it.", min_length=1, max_length=4096)
    ]


class GRPCRouteMatch(ApiStruct, kw_only=True):
    """A test of a call. All parts must hold."""

    method: Annotated[GRPCMethodMatch | None, Field("Test of service and method. When absent, all fit.")] = None
    headers: Annotated[
        tuple[GRPCHeaderMatch, ...],
        Field("Tests of metadata; all must hold.", list_type="map", map_keys=("name",), max_items=16),
    ] = ()
