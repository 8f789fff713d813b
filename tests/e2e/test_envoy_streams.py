"""Do connections and datagrams reach their backends through a real Envoy, by server name and by weight?"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.certificates import self_signed
from tests.e2e.envoy_rig import HOST, ControlPlane, Proxy, free_port, proxy

from torana.envoy.cluster import render_cluster, render_endpoints
from torana.envoy.listener import render_bind
from torana.envoy.secret import render_secret
from torana.infra.certificates import issue_authority, issue_server
from torana.proxy.bind import Bind, Share, StreamChain
from torana.proxy.cluster import Cluster, Endpoint, Endpoints
from torana.proxy.secret import Certificate, Redacted

pytestmark = pytest.mark.e2e

REFUSED = "refused"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Proxy]:
    async with proxy(tmp_path) as started:
        yield started


@asynccontextmanager
async def speaks_first(name: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[Endpoint]:
    """A server that says its name before it hears anything."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(name.encode() + b"\n")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, HOST, 0, ssl=tls)
    try:
        yield Endpoint(HOST, server.sockets[0].getsockname()[1])
    finally:
        server.close()


class _Named(asyncio.DatagramProtocol):
    def __init__(self, name: str) -> None:
        self.name = name.encode()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.transport.sendto(self.name + b" " + data, address)


@asynccontextmanager
async def datagram_echo(name: str) -> AsyncIterator[Endpoint]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Named(name), (HOST, 0))
    try:
        yield Endpoint(HOST, transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


async def have_cluster(plane: ControlPlane, name: str, protocol: str, endpoint: Endpoint) -> None:
    cluster = Cluster(name, protocol)  # type: ignore[arg-type]
    await plane.deliver([render_cluster(cluster), render_endpoints(Endpoints(name, (endpoint,)))])


async def greeting(port: int, server_name: str = "") -> str:
    """What the server says first; "refused" when the connection ends instead."""
    tls = None
    if server_name:
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    try:
        reader, writer = await asyncio.open_connection(HOST, port, ssl=tls, server_hostname=server_name or None)
        line = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
    except (ConnectionError, ssl.SSLError):
        return REFUSED
    return line.decode().strip() or REFUSED


def datagram_answer(port: int, timeout_s: float = 5) -> str:
    """The answer to one datagram from a fresh port; "refused" when none comes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout_s)
        client.sendto(b"hello", (HOST, port))
        try:
            return client.recv(100).decode().partition(" ")[0]
        except TimeoutError:
            return REFUSED


async def test_a_server_may_speak_first_and_weights_are_kept(running: Proxy) -> None:
    async with speaks_first("v1") as v1, speaks_first("v2") as v2:
        await have_cluster(running.plane, "v1", "tcp", v1)
        await have_cluster(running.plane, "v2", "tcp", v2)
        shares = (Share("v1", 60), Share("v2", 20), Share("", 20))
        bind = Bind(free_port(), "TCP", (StreamChain("tcp", shares),))
        await running.plane.deliver([render_bind(bind, HOST)])
        found = Counter([await greeting(bind.port) for _ in range(300)])
        assert set(found) == {"v1", "v2", REFUSED}
        assert 140 <= found["v1"] <= 220


async def test_a_port_without_a_route_refuses_connections(running: Proxy) -> None:
    bind = Bind(free_port(), "TCP", (StreamChain("tcp"),))
    await running.plane.deliver([render_bind(bind, HOST)])
    assert await greeting(bind.port) == REFUSED


async def test_tls_is_passed_on_and_terminated_on_one_port_by_server_name(running: Proxy, tmp_path: Path) -> None:
    own = self_signed("pass.test")
    (tmp_path / "own.pem").write_text(own.certificate + own.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "own.pem")
    pair = issue_server(issue_authority(datetime.now(UTC)), ["end.test"], datetime.now(UTC))
    async with speaks_first("encrypted", context) as encrypted, speaks_first("plain") as plain:
        await have_cluster(running.plane, "encrypted", "tcp", encrypted)
        await have_cluster(running.plane, "plain", "tcp", plain)
        bind = Bind(
            free_port(),
            "TLS",
            (
                StreamChain("pass", (Share("encrypted"),), ("*.pass.test",)),
                StreamChain("end", (Share("plain"),), ("end.test",), ("cert",)),
                StreamChain("fence", (), ("no.pass.test",)),
            ),
        )
        secret = render_secret(Certificate("cert", pair.certificate_pem, Redacted(pair.key_pem)))
        await running.plane.deliver([secret, render_bind(bind, HOST)])
        assert await greeting(bind.port, "a.b.pass.test") == "encrypted"
        assert await greeting(bind.port, "end.test") == "plain"
        assert await greeting(bind.port, "no.pass.test") == REFUSED
        assert await greeting(bind.port, "pass.test") == REFUSED


async def test_what_is_not_tls_gets_nothing_from_a_tls_port(running: Proxy) -> None:
    async with speaks_first("secret") as endpoint:
        await have_cluster(running.plane, "secret", "tcp", endpoint)
        bind = Bind(free_port(), "TLS", (StreamChain("any", (Share("secret"),)),))
        await running.plane.deliver([render_bind(bind, HOST)])
        reader, writer = await asyncio.open_connection(HOST, bind.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 10) == b""


async def test_datagrams_are_shared_by_weight_and_a_client_stays_with_its_backend(running: Proxy) -> None:
    async with datagram_echo("v1") as v1, datagram_echo("v2") as v2:
        await have_cluster(running.plane, "v1", "udp", v1)
        await have_cluster(running.plane, "v2", "udp", v2)
        bind = Bind(free_port(), "UDP", (StreamChain("udp", (Share("v1", 70), Share("v2", 30))),))
        await running.plane.deliver([render_bind(bind, HOST)])
        found = Counter([await asyncio.to_thread(datagram_answer, bind.port) for _ in range(300)])
        assert set(found) == {"v1", "v2"}
        assert 180 <= found["v1"] <= 240


async def test_datagrams_without_a_valid_backend_are_dropped_until_there_is_one(running: Proxy) -> None:
    async with datagram_echo("v1") as v1:
        port = free_port()
        await running.plane.deliver([render_bind(Bind(port, "UDP", (StreamChain("udp", (Share(""),)),)), HOST)])
        assert await asyncio.to_thread(datagram_answer, port, 0.5) == REFUSED
        await have_cluster(running.plane, "v1", "udp", v1)
        await running.plane.deliver([render_bind(Bind(port, "UDP", (StreamChain("udp", (Share("v1"),)),)), HOST)])
        assert await asyncio.to_thread(datagram_answer, port) == "v1"
