"""RequestMirror: HTTPRequestMirrorFilter → Mirror. A mirror that leads nowhere is dropped; the request is served."""

from __future__ import annotations

from typing import Any

from torana.gateway.filters.reading import FilterContext, Reading
from torana.gateway.finding import Finding
from torana.proxy.action import Mirror

FEATURES = (
    "HTTPRouteRequestMirror",
    "HTTPRouteRequestMultipleMirrors",
    "HTTPRouteRequestPercentageMirror",
)


def read(one: Any, path: str, context: FilterContext) -> Reading:
    """The mirror that the filter asks for: all requests, a percentage, or a fraction of them."""
    spec, path = one.request_mirror, f"{path}.requestMirror"
    if spec is None:
        return Reading(findings=(Finding("UnsupportedValue", "the filter's own block is missing", path),))
    verdict = context.resolve(spec.backend_ref, f"{path}.backendRef")
    unresolved = (verdict.finding,) if verdict.finding is not None else ()
    if verdict.cluster is None:
        return Reading(unresolved=unresolved)
    numerator, denominator = 100, 100
    if spec.percent is not None:
        numerator = spec.percent
    elif spec.fraction is not None:
        numerator, denominator = spec.fraction.numerator, spec.fraction.denominator or 100
    if not numerator:
        return Reading(unresolved=unresolved)
    mirror = Mirror(verdict.cluster.name, numerator, denominator)
    return Reading(mirrors=(mirror,), clusters=(verdict.cluster,), unresolved=unresolved)


READERS = {"RequestMirror": read}
