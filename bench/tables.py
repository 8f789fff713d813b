"""How are the figures of a propagation run shown?"""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.table import Table

_DELAYS = ("p50_ms", "p99_ms", "max_ms", "api_p50_ms")


def print_size(figures: dict[str, Any]) -> None:
    """One table per number of routes, and a line on cost."""
    table = Table(title=f"{figures['routes']:,} routes")
    for column in ("change", "times", "p50 ms", "p99 ms", "max ms", "API p50 ms", "wrong answers"):
        table.add_column(column, justify="left" if column in ("change", "wrong answers") else "right")
    for row in figures["series"]:
        wrong = ", ".join(f"{count} × {answer}" for answer, count in row["wrong"].items()) or "none"
        delays = ("" if row[name] is None else f"{row[name]:.1f}" for name in _DELAYS)
        table.add_row(row["change"], str(row["times"]), *delays, wrong)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    load = figures["load"]
    console.print(
        f"  loading: {load['creates_per_s']:.0f} creates/s, served {load['served_after_s']:.2f} s "
        f"and counted {load['counted_after_s']:.2f} s after the last"
    )
    console.print("  CPU ms per change: " + _pairs(figures["cpu_ms_per_change"], ".2f"))
    console.print("  memory MiB: " + _pairs(figures["memory_mib"], ".0f"))
    if figures["counted_per_change"]:
        console.print("  per change: " + _pairs(figures["counted_per_change"], ".1f"))


def _pairs(values: dict[str, float], form: str) -> str:
    return ", ".join(f"{name} {value:{form}}" for name, value in sorted(values.items())) or "no process found"
