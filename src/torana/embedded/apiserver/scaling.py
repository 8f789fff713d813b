"""How many replicas: the `/scale` subresource, in which any kind with replicas looks the same."""

from __future__ import annotations

from typing import Any

import orjson

from torana.embedded.apiserver import codec, errors
from torana.embedded.apiserver.codec import media_type
from torana.embedded.apiserver.patch import json_patch, merge_patch
from torana.embedded.apiserver.request import Request
from torana.embedded.apiserver.resource import Path, Resource, Scale, ServedVersion
from torana.embedded.apiserver.response import Response, json_response
from torana.embedded.apiserver.strict import parse_body
from torana.embedded.apiserver.writer import Writer
from torana.embedded.apiserver.writing import Write

Obj = dict[str, Any]


async def handle(writer: Writer, request: Request, resource: Resource, served: ServedVersion, write: Write) -> Response:
    """Answer get, update and patch of a Scale."""
    assert served.scale is not None
    scale = served.scale
    name, verb = request.target.name, request.target.verb
    if verb == "get":
        return json_response(_scale_of(orjson.loads(writer.live(resource, write.namespace, name).raw), scale))
    if verb not in ("update", "patch"):
        raise errors.method_not_supported(resource.group, resource.plural, verb)
    write.subresource = ""

    def change(live: Obj) -> tuple[Obj, list[str]]:
        wanted = _wanted(request, _scale_of(live, scale))
        replicas = (wanted.get("spec") or {}).get("replicas", 0)
        if not isinstance(replicas, int) or isinstance(replicas, bool) or replicas < 0:
            raise errors.bad_request("spec.replicas must be an integer that is not negative")
        given = (wanted.get("metadata") or {}).get("resourceVersion")
        obj: Obj = orjson.loads(orjson.dumps(live))
        _set(obj, scale.spec_replicas, replicas)
        if given:
            obj["metadata"]["resourceVersion"] = given
        return obj, []

    written = await writer.update(write, name, change)
    return json_response(_scale_of(orjson.loads(written.raw), scale))


def _wanted(request: Request, current: Obj) -> Obj:
    if request.target.verb == "update":
        return codec.decode_object(request)[0]
    body, _ = parse_body(request.body)
    if media_type(request.headers.get("content-type", "")) == "application/json-patch+json":
        patched = json_patch(current, body)
    else:
        patched = merge_patch(current, body)
    return patched if isinstance(patched, dict) else {}


def _scale_of(obj: Obj, scale: Scale) -> Obj:
    meta = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: Obj = {"replicas": _get(obj, scale.status_replicas) or 0}
    selector = _get(obj, scale.selector) if scale.selector else None
    if selector is None and isinstance((obj.get("spec") or {}).get("selector"), dict):
        labels = obj["spec"]["selector"].get("matchLabels") or {}
        selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in kept if key in meta},
        "spec": {"replicas": _get(obj, scale.spec_replicas) or 0},
        "status": status,
    }


def _get(obj: Obj, path: Path) -> Any:
    value: Any = obj
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _set(obj: Obj, path: Path, value: Any) -> None:
    for part in path[:-1]:
        obj = obj.setdefault(part, {})
    obj[path[-1]] = value
