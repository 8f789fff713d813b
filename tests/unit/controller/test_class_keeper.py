"""When does a GatewayClass have the finalizer that keeps it while Gateways use it?"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from tests.unit.controller.patched_api import an_api

from torana.api.gateway import Gateway
from torana.api.gateway_class import GatewayClass
from torana.api.kind import Ref
from torana.controller.class_keeper import ClassKeeper
from torana.gateway.classes import FINALIZER, finalizers
from torana.gateway.graph import Graph
from torana.kube.client import Client
from torana.kube.config import Access

OURS, OTHERS = "torana.dev/gateway-controller", "example.com/other"
GONE = "2026-01-01T00:00:00Z"


def a_class(name: str, *held: str, controller: str = OURS, deleted: str | None = None) -> Any:
    metadata = {"name": name, "resourceVersion": "7", "finalizers": list(held), "deletionTimestamp": deleted}
    return msgspec.convert({"metadata": metadata, "spec": {"controllerName": controller}}, GatewayClass)


def a_gateway(class_name: str) -> Any:
    spec = {"gatewayClassName": class_name, "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}
    return msgspec.convert({"metadata": {"name": class_name, "namespace": "default"}, "spec": spec}, Gateway)


def used(graph: Graph) -> set[str]:
    return {ref.name for ref in graph.listeners.used_classes.items}


def test_a_class_of_ours_is_used_as_long_as_it_has_gateways() -> None:
    graph = Graph([OURS])
    classes = (a_class("one"), a_class("idle"), a_class("theirs", controller=OTHERS))
    gateways = {one.metadata.ref: one for one in map(a_gateway, ("one", "theirs", "absent"))}
    graph.engine.settle({graph.sources.gateways: gateways})
    assert used(graph) == set()
    graph.engine.settle({graph.sources.gateway_classes: {one.metadata.ref: one for one in classes}})
    assert used(graph) == {"one"}
    graph.engine.settle({graph.sources.gateways: {Ref("default", "one"): None}})
    assert used(graph) == set()


@pytest.mark.parametrize(
    ("live", "is_used", "wanted"),
    [
        (a_class("c"), True, (FINALIZER,)),
        (a_class("c", "example.com/mine"), True, ("example.com/mine", FINALIZER)),
        (a_class("c", FINALIZER), True, None),
        (a_class("c", deleted=GONE), True, None),
        (a_class("c", FINALIZER, "example.com/mine", deleted=GONE), False, ("example.com/mine",)),
        (a_class("c"), False, None),
    ],
)
def test_the_finalizer_comes_and_goes_and_others_stay(live: Any, is_used: bool, wanted: tuple[str, ...] | None) -> None:
    assert finalizers(live.metadata, is_used) == wanted


@pytest.mark.asyncio
async def test_only_what_is_ours_and_not_as_it_should_be_is_written() -> None:
    classes = (
        a_class("theirs", FINALIZER, controller=OTHERS),
        a_class("good", FINALIZER),
        a_class("bare"),
    )
    live = {one.metadata.ref: one for one in classes}
    ours = {ref: True for ref, one in live.items() if one.spec.controller_name == OURS}
    written: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    async with an_api(written) as url, Client(Access(server=url)) as client, asyncio.timeout(5):
        keeper = ClassKeeper(client, live, ours, ours)
        for ref in live:
            keeper.check(ref)
        running = asyncio.create_task(keeper.run())
        path, body = await written.get()
        running.cancel()
    assert path == "/apis/gateway.networking.k8s.io/v1/gatewayclasses/bare"
    assert body == {"metadata": {"resourceVersion": "7", "finalizers": [FINALIZER]}}
    assert written.empty()
