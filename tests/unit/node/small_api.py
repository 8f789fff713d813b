"""A small Kubernetes API for tests of the node and the controllers.

Objects in memory, list, watch, merge patch, graceful deletion of Pods, binding. No validation, no schema, no
authentication.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from typing import Any

import orjson
from aiohttp import web

from torana.api.kind import Kind
from torana.api.registry import KINDS

Obj = dict[str, Any]


def merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


class SmallApi:
    """`url` is known after `start`."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {kind.path(): kind for kind in KINDS}
        self.objects: dict[tuple[str, str, str], Obj] = {}
        self._revision = itertools.count(1)
        self._events: list[tuple[str, str, Obj]] = []
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.requests: list[str] = []

    async def start(self) -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    # --- storage ---

    def put(self, kind: Kind, obj: Obj) -> Obj:
        """Stores an object, as a user would create or change it."""
        metadata = obj.setdefault("metadata", {})
        key = (kind.path(), metadata.get("namespace", ""), metadata["name"])
        is_new = key not in self.objects
        if is_new:
            metadata.setdefault("uid", str(uuid.uuid4()))
            metadata.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
            metadata.setdefault("generation", 1)
        else:
            live = self.objects[key]
            kept = {name: live["metadata"][name] for name in ("uid", "creationTimestamp", "generation")}
            metadata |= kept
            obj.setdefault("status", live.get("status", {}))
            metadata["generation"] += obj.get("spec") != live.get("spec")
        metadata["resourceVersion"] = str(next(self._revision))
        obj = {"apiVersion": kind.api_version, "kind": kind.kind, **obj}
        self.objects[key] = obj
        self._tell(kind.path(), "ADDED" if is_new else "MODIFIED", obj)
        if metadata.get("deletionTimestamp") and not metadata.get("finalizers") and kind.kind != "Pod":
            self.remove(key)
        return obj

    def remove(self, key: tuple[str, str, str]) -> None:
        obj = self.objects.pop(key)
        gone = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(next(self._revision))}}
        self._tell(key[0], "DELETED", gone)

    def get(self, kind: Kind, namespace: str, name: str) -> Obj | None:
        return self.objects.get((kind.path(), namespace, name))

    def all(self, kind: Kind) -> list[Obj]:
        return [obj for (path, _, _), obj in self.objects.items() if path == kind.path()]

    def _tell(self, path: str, type_: str, obj: Obj) -> None:
        self._events.append((path, type_, obj))
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, holds: Any, timeout_s: float = 10.0) -> Any:
        """The first true value of `holds()`, looked at after every change."""
        async with asyncio.timeout(timeout_s):
            while not (value := holds()):
                await self._changed.wait()
        return value

    # --- HTTP ---

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path, namespace, name, subresource = self._parse(request.path)
        kind = self._kinds.get(path)
        if kind is None:
            return _status(404, "NotFound", f"no kind at {request.path}")
        self.requests.append(f"{request.method} {request.path}")
        if not name:
            if request.method == "POST":
                return self._create(kind, namespace, orjson.loads(await request.read()))
            if "watch" in request.query:
                return await self._watch(request, path, namespace)
            items = [obj for (at, ns, _), obj in self.objects.items() if at == path and namespace in ("", ns)]
            return _json({"metadata": {"resourceVersion": str(next(self._revision))}, "items": items})
        key = (path, namespace if kind.namespaced else "", name)
        if key not in self.objects:
            return _status(404, "NotFound", f"{kind.plural} {name} not found")
        return self._change(request.method, kind, key, subresource, orjson.loads(await request.read() or b"{}"))

    def _change(self, method: str, kind: Kind, key: tuple[str, str, str], subresource: str, body: Obj) -> web.Response:
        obj = self.objects[key]
        wanted = body.get("preconditions", {}).get("uid") or body.get("metadata", {}).get("uid")
        if wanted and wanted != obj["metadata"]["uid"]:
            return _status(409, "Conflict", "the uid differs")
        if method == "PATCH":
            return _json(self.put(kind, merge(obj, body)))
        if method == "PUT":
            return _json(self.put(kind, body))
        if method == "POST" and subresource == "binding":
            spec = {**obj["spec"], "nodeName": body["target"]["name"]}
            return _json(self.put(kind, {**obj, "spec": spec}))
        if method == "DELETE":
            return self._delete(kind, key, body)
        return _json(obj)

    def _delete(self, kind: Kind, key: tuple[str, str, str], options: Obj) -> web.Response:
        obj = self.objects[key]
        finalizers = list(obj["metadata"].get("finalizers") or ())
        policy = {"Orphan": "orphan", "Foreground": "foregroundDeletion"}.get(options.get("propagationPolicy", ""))
        if policy:
            finalizers.append(policy)
        is_pod = kind.kind == "Pod" and obj["spec"].get("nodeName")
        if finalizers or (is_pod and options.get("gracePeriodSeconds") != 0):
            grace = obj["spec"].get("terminationGracePeriodSeconds", 30) if is_pod else 0
            metadata = {
                **obj["metadata"],
                "deletionTimestamp": "2026-01-01T00:00:30Z",
                "finalizers": finalizers,
                "deletionGracePeriodSeconds": grace,
            }
            return _json(self.put(kind, {**obj, "metadata": metadata}))
        self.remove(key)
        return _json({"kind": "Status", "status": "Success"})

    def _create(self, kind: Kind, namespace: str, body: Obj) -> web.Response:
        key = (kind.path(), namespace, body["metadata"]["name"])
        if key in self.objects:
            return _status(409, "AlreadyExists", f"{kind.plural} {key[2]} already exists")
        if namespace:
            body["metadata"]["namespace"] = namespace
        return _json(self.put(kind, body), 201)

    async def _watch(self, request: web.Request, path: str, namespace: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        since, index = int(request.query["resourceVersion"]), 0
        while True:
            for at, type_, obj in self._events[index:]:
                index += 1
                is_news = int(obj["metadata"]["resourceVersion"]) > since
                if at == path and is_news and namespace in ("", obj["metadata"].get("namespace", "")):
                    await response.write(orjson.dumps({"type": type_, "object": obj}) + b"\n")
            if index == len(self._events):
                await self._changed.wait()

    def _parse(self, path: str) -> tuple[str, str, str, str]:
        """Collection path, namespace, name, subresource."""
        parts = path.strip("/").split("/")
        size = 2 if parts[0] == "api" else 3
        root, rest, namespace = parts[:size], parts[size:], ""
        if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in ("status", "finalize"):
            namespace, rest = rest[1], rest[2:]
        collection = "/" + "/".join([*root, *rest[:1]])
        name, subresource = (*rest[1:3], "", "")[:2]
        return collection, namespace, name, subresource


def _json(body: Obj, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _status(code: int, reason: str, message: str) -> web.Response:
    return _json({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}, code)
