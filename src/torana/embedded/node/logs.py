"""What did a container write, and when?

Containers write their log files themselves, without times. Beside each file stands an index, one line `OFFSET TIME`
per moment at which the file was seen to have grown: a line that starts before OFFSET, and not before the previous
one, was written by TIME. The times are as fine as the node looks (a fraction of a second) and never too early, so
that `sinceTime` never hides a line. Pure parts only; the files are read and written in `log_files.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec


class LogMark(msgspec.Struct, frozen=True):
    """At `time` (seconds since the epoch) the file was `offset` bytes long."""

    offset: int
    time: float


class LogQuery(msgspec.Struct, frozen=True):
    """What part of a log is asked for (the options of `GET pods/{name}/log`)."""

    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since: float | None = None
    """Seconds since the epoch."""
    limit_bytes: int | None = None


def parse_marks(text: str) -> list[LogMark]:
    marks = []
    for line in text.splitlines():
        offset, space, time = line.partition(" ")
        if space and offset.isdigit():
            marks.append(LogMark(int(offset), float(time)))
    return marks


def time_at(marks: list[LogMark], offset: int) -> float:
    """When the line that starts at `offset` had been written, at the latest."""
    index = bisect_right(marks, offset, key=lambda mark: mark.offset)
    return marks[index].time if index < len(marks) else (marks[-1].time if marks else 0.0)


def start_offset(marks: list[LogMark], since: float | None) -> int:
    """Where the first line written at or after `since` may start."""
    if since is None:
        return 0
    offset = 0
    for mark in marks:
        if mark.time >= since:
            return offset
        offset = mark.offset
    return offset


def rfc3339(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"


def split_lines(data: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """Each line with its line end, and the offset at which it starts."""
    for line in data.splitlines(keepends=True):
        yield offset, line
        offset += len(line)


def select(data: bytes, offset: int, marks: list[LogMark], query: LogQuery) -> bytes:
    """The asked part of `data`, which starts at `offset` of its file (at a line start)."""
    lines = list(split_lines(data, offset))
    if query.since is not None:
        lines = [(at, line) for at, line in lines if time_at(marks, at) >= query.since]
    if query.tail_lines is not None:
        lines = lines[-query.tail_lines :] if query.tail_lines > 0 else []
    return b"".join(stamp(marks, at, line) if query.timestamps else line for at, line in lines)


def stamp(marks: list[LogMark], offset: int, line: bytes) -> bytes:
    return rfc3339(time_at(marks, offset)).encode() + b" " + line
