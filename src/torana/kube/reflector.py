"""How do changes reach us? Lists a kind, then watches it for ever, and hands over changes in batches as they arrive.

An edge. The promise: after the first `synced` marker the receiver knows every object; afterwards it hears of every
later state (states in between may be skipped), through restarts of the API server, expired versions and broken
connections. The callback runs while the bytes are being read, and must not block.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable

import msgspec

from torana.api.kind import Kind, Ref
from torana.kube.change import Bookmark, Change, ChangeDecoder, Lines, Undecodable, synced_marker
from torana.kube.client import Client
from torana.kube.errors import ApiError, KubeError, Unreachable

OnChanges = Callable[[tuple[Change, ...]], None]

log = logging.getLogger(__name__)

WATCH_S = (240, 360)
"""The API server ends a watch after a time drawn from this range, so that load spreads over its replicas."""
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 3.0
SHORT_WATCH_S = 1.0


async def reflect(
    client: Client,
    kind: Kind,
    on_changes: OnChanges,
    *,
    namespace: str = "",
    label_selector: str = "",
    field_selector: str = "",
) -> None:
    """Delivers the changes of one kind until cancelled. See `Reflector`."""
    await Reflector(client, kind, on_changes, namespace, label_selector, field_selector).run()


class Reflector:
    """One list and watch. Remembers the version of each object so that a second list tells only what differs."""

    def __init__(
        self,
        client: Client,
        kind: Kind,
        on_changes: OnChanges,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> None:
        self._client = client
        self._kind = kind
        self._on_changes = on_changes
        self._namespace = namespace
        self._label_selector = label_selector
        self._field_selector = field_selector
        self._decoder = ChangeDecoder(kind)
        self._known: dict[Ref, str] = {}
        self._version = ""
        """Version to watch from; empty when a list is due."""
        self._failures = 0
        self._is_absent = False

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._watch()
            except (KubeError, msgspec.DecodeError) as error:
                self._note_absence(error)
                await self._recover(error)

    def _note_absence(self, error: Exception) -> None:
        """A custom kind need not be installed: nobody shall wait for it. It may come later."""
        is_absent = isinstance(error, ApiError) and error.is_not_found and self._kind.is_custom
        if is_absent and not self._is_absent:
            if self._kind.channel == "standard":
                log.warning("%s are not installed; serving without them until they are", self._kind.plural)
            self._deliver((synced_marker(self._kind),))
        self._is_absent = is_absent

    async def _recover(self, error: Exception) -> None:
        """Waits a growing while. An expired version is no failure: the list follows at once, the first time."""
        if isinstance(error, msgspec.DecodeError) or (isinstance(error, ApiError) and error.is_gone):
            self._version = ""
        if isinstance(error, ApiError) and error.is_gone and self._failures == 0:
            self._failures = 1
            return
        pause_s = min(FIRST_PAUSE_S * 2.0**self._failures, LONGEST_PAUSE_S) * (0.5 + random.random() / 2)
        self._failures = min(self._failures + 1, 16)
        level = logging.DEBUG if self._failures < 3 or self._is_absent else logging.WARNING
        log.log(level, "watch of %s: %s; again in %.1f s", self._kind.plural, error, pause_s)
        await asyncio.sleep(pause_s)

    async def _list(self) -> None:
        """Reads everything, then delivers one batch: what is new or changed, what is gone, and the marker."""
        present: dict[Ref, str] = {}
        changes: list[Change] = []
        version = ""
        async for body in self._client.list_pages(
            self._kind, self._namespace, self._label_selector, self._field_selector
        ):
            page = self._decoder.page(body)
            version = page.resource_version
            for change in page.changes:
                present[change.ref] = change.resource_version
                if self._known.get(change.ref) != change.resource_version:
                    changes.append(change)
        gone = [Change(self._kind, ref, None) for ref in self._known if ref not in present]
        self._known = present
        self._version = version
        self._deliver((*gone, *changes, synced_marker(self._kind)))

    async def _watch(self) -> None:
        """Reads one watch to its end (normal when its time is over)."""
        duration_s = random.randint(*WATCH_S)
        params = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(duration_s),
        }
        if self._label_selector:
            params["labelSelector"] = self._label_selector
        if self._field_selector:
            params["fieldSelector"] = self._field_selector
        lines = Lines()
        began, heard = time.monotonic(), False

        def on_bytes(chunk: bytes) -> None:
            nonlocal heard
            heard = True
            self._take(lines.feed(chunk))

        await self._client.stream(self._kind.path(self._namespace), params, on_bytes, duration_s + 30.0)
        if not heard and time.monotonic() - began < SHORT_WATCH_S:
            raise Unreachable(f"the API server ended a watch of {self._kind.plural} at once")

    def _take(self, lines: list[bytes]) -> None:
        """Delivers what one chunk brought. A failure in the stream is raised after the changes before it."""
        batch: list[Change] = []
        failure: Exception | None = None
        for line in lines:
            try:
                event = self._decoder.event(line)
            except msgspec.DecodeError as error:
                failure = error
                break
            if isinstance(event, ApiError):
                failure = event
                break
            if event.resource_version:
                self._version = event.resource_version
            if isinstance(event, Bookmark):
                continue
            if event.object is None:
                self._known.pop(event.ref, None)
            else:
                self._known[event.ref] = event.resource_version
            batch.append(event)
        if batch:
            self._deliver(tuple(batch))
        if failure is not None:
            raise failure
        self._failures = 0

    def _deliver(self, changes: tuple[Change, ...]) -> None:
        try:
            self._on_changes(changes)
        except Exception:
            # A receiver's bug must not end the stream for everybody; what it missed is in its own log.
            log.exception("a receiver of %s changes failed", self._kind.plural)


__all__ = ["Change", "OnChanges", "Reflector", "Undecodable", "reflect"]
