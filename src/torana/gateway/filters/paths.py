"""How a path modifier of a redirect or rewrite reads. Specification: HTTPPathModifier."""

from __future__ import annotations

from typing import Any

from torana.gateway.finding import Finding
from torana.proxy.action import PathRewrite


def read_path(modifier: Any, prefix: str, path: str) -> tuple[PathRewrite | None, tuple[Finding, ...]]:
    """The path change, or the finding. `prefix` is the rule's one PathPrefix, "" when it has none or several."""
    if modifier is None:
        return None, ()
    if modifier.type == "ReplaceFullPath":
        return PathRewrite("full", modifier.replace_full_path or "/"), ()
    if modifier.type != "ReplacePrefixMatch":
        return None, (Finding("UnsupportedValue", f"{modifier.type} is not a kind of path change", f"{path}.type"),)
    if not prefix:
        message = "ReplacePrefixMatch needs a rule with exactly one match, of type PathPrefix"
        return None, (Finding("IncompatibleFilters", message, path),)
    return PathRewrite("prefix", modifier.replace_prefix_match or "", prefix), ()
