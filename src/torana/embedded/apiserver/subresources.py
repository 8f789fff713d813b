"""What do the further endpoints of Pods and ServiceAccounts do? Binding, eviction, tokens, logs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from torana.embedded.apiserver import codec, errors
from torana.embedded.apiserver.pod_logs import PodLogs
from torana.embedded.apiserver.request import Request
from torana.embedded.apiserver.response import Response, Stream, json_response
from torana.embedded.apiserver.tokens import DEFAULT_LIFETIME_S, Tokens
from torana.embedded.apiserver.writer import Writer
from torana.embedded.apiserver.writing import Write

Obj = dict[str, Any]
_SUCCESS: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


class Subresources:
    """Answers what is neither status nor scale."""

    def __init__(self, writer: Writer, tokens: Tokens, logs: PodLogs) -> None:
        self._writer = writer
        self._tokens = tokens
        self._logs = logs
        self._answers: dict[tuple[str, str, str], Callable[[Request, Write], Awaitable[Response | Stream]]] = {
            ("pods", "binding", "create"): self._bind,
            ("pods", "eviction", "create"): self._evict,
            ("pods", "log", "get"): self._log,
            ("serviceaccounts", "token", "create"): self._token,
        }

    def find(self, request: Request) -> Callable[[Request, Write], Awaitable[Response | Stream]] | None:
        target = request.target
        return self._answers.get((target.plural, target.subresource, target.verb)) if target.group == "" else None

    async def _bind(self, request: Request, write: Write) -> Response:
        binding, _ = codec.decode_object(request)
        node = (binding.get("target") or {}).get("name")
        if not isinstance(node, str) or not node:
            raise errors.bad_request("target.name: Required value: the node")
        name = request.target.name

        def change(live: Obj) -> tuple[Obj, list[str]]:
            bound = (live.get("spec") or {}).get("nodeName")
            if bound:
                raise errors.conflict("", "pods", name, f'pod {name} is already assigned to node "{bound}"')
            obj: Obj = orjson.loads(orjson.dumps(live))
            obj["spec"]["nodeName"] = node
            return obj, []

        write.subresource = ""
        await self._writer.update(write, name, change)
        return json_response(_SUCCESS, 201)

    async def _evict(self, request: Request, write: Write) -> Response:
        eviction, _ = codec.decode_object(request)
        await self._writer.delete(write, request.target.name, eviction.get("deleteOptions") or {})
        return json_response(_SUCCESS, 201)

    async def _log(self, request: Request, write: Write) -> Stream:
        pod = orjson.loads(self._writer.live(write.resource, write.namespace, request.target.name).raw)
        return await self._logs.open(pod, request.query)

    async def _token(self, request: Request, write: Write) -> Response:
        name = request.target.name
        self._writer.live(write.resource, write.namespace, name)
        review, _ = codec.decode_object(request)
        spec = review.setdefault("spec", {})
        seconds = spec.get("expirationSeconds")
        lifetime_s = seconds if isinstance(seconds, int) else DEFAULT_LIFETIME_S
        audiences = [str(audience) for audience in spec.get("audiences") or []]
        token, expires = self._tokens.issue(write.namespace, name, audiences, lifetime_s, spec.get("boundObjectRef"))
        moment = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        review["status"] = {"token": token, "expirationTimestamp": moment}
        review.setdefault("kind", "TokenRequest")
        review.setdefault("apiVersion", "authentication.k8s.io/v1")
        return json_response(review, 201)
