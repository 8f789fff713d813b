"""How long ago was a time, in the short form of kubectl?"""

from __future__ import annotations

from datetime import UTC, datetime


def age(stamp: str | None, now: datetime) -> str:
    """`<unknown>` for no time, `<invalid>` for what is none or is to come."""
    if not stamp:
        return "<unknown>"
    try:
        then = datetime.fromisoformat(stamp)
    except ValueError:
        return "<invalid>"
    return short_duration(int((now - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds()))


def short_duration(seconds: int) -> str:
    """`45s`, `3m12s`, `47m`, `5h3m`, `26h`, `3d4h`, `12d`, `2y30d`."""
    if seconds < -1:
        return "<invalid>"
    if seconds < 120:
        return f"{max(seconds, 0)}s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    years, rest = divmod(days, 365)
    return _two(years, "y", rest, "d") if years < 8 else f"{years}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
