"""Which kind of patch is this, and what does it make of the live object?"""

from __future__ import annotations

from typing import Any

from torana.embedded.apiserver import errors
from torana.embedded.apiserver.apply import ApplyConflict, ApplyInvalid, apply
from torana.embedded.apiserver.codec import media_type
from torana.embedded.apiserver.copying import copy_json
from torana.embedded.apiserver.patch import PatchError, json_patch, merge_patch
from torana.embedded.apiserver.request import Request
from torana.embedded.apiserver.strategic import strategic_merge
from torana.embedded.apiserver.strict import BodyError, parse_body
from torana.embedded.apiserver.writer import Writer, Written
from torana.embedded.apiserver.writing import Write, check_type, report_strictness

Obj = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


async def patch(writer: Writer, write: Write, request: Request) -> Written:
    """Apply the patch in the request's body to the object the request names."""
    content_type = media_type(request.headers.get("content-type", ""))
    supported: tuple[str, ...] = (JSON_PATCH, MERGE_PATCH, APPLY_PATCH)
    if not write.resource.is_custom:
        supported = (*supported, STRATEGIC_PATCH)
    if content_type not in supported:
        raise errors.unsupported_media(content_type, supported)
    try:
        body, duplicates = parse_body(request.body, content_type)
    except (BodyError, RecursionError) as error:
        raise errors.bad_request(str(error) or "the body is nested too deeply") from error
    if content_type == APPLY_PATCH:
        return await _apply(writer, write, request, body, duplicates)

    def change(live: Obj) -> tuple[Obj, list[str]]:
        return _patched(write, content_type, live, body), duplicates

    return await writer.update(write, request.target.name, change)


def _patched(write: Write, content_type: str, live: Obj, body: Any) -> Obj:
    try:
        if content_type == JSON_PATCH:
            patched = json_patch(live, body)
        elif content_type == MERGE_PATCH:
            patched = merge_patch(live, body)
        else:
            patched = strategic_merge(live, body, write.served.compiled)
    except PatchError as error:
        reason = {400: "BadRequest", 413: "RequestEntityTooLarge"}.get(error.status, "Invalid")
        raise errors.ApiFailure(error.status, reason, str(error)) from error
    if not isinstance(patched, dict) or not isinstance(patched.get("metadata"), dict):
        raise errors.bad_request("the patch does not leave an object with metadata")
    return patched


async def _apply(writer: Writer, write: Write, request: Request, config: Any, duplicates: list[str]) -> Written:
    """Server-side apply: merge the configuration, or create the object from it."""
    if not request.query.get("fieldManager"):
        message = 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
        raise errors.ApiFailure(422, "Invalid", message)
    if not isinstance(config, dict) or not isinstance(config.get("metadata", {}), dict):
        raise errors.bad_request("the body of an apply must be one object with metadata")
    config.setdefault("metadata", {})
    name = request.target.name
    check_type(write, config, name)
    unknown = write.served.compiled.prune(config)
    report_strictness(write, duplicates, unknown)
    write.is_apply = True
    if write.subresource == "" and writer.collection(write.resource).latest((write.namespace, name)) is None:
        if config["metadata"].get("resourceVersion"):
            raise errors.conflict(write.resource.group, write.resource.plural, name)
        return await writer.create(write, _applied(write, None, config, request), [], name)
    return await writer.update(write, name, lambda live: (_applied(write, live, config, request), []))


def _applied(write: Write, live: Obj | None, config: Obj, request: Request) -> Obj:
    given = config["metadata"].get("resourceVersion")
    try:
        merged: Obj = apply(
            live,
            config,
            manager=write.manager,
            force=request.is_set("force"),
            schema=write.served.compiled,
            subresource=write.subresource,
            now=write.now,
        )
    except ApplyConflict as conflict:
        raise errors.apply_conflict(conflict.message, conflict.causes) from conflict
    except ApplyInvalid as error:
        raise errors.bad_request(str(error)) from error
    merged = copy_json(merged)  # the caller fills in defaults, and the live object must stay as it is
    if given:
        merged["metadata"]["resourceVersion"] = given
    return merged
