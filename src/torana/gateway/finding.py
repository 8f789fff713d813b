"""A mistake seen in objects.

A value that becomes a condition's reason and message, never an exception or a log line.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from torana.api.field import ApiStruct
from torana.api.ranges import misfits


class Finding(msgspec.Struct, frozen=True, gc=False):
    """`reason` is a condition reason of the specification (or ours), `message` says what is wrong and what to do.

    `path` is the field in the object that the finding is about, e.g. `spec.rules[2].backendRefs[0]`.
    """

    reason: str
    message: str
    path: str = ""

    @property
    def text(self) -> str:
        """The message, with the field in front of it."""
        return f"{self.path}: {self.message}" if self.path else self.message


def bad_numbers(value: ApiStruct, path: str, reason: str = "UnsupportedValue") -> tuple[Finding, ...]:
    """Numbers that a laxer API server let through, in the part of an object that stands at `path`."""
    return tuple(Finding(reason, one.message, one.path) for one in misfits(value, path))


def unknown_options(options: Iterable[str], path: str) -> str:
    """That these options, each of which some other controller may know, have no effect; "" for none."""
    names = ", ".join(sorted(options))
    return f"{path} {names}: not known here, without effect" if names else ""


def summary(findings: tuple[Finding, ...], limit: int = 3) -> str:
    """The first findings in one message that fits a condition; how many more there are is said."""
    shown = "; ".join(finding.text for finding in findings[:limit])
    more = len(findings) - limit
    return f"{shown}; and {more} more" if more > 0 else shown
