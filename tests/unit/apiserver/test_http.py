"""The HTTPS edge: certificates, bodies of all sorts, watches and the end."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest
from tests.unit.apiserver.rig import config_map

from torana.embedded.apiserver.main import ApiServerOptions, serve

MAPS = "/api/v1/namespaces/default/configmaps"


class Running:
    """A served API and a way to talk to it."""

    def __init__(self, data_dir: Path) -> None:
        self.pki = data_dir / "pki"
        self.url = ""
        self.task = asyncio.get_running_loop().create_future()

    def client(self, identity: str = "admin") -> aiohttp.ClientSession:
        context = ssl.create_default_context(cafile=self.pki / "ca.crt")
        if identity:
            context.load_cert_chain(self.pki / f"{identity}.crt", self.pki / f"{identity}.key")
        return aiohttp.ClientSession(self.url, connector=aiohttp.TCPConnector(ssl=context))


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    found = Running(tmp_path)
    ready = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(serve(ApiServerOptions(tmp_path, 0), ready.set_result))
    await asyncio.wait((ready, task), return_when=asyncio.FIRST_COMPLETED)
    found.url = f"https://127.0.0.1:{ready.result()}"
    found.task = task
    yield found
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(("identity", "status"), [("admin", 200), ("node", 200), ("controller", 200), ("", 403)])
async def test_a_client_is_known_by_its_certificate(running: Running, identity: str, status: int) -> None:
    async with running.client(identity) as client, client.get(MAPS) as answer:
        assert answer.status == status


async def test_without_a_certificate_health_can_be_asked(running: Running) -> None:
    async with running.client("") as client:
        for path in ("/healthz", "/livez", "/readyz", "/version"):
            async with client.get(path) as answer:
                assert answer.status == 200
        async with client.get(MAPS, headers={"authorization": "Bearer nonsense"}) as answer:
            assert answer.status == 401


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"metadata":', "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b'{"metadata": 7}', "application/json", 400),
        (b'{"metadata": {"name": {}}}', "application/json", 422),
        (b'{"metadata": {"name": "a", "labels": {"a": 1}}}', "application/json", 422),
        (b'{"metadata": {"name": "a", "labels": []}, "data": []}', "application/json", 422),
        (b"\xff\xfe\x00", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"a: [", "application/yaml", 400),
        (b"\x00\x01", "application/vnd.kubernetes.protobuf", 400),
        (b"k8s\x00\xff\xff", "application/vnd.kubernetes.protobuf", 400),
        (b"<xml/>", "text/xml", 415),
        (b"", "application/json", 400),
    ],
)
async def test_garbage_is_refused_politely(running: Running, body: bytes, kind: str, status: int) -> None:
    async with running.client() as client:
        async with client.post(MAPS, data=body, headers={"content-type": kind}) as answer:
            told = await answer.json()
            assert (answer.status, told["kind"], told["code"]) == (status, "Status", status)
        async with client.get("/readyz") as answer:
            assert answer.status == 200


async def test_ten_megabytes_are_refused_quickly(running: Running) -> None:
    obj = {"metadata": {"name": "big"}, "data": {"key": "x" * 10_000_000}}
    started = time.monotonic()
    async with running.client() as client, client.post(MAPS, json=obj) as answer:
        assert answer.status == 413 and (await answer.json())["reason"] == "RequestEntityTooLarge"
    assert time.monotonic() - started < 2


async def test_a_watch_tells_of_a_write_no_later_than_its_answer(running: Running) -> None:
    async with running.client() as client, client.get(MAPS, params={"watch": "true"}) as watch:
        assert watch.status == 200
        async with client.post(MAPS, json=config_map("one")) as answer:
            created = await answer.json()
        line = await asyncio.wait_for(watch.content.readline(), 1)
        assert orjson.loads(line) == {"type": "ADDED", "object": created}


async def test_open_watches_do_not_delay_the_end(running: Running) -> None:
    async with running.client() as client, client.get(MAPS, params={"watch": "true"}) as watch:
        started = time.monotonic()
        running.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running.task
        assert await watch.content.read() == b""
        assert time.monotonic() - started < 1.5


async def test_what_does_not_exist_is_said_so(running: Running) -> None:
    async with running.client() as client:
        for path in ("/apis/nothing/v1/things", "/api/v1/things", "/nothing", f"{MAPS}/a/status", f"{MAPS}/absent"):
            async with client.get(path) as answer:
                assert answer.status == 404, path
                assert answer.headers["content-type"] == "application/json"
