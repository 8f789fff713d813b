"""RequestHeaderModifier and ResponseHeaderModifier: HTTPHeaderFilter → HeaderEdit.

Specification: HTTPHeaderFilter. More than one action on a name, in any letter case, is a mistake.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from torana.gateway.filters.reading import FilterContext, Reading
from torana.gateway.finding import Finding
from torana.proxy.action import HeaderEdit

FEATURES = (
    "HTTPRouteBackendRequestHeaderModification",
    "HTTPRouteResponseHeaderModification",
)

_FORBIDDEN = frozenset({"host"})
"""Envoy edits the authority by rewrite only; a modifier on it would be refused by the proxy."""


def read_request(one: Any, path: str, context: FilterContext) -> Reading:
    """Edits of request headers."""
    edit, findings = _read(one.request_header_modifier, f"{path}.requestHeaderModifier")
    return Reading(request_headers=edit, findings=findings)


def read_response(one: Any, path: str, context: FilterContext) -> Reading:
    """Edits of response headers."""
    edit, findings = _read(one.response_header_modifier, f"{path}.responseHeaderModifier")
    return Reading(response_headers=edit, findings=findings)


def _read(modifier: Any, path: str) -> tuple[HeaderEdit | None, tuple[Finding, ...]]:
    if modifier is None:
        return None, (Finding("UnsupportedValue", "the filter's own block is missing", path),)
    edit = HeaderEdit(
        set=tuple((header.name, header.value) for header in modifier.set),
        add=tuple((header.name, header.value) for header in modifier.add),
        remove=tuple(modifier.remove),
    )
    names = [name.lower() for name, _ in edit.set + edit.add] + [name.lower() for name in edit.remove]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        message = (
            f"header {', '.join(sorted(repeated))} is changed more than once (letter case does not count); keep one"
        )
        return None, (Finding("UnsupportedValue", message, path),)
    forbidden = sorted(name for name in names if name in _FORBIDDEN or name.startswith(":"))
    if forbidden:
        message = f"header {', '.join(forbidden)} cannot be changed here; a URLRewrite filter changes the host"
        return None, (Finding("UnsupportedValue", message, path),)
    return edit, ()


READERS = {"RequestHeaderModifier": read_request, "ResponseHeaderModifier": read_response}
