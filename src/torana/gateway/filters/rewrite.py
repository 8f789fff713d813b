"""URLRewrite: HTTPURLRewriteFilter → Rewrite."""

from __future__ import annotations

from typing import Any

from torana.gateway.filters.paths import read_path
from torana.gateway.filters.reading import FilterContext, Reading
from torana.gateway.finding import Finding
from torana.proxy.action import Rewrite

FEATURES = (
    "HTTPRouteHostRewrite",
    "HTTPRoutePathRewrite",
)


def read(one: Any, path: str, context: FilterContext) -> Reading:
    """The changes of host and path that the filter asks for."""
    spec, path = one.url_rewrite, f"{path}.urlRewrite"
    if spec is None:
        return Reading(findings=(Finding("UnsupportedValue", "the filter's own block is missing", path),))
    changed, findings = read_path(spec.path, context.prefix, f"{path}.path")
    return Reading(rewrite=Rewrite(spec.hostname or "", changed), findings=findings)


READERS = {"URLRewrite": read}
