"""Which statuses are written, and which are left alone?"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from tests.unit.controller.patched_api import an_api

from torana.api.http_route import HTTP_ROUTE, HTTPRoute
from torana.api.kind import Ref
from torana.api.parents import RouteStatus
from torana.api.references import ParentReference
from torana.controller.status_writer import StatusKey, StatusWriter, Target
from torana.gateway.status.condition import Judgement, ParentReport, RouteReport
from torana.gateway.status.merge import route_status
from torana.kube.client import Client
from torana.kube.config import Access

pytestmark = pytest.mark.asyncio

OURS = "torana.dev/gateway-controller"
ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes"


def a_route(name: str, generation: int) -> Any:
    metadata = {"name": name, "namespace": "default", "generation": generation, "resourceVersion": "7"}
    return msgspec.convert({"metadata": metadata, "spec": {"parentRefs": [{"name": "gw"}]}}, HTTPRoute)


def a_report(generation: int, *parents: str) -> RouteReport:
    said = (Judgement("Accepted", True, "Accepted"),)
    return RouteReport(generation, tuple(ParentReport(ParentReference(name=name), OURS, said) for name in parents))


async def test_a_report_is_written_unless_it_says_nothing_or_is_of_an_older_generation() -> None:
    live = {Ref("default", name): a_route(name, 2) for name in ("strange", "newer", "plain")}
    target = Target(
        HTTP_ROUTE, live, RouteStatus, lambda *one: route_status(*one[:2], frozenset({OURS}), one[2]), lambda one: False
    )
    written: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    async with an_api(written) as url, Client(Access(server=url)) as client, asyncio.timeout(5):
        writer = StatusWriter(client, {"HTTPRoute": target})
        writer.tell(StatusKey("HTTPRoute", Ref("default", "strange")), a_report(2))
        writer.tell(StatusKey("HTTPRoute", Ref("default", "newer")), a_report(1, "gw"))
        writer.tell(StatusKey("HTTPRoute", Ref("default", "plain")), a_report(2, "gw"))
        running = asyncio.create_task(writer.run())
        path, body = await written.get()
        running.cancel()
    assert path == f"{ROUTES}/plain/status"
    assert body["metadata"]["resourceVersion"] == "7"
    assert [one["parentRef"]["name"] for one in body["status"]["parents"]] == ["gw"]
    assert writer.writes == 1
