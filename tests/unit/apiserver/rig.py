"""How do tests speak to the API server without HTTP? Requests in, decoded answers out, over a real database file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

from torana.embedded.apiserver.errors import ApiFailure
from torana.embedded.apiserver.main import ApiServerOptions, install, make_server
from torana.embedded.apiserver.request import User
from torana.embedded.apiserver.response import Response
from torana.embedded.apiserver.server import ApiServer
from torana.embedded.apiserver.sqlite import Database
from torana.embedded.apiserver.store import Store
from torana.embedded.apiserver.watching import Subscription
from torana.embedded.pki import ensure_pki

ADMIN = User("kubernetes-admin", ("system:masters", "system:authenticated"))
GATEWAY = "/apis/gateway.networking.k8s.io/v1"
Obj = dict[str, Any]


class Refused(Exception):
    """The API answered with a failure."""

    def __init__(self, status: Obj) -> None:
        super().__init__(status["message"])
        self.status = status
        self.code = status["code"]
        self.reason = status["reason"]


class Api:
    """One running API server."""

    def __init__(self, data_dir: Path) -> None:
        self.options = ApiServerOptions(data_dir, 0)
        self.warnings: tuple[str, ...] = ()
        self.store: Store
        self.server: ApiServer

    async def start(self) -> None:
        ensure_pki(self.options.data_dir)
        self.store = Store(Database(self.options.data_dir / "apiserver" / "state.db"))
        self.store.start()
        self.server = make_server(self.store, self.options)
        await install(self.server, self.options.channel)
        self.server.resume()

    def stop(self) -> None:
        self.server.end_watches()
        self.store.close()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        user: User = ADMIN,
        type: str = "application/json",
        accept: str = "application/json",
        headers: dict[str, str] | None = None,
        **query: str,
    ) -> Any:
        """The decoded answer. Raises Refused."""
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        sent = {"content-type": type, "accept": accept, "user-agent": "test/1.0", **(headers or {})}
        try:
            answer = await self.server.handle(method, path, urlencode(query), sent, raw, user)
        except ApiFailure as failure:
            raise Refused(failure.to_status()) from failure
        if isinstance(answer, Subscription):
            return Watch(answer)
        assert isinstance(answer, Response)
        self.warnings = answer.warnings
        return orjson.loads(answer.body)

    async def create(self, path: str, obj: Obj, **query: Any) -> Obj:
        created: Obj = await self.call("POST", path, obj, **query)
        return created

    async def get(self, path: str, **query: Any) -> Obj:
        found: Obj = await self.call("GET", path, **query)
        return found

    async def watch(self, path: str, **query: Any) -> Watch:
        opened: Watch = await self.call("GET", path, watch="true", **query)
        return opened


class Watch:
    """An open watch, event by event."""

    def __init__(self, subscription: Subscription) -> None:
        self._events: asyncio.Queue[Obj | None] = asyncio.Queue()
        subscription.attach(self._take, lambda: True, lambda: self._events.put_nowait(None))

    async def next(self) -> Obj:
        """The next event; fails when none comes, with StopAsyncIteration when the watch is over."""
        event = await asyncio.wait_for(self._events.get(), 5)
        if event is None:
            raise StopAsyncIteration
        return event

    def _take(self, lines: bytes) -> None:
        for line in lines.splitlines():
            self._events.put_nowait(orjson.loads(line))

    async def types(self, count: int) -> list[tuple[str, str]]:
        """Type and object name of the next events."""
        events = [await self.next() for _ in range(count)]
        return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


def config_map(name: str, **labels: str) -> Obj:
    return {"metadata": {"name": name, "labels": labels}, "data": {"key": "value"}}


def route(name: str = "route", **spec: Any) -> Obj:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name},
        "spec": {"parentRefs": [{"name": "gateway"}], **spec},
    }


def gateway(name: str = "gateway") -> Obj:
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name},
        "spec": {"gatewayClassName": "torana", "listeners": [listener]},
    }
