"""What does `kubectl get` show of built-in kinds? Columns computed as a Kubernetes API server computes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

Obj = dict[str, Any]


class Layout(NamedTuple):
    """Columns as (name, type, priority) and the function from an object to its cells."""

    columns: tuple[tuple[str, str, int], ...]
    cells: Callable[[Obj, datetime], list[Any]]


def age(stamp: str, now: datetime) -> str:
    """How long ago a time was, in the short form of kubectl."""
    try:
        then = datetime.fromisoformat(stamp)
    except ValueError:
        return "<invalid>"
    seconds = int((now - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds())
    return short_duration(seconds)


def short_duration(seconds: int) -> str:
    """`45s`, `3m12s`, `47m`, `5h3m`, `26h`, `3d4h`, `12d`, `2y30d`."""
    if seconds < -1:
        return "<invalid>"
    if seconds < 0:
        return "0s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 730:
        return f"{days}d"
    years, rest = divmod(days, 365)
    return f"{years}y{rest}d" if years < 8 and rest else f"{years}y"


LAYOUTS: dict[str, Layout] = {}
