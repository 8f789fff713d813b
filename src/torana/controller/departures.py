"""Which proxies are on their way out, and when does each take its next step?

An edge: it tells the xDS server, and waits with timers. Should the controller not be there while a Pod leaves, the
Pod ends after its grace all the same, only less gently.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from torana.api.core.pod import Pod
from torana.api.kind import Ref
from torana.derive.collection import Change
from torana.envoy.leaving import Step
from torana.envoy.server import XdsServer
from torana.infra.stage import gateways_of


class Departures:
    """`lag_s`: how long a leaving proxy goes on accepting connections, because some still come to it."""

    def __init__(self, xds: XdsServer, lag_s: float) -> None:
        self._xds = xds
        self._lag_s = lag_s
        self._timers: dict[Ref, asyncio.TimerHandle | None] = {}
        """Pods that are leaving, and when they are to close, if they have not."""

    def follow(self, pods: Mapping[Ref, Change]) -> None:
        """Pods of proxies that changed."""
        for ref, change in pods.items():
            old: Pod | None = change.old
            new: Pod | None = change.new
            if new is None:
                self._left(ref, gateways_of(ref, old))
            elif new.metadata.deletion_timestamp and ref not in self._timers:
                self._leave(ref, gateways_of(ref, new))

    def _leave(self, pod: Ref, gateways: list[Ref]) -> None:
        self._timers[pod] = None
        if self._lag_s:
            self._step(pod, gateways, Step.LETTING_GO)
            later = asyncio.get_running_loop().call_later
            self._timers[pod] = later(self._lag_s, self._step, pod, gateways, Step.CLOSED)
        else:
            self._step(pod, gateways, Step.CLOSED)

    def _step(self, pod: Ref, gateways: list[Ref], step: Step) -> None:
        for gateway in gateways:
            self._xds.leave(gateway, pod.name, step)

    def _left(self, pod: Ref, gateways: list[Ref]) -> None:
        timer = self._timers.pop(pod, None)
        if timer is not None:
            timer.cancel()
        for gateway in gateways:
            self._xds.left(gateway, pod.name)
