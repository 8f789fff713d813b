"""CORS: HTTPCORSFilter → Cors. Specification: HTTPCORSFilter, GEP-1767."""

from __future__ import annotations

from typing import Any

from torana.gateway.filters.reading import FilterContext, Reading
from torana.gateway.finding import Finding
from torana.proxy.cors import Cors

FEATURES = ("HTTPRouteCORS",)

_DEFAULT_MAX_AGE_S = 5
_ANY = "*"


def read(one: Any, path: str, context: FilterContext) -> Reading:
    """What pages of other origins may do."""
    spec, path = one.cors, f"{path}.cors"
    if spec is None:
        return Reading(findings=(Finding("UnsupportedValue", "the filter's own block is missing", path),))
    credentials = bool(spec.allow_credentials)
    cors = Cors(
        origins=_any_or(spec.allow_origins),
        methods=_any_or(spec.allow_methods),
        headers=_any_or(spec.allow_headers),
        exposed=_exposed(spec.expose_headers, credentials),
        credentials=credentials,
        max_age_s=spec.max_age or _DEFAULT_MAX_AGE_S,
    )
    return Reading(cors=cors)


def _any_or(values: tuple[str, ...]) -> tuple[str, ...]:
    """`*` beside other values says the same as alone."""
    return (_ANY,) if _ANY in values else tuple(values)


def _exposed(names: tuple[str, ...], credentials: bool) -> tuple[str, ...]:
    """With credentials, browsers take `*` for the name of a header; it must not be told then."""
    if credentials:
        return tuple(name for name in names if name != _ANY)
    return _any_or(names)


READERS = {"CORS": read}
