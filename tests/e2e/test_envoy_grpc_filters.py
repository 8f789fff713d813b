"""Do the filters of a GRPCRoute do to calls what those of an HTTPRoute do to requests?"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from tests.e2e.envoy_rig import DEADLINE_S, HOST, Proxy, proxy
from tests.e2e.test_envoy_grpc import Caller, route

from torana.envoy.cluster import render_cluster, render_endpoints
from torana.gateway.backends import ClusterKey
from torana.proxy.cluster import Cluster, Endpoint, Endpoints

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]

ONE, TWO = {"name": "v1", "port": 80}, {"name": "v2", "port": 80}


class Telling(grpc.GenericRpcHandler):
    """Answers every call, of one message or many, with the metadata it came with; notes the calls."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls: asyncio.Queue[str] = asyncio.Queue()

    def service(self, details: Any) -> Any:
        metadata = [[key, value] for key, value in details.invocation_metadata if isinstance(value, str)]
        answer = json.dumps({"backend": self.name, "metadata": metadata}).encode()

        async def call(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
            messages = [message async for message in requests]
            self.calls.put_nowait(f"{details.method} {b'+'.join(messages).decode()}")
            await context.send_initial_metadata((("x-old", "backend"), ("x-gone", "backend"), ("x-more", "backend")))
            yield answer

        return grpc.stream_stream_rpc_method_handler(call)


class Told:
    """What a call came to."""

    def __init__(self, answer: bytes, initial: Any) -> None:
        seen = json.loads(answer)
        self.backend: str = seen["backend"]
        self.metadata: list[list[str]] = seen["metadata"]
        self.initial = [(key, value) for key, value in initial]

    def seen(self, name: str) -> str | None:
        """The values of a piece of metadata that the backend saw."""
        values = [value for key, value in self.metadata if key == name]
        return ",".join(values) if values else None

    def got(self, name: str) -> str | None:
        """The values that the client got."""
        values = [value for key, value in self.initial if key == name]
        return ",".join(values) if values else None


@asynccontextmanager
async def shop(directory: Path) -> AsyncIterator[tuple[Proxy, dict[str, Telling]]]:
    """A proxy with the clusters `shop/v1:80/http2` and `shop/v2:80/http2`."""
    tellings = {name: Telling(name) for name in ("v1", "v2")}
    async with proxy(directory) as running, contextlib.AsyncExitStack() as stack:
        for name, telling in tellings.items():
            server = grpc.aio.server()
            server.add_generic_rpc_handlers((telling,))
            endpoint = Endpoint(HOST, server.add_insecure_port(f"{HOST}:0"))
            await server.start()
            stack.push_async_callback(server.stop, None)
            cluster = ClusterKey("shop", name, 80, "http2").name
            await running.plane.deliver(
                [render_cluster(Cluster(cluster, "http2")), render_endpoints(Endpoints(cluster, (endpoint,)))]
            )
        yield running, tellings


async def call(running: Proxy, method: str = "/s.One/Get", messages: tuple[bytes, ...] = (b"m",), **sent: str) -> Told:
    """A call with these messages. Raises AioRpcError."""
    metadata = tuple((key.replace("_", "-"), value) for key, value in sent.items())
    stream = Caller(running.port).channel.stream_stream(method)(iter(messages), metadata=metadata, timeout=DEADLINE_S)
    answers = [bytes(answer) async for answer in stream]
    return Told(answers[0], await stream.initial_metadata())


def edits(kind: str, **changes: Any) -> dict[str, Any]:
    field = f"{kind[0].lower()}{kind[1:]}"
    return {"type": kind, field: changes}


async def test_metadata_of_a_call_is_set_added_and_removed(tmp_path: Path) -> None:
    modifier = edits(
        "RequestHeaderModifier",
        set=[{"name": "X-Old", "value": "new"}],
        add=[{"name": "x-more", "value": "gateway"}],
        remove=["X-Gone"],
    )
    async with shop(tmp_path) as (running, _):
        await route(running, {"filters": [modifier], "backendRefs": [ONE]})
        told = await call(running, x_old="client", x_more="client", x_gone="client")
        assert (told.seen("x-old"), told.seen("x-gone")) == ("new", None)
        assert (told.seen("x-more") or "").replace(" ", "") == "client,gateway"


async def test_metadata_of_an_answer_is_set_added_and_removed(tmp_path: Path) -> None:
    modifier = edits(
        "ResponseHeaderModifier",
        set=[{"name": "x-old", "value": "new"}],
        add=[{"name": "x-more", "value": "gateway"}],
        remove=["x-gone"],
    )
    async with shop(tmp_path) as (running, _):
        await route(running, {"filters": [modifier], "backendRefs": [ONE]})
        told = await call(running)
        assert (told.got("x-old"), told.got("x-gone")) == ("new", None)
        assert (told.got("x-more") or "").replace(" ", "") == "backend,gateway"


async def test_filters_of_one_backend_touch_only_its_share(tmp_path: Path) -> None:
    mark = edits("RequestHeaderModifier", set=[{"name": "x-mark", "value": "v1"}])
    async with shop(tmp_path) as (running, _):
        await route(running, {"backendRefs": [{**ONE, "filters": [mark]}, TWO]})
        found = {(told.backend, told.seen("x-mark")) for told in [await call(running) for _ in range(40)]}
        assert found == {("v1", "v1"), ("v2", None)}


async def test_a_mirror_gets_every_message_of_a_call_and_the_client_hears_only_the_first(tmp_path: Path) -> None:
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": TWO}}
    async with shop(tmp_path) as (running, tellings):
        await route(running, {"filters": [mirror], "backendRefs": [ONE]})
        assert (await call(running, "/s.One/Put", (b"a", b"b", b"c"))).backend == "v1"
        assert await asyncio.wait_for(tellings["v1"].calls.get(), DEADLINE_S) == "/s.One/Put a+b+c"
        assert await asyncio.wait_for(tellings["v2"].calls.get(), DEADLINE_S) == "/s.One/Put a+b+c"


async def test_no_calls_are_mirrored_at_zero_percent_and_about_half_at_fifty(tmp_path: Path) -> None:
    mirror = {"backendRef": TWO, "percent": 0}
    async with shop(tmp_path) as (running, tellings):
        await route(
            running,
            {
                "matches": [{"method": {"service": "none"}}],
                "filters": [{"type": "RequestMirror", "requestMirror": mirror}],
                "backendRefs": [ONE],
            },
            {
                "filters": [{"type": "RequestMirror", "requestMirror": {**mirror, "percent": 50}}],
                "backendRefs": [ONE],
            },
        )
        for _ in range(20):
            await call(running, "/none/Get")
        for _ in range(100):
            await call(running, "/half/Get")
        first = await asyncio.wait_for(tellings["v2"].calls.get(), DEADLINE_S)
        assert first.startswith("/half/")
        # Five standard deviations of a fair draw.
        assert 25 <= tellings["v2"].calls.qsize() + 1 <= 75


@pytest.mark.parametrize(
    "one",
    [
        {"type": "ExtensionRef", "extensionRef": {"group": "example.org", "kind": "Limit", "name": "tight"}},
        {"type": "URLRewrite"},
        {"type": "CORS"},
        {"type": "ExternalAuth"},
    ],
    ids=lambda one: str(one["type"]),
)
async def test_a_filter_that_is_not_known_makes_calls_fail_rather_than_go_on_without_it(
    tmp_path: Path, one: dict[str, Any]
) -> None:
    async with shop(tmp_path) as (running, tellings):
        await route(
            running,
            {"matches": [{"method": {"service": "a"}}], "filters": [one], "backendRefs": [ONE]},
            {"matches": [{"method": {"service": "b"}}], "backendRefs": [{**ONE, "filters": [one]}]},
            {"backendRefs": [TWO]},
        )
        caller = Caller(running.port)
        assert await caller.call("/a/Get") == "UNAVAILABLE"
        assert await caller.call("/b/Get") == "UNAVAILABLE"
        assert (await call(running, "/c/Get")).backend == "v2"
        assert tellings["v1"].calls.empty()
