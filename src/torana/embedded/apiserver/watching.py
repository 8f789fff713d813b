"""What does a watch see? From a start version on, every change of the selected objects, as encoded lines.

A `Subscription` hands lines to its outlet as events become visible, those of one commit together. Events are encoded
once per version and representation and shared between subscriptions.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import orjson

from torana.embedded.apiserver import errors
from torana.embedded.apiserver.reading import Selection, select
from torana.embedded.apiserver.representation import Form, encode_object
from torana.embedded.apiserver.resource import Resource, ServedVersion
from torana.embedded.apiserver.store import Collection, Entry, Event, Store

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
BOOKMARK_EVERY_S = 60.0
MAX_BACKLOG = 100_000


class Subscription:
    """One watch. `on_end` is called when it is over, whoever ended it."""

    content_type = "application/json"

    def __init__(
        self,
        store: Store,
        resource: Resource,
        served: ServedVersion,
        selection: Selection,
        form: Form,
        wants_bookmarks: bool,
        duration_s: float,
        on_end: Callable[[Subscription], None],
    ) -> None:
        self._store = store
        self._resource = resource
        self._served = served
        self._selection = selection
        self._form = form
        self._wants_bookmarks = wants_bookmarks
        self._collection: Collection = store.collection(resource.store_key)
        self._lines: deque[bytes] = deque()
        self._duration_s = duration_s
        self._on_end = on_end
        self._write: Callable[[bytes], None] | None = None
        self._is_writable: Callable[[], bool] = lambda: False
        self._finish: Callable[[], None] = lambda: None
        self._timers: list[asyncio.TimerHandle] = []
        self._is_flush_due = False

    def start(self, revision: int | None, *, sends_initial: bool, marks_initial_end: bool) -> None:
        """Begin after `revision`; None: from the present state. Raises Expired for a revision too long ago."""
        current = self._store.durable_revision
        if sends_initial or revision is None:
            if sends_initial:
                for entry in select(self._collection, self._selection):
                    self._lines.append(self._line("ADDED", entry, None))
            if marks_initial_end:
                self._lines.append(self._bookmark({INITIAL_EVENTS_END: "true"}))
        else:
            if revision > current:
                raise errors.too_large_version(revision, current)
            if revision < self._collection.window_start:
                raise errors.expired(revision, self._collection.window_start)
            for event in self._collection.events:
                if event.revision > revision:
                    self._on_event(event)
        self._collection.listeners.add(self._on_event)

    def attach(
        self, write: Callable[[bytes], None], is_writable: Callable[[], bool], finish: Callable[[], None]
    ) -> None:
        """Hand over what there is and what will come; `finish` is called after the last line.

        When `is_writable` says no, lines gather until `flush` is called.
        """
        self._write, self._is_writable, self._finish = write, is_writable, finish
        loop = asyncio.get_running_loop()
        self._timers = [loop.call_later(self._duration_s, self.end)]
        if self._wants_bookmarks:
            self._timers.append(loop.call_later(BOOKMARK_EVERY_S, self._mark))
        self.flush()

    def flush(self) -> None:
        """Hand over the lines that are ready."""
        self._is_flush_due = False
        if self._lines and self._write is not None and self._is_writable():
            lines = b"".join(self._lines)
            self._lines.clear()
            self._write(lines)

    def end(self) -> None:
        """No more events. A bookmark comes last, so that the client's next watch starts here."""
        self._finish_with(self._bookmark({}) if self._wants_bookmarks else b"")

    def close(self) -> None:
        """The client is gone."""
        self._collection.listeners.discard(self._on_event)
        for timer in self._timers:
            timer.cancel()
        self._timers = []
        self._lines.clear()
        self._write = None
        self._on_end(self)

    def _finish_with(self, line: bytes) -> None:
        write, finish, lines = self._write, self._finish, b"".join((*self._lines, line))
        self.close()
        if write is not None:
            write(lines)
            finish()

    def _expire(self) -> None:
        """The client is too slow: it must list again."""
        self._lines.clear()
        status = errors.expired(0, self._store.durable_revision).to_status()
        self._finish_with(orjson.dumps({"type": "ERROR", "object": status}) + b"\n")

    def _mark(self) -> None:
        self._lines.append(self._bookmark({}))
        self._timers[-1] = asyncio.get_running_loop().call_later(BOOKMARK_EVERY_S, self._mark)
        self.flush()

    def _on_event(self, event: Event) -> None:
        kind = self._event_type(event)
        if kind:
            self._lines.append(self._line(kind, event.entry, event))
            if len(self._lines) > MAX_BACKLOG:
                self._expire()
            elif not self._is_flush_due:
                self._is_flush_due = True
                asyncio.get_running_loop().call_soon(self.flush)

    def _event_type(self, event: Event) -> str:
        """What the change is for this selection: objects enter and leave it."""
        is_selected = not event.is_deletion and self._selection.matches(event.entry)
        was_selected = event.previous is not None and self._selection.matches(event.previous)
        if is_selected:
            return "MODIFIED" if was_selected else "ADDED"
        return "DELETED" if was_selected else ""

    def _line(self, kind: str, entry: Entry, event: Event | None) -> bytes:
        key = (kind, self._resource.api_version(self._served.name), self._form.key)
        if event is not None and (known := event.encoded.get(key)) is not None:
            return known
        body = encode_object(entry.raw, self._resource, self._served, self._form)
        line = b'{"type":"' + kind.encode() + b'","object":' + body + b"}\n"
        if event is not None:
            event.encoded[key] = line
        return line

    def _bookmark(self, annotations: dict[str, str]) -> bytes:
        meta: dict[str, object] = {"resourceVersion": str(self._store.durable_revision)}
        if annotations:
            meta["annotations"] = annotations
        if self._form.name == "Partial":
            obj: dict[str, object] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
        elif self._form.name == "Table":
            about = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
            row = {"cells": list[str](), "object": about}
            obj = {
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "columnDefinitions": [],
                "metadata": {"resourceVersion": meta["resourceVersion"]},
                "rows": [row],
            }
        else:
            api_version = self._resource.api_version(self._served.name)
            obj = {"kind": self._resource.kind, "apiVersion": api_version, "metadata": meta}
        return orjson.dumps({"type": "BOOKMARK", "object": obj}) + b"\n"
