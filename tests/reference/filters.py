"""What do filters do to a request? From the descriptions of `HTTPRouteFilter` and the filters' own types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.reference.matching import distinct

Headers = dict[str, str]
"""Lower-case name → values, joined with a comma."""

WELL_KNOWN = {"http": 80, "https": 443}


def with_edits(headers: Mapping[str, str], edits: Any) -> Headers:
    """The headers after a header modifier."""
    found = dict(headers)
    for one in distinct(edits.set, ignore_case=True):
        found[one.name.lower()] = one.value
    for one in distinct(edits.add, ignore_case=True):
        name = one.name.lower()
        found[name] = f"{found[name]},{one.value}" if name in found else one.value
    for name in edits.remove:
        found.pop(name.lower(), None)
    return found


def of_type(filters: Iterable[Any], filter_type: str) -> list[Any]:
    """The settings of all filters of this type."""
    field = {
        "RequestHeaderModifier": "request_header_modifier",
        "ResponseHeaderModifier": "response_header_modifier",
        "RequestMirror": "request_mirror",
        "RequestRedirect": "request_redirect",
        "URLRewrite": "url_rewrite",
    }[filter_type]
    return [getattr(one, field) for one in filters if one.type == filter_type]


def with_path(path: str, modifier: Any, prefix: str) -> str:
    """The path (without query) after a path modifier; `prefix` is what the rule matched."""
    if modifier is None:
        return path
    if modifier.type == "ReplaceFullPath":
        return str(modifier.replace_full_path)
    rest = path[len(prefix.rstrip("/")) :]
    return modifier.replace_prefix_match.rstrip("/") + rest or "/"


def location(redirect: Any, scheme: str, listener_port: int, name: str, path: str, query: str) -> str:
    """The Location of a redirect of a request with this scheme; `path` is already modified."""
    target = redirect.scheme or scheme
    port = redirect.port or (WELL_KNOWN[target] if redirect.scheme else listener_port)
    shown = "" if port == WELL_KNOWN[target] else f":{port}"
    return f"{target}://{redirect.hostname or name}{shown}{path}{query}"
