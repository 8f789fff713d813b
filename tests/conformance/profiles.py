"""Which profiles of the suite follow from what a GatewayClass claims, and how does a report read as a table?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

PROFILES = {
    "HTTPRoute": "GATEWAY-HTTP",
    "GRPCRoute": "GATEWAY-GRPC",
    "TLSRoute": "GATEWAY-TLS",
    "TCPRoute": "GATEWAY-TCP",
    "UDPRoute": "GATEWAY-UDP",
}
"""The feature that stands for a kind of route → the profile it is the core of."""

HEAD = ("profile", "part", "result", "passed", "failed", "skipped")


def profiles_of(features: Iterable[str]) -> tuple[str, ...]:
    """The profiles to run, in the suite's order."""
    claimed = set(features)
    return tuple(profile for feature, profile in PROFILES.items() if feature in claimed)


def succeeded(report: dict[str, Any]) -> bool:
    """Every profile passed, with nothing skipped."""
    parts = [part for profile in report.get("profiles", ()) for part in _parts(profile).values()]
    return bool(parts) and all(part["result"] == "success" for part in parts)


def table(report: dict[str, Any]) -> str:
    """One line per profile and part, then the features of each profile that are not claimed."""
    profiles = report.get("profiles", ())
    rows = [HEAD, *(row for profile in profiles for row in _rows(profile))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for profile in profiles:
        left_out = sorted({each for part in _parts(profile).values() for each in part.get("unsupportedFeatures", ())})
        if left_out:
            lines.append(f"{profile['name']} leaves out {', '.join(left_out)}")
    return "\n".join(lines)


def _parts(profile: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: profile[name] for name in ("core", "extended") if name in profile}


def _rows(profile: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    for name, part in _parts(profile).items():
        counts = part.get("statistics", {})
        numbers = (str(counts.get(each, 0)) for each in ("Passed", "Failed", "Skipped"))
        yield (profile["name"], name, part["result"], *numbers)
