"""Durations as the Gateway API writes them (GEP-2257): 1 to 4 parts of up to 5 digits with h, m, s or ms."""

from __future__ import annotations

import re

_DURATION = re.compile(r"^([0-9]{1,5}(h|m|s|ms)){1,4}\Z")
_PART = re.compile(r"([0-9]{1,5})(ms|h|m|s)")
_UNIT_MS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


def milliseconds(text: str) -> int | None:
    """The duration in milliseconds; repeated units add up. None when it is not a duration of GEP-2257."""
    if not _DURATION.match(text):
        return None
    return sum(int(amount) * _UNIT_MS[unit] for amount, unit in _PART.findall(text))
