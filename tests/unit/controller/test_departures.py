"""When does a proxy whose Pod is leaving take which step?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest

from torana.api.core.pod import Pod
from torana.api.kind import Ref
from torana.controller.departures import Departures
from torana.derive.collection import Change
from torana.envoy.leaving import Step
from torana.envoy.server import XdsServer

POD = Ref("shop", "web-1")
GATEWAY = Ref("shop", "web")


class Server:
    """Notes what an xDS server is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def leave(self, gateway: Ref, node: str, step: Step) -> None:
        self.told.append((gateway, node, step))

    def left(self, gateway: Ref, node: str) -> None:
        self.told.append((gateway, node, "left"))


class Loop:
    """The timers that were set."""

    def __init__(self) -> None:
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, delay: float, callback: Callable[..., None], *arguments: Any) -> Loop:
        self.timers.append((delay, lambda: callback(*arguments)))
        return self

    def cancel(self) -> None:
        self.timers.clear()


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    loop = Loop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
    return loop


def pod(*, leaving: bool, gateway: str = "shop/web") -> Pod:
    metadata: dict[str, Any] = {"namespace": POD.namespace, "name": POD.name, "uid": "u"}
    metadata["annotations"] = {"torana.dev/gateway": gateway} if gateway else {}
    if leaving:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return msgspec.convert({"metadata": metadata, "spec": {"containers": []}}, Pod)


def departures(server: Server, lag_s: float) -> Departures:
    return Departures(cast(XdsServer, server), lag_s)


def test_where_its_successor_is_on_the_same_address_it_closes_at_once(loop: Loop) -> None:
    server = Server()
    departures(server, 0).follow({POD: Change(pod(leaving=False), pod(leaving=True))})
    assert server.told == [(GATEWAY, POD.name, Step.CLOSED)]


def test_where_load_balancers_have_to_learn_it_lets_go_first(loop: Loop) -> None:
    server = Server()
    departures(server, 5).follow({POD: Change(pod(leaving=False), pod(leaving=True))})
    assert server.told == [(GATEWAY, POD.name, Step.LETTING_GO)]
    ((delay, call),) = loop.timers
    assert delay == 5
    call()
    assert server.told[1:] == [(GATEWAY, POD.name, Step.CLOSED)]


def test_a_pod_leaves_once_however_often_it_changes(loop: Loop) -> None:
    server = Server()
    leave = departures(server, 5)
    for _ in range(3):
        leave.follow({POD: Change(pod(leaving=True), pod(leaving=True))})
    assert len(server.told) == len(loop.timers) == 1


def test_a_pod_that_is_gone_is_forgotten_with_its_timer(loop: Loop) -> None:
    server = Server()
    leave = departures(server, 5)
    leave.follow({POD: Change(None, pod(leaving=True))})
    leave.follow({POD: Change(pod(leaving=True), None)})
    assert server.told[1:] == [(GATEWAY, POD.name, "left")]
    assert loop.timers == []


def test_pods_that_stay_and_pods_of_others_are_left_alone(loop: Loop) -> None:
    server = Server()
    leave = departures(server, 0)
    leave.follow({POD: Change(None, pod(leaving=False))})
    leave.follow({POD: Change(None, pod(leaving=True, gateway=""))})
    assert server.told == []
