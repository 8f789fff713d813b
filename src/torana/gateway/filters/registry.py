"""Which file reads which filter of a route. A new filter is a file here, one in `envoy/filters`, and a line below.

A reader is a pure function `(filter, path, context) -> Reading`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torana.gateway.filters import cors, external_auth, header_modifier, mirror, redirect, rewrite
from torana.gateway.filters.reading import FilterContext, Reading
from torana.gateway.finding import Finding

Reader = Callable[[Any, str, FilterContext], Reading]

FILTERS = (header_modifier, redirect, rewrite, mirror, cors, external_auth)
"""Each file has its `READERS`, by type of filter, and the `FEATURES` that they serve."""

READERS: dict[str, Reader] = {type_: reader for one in FILTERS for type_, reader in one.READERS.items()}

BACKEND_FILTERS = frozenset({"RequestHeaderModifier", "ResponseHeaderModifier", "URLRewrite"})
"""Filters that may stand on a backendRef."""


def read(one: Any, path: str, context: FilterContext) -> Reading:
    """What a filter asks for; a filter nobody reads is a finding, never skipped."""
    names = READERS.keys() if context.filters is None else context.filters
    reader = READERS.get(one.type) if one.type in names else None
    if reader is None:
        known = ", ".join(sorted(names))
        finding = Finding(
            "UnsupportedValue", f"filter {one.type} is not supported; supported are {known}", f"{path}.type"
        )
        return Reading(findings=(finding,))
    if context.on_backend and one.type not in BACKEND_FILTERS:
        known = ", ".join(sorted(BACKEND_FILTERS & names))
        finding = Finding(
            "UnsupportedValue", f"filter {one.type} cannot stand on a backend; {known} can", f"{path}.type"
        )
        return Reading(findings=(finding,))
    return reader(one, path, context)
