"""How is a GatewayClass kept while Gateways use it? With the finalizer that the specification has for that.

An edge. Level-triggered like the status writer: `check` compares what is with what should be whenever one of them
changed; a conflict waits for the newer object to arrive by watch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from torana.api.gateway_class import GATEWAY_CLASS
from torana.api.kind import Ref
from torana.gateway.classes import finalizers
from torana.kube.client import Client
from torana.kube.errors import ApiError, KubeError

log = logging.getLogger(__name__)

_RETRY_S = 0.5


class ClassKeeper:
    """`live` are all classes as the feed has them, `ours` those we answer to, `used` those of them with Gateways."""

    def __init__(
        self, client: Client, live: Mapping[Ref, Any], ours: Mapping[Ref, Any], used: Mapping[Ref, Any]
    ) -> None:
        self._client = client
        self._live, self._ours, self._used = live, ours, used
        self._queue: asyncio.Queue[Ref] = asyncio.Queue()

    def check(self, ref: Ref) -> None:
        """The class changed, or whether it is used."""
        if self._wanted(ref) is not None:
            self._queue.put_nowait(ref)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            ref = await self._queue.get()
            try:
                await self._write(ref)
            except ApiError as error:
                if not (error.is_conflict or error.is_not_found):
                    self._later(ref, error)
            except KubeError as error:
                self._later(ref, error)

    def _later(self, ref: Ref, error: Exception) -> None:
        log.warning("finalizers of GatewayClass %s are not written: %s; trying again", ref.name, error)
        asyncio.get_running_loop().call_later(_RETRY_S, self.check, ref)

    def _wanted(self, ref: Ref) -> tuple[str, ...] | None:
        """The finalizers that the class should have; None when it has them, or is none of ours."""
        live = self._live.get(ref)
        if live is None or ref not in self._ours:
            return None
        return finalizers(live.metadata, ref in self._used)

    async def _write(self, ref: Ref) -> None:
        wanted = self._wanted(ref)
        if wanted is None:
            return
        metadata = {"resourceVersion": self._live[ref].metadata.resource_version, "finalizers": list(wanted)}
        await self._client.patch(GATEWAY_CLASS, ref, {"metadata": metadata}, "merge")
