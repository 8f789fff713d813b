"""How reports reach the API: the latest report per object, folded into the live status, written only when it differs.

Level-triggered: `tell` notes the report, `check` looks again when the live object changed (by us, or by somebody who
overwrote us). One write per object is under way at a time; a conflict waits for the newer object to arrive by watch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from torana.api.kind import Kind, Ref
from torana.kube.client import Client
from torana.kube.errors import ApiError, KubeError

log = logging.getLogger(__name__)

_WRITERS = 8
_RETRY_S = 0.5

Merge = Callable[[Any, dict[str, Any], str], dict[str, Any]]
"""(report, live status, now) → new status."""


class StatusKey(NamedTuple):
    """An object whose status is ours to write."""

    kind: str
    ref: Ref


class Target(NamedTuple):
    """How the status of one kind is written."""

    kind: Kind
    live: dict[Ref, Any]
    """The live objects, as the feed has them."""
    status_type: Any
    merge: Merge
    has_foreign_entries: Callable[[Any], bool]
    """Whether the live object's status holds entries of other controllers, which must be read as they are."""


class StatusWriter:
    """Writes statuses in the background. Use `run` as a task."""

    def __init__(self, client: Client, targets: dict[str, Target]) -> None:
        self._client = client
        self._targets = targets
        self._reports: dict[StatusKey, Any] = {}
        self._queue: asyncio.Queue[StatusKey] = asyncio.Queue()
        self._queued: set[StatusKey] = set()
        self.writes = 0

    def tell(self, key: StatusKey, report: Any) -> None:
        """This is our answer for the object from now on."""
        self._reports[key] = report
        self.check(key)

    def withdraw(self, key: StatusKey) -> None:
        """We have no answer for the object any more (it is gone, or no longer ours)."""
        self._reports.pop(key, None)

    def check(self, key: StatusKey) -> None:
        """The live object changed: see whether our answer still stands in it."""
        if key in self._reports and key not in self._queued:
            self._queued.add(key)
            self._queue.put_nowait(key)

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(_WRITERS):
                group.create_task(self._work(), name=f"status writer {number}")

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            self._queued.discard(key)
            try:
                await self._write(key)
            except ApiError as error:
                if not (error.is_conflict or error.is_not_found):
                    self._later(key, error)
            except KubeError as error:
                self._later(key, error)

    def _later(self, key: StatusKey, error: Exception) -> None:
        log.warning("status of %s %s is not written: %s; trying again", key.kind, key.ref, error)
        asyncio.get_running_loop().call_later(_RETRY_S, self.check, key)

    def _merged(self, key: StatusKey, live_status: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self._targets[key.kind].merge(self._reports[key], live_status, now)

    def _wanted(self, key: StatusKey) -> dict[str, Any] | None:
        """The status as it should be; none when it is so, or when we have not yet judged what the object is now."""
        target, report = self._targets[key.kind], self._reports.get(key)
        live = target.live.get(key.ref)
        if report is None or live is None or live.metadata.generation > report.generation:
            return None
        before = msgspec.to_builtins(live.status) if live.status is not None else {}
        merged = self._merged(key, before)
        return merged if merged != before and msgspec.convert(merged, target.status_type) != live.status else None

    async def _write(self, key: StatusKey) -> None:
        status = self._wanted(key)
        if status is None:
            return
        target = self._targets[key.kind]
        live = target.live[key.ref]
        version = live.metadata.resource_version
        if target.has_foreign_entries(live):
            raw = await self._client.get(target.kind, key.ref)
            if key not in self._reports:
                return
            version, status = raw["metadata"]["resourceVersion"], self._merged(key, raw.get("status") or {})
        body = {"metadata": {"resourceVersion": version}, "status": status}
        self.writes += 1
        await self._client.patch(target.kind, key.ref, body, "merge", subresource="status")
