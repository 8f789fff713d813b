"""What does a watch see? From a start version on, every change of the selected objects, as encoded lines.

A `Subscription` gathers events as they become visible; its owner awaits `next_lines`. Events are encoded once per
version and representation and shared between subscriptions.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

import orjson

from torana.embedded.apiserver import errors
from torana.embedded.apiserver.reading import Selection, select
from torana.embedded.apiserver.representation import Form, encode_object
from torana.embedded.apiserver.resource import Resource, ServedVersion
from torana.embedded.apiserver.store import Collection, Entry, Event, Store

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
BOOKMARK_EVERY_S = 60.0
MAX_BACKLOG = 100_000


class WatchExpired(Exception):
    """The watch cannot go on from where it is; the client must list again."""


class Subscription:
    """One watch."""

    def __init__(
        self,
        store: Store,
        resource: Resource,
        served: ServedVersion,
        selection: Selection,
        form: Form,
        wants_bookmarks: bool,
    ) -> None:
        self._store = store
        self._resource = resource
        self._served = served
        self._selection = selection
        self._form = form
        self._wants_bookmarks = wants_bookmarks
        self._collection: Collection = store.collection(resource.store_key)
        self._lines: deque[bytes] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._is_ended = False
        self._bookmark_at = time.monotonic() + BOOKMARK_EVERY_S

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

    def end(self) -> None:
        """No more events; whoever waits is woken."""
        self._is_ended = True
        self._collection.listeners.discard(self._on_event)
        self._notify()

    async def next_lines(self, deadline: float) -> bytes | None:
        """Encoded events that are ready, waiting for some if there are none; None when the watch is over."""
        while True:
            if len(self._lines) > MAX_BACKLOG:
                raise WatchExpired
            if self._lines:
                lines = b"".join(self._lines)
                self._lines.clear()
                return lines
            now = time.monotonic()
            if self._is_ended or now >= deadline:
                return None
            if self._wants_bookmarks and now >= self._bookmark_at:
                self._bookmark_at = now + BOOKMARK_EVERY_S
                return self._bookmark({})
            await self._wait(min(deadline, self._bookmark_at if self._wants_bookmarks else deadline) - now)

    def last_lines(self) -> bytes:
        """What to send before the end: a bookmark, so that the client's next watch starts here."""
        return self._bookmark({}) if self._wants_bookmarks else b""

    async def _wait(self, timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._wake = loop.create_future()
        handle = loop.call_later(timeout_s, self._notify)
        try:
            await self._wake
        finally:
            handle.cancel()
            self._wake = None

    def _notify(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _on_event(self, event: Event) -> None:
        kind = self._event_type(event)
        if kind:
            self._lines.append(self._line(kind, event.entry, event))
            self._notify()

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
