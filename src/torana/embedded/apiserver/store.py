"""What is the state, and which changes led to it?

All objects in memory as encoded JSON in their storage version, per resource, sorted by namespace and name; one global
revision (`resourceVersion`); a window of recent changes per resource for watches. A write is *staged* at once, so
that the next write sees it, and becomes *visible* to readers and watchers when it is durable. Rows come from and go
to a `Log` (sqlite.py); this file does no I/O itself.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

import orjson

WINDOW = 10_000
FRESH_EVENTS = 64
"""Of how many recent events the encoded form is kept."""

Key = tuple[str, str]
"""(namespace, name)"""


class Write(NamedTuple):
    """One change of one object. `body` is the object as JSON in its storage version, or None when it was deleted."""

    revision: int
    resource: str
    namespace: str
    name: str
    body: bytes | None


class Row(NamedTuple):
    """One stored object."""

    resource: str
    namespace: str
    name: str
    revision: int
    body: bytes


class Entry:
    """One version of one object: never changed, so it can be shared with readers that work on an older state."""

    __slots__ = ("_labels", "key", "raw", "revision")

    def __init__(self, key: Key, raw: bytes, revision: int) -> None:
        self.key = key
        self.raw = raw
        self.revision = revision
        self._labels: dict[str, str] | None = None

    @property
    def labels(self) -> dict[str, str]:
        if self._labels is None:
            self._labels = orjson.loads(self.raw)["metadata"].get("labels") or {}
        return self._labels


class Event:
    """One change: the object before and after. A deletion has the last state as `entry`, under its own revision."""

    __slots__ = ("encoded", "entry", "is_deletion", "previous", "revision")

    def __init__(self, entry: Entry, previous: Entry | None, is_deletion: bool) -> None:
        self.entry = entry
        self.previous = previous
        self.is_deletion = is_deletion
        self.revision = entry.revision
        self.encoded: dict[tuple[str, str, str], bytes] = {}
        """Bytes sent to watchers, by (event type, version, representation): made once, shared by all."""


class Log(Protocol):
    """Where writes become durable."""

    def load(self) -> Iterator[Row]: ...
    def last_revision(self) -> int: ...
    def last_changes(self) -> tuple[int, dict[str, int]]: ...
    def start(self, on_durable: Callable[[list[Write], Exception | None], None]) -> None: ...
    def write(self, write: Write) -> None: ...
    def close(self) -> None: ...


class Collection:
    """The objects of one resource."""

    def __init__(self, resource: str, window_start: int) -> None:
        self.resource = resource
        self.entries: dict[Key, Entry] = {}
        self.keys: list[Key] = []
        self.staged: dict[Key, tuple[Entry | None, int]] = {}
        """Latest state of keys with writes on their way: the entry (None: deleted) and the revision of that write."""
        self.events: deque[Event] = deque()
        self.window_start = window_start
        """Watches can start at this revision or later."""
        self.listeners: set[Callable[[Event], None]] = set()

    def latest(self, key: Key) -> Entry | None:
        """The object as the next write must see it."""
        staged = self.staged.get(key)
        return staged[0] if staged is not None else self.entries.get(key)

    def visible(self, namespace: str | None = None) -> list[Entry]:
        """Durable objects in order; of one namespace if given."""
        entries = self.entries
        if namespace is None:
            return [entries[key] for key in self.keys]
        first = bisect_left(self.keys, (namespace, ""))
        last = bisect_right(self.keys, (namespace, "\U0010ffff"))
        return [entries[key] for key in self.keys[first:last]]

    def show(self, key: Key, entry: Entry | None, previous: Entry | None, revision: int) -> None:
        """Make a durable write visible and tell the watchers."""
        if entry is None:
            assert previous is not None
            if self.entries.pop(key, None) is not None:
                del self.keys[bisect_left(self.keys, key)]
            event = Event(Entry(key, _with_revision(previous.raw, revision), revision), previous, True)
        else:
            if key not in self.entries:
                self.keys.insert(bisect_left(self.keys, key), key)
            self.entries[key] = entry
            event = Event(entry, previous, False)
        if len(self.events) >= WINDOW:
            self.window_start = self.events.popleft().revision
        self.events.append(event)
        if len(self.events) > FRESH_EVENTS:
            # Watchers have had it; whoever starts from back there encodes it again.
            self.events[-FRESH_EVENTS].encoded.clear()
        for listener in tuple(self.listeners):
            listener(event)


def _with_revision(raw: bytes, revision: int) -> bytes:
    obj = orjson.loads(raw)
    obj["metadata"]["resourceVersion"] = str(revision)
    return orjson.dumps(obj)


class _Pending(NamedTuple):
    collection: Collection
    key: Key
    entry: Entry | None
    previous: Entry | None
    done: asyncio.Future[None]


class StoreFailed(Exception):
    """The write could not be made durable; it did not happen."""


class Store:
    """All collections and the one revision counter."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._collections: dict[str, Collection] = {}
        self._pending: dict[int, _Pending] = {}
        self.revision = log.last_revision()
        """Last revision given out."""
        self.durable_revision = self.revision
        self._floor, self._last_changes = log.last_changes()
        self._load()

    def _load(self) -> None:
        for row in self._log.load():
            collection = self.collection(row.resource)
            key = (row.namespace, row.name)
            collection.entries[key] = Entry(key, row.body, row.revision)
            collection.keys.append(key)
        for collection in self._collections.values():
            collection.keys.sort()

    def start(self) -> None:
        self._log.start(self._on_durable)

    def close(self) -> None:
        self._log.close()

    def collection(self, resource: str) -> Collection:
        found = self._collections.get(resource)
        if found is None:
            start = max(self._floor, self._last_changes.get(resource, 0))
            found = self._collections[resource] = Collection(resource, start)
        return found

    def next_revision(self) -> int:
        """The revision that the next `stage` must use."""
        return self.revision + 1

    def stage(self, collection: Collection, key: Key, raw: bytes | None) -> tuple[Entry | None, asyncio.Future[None]]:
        """Accept a write as revision `next_revision()`. The future is done when it is durable and visible."""
        self.revision += 1
        revision = self.revision
        previous = collection.latest(key)
        entry = Entry(key, raw, revision) if raw is not None else None
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        collection.staged[key] = (entry, revision)
        self._pending[revision] = _Pending(collection, key, entry, previous, done)
        self._log.write(Write(revision, collection.resource, key[0], key[1], raw))
        return entry, done

    def _on_durable(self, writes: list[Write], error: Exception | None) -> None:
        finished = [
            (write.revision, self._pending.pop(write.revision)) for write in writes if write.revision in self._pending
        ]
        if error is not None:
            self._undo(finished, error)
            return
        for revision, pending in finished:
            collection, key = pending.collection, pending.key
            self.durable_revision = revision
            if collection.staged.get(key, (None, 0))[1] == revision:
                del collection.staged[key]
            collection.show(key, pending.entry, pending.previous, revision)
        for _, pending in finished:
            if not pending.done.done():
                pending.done.set_result(None)

    def _undo(self, failed: Iterable[tuple[int, _Pending]], error: Exception) -> None:
        """Forget failed writes. Later ones built upon them would be wrong, but their commit is not stoppable any more:
        the process must end, and start again from what is durable."""
        for _, pending in failed:
            pending.collection.staged.pop(pending.key, None)
            if not pending.done.done():
                pending.done.set_exception(StoreFailed(str(error)))
        raise SystemExit(f"The state could not be stored: {error}")
