"""Which hostname do two hostnames have in common, and which one is a request for? ("" is every hostname.)

From the descriptions of `Listener.hostname` and `HTTPRouteSpec.hostnames`, and the concept page on hostnames.
"""

from __future__ import annotations


def matches(pattern: str, name: str) -> bool:
    """Whether a request for the name `name` is one for `pattern`: a wildcard stands for one label or more."""
    if not pattern:
        return True
    if pattern.startswith("*."):
        return name.endswith(pattern[1:]) and len(name) > len(pattern[1:])
    return name == pattern


def intersection(one: str, other: str) -> str | None:
    """What both hostnames have in common; None when that is nothing."""
    if not one or not other:
        return one or other
    if one == other:
        return one
    wide, narrow = sorted((one, other), key=precision)
    if not wide.startswith("*."):
        return None
    if narrow.startswith("*."):
        return narrow if narrow[1:].endswith(wide[1:]) else None
    return narrow if matches(wide, narrow) else None


def precision(pattern: str) -> tuple[int, int]:
    """The greater the more precise: characters of a name without wildcard, then characters of any."""
    return (0 if pattern.startswith("*.") else len(pattern), len(pattern))


def name_of(host_header: str) -> str:
    """The name that a Host header is for: its port does not count, nor do capitals."""
    if host_header.startswith("["):
        return host_header.partition("]")[0] + "]"
    return host_header.partition(":")[0].lower()
