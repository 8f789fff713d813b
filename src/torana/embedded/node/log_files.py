"""How are log files watched, rotated and read?

An edge. One task looks at the size of every container's log a few times a second, notes growth in the index file and
rotates what grew beyond 10 MB. A container keeps its file open, so rotation copies and truncates (the file is opened
for append; a line written between copy and truncation is lost, as with logrotate's copytruncate).
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

from torana.embedded.node.logs import LogMark, LogQuery, parse_marks, select, split_lines, stamp, start_offset

log = logging.getLogger(__name__)

ROTATE_BYTES = 10 * 1024 * 1024
LOOK_S = 0.25
FOLLOW_S = 0.1


class LogFile:
    """The log of one container and its index."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._index_path = path.with_suffix(".index")
        self._marks = parse_marks(self._index_path.read_text()) if self._index_path.exists() else []

    @property
    def previous(self) -> Path:
        """Where the log of the run before is kept."""
        return self.path.with_suffix(".previous.log")

    def look(self, now: float) -> list[LogMark]:
        """Notes growth since the last look; rotates when due. The index up to now."""
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            return self._marks
        known = self._marks[-1].offset if self._marks else 0
        if size < known:
            self._forget()
            known = 0
        if size > known:
            mark = LogMark(size, now)
            self._marks.append(mark)
            with self._index_path.open("a") as index:
                index.write(f"{mark.offset} {mark.time:.3f}\n")
        if size > ROTATE_BYTES:
            shutil.copyfile(self.path, self.path.with_suffix(".rotated.log"))
            os.truncate(self.path, 0)
            self._forget()
        return self._marks

    def begin_run(self) -> None:
        """Keeps the last run's log as the previous one; the next run starts with an empty file."""
        self.look(_last_written(self.path))
        if self.path.exists():
            os.replace(self.path, self.previous)
            if self._index_path.exists():
                os.replace(self._index_path, self.previous.with_suffix(".index"))
        self._forget()

    def _forget(self) -> None:
        self._marks = []
        self._index_path.unlink(missing_ok=True)


class LogKeeper:
    """All log files of this node's containers."""

    def __init__(self) -> None:
        self._files: dict[Path, LogFile] = {}

    def file(self, path: Path) -> LogFile:
        return self._files.setdefault(path, LogFile(path))

    def drop(self, directory: Path) -> None:
        """Forgets the files of a Pod that is gone."""
        self._files = {path: file for path, file in self._files.items() if directory not in path.parents}

    async def run(self) -> None:
        """Looks at all files until cancelled."""
        while True:
            for file in tuple(self._files.values()):
                try:
                    file.look(time.time())
                except OSError as error:
                    log.warning("log %s: %s", file.path, error)
            await asyncio.sleep(LOOK_S)


async def read_log(file: LogFile, query: LogQuery, ended: asyncio.Future[object] | None) -> AsyncIterator[bytes]:
    """The asked part of a log, then with `follow` what is added until `ended` completes (None: it has ended)."""
    source = LogFile(file.previous) if query.previous else file
    marks = source.look(_last_written(source.path) if query.previous else time.time())
    offset = start_offset(marks, query.since) if query.tail_lines is None else 0
    data = _read_from(source.path, offset)
    left = query.limit_bytes
    chunk = select(data, offset, marks, query)
    yield chunk if left is None else chunk[:left]
    position = offset + len(data)
    left = None if left is None else left - len(chunk)
    while query.follow and not query.previous and (left is None or left > 0):
        is_over = ended is None or ended.done()
        marks = source.look(time.time())
        if not source.path.exists() or source.path.stat().st_size < position:
            position = 0
        data = _read_from(source.path, position)
        if data:
            lines = split_lines(data, position)
            chunk = b"".join(stamp(marks, at, line) for at, line in lines) if query.timestamps else data
            yield chunk if left is None else chunk[:left]
            left = None if left is None else left - len(chunk)
            position += len(data)
        elif is_over:
            return
        await asyncio.sleep(FOLLOW_S)


def _last_written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _read_from(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
    except FileNotFoundError:
        return b""
