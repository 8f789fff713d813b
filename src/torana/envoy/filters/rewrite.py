"""How a path rewrite becomes `prefix_rewrite` or `regex_rewrite`, for forwarding and for redirects alike.

Gateway API replaces whole segments: `/foo` by `` turns `/foo/bar` into `/bar` and `/foo` into `/`. Envoy's prefix
rewrite replaces characters, so it is used only where both mean the same. Query strings survive either way.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from torana.envoy import messages as pb
from torana.proxy.action import PathRewrite


class Substitution(NamedTuple):
    """Exactly one is set, or none when the path stays as it is."""

    prefix: str = ""
    regex: pb.RegexMatchAndSubstitute | None = None


def render_prefix(rewrite: PathRewrite) -> Substitution:
    """How the matched prefix is replaced."""
    match, value = rewrite.match.rstrip("/"), rewrite.value.rstrip("/")
    if match and value:
        return Substitution(prefix=value)
    if match:  # Nothing comes instead, but a path keeps its first slash.
        return Substitution(regex=_substitute(f"^{re.escape(match)}/*", "/"))
    return Substitution(prefix=f"{value}/") if value else Substitution()


def render_path(rewrite: PathRewrite) -> Substitution:
    """How the path of a forwarded request changes."""
    if rewrite.type == "prefix":
        return render_prefix(rewrite)
    return Substitution(regex=_substitute("^.+$", rewrite.value or "/"))


def _substitute(pattern: str, value: str) -> pb.RegexMatchAndSubstitute:
    # In the substitution a backslash refers to a capture group.
    escaped = value.replace("\\", "\\\\")
    return pb.RegexMatchAndSubstitute(pattern=pb.RegexMatcher(regex=pattern), substitution=escaped)
