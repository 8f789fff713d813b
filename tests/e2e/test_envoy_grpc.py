"""What does a gRPC client see of the proxy: the method's backend, and gRPC's own codes where nobody answers?"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import msgspec
import pytest
from tests.e2e.envoy_rig import HOST, Proxy, proxy

from torana.api.grpc_route import GRPCRoute
from torana.envoy.cluster import render_cluster, render_endpoints
from torana.gateway.backends import BackendVerdict, ClusterKey
from torana.gateway.finding import Finding
from torana.gateway.routes.grpc import compile_route
from torana.proxy.cluster import Cluster, Endpoint, Endpoints
from torana.proxy.route import Host

pytestmark = pytest.mark.e2e


class _Anything(grpc.GenericRpcHandler):
    """Answers every method with the server's name and the method."""

    def __init__(self, name: str) -> None:
        self.name = name

    def service(self, details: Any) -> Any:
        answer = f"{self.name} {details.method}".encode()

        async def call(request: bytes, context: Any) -> bytes:
            return answer

        return grpc.unary_unary_rpc_method_handler(call)


@asynccontextmanager
async def grpc_backend(name: str) -> AsyncIterator[Endpoint]:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_Anything(name),))
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    try:
        yield Endpoint(HOST, port)
    finally:
        await server.stop(None)


def resolve(ref: Any, path: str) -> BackendVerdict:
    if ref.name == "gone":
        return BackendVerdict(finding=Finding("BackendNotFound", "gone", path))
    return BackendVerdict(ClusterKey("shop", ref.name, ref.port, "http2"))


async def route(running: Proxy, *rules: dict[str, Any]) -> None:
    """Afterwards the proxy serves a GRPCRoute with these rules."""
    document = {"metadata": {"name": "r", "namespace": "shop", "generation": 1}, "spec": {"rules": rules}}
    compiled = compile_route(msgspec.convert(document, GRPCRoute), resolve)
    entries = sorted(compiled.entries, key=lambda entry: entry.order)
    host = Host("a.example.com", tuple(entry.route for entry in entries))
    await running.plane.deliver(running.tables(host))


@asynccontextmanager
async def shop(directory: Path) -> AsyncIterator[Proxy]:
    """A proxy with the clusters `shop/v1:80/http2` and `shop/v2:80/http2`."""
    async with proxy(directory) as running, contextlib.AsyncExitStack() as stack:
        for name in ("v1", "v2"):
            endpoint = await stack.enter_async_context(grpc_backend(name))
            cluster = ClusterKey("shop", name, 80, "http2").name
            await running.plane.deliver(
                [render_cluster(Cluster(cluster, "http2")), render_endpoints(Endpoints(cluster, (endpoint,)))]
            )
        yield running


class Caller:
    def __init__(self, port: int, host: str = "a.example.com") -> None:
        self.channel = grpc.aio.insecure_channel(f"{HOST}:{port}", options=[("grpc.default_authority", host)])

    async def call(self, method: str, **metadata: str) -> str:
        """The answer, or the name of the status code."""
        try:
            answer = await self.channel.unary_unary(method)(b"", metadata=tuple(metadata.items()), timeout=10)
        except grpc.aio.AioRpcError as error:
            return str(error.code().name)
        return bytes(answer).decode()


async def test_calls_go_by_service_method_and_metadata(tmp_path: Path) -> None:
    async with shop(tmp_path) as running:
        await route(
            running,
            {
                "matches": [{"method": {"service": "s.One", "method": "Get"}}],
                "backendRefs": [{"name": "v1", "port": 80}],
            },
            {
                "matches": [{"method": {"service": "s.One"}, "headers": [{"name": "color", "value": "blue"}]}],
                "backendRefs": [{"name": "v2", "port": 80}],
            },
            {"matches": [{"method": {"method": "Ping"}}], "backendRefs": [{"name": "v2", "port": 80}]},
        )
        caller = Caller(running.port)
        assert await caller.call("/s.One/Get") == "v1 /s.One/Get"
        assert await caller.call("/s.One/Put", color="blue") == "v2 /s.One/Put"
        assert await caller.call("/any.Thing/Ping") == "v2 /any.Thing/Ping"


async def test_a_call_that_no_rule_takes_is_unimplemented(tmp_path: Path) -> None:
    async with shop(tmp_path) as running:
        await route(running, {"matches": [{"method": {"service": "s"}}], "backendRefs": [{"name": "v1", "port": 80}]})
        assert await Caller(running.port).call("/s.One/Get") == "UNIMPLEMENTED"
        assert await Caller(running.port, "elsewhere.example.com").call("/s/Get") == "UNIMPLEMENTED"
        assert (await running.get("/s/Get")).status == 404  # not gRPC


async def test_an_invalid_backend_is_unavailable_for_its_share(tmp_path: Path) -> None:
    async with shop(tmp_path) as running:
        refs = [{"name": "v1", "port": 80, "weight": 1}, {"name": "gone", "port": 80, "weight": 1}]
        await route(running, {"backendRefs": refs}, {"matches": [{"method": {"service": "empty"}}]})
        caller = Caller(running.port)
        answers = Counter([await caller.call("/s/Get") for _ in range(100)])
        assert set(answers) == {"v1 /s/Get", "UNAVAILABLE"}
        assert 25 <= answers["UNAVAILABLE"] <= 75
        assert await caller.call("/empty/Get") == "UNAVAILABLE"
