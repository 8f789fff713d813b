"""A small API server that tests steer: one collection of ConfigMap-like objects, lists in pages, watches as streams."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from aiohttp import web

from torana.api.field import ApiStruct, Field
from torana.api.kind import Kind
from torana.api.meta import Object


class Spec(ApiStruct, kw_only=True):
    size: Annotated[int, Field("Must be a number.")] = 0


class Widget(Object, kw_only=True):
    spec: Spec = Spec()


WIDGET = Kind(group="test.torana.dev", kind="Widget", plural="widgets", struct=Widget)


class FakeApi:
    """Every change gets the next resourceVersion. Responses in `refuse` are given before all else."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.history: list[tuple[int, bytes]] = []
        self.version = 100
        self.oldest = 0
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.headers: list[Mapping[str, str]] = []
        self.bodies: list[bytes] = []
        self.refuse: list[web.Response] = []
        self.watches: list[web.StreamResponse] = []
        self.watching = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.port = 0

    async def __aenter__(self) -> FakeApi:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _listen(self) -> None:
        assert self._runner is not None
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"

    def put(self, name: str, size: object = 0, namespace: str = "default") -> dict[str, Any]:
        """Creates or changes an object. Writes it to every watch."""
        self.version += 1
        known = (namespace, name) in self.objects
        obj = {
            "apiVersion": "test.torana.dev/v1",
            "kind": "Widget",
            "metadata": {"name": name, "namespace": namespace, "resourceVersion": str(self.version), "generation": 1},
            "spec": {"size": size},
        }
        self.objects[namespace, name] = obj
        self._record("MODIFIED" if known else "ADDED", obj)
        return obj

    def remove(self, name: str, namespace: str = "default") -> None:
        self.version += 1
        obj = self.objects.pop((namespace, name))
        obj["metadata"]["resourceVersion"] = str(self.version)
        self._record("DELETED", obj)

    def forget_history(self) -> None:
        """As after a compaction: a watch from an old version gets 410."""
        self.oldest = self.version

    def _record(self, type: str, obj: object) -> None:
        self.history.append((self.version, orjson.dumps({"type": type, "object": obj}) + b"\n"))

    async def send(self, *lines: bytes) -> None:
        """Writes bytes as they are, as one chunk, to every watch."""
        for watch in self.watches:
            await watch.write(b"".join(lines))

    async def flush(self) -> None:
        """Writes what was put and not yet sent, as one chunk."""
        sent, self.history_sent = getattr(self, "history_sent", 0), len(self.history)
        await self.send(*(line for _, line in self.history[sent:]))

    async def end_watches(self) -> None:
        self.watching.clear()
        for watch in self.watches:
            if watch._req is not None and watch._req.transport is not None:
                watch._req.transport.abort()
        self.watches.clear()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path, dict(request.query)))
        self.headers.append(request.headers)
        self.bodies.append(await request.read())
        if self.refuse:
            return self.refuse.pop(0)
        if request.query.get("watch") == "true":
            return await self._watch(request)
        if request.path.endswith("/widgets") and request.method == "GET":
            return self._list(request)
        found = self.objects.get(("default", request.path.rpartition("/")[2]))
        if found is None and request.method in ("GET", "DELETE"):
            return status_response(404, "NotFound", "no such widget")
        return web.Response(body=orjson.dumps(found or {"kind": "Widget"}), content_type="application/json")

    def _list(self, request: web.Request) -> web.Response:
        begin, limit = int(request.query.get("continue", "0")), int(request.query.get("limit", "500"))
        items = list(self.objects.values())
        metadata = {"resourceVersion": str(self.version)}
        if begin + limit < len(items):
            metadata["continue"] = str(begin + limit)
        self.history_sent = len(self.history)
        body = {"kind": "WidgetList", "metadata": metadata, "items": items[begin : begin + limit]}
        return web.Response(body=orjson.dumps(body), content_type="application/json")

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        since = int(request.query["resourceVersion"])
        if since < self.oldest:
            return status_response(410, "Expired", "too old resource version")
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        missed = b"".join(line for version, line in self.history if version > since)
        if missed:
            await response.write(missed)
        self.history_sent = len(self.history)
        self.watches.append(response)
        self.watching.set()
        await asyncio.Event().wait()
        return response


def status_response(code: int, reason: str, message: str, **headers: str) -> web.Response:
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }
    return web.Response(status=code, body=orjson.dumps(body), content_type="application/json", headers=headers)
