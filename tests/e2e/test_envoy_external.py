"""Does a real Envoy reach hosts by name, in plain text and with TLS?"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from tests.e2e.certificates import Certificate, self_signed
from tests.e2e.envoy_rig import HOST, Proxy, backend, free_port, proxy

from torana.envoy.cluster import render_cluster
from torana.envoy.secret import render_secret
from torana.envoy.upstream_tls import render_authorities
from torana.gateway.authorities import named
from torana.proxy import secret
from torana.proxy.action import Backend, Forward
from torana.proxy.cluster import Cluster, Endpoint
from torana.proxy.match import Match
from torana.proxy.route import Route
from torana.proxy.secret import Redacted
from torana.proxy.tls import PeerName, UpstreamTls

pytestmark = pytest.mark.e2e


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Proxy]:
    async with proxy(tmp_path) as started:
        await started.route(Route("r", Match(), Forward((Backend("outside"),))))
        yield started


@asynccontextmanager
async def secure_host(directory: Path, own: Certificate, client: Certificate) -> AsyncIterator[Endpoint]:
    """A host that shows a certificate and wants to see the client's."""
    (directory / "own.crt").write_text(own.certificate)
    (directory / "own.key").write_text(own.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=client.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(directory / "own.crt", directory / "own.key")

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=f"hello {request.host}")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, HOST, port, ssl_context=context).start()
    try:
        yield Endpoint("localhost", port)
    finally:
        await runner.cleanup()


async def test_a_name_is_resolved(running: Proxy) -> None:
    async with backend("outside") as endpoint:
        await running.plane.deliver([render_cluster(Cluster("outside", host=Endpoint("localhost", endpoint.port)))])
        assert (await running.get()).seen["backend"] == "outside"


async def test_a_name_that_does_not_resolve_is_answered_with_503(running: Proxy) -> None:
    await running.plane.deliver([render_cluster(Cluster("outside", host=Endpoint("no-such-name.invalid", 80)))])
    assert (await running.get()).status == 503


async def test_both_sides_show_certificates(running: Proxy, tmp_path: Path) -> None:
    own, client = self_signed("api.example.com"), self_signed("proxy.example.com")
    authorities = named(own.certificate.encode())
    shown = secret.Certificate("client/outside", client.certificate.encode(), Redacted(client.key.encode()))
    async with secure_host(tmp_path, own, client) as host:
        for name, status in (("api.example.com", 200), ("other.example.com", 503)):
            tls = UpstreamTls("api.example.com", (PeerName("dns", name),), authorities, shown.name)
            cluster = Cluster("outside", host=host, tls=tls)
            await running.plane.deliver(
                [render_authorities(authorities), render_secret(shown), render_cluster(cluster)]
            )
            assert (await running.get()).status == status
