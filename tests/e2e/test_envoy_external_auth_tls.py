"""Is a service that has a BackendTLSPolicy asked over TLS as the policy says, and never in plain text?"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.e2e import documents
from tests.e2e.auth_service import PASSWORD, AuthService, grpc_auth, http_auth
from tests.e2e.certificates import Certificate, self_signed
from tests.e2e.documents import authorities, config_map
from tests.e2e.envoy_rig import DEADLINE_S, HOST, Answer, backend, free_port, get
from tests.reference.proxy import Document, Running, running

from torana.api.kind import Ref

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]

GATEWAY = Ref("shop", "gw")
NAME = "door.example.com"
LET_IN = {"Authorization": PASSWORD}
_HANDSHAKE = b"\x16"

CLASS = documents.gateway_class("torana")


class Doorstep:
    """Where the service is found: it counts connections by kind, and hands on plain text as gladly as TLS."""

    def __init__(self, tls: AuthService, plain: AuthService) -> None:
        self.services = {"tls": tls, "plain": plain}
        self.seen: Counter[str] = Counter()
        self.asked = tls.asked

    async def hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1)
        if first:
            kind = "tls" if first == _HANDSHAKE else "plain"
            self.seen[kind] += 1
            endpoint = self.services[kind].endpoint
            inner_reader, inner_writer = await asyncio.open_connection(endpoint.address, endpoint.port)
            inner_writer.write(first)
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


class Guarded:
    """A Gateway, and a route whose rule asks the Service `door` over `protocol`."""

    def __init__(self, proxy: Running, protocol: str, identity: Certificate, doorstep: Doorstep) -> None:
        self.proxy, self.protocol, self.identity, self.doorstep = proxy, protocol, identity, doorstep
        self.port = free_port()
        self.services: list[Document] = []
        self.client: aiohttp.ClientSession
        self.arrivals: asyncio.Queue[str] = asyncio.Queue()

    async def serve(self, *more: Document) -> None:
        """Afterwards these objects exist besides."""
        ref = {"name": "door", "port": 3000}
        auth: Document = {"protocol": self.protocol.upper(), "backendRef": ref, self.protocol: {}}
        rule = documents.rule(documents.backend("web"), filters=({"type": "ExternalAuth", "externalAuth": auth},))
        rejected = await self.proxy.serve(
            [
                CLASS,
                documents.gateway("shop", "gw", documents.listener(port=self.port)),
                documents.route("shop", "web", documents.parent("gw"), rule),
                *self.services,
                *more,
            ]
        )
        assert not rejected

    async def serve_with(self, trusted: Certificate, hostname: str = NAME, **validation: Any) -> None:
        """Afterwards the Service has a policy: this authority, this name."""
        refs = {"hostname": hostname, "caCertificateRefs": [authorities("ca")], **validation}
        await self.serve(
            config_map("shop", "ca", ca_crt=trusted.certificate),
            documents.backend_tls_policy("shop", "door", "door", **refs),
        )

    async def ask(self, **headers: str) -> Answer:
        return await get(self.client, self.port, headers=headers)

    async def until(self, status: int) -> None:
        """Threads of Envoy take over what it has accepted a moment later."""
        deadline = time.monotonic() + DEADLINE_S
        while (await self.ask(**LET_IN)).status != status:
            assert time.monotonic() < deadline

    async def expect_closed(self) -> None:
        """Nobody passes, and nothing is asked."""
        await self.until(403)
        before = self.doorstep.seen["plain"], self.doorstep.asked.qsize(), self.arrivals.qsize()
        for _ in range(5):
            assert (await self.ask(**LET_IN)).status == 403
        assert (self.doorstep.seen["plain"], self.doorstep.asked.qsize(), self.arrivals.qsize()) == before


@asynccontextmanager
async def guarded_gateway(directory: Path, protocol: str) -> AsyncIterator[Guarded]:
    identity, service = self_signed(NAME), http_auth if protocol == "http" else grpc_auth
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(running(directory, GATEWAY, ()))
        tls = await stack.enter_async_context(service(identity))
        doorstep = Doorstep(tls, await stack.enter_async_context(service()))
        server = await asyncio.start_server(doorstep.hand_on, HOST, 0)
        stack.callback(server.close)
        found = Guarded(proxy, protocol, identity, doorstep)
        web = await stack.enter_async_context(backend("web", found.arrivals))
        found.client = await stack.enter_async_context(aiohttp.ClientSession())
        for name, port in (("web", web.port), ("door", server.sockets[0].getsockname()[1])):
            found.services += documents.manual_service("shop", name, HOST, port)
        yield found


@pytest.fixture(params=["http", "grpc"])
async def guarded(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Guarded]:
    async with guarded_gateway(tmp_path, request.param) as found:
        yield found


async def test_a_service_with_a_policy_is_asked_over_tls_alone(guarded: Guarded) -> None:
    await guarded.serve_with(guarded.identity)
    await guarded.until(200)
    assert (await guarded.ask()).status == 401
    passed = await guarded.ask(**LET_IN)
    assert (passed.status, passed.seen["backend"]) == (200, "web")
    assert ["x-user", "ann"] in [[name.lower(), value] for name, value in passed.seen["headers"]]
    assert guarded.doorstep.asked.qsize() >= 3
    assert set(guarded.doorstep.seen) == {"tls"}


async def test_a_service_that_is_another_than_the_policy_says_is_told_nothing_and_nobody_passes(
    guarded: Guarded,
) -> None:
    await guarded.serve_with(self_signed(NAME))
    await guarded.expect_closed()
    await guarded.serve_with(guarded.identity, hostname="other.example.com")
    await guarded.expect_closed()
    await guarded.serve_with(guarded.identity, subjectAltNames=[{"type": "URI", "uri": "spiffe://a/b"}])
    await guarded.expect_closed()
    assert set(guarded.doorstep.seen) == {"tls"}
    await guarded.serve_with(guarded.identity)
    await guarded.until(200)


async def test_nobody_passes_while_the_policy_cannot_be_followed(guarded: Guarded) -> None:
    refs = {"hostname": NAME, "caCertificateRefs": [authorities("gone")]}
    await guarded.serve(documents.backend_tls_policy("shop", "door", "door", **refs))
    await guarded.expect_closed()
    assert not guarded.doorstep.seen


async def test_a_policy_that_comes_ends_the_asking_in_plain_text_at_once(guarded: Guarded) -> None:
    await guarded.serve()
    await guarded.until(200)
    assert set(guarded.doorstep.seen) == {"plain"}
    await guarded.serve_with(self_signed(NAME))
    await guarded.expect_closed()
    await guarded.serve_with(guarded.identity)
    await guarded.until(200)
    plain = guarded.doorstep.seen["plain"]
    assert (await guarded.ask(**LET_IN)).status == 200
    assert guarded.doorstep.seen["plain"] == plain


async def test_nobody_passes_while_one_policy_that_refuses_becomes_another(guarded: Guarded) -> None:
    """Whoever asked in plain text in between would let the intruder in."""
    await guarded.serve_with(self_signed(NAME))
    await guarded.until(403)
    answers: Counter[int] = Counter()

    async def intrude() -> None:
        while True:
            answers[(await guarded.ask(**LET_IN)).status] += 1

    intruder = asyncio.ensure_future(intrude())
    for _ in range(5):
        await guarded.serve_with(self_signed(NAME))
        await guarded.serve_with(guarded.identity, hostname="other.example.com")
        await guarded.serve(
            documents.backend_tls_policy("shop", "door", "door", hostname=NAME, caCertificateRefs=[authorities("gone")])
        )
    enough = answers.total() + 50
    while answers.total() < enough and not intruder.done():
        await asyncio.sleep(0.01)
    intruder.cancel()
    assert set(answers) == {403}
    assert set(guarded.doorstep.seen) <= {"tls"}
    assert guarded.arrivals.empty()
