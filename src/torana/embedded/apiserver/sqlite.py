"""How do writes become durable? One SQLite file, one writer thread, group commit. (edge: files, threads)

Writes that arrive while a commit is running share the next one. `write` returns at once; `on_durable` is called on the
event loop, in order, after the commit with synchronous=FULL has returned, so what it reports survives a crash.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from torana.embedded.apiserver.store import Row, Write

log = logging.getLogger(__name__)

KEEP_LOG_ROWS = 1_000
COMPACT_EVERY = 20_000


class Database:
    """The durable copy of the state. Read once at start; written ever after."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._queue: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._on_durable: Callable[[list[Write], Exception | None], None] = lambda _writes, _error: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._since_compaction = 0
        connection = self._open()
        connection.close()

    def load(self) -> Iterator[Row]:
        """Every object, in order of resource, namespace and name."""
        connection = self._open()
        try:
            for row in connection.execute(
                "SELECT resource, namespace, name, revision, body FROM objects ORDER BY resource, namespace, name"
            ):
                yield Row(*row)
        finally:
            connection.close()

    def last_revision(self) -> int:
        """The highest revision ever given out and made durable."""
        connection = self._open()
        try:
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'log'").fetchone()
            return int(row[0]) if row else 0
        finally:
            connection.close()

    def last_changes(self) -> tuple[int, dict[str, int]]:
        """(the revision below which the log is compacted, the last revision of each resource still in the log)."""
        connection = self._open()
        try:
            floor = connection.execute("SELECT coalesce(min(revision), 0) FROM log").fetchone()[0]
            rows = connection.execute("SELECT resource, max(revision) FROM log GROUP BY resource").fetchall()
            return int(floor), {resource: int(revision) for resource, revision in rows}
        finally:
            connection.close()

    def start(self, on_durable: Callable[[list[Write], Exception | None], None]) -> None:
        """Begin writing. `on_durable(writes, error)` is called on the running event loop."""
        self._on_durable = on_durable
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    def write(self, write: Write) -> None:
        self._queue.put(write)

    def close(self) -> None:
        """Return after everything given to `write` is durable."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def back_up(self, path: Path) -> None:
        """Write a consistent copy of the whole database to `path`, while it is in use."""
        connection = self._open()
        try:
            connection.execute("VACUUM INTO ?", (str(path),))
        finally:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS log (revision INTEGER PRIMARY KEY AUTOINCREMENT, resource TEXT NOT NULL, "
            "namespace TEXT NOT NULL, name TEXT NOT NULL, deleted INTEGER NOT NULL)"
        )
        connection.execute(
            "CREATE TABLE IF NOT EXISTS objects (resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, "
            "revision INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (resource, namespace, name))"
        )
        return connection

    def _run(self) -> None:
        connection = self._open()
        try:
            while batch := self._next_batch():
                writes = [write for write in batch if write is not None]
                self._commit(connection, writes)
                if len(writes) < len(batch):
                    return
        finally:
            connection.close()

    def _next_batch(self) -> list[Write | None]:
        batch = [self._queue.get()]
        while True:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                return batch

    def _commit(self, connection: sqlite3.Connection, writes: list[Write]) -> None:
        if not writes:
            return
        error: Exception | None = None
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO log (revision, resource, namespace, name, deleted) VALUES (?, ?, ?, ?, ?)",
                [(w.revision, w.resource, w.namespace, w.name, w.body is None) for w in writes],
            )
            for write in writes:
                _store(connection, write)
            connection.execute("COMMIT")
        except Exception as caught:
            log.exception("The state could not be written to %s", self._path)
            error = caught
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_durable, writes, error)
        self._since_compaction += len(writes)
        if self._since_compaction >= COMPACT_EVERY and error is None:
            self._since_compaction = 0
            connection.execute("DELETE FROM log WHERE revision <= ?", (writes[-1].revision - KEEP_LOG_ROWS,))


def _store(connection: sqlite3.Connection, write: Write) -> None:
    if write.body is None:
        connection.execute(
            "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?",
            (write.resource, write.namespace, write.name),
        )
        return
    connection.execute(
        "INSERT INTO objects (resource, namespace, name, revision, body) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (resource, namespace, name) DO UPDATE SET revision = excluded.revision, body = excluded.body",
        (write.resource, write.namespace, write.name, write.revision, write.body),
    )
