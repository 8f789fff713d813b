"""How do we tell users what happened? Records Kubernetes Events (core/v1), repeating ones as a count.

`Recorder.record` only notes the event and returns; a task of the recorder writes it. Events are best effort: they are
dropped, never queued without bound, when the API server does not take them.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from torana.api.core.event import EVENT
from torana.api.kind import Ref
from torana.kube.client import Client
from torana.kube.errors import KubeError

log = logging.getLogger(__name__)

QUEUE_LENGTH = 1000
REMEMBERED = 4096
MESSAGE_LENGTH = 1024


class Subject(msgspec.Struct, frozen=True):
    """The object that an event is about."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str = ""


class Recorder:
    """Writes events as `component`. Use it as `async with Recorder(...) as recorder`."""

    def __init__(self, client: Client, component: str, host: str = "") -> None:
        self._client = client
        self._component = component
        self._host = host
        self._queue: asyncio.Queue[tuple[Subject, str, str, str]] = asyncio.Queue(QUEUE_LENGTH)
        self._counts: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Recorder:
        self._writer = asyncio.create_task(self._write_all(), name="events")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    def record(self, subject: Subject, type: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        """Notes that something happened to the subject. `reason` is one CamelCase word."""
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait((subject, type, reason, message[:MESSAGE_LENGTH]))

    async def drained(self) -> None:
        """Returns when everything noted so far is written or dropped."""
        await self._queue.join()

    async def _write_all(self) -> None:
        while True:
            subject, type, reason, message = await self._queue.get()
            try:
                await self._write(subject, type, reason, message)
            except KubeError as error:
                log.debug("event %s about %s %s is dropped: %s", reason, subject.kind, subject.name, error)
            finally:
                self._queue.task_done()

    async def _write(self, subject: Subject, type: str, reason: str, message: str) -> None:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        name = _name(subject, self._component, type, reason, message)
        namespace = subject.namespace or "default"
        count, first = self._counts.get(name, (0, now))
        self._counts[name] = (count + 1, first)
        self._counts.move_to_end(name)
        while len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)
        event = self._event(subject, type, reason, message)
        event |= {"firstTimestamp": first, "lastTimestamp": now, "count": count + 1}
        # Apply creates the event or raises its count, whichever is due, without reading it first.
        await self._client.patch(
            EVENT, Ref(namespace, name), {"metadata": {"name": name, "namespace": namespace}, **event},
            type="apply", field_manager=self._component, force=True,
        )  # fmt: skip

    def _event(self, subject: Subject, type: str, reason: str, message: str) -> dict[str, Any]:
        source = {"component": self._component} | ({"host": self._host} if self._host else {})
        about = {
            "apiVersion": subject.api_version,
            "kind": subject.kind,
            "namespace": subject.namespace,
            "name": subject.name,
            "uid": subject.uid,
        }
        return {
            "involvedObject": {field: value for field, value in about.items() if value},
            "type": type,
            "reason": reason,
            "message": message,
            "source": source,
            "reportingComponent": self._component,
        }


def subject_of(obj: Mapping[str, Any]) -> Subject:
    """The subject that a plain object is."""
    metadata = obj.get("metadata") or {}
    return Subject(
        str(obj.get("apiVersion", "")),
        str(obj.get("kind", "")),
        str(metadata.get("namespace") or ""),
        str(metadata.get("name") or ""),
        str(metadata.get("uid") or ""),
    )


def _name(subject: Subject, *parts: str) -> str:
    """The same event about the same object has the same name, so that repeats are counted on one object."""
    digest = hashlib.sha256("\0".join((subject.kind, subject.uid, *parts)).encode()).hexdigest()[:16]
    return f"{subject.name[:200]}.{digest}"
