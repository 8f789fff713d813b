"""RequestHeaderModifier and ResponseHeaderModifier: which headers are set, added and removed?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field


class HTTPHeader(ApiStruct, kw_only=True):
    """A header with its value."""

    name: Annotated[
        str, limits.header_name("Name of the header, in any case. Of entries with one name the first counts.")
    ]
    value: Annotated[str, limits.header_value("Value of the header.")]


class HTTPHeaderFilter(ApiStruct, kw_only=True):
    """Changes to the headers of a request or response. Names are compared without regard to case."""

    set: Annotated[
        tuple[HTTPHeader, ...],
        Field(
            "Headers that get exactly this value, whatever they had.",
            list_type="map",
            map_keys=("name",),
            max_items=16,
        ),
    ] = ()
    add: Annotated[
        tuple[HTTPHeader, ...],
        Field(
            "Headers that get this value besides those they have.", list_type="map", map_keys=("name",), max_items=16
        ),
    ] = ()
    remove: Annotated[tuple[str, ...], Field("Names of headers to take away.", list_type="set", max_items=16)] = ()
