"""A small Kubernetes API over HTTP: lists, creates, applies and deletes. Apply replaces what is there."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
from aiohttp import web

Json = dict[str, Any]


class SmallApi:
    """`objects` is keyed by URL path. `writes` tells every request that changed something, as "VERB path"."""

    def __init__(self) -> None:
        self.objects: dict[str, Json] = {}
        self.writes: list[str] = []
        self.refuse: dict[str, web.Response] = {}
        """Answers to give instead, once each, keyed by "VERB path"."""
        self.url = ""
        self._version = 100
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> SmallApi:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def put(self, path: str, obj: Json) -> Json:
        self._version += 1
        known = self.objects.get(path, {"metadata": {"uid": str(uuid.uuid4())}})
        metadata = {**obj["metadata"], "uid": known["metadata"]["uid"], "resourceVersion": str(self._version)}
        self.objects[path] = {**obj, "metadata": metadata}
        return self.objects[path]

    def at(self, plural: str, name: str = "web-torana") -> Json | None:
        """The object of that name in namespace `shop`."""
        return next((obj for path, obj in self.objects.items() if path.endswith(f"/shop/{plural}/{name}")), None)

    async def _handle(self, request: web.Request) -> web.Response:
        call = f"{request.method} {request.path}"
        if answer := self.refuse.pop(call, None):
            return answer
        match request.method:
            case "GET":
                return self._get(request)
            case "POST":
                body = orjson.loads(await request.read())
                return self._create(call, f"{request.path}/{body['metadata']['name']}", body)
            case "PATCH":
                assert request.headers["Content-Type"] == "application/apply-patch+yaml"
                self.writes.append(call)
                return web.json_response(self.put(request.path, orjson.loads(await request.read())))
            case "DELETE":
                return self._delete(call, request.path, orjson.loads(await request.read()))
        return failure(405, "MethodNotAllowed")

    def _get(self, request: web.Request) -> web.Response:
        found = self.objects.get(request.path)
        if found is not None:
            return web.json_response(found)
        if request.path.rpartition("/")[2] not in PLURALS:
            return failure(404, "NotFound")
        plural, label = request.path.rpartition("/")[2], request.query.get("labelSelector", "")
        of_kind = [obj for path, obj in self.objects.items() if path.split("/")[-2] == plural]
        items = [obj for obj in of_kind if label in obj["metadata"].get("labels", {})]
        return web.json_response({"kind": "List", "metadata": {"resourceVersion": "1"}, "items": items})

    def _create(self, call: str, path: str, body: Json) -> web.Response:
        namespace = path.split("/namespaces/")[-1].split("/")[0]
        if path.count("/") > 4 and f"/api/v1/namespaces/{namespace}" not in self.objects:
            return failure(404, "NotFound")
        if path in self.objects:
            return failure(409, "AlreadyExists")
        self.writes.append(call)
        return web.json_response(self.put(path, body), status=201)

    def _delete(self, call: str, path: str, options: Json) -> web.Response:
        found = self.objects.get(path)
        if found is None:
            return failure(404, "NotFound")
        if options.get("preconditions", {}).get("uid") not in (None, found["metadata"]["uid"]):
            return failure(409, "Conflict")
        self.writes.append(call)
        del self.objects[path]
        return web.json_response({"kind": "Status", "status": "Success"})


PLURALS = frozenset({"serviceaccounts", "configmaps", "secrets", "services", "deployments"})


def failure(code: int, reason: str) -> web.Response:
    message = f"{reason}, said the test"
    status = {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}
    return web.json_response(status, status=code)
