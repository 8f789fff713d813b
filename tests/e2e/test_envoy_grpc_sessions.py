"""Do the calls of a gRPC client stay at one endpoint when a GRPCRoute keeps sessions? Its metadata carry the token."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from tests.e2e.envoy_rig import DEADLINE_S, HOST, free_port
from tests.reference.objects import CONTROLLER
from tests.reference.proxy import LARGE, PLAIN, Document, Layout, Running, running
from tests.reference.vocabulary import document

from torana.api.kind import Ref

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]

GATEWAY = Ref("shop", "gw")
SERVICES = {"v1": 3, "v2": 3}
"""Each with so many endpoints."""
HEADER = {"type": "Header", "sessionName": "X-Session"}
COOKIE = {"sessionName": "sid"}


class Named(grpc.GenericRpcHandler):
    """A server that answers with its name: `Fail` with an error, `Many` as often as it is sent something."""

    def __init__(self, name: str) -> None:
        self.name = name

    def service(self, details: Any) -> Any:
        inner = [key for key, _ in details.invocation_metadata if key.startswith("x-torana")]
        name = f"{self.name}{inner or ''}".encode()

        async def answer(request: bytes, context: Any) -> bytes:
            if details.method.endswith("/Fail"):
                await context.abort(grpc.StatusCode.NOT_FOUND, self.name)
            return name

        async def answer_each(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
            async for _ in requests:
                yield name

        if details.method.endswith("/Many"):
            return grpc.stream_stream_rpc_method_handler(answer_each)
        return grpc.unary_unary_rpc_method_handler(answer)


class Told(NamedTuple):
    """What a call came to: who answered, and the metadata of the answer."""

    name: str
    metadata: dict[str, str]

    @property
    def cookie(self) -> str:
        return self.metadata["set-cookie"].partition(";")[0]


class Shop:
    """A Gateway with a GRPCRoute, two Services, and one channel for all calls of a client."""

    def __init__(self, proxy: Running, port: int, endpoints: list[Document], channel: Any) -> None:
        self.proxy, self.port, self.endpoints, self.channel = proxy, port, endpoints, channel

    async def serve(self, *rules: Document, without: str = "") -> None:
        """Afterwards these are the rules of the route; the endpoint `without` is none any more."""
        listener = {"name": "http", "port": self.port, "protocol": "HTTP"}
        services = [document("Service", "shop", name, {"ports": [{"name": "grpc", "port": 80}]}) for name in SERVICES]
        rejected = await self.proxy.serve(
            [
                document("GatewayClass", "", "torana", {"controllerName": CONTROLLER}),
                document("Gateway", "shop", "gw", {"gatewayClassName": "torana", "listeners": [listener]}),
                document("GRPCRoute", "shop", "calls", {"parentRefs": [{"name": "gw"}], "rules": list(rules)}),
                *services,
                *(one for one in self.endpoints if one["metadata"]["name"] != without),
            ]
        )
        assert not rejected

    async def call(self, method: str = "/s.One/Get", **metadata: str) -> Told:
        call = self.channel.unary_unary(method)(b"", metadata=tuple(metadata.items()), timeout=10)
        return Told((await call).decode(), dict(await call.initial_metadata()))

    async def who(self, method: str = "/s.One/Get", **metadata: str) -> Counter[str]:
        """Who answers twenty calls."""
        return Counter([(await self.call(method, **metadata)).name for _ in range(20)])

    async def until_answered_by(self, prefix: str, but: str = "", **metadata: str) -> Told:
        """The first answer of such a server. Threads of Envoy take over what it has accepted a moment later."""
        deadline = time.monotonic() + DEADLINE_S
        while not (told := await self.call(**metadata)).name.startswith(prefix) or told.name == but:
            assert time.monotonic() < deadline, told
        return told


def rule(*weights: int, session: Document | None, service: str = "") -> Document:
    """A rule for v1 and v2 with these weights."""
    refs = [{"name": name, "port": 80, "weight": weight} for name, weight in zip(SERVICES, weights, strict=False)]
    found: Document = {"backendRefs": refs}
    if session is not None:
        found["sessionPersistence"] = session
    if service:
        found |= {"name": service.replace(".", "-").lower(), "matches": [{"method": {"service": service}}]}
    return found


def endpoint_slice(service: str, number: int, port: int) -> Document:
    one = document("EndpointSlice", "shop", f"{service}-{number}", labels={"kubernetes.io/service-name": service})
    return one | {
        "addressType": "IPv4",
        "ports": [{"name": "grpc", "port": port}],
        "endpoints": [{"addresses": [HOST]}],
    }


@asynccontextmanager
async def grpc_server(name: str) -> AsyncIterator[int]:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Named(name),))
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)


@pytest.fixture(params=[PLAIN, LARGE], ids=["plain", "sharded tables and trees"])
async def shop(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    layout: Layout = request.param
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(running(tmp_path, GATEWAY, (), layout))
        endpoints = []
        for service, count in SERVICES.items():
            for number in range(count):
                port = await stack.enter_async_context(grpc_server(f"{service}-{number}"))
                endpoints.append(endpoint_slice(service, number, port))
        port = free_port()
        options = [("grpc.default_authority", "a.example.com"), ("grpc.enable_retries", 0)]
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"{HOST}:{port}", options=options))
        yield Shop(proxy, port, endpoints, channel)


async def test_a_cookie_in_the_metadata_keeps_calls_at_one_endpoint(shop: Shop) -> None:
    await shop.serve(rule(1, 1, session=COOKIE))
    first = await shop.call()
    assert first.metadata["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")
    assert set(await shop.who(cookie=f"other=1; {first.cookie}")) == {first.name}
    assert "set-cookie" not in (await shop.call(cookie=first.cookie)).metadata
    assert len(await shop.who()) > 2


async def test_a_header_in_the_metadata_keeps_calls_at_one_endpoint(shop: Shop) -> None:
    await shop.serve(rule(1, 1, session=HEADER))
    first = await shop.call()
    token = first.metadata["x-session"]
    assert set(await shop.who(**{"x-session": token})) == {first.name}
    assert not {key for key in first.metadata if key.startswith("x-torana") or key == "set-cookie"}
    assert len(await shop.who()) > 2


async def test_streams_stay_at_the_endpoint_of_their_session(shop: Shop) -> None:
    await shop.serve(rule(1, 1, session=HEADER))
    first = await shop.call()
    token = (("x-session", first.metadata["x-session"]),)
    for _ in range(5):
        call = shop.channel.stream_stream("/s.One/Many")(iter([b"1", b"2", b"3"]), metadata=token, timeout=10)
        assert [message.decode() async for message in call] == [first.name] * 3


async def test_a_call_that_the_backend_fails_begins_a_session_as_well(shop: Shop) -> None:
    await shop.serve(rule(1, 1, session=HEADER))
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await shop.call("/s.One/Fail")
    assert failed.value.code() is grpc.StatusCode.NOT_FOUND
    told = dict(failed.value.initial_metadata()) | dict(failed.value.trailing_metadata())
    assert set(await shop.who(**{"x-session": str(told["x-session"])})) == {failed.value.details()}


async def test_a_session_outlives_the_weight_of_its_backend(shop: Shop) -> None:
    await shop.serve(rule(1, 0, session=COOKIE))
    first = await shop.call()
    await shop.serve(rule(0, 1, session=COOKIE))
    await shop.until_answered_by("v2")
    assert set(await shop.who(cookie=first.cookie)) == {first.name}
    assert {name.partition("-")[0] for name in await shop.who()} == {"v2"}


async def test_another_endpoint_takes_over_without_a_failed_call_and_the_client_is_told(shop: Shop) -> None:
    await shop.serve(rule(1, session=COOKIE))
    first = await shop.call()
    await shop.serve(rule(1, session=COOKIE), without=first.name)
    second = await shop.until_answered_by("", but=first.name, cookie=first.cookie)
    assert set(await shop.who(cookie=second.cookie)) == {second.name}


async def test_services_of_one_route_have_sessions_of_their_own_and_cookies_of_their_own_path(shop: Shop) -> None:
    await shop.serve(
        rule(1, session=COOKIE, service="s.One"),
        rule(1, session=COOKIE, service="s.Two"),
        rule(1, session=None, service="s.Three"),
    )
    one, two = await shop.call("/s.One/Get"), await shop.call("/s.Two/Get")
    assert "; Path=/s.One;" in one.metadata["set-cookie"]
    both = f"{one.cookie}; {two.cookie}"
    assert set(await shop.who("/s.One/Put", cookie=both)) == {one.name}
    assert set(await shop.who("/s.Two/Put", cookie=both)) == {two.name}
    assert "set-cookie" in (await shop.call("/s.Two/Get", cookie=one.cookie)).metadata
    assert "set-cookie" not in (await shop.call("/s.Three/Get")).metadata
