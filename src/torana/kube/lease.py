"""Who may act? Leader election by a Lease object (`coordination.k8s.io/v1`), compatible with client-go's.

`decide` is pure: what is known of the Lease and the time in, the next step out. `lead` performs it. A lease counts as
expired by how long *we* have seen it unchanged, never by comparing its times with our clock: clocks differ.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from torana.api.core.lease import LEASE
from torana.api.kind import Ref
from torana.kube.client import Client
from torana.kube.errors import ApiError, KubeError

log = logging.getLogger(__name__)


class Timing(msgspec.Struct, frozen=True):
    """Seconds. client-go's usual figures; a leader that cannot renew gives up before others may take over."""

    lease_s: float = 15.0
    renew_within_s: float = 10.0
    retry_s: float = 2.0


class Seen(msgspec.Struct, frozen=True):
    """A Lease as last read, and when (monotonic seconds) this state of it was first seen."""

    holder: str
    duration_s: float
    version: str
    since: float


Step = Literal["create", "take", "renew", "wait"]


def decide(identity: str, seen: Seen | None, now: float) -> Step:
    """What to do about the Lease."""
    if seen is None:
        return "create"
    if seen.holder == identity:
        return "renew"
    if not seen.holder or now - seen.since >= seen.duration_s:
        return "take"
    return "wait"


async def lead(
    client: Client, ref: Ref, identity: str, work: Callable[[], Awaitable[None]], timing: Timing | None = None
) -> None:
    """Waits until this process holds the Lease, then runs `work`. Returns when `work` ends or the Lease is lost.

    When the Lease is lost `work` is cancelled first; the usual answer of the caller is to end the process.
    """
    election = Election(client, ref, identity, timing or Timing())
    await election.acquire()
    log.info("%s leads by Lease %s", identity, ref)
    working, keeping = asyncio.ensure_future(work()), asyncio.ensure_future(election.keep())
    try:
        await asyncio.wait((working, keeping), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            log.error("Lease %s is lost to %s", ref, election.holder or "nobody")
    finally:
        for task in (working, keeping):
            task.cancel()
        await asyncio.gather(working, keeping, return_exceptions=True)
        await election.release()
    if not working.cancelled():
        working.result()


class Election:
    """One process's share in the election. Edges: the API, the clock."""

    def __init__(self, client: Client, ref: Ref, identity: str, timing: Timing) -> None:
        self._client = client
        self._ref = ref
        self._identity = identity
        self._timing = timing
        self._seen: Seen | None = None
        self._object: dict[str, Any] | None = None

    @property
    def holder(self) -> str:
        return self._seen.holder if self._seen else ""

    async def acquire(self) -> None:
        """Returns once the Lease is ours."""
        while True:
            try:
                if await self._step():
                    return
            except KubeError as error:
                log.warning("Lease %s: %s", self._ref, error)
            await asyncio.sleep(self._timing.retry_s)

    async def keep(self) -> None:
        """Renews for ever; returns when the Lease could not be renewed in time or belongs to another."""
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(self._timing.retry_s)
            left_s = renewed + self._timing.renew_within_s - time.monotonic()
            try:
                began = time.monotonic()
                if not await asyncio.wait_for(self._step(), max(left_s, 0.01)):
                    return
                renewed = began
            except (KubeError, TimeoutError) as error:
                if time.monotonic() >= renewed + self._timing.renew_within_s:
                    return
                log.warning("Lease %s was not renewed yet: %s", self._ref, error)

    async def release(self) -> None:
        """Lets others take over at once. Best effort."""
        with contextlib.suppress(KubeError, TimeoutError):
            await asyncio.wait_for(self._let_go(), 2.0)

    async def _let_go(self) -> None:
        while self._object is not None and self.holder == self._identity:
            if await self._write(self._object, holder="", lease_s=1):
                return
            # A renewal whose answer nobody waited for came before.
            await self._read()

    async def _step(self) -> bool:
        """Reads the Lease, takes the next step; true when it is ours afterwards."""
        await self._read()
        match decide(self._identity, self._seen, time.monotonic()):
            case "wait":
                return False
            case "create":
                return await self._create()
            case "take" | "renew":
                assert self._object is not None
                return await self._write(self._object, self._identity, int(self._timing.lease_s))

    async def _read(self) -> None:
        try:
            self._observe(await self._client.get(LEASE, self._ref))
        except ApiError as error:
            if not error.is_not_found:
                raise
            self._seen = self._object = None

    def _observe(self, lease: dict[str, Any]) -> None:
        self._object = lease
        spec, version = lease.get("spec") or {}, str(lease["metadata"].get("resourceVersion", ""))
        if self._seen is None or self._seen.version != version:
            duration_s = float(spec.get("leaseDurationSeconds") or 0)
            self._seen = Seen(str(spec.get("holderIdentity") or ""), duration_s, version, time.monotonic())

    async def _create(self) -> bool:
        now = _micro_time()
        spec = {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": int(self._timing.lease_s),
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": 0,
        }
        metadata = {"name": self._ref.name, "namespace": self._ref.namespace}
        try:
            self._observe(await self._client.create(LEASE, {"metadata": metadata, "spec": spec}))
        except ApiError as error:
            if error.is_already_exists:
                return False
            raise
        return True

    async def _write(self, lease: dict[str, Any], holder: str, lease_s: int) -> bool:
        before = lease.get("spec") or {}
        spec = {**before, "holderIdentity": holder, "leaseDurationSeconds": lease_s, "renewTime": _micro_time()}
        if before.get("holderIdentity") != holder:
            spec["acquireTime"] = spec["renewTime"]
            spec["leaseTransitions"] = int(before.get("leaseTransitions") or 0) + 1
        try:
            self._observe(await self._client.replace(LEASE, {**lease, "spec": spec}))
        except ApiError as error:
            if error.is_conflict or error.is_not_found:
                return False
            raise
        return True


def _micro_time() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
