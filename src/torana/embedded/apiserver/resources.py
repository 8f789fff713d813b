"""How is a request about objects answered? One method per verb: check, read or write, encode."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from torana.embedded.apiserver import codec, errors, patching, scaling
from torana.embedded.apiserver.catalog import Catalog
from torana.embedded.apiserver.field_error import INVALID, FieldError
from torana.embedded.apiserver.reading import Lister, parse_selection, select
from torana.embedded.apiserver.representation import encode_list, encode_object, negotiate
from torana.embedded.apiserver.request import Request
from torana.embedded.apiserver.resource import Resource, ServedVersion
from torana.embedded.apiserver.response import Response, Stream
from torana.embedded.apiserver.store import Entry, Store
from torana.embedded.apiserver.subresources import Subresources
from torana.embedded.apiserver.watching import Subscription
from torana.embedded.apiserver.writer import Writer, Written, timestamp
from torana.embedded.apiserver.writing import Write

DEFAULT_WATCH_S = 1800
MAX_WATCH_S = 6 * 3600


class ResourceHandler:
    """Serves every resource of the catalog."""

    def __init__(self, store: Store, catalog: Catalog, writer: Writer, subresources: Subresources) -> None:
        self._store = store
        self._catalog = catalog
        self._writer = writer
        self._subresources = subresources
        self._lister = Lister(store)
        self.subscriptions: set[Subscription] = set()

    async def handle(self, request: Request) -> Response | Stream | Subscription:
        target = request.target
        found = self._catalog.find_served(target.group, target.version, target.plural)
        if found is None:
            raise errors.no_such_path()
        resource, served = found
        if not resource.namespaced and target.namespace and target.plural != "namespaces":
            raise errors.no_such_path()
        if resource.namespaced and target.name and not target.namespace:
            raise errors.no_such_path()
        if target.subresource:
            return await self._subresource(request, resource, served)
        verb = getattr(self, f"_{target.verb}", None)
        needs_name = target.verb in ("update", "patch")
        is_misplaced = (target.verb == "create" and target.name) or (needs_name and not target.name)
        if verb is None or target.verb not in resource.verbs or is_misplaced:
            raise errors.method_not_supported(target.group, target.plural, target.verb)
        answer: Response | Stream | Subscription = await verb(request, resource, served)
        return answer

    async def _subresource(self, request: Request, resource: Resource, served: ServedVersion) -> Response | Stream:
        name, verb = request.target.subresource, request.target.verb
        if (answer := self._subresources.find(request)) is not None:
            return await answer(request, self._write(request, resource, served))
        known = (name == "status" and served.has_status) or (name == "scale" and served.scale is not None)
        known = known or (resource.key == "namespaces" and name == "finalize")
        if not known:
            raise errors.no_such_path()
        if name == "scale":
            return await scaling.handle(self._writer, request, resource, served, self._write(request, resource, served))
        if verb == "get" and name == "status":
            return await self._get(request, resource, served)
        if verb == "update":
            return await self._update(request, resource, served)
        if verb == "patch" and name == "status":
            return await self._patch(request, resource, served)
        raise errors.method_not_supported(resource.group, resource.plural, verb)

    async def _get(self, request: Request, resource: Resource, served: ServedVersion) -> Response:
        form = negotiate(request)
        key = _key(request, resource)
        entry = self._store.collection(resource.store_key).entries.get(key)
        if entry is None:
            raise errors.not_found(resource.group, resource.plural, key[1])
        return Response(encode_object(entry.raw, resource, served, form), warnings=_deprecation(resource, served))

    async def _list(self, request: Request, resource: Resource, served: ServedVersion) -> Response:
        form = negotiate(request)
        page = self._lister.page(request, resource)
        meta: dict[str, Any] = {"resourceVersion": str(page.revision)}
        if page.continue_token:
            meta |= {"continue": page.continue_token, "remainingItemCount": page.remaining}
        body = encode_list(page.entries, meta, resource, served, form)
        return Response(body, warnings=_deprecation(resource, served))

    async def _watch(self, request: Request, resource: Resource, served: ServedVersion) -> Subscription:
        form = negotiate(request)
        selection = parse_selection(request, resource)
        wants_bookmarks = request.is_set("allowWatchBookmarks")
        text = request.query.get("resourceVersion", "")
        if text and not text.isdigit():
            raise errors.bad_request(f'Invalid value: "{text}": resourceVersion must be a non-negative integer')
        revision = int(text) if text and text != "0" else None
        is_list = request.is_set("sendInitialEvents")
        if is_list and (request.query.get("resourceVersionMatch") != "NotOlderThan" or not wants_bookmarks):
            wanted = "sendInitialEvents needs resourceVersionMatch=NotOlderThan and allowWatchBookmarks=true"
            raise errors.ApiFailure(422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: {wanted}')
        if is_list and revision is not None and revision > self._store.durable_revision:
            raise errors.too_large_version(revision, self._store.durable_revision)
        seconds = request.query.get("timeoutSeconds", "")
        duration_s = min(int(seconds), MAX_WATCH_S) if seconds.isdigit() and int(seconds) else DEFAULT_WATCH_S
        subscription = Subscription(
            self._store, resource, served, selection, form, wants_bookmarks, duration_s, self.subscriptions.discard
        )
        is_silent = request.query.get("sendInitialEvents", "").lower() == "false"
        subscription.start(
            None if is_list else revision,
            sends_initial=is_list or (revision is None and not is_silent),
            marks_initial_end=is_list,
        )
        self.subscriptions.add(subscription)
        return subscription

    async def _create(self, request: Request, resource: Resource, served: ServedVersion) -> Response:
        write = self._write(request, resource, served)
        if resource.namespaced and not write.namespace:
            raise errors.bad_request("an empty namespace may not be set during creation")
        obj, duplicates = codec.decode_object(request)
        written = await self._writer.create(write, obj, duplicates)
        return self._answer(request, write, written)

    async def _update(self, request: Request, resource: Resource, served: ServedVersion) -> Response:
        write = self._write(request, resource, served)
        obj, duplicates = codec.decode_object(request)
        if resource.is_custom and not obj["metadata"].get("resourceVersion"):
            missing = FieldError(INVALID, "metadata.resourceVersion", "must be specified for an update", 0)
            raise errors.invalid(resource.group, resource.kind, request.target.name, [missing])
        written = await self._writer.update(write, request.target.name, lambda _live: (obj, duplicates))
        return self._answer(request, write, written)

    async def _patch(self, request: Request, resource: Resource, served: ServedVersion) -> Response:
        write = self._write(request, resource, served)
        written = await patching.patch(self._writer, write, request)
        return self._answer(request, write, written)

    async def _delete(self, request: Request, resource: Resource, served: ServedVersion) -> Response:
        write = self._write(request, resource, served)
        options = codec.decode_options(request)
        write.is_dry_run = write.is_dry_run or options.get("dryRun") == ["All"]
        name = request.target.name
        written = await self._writer.delete(write, name, options)
        if written.is_deleted and resource.key != "pods":
            details: dict[str, Any] = {"name": name, "kind": resource.plural}
            if resource.group:
                details["group"] = resource.group
            details["uid"] = orjson.loads(written.raw)["metadata"]["uid"]
            return Response(orjson.dumps(errors.success(details)))
        return self._answer(request, write, written)

    async def _deletecollection(self, request: Request, resource: Resource, served: ServedVersion) -> Response:
        options = codec.decode_options(request)
        selection = parse_selection(request, resource)
        chosen = select(self._store.collection(resource.store_key), selection)
        await asyncio.gather(*(self._delete_one(request, resource, served, entry, options) for entry in chosen))
        meta = {"resourceVersion": str(self._store.durable_revision)}
        return Response(encode_list(chosen, meta, resource, served, negotiate(request)))

    async def _delete_one(
        self, request: Request, resource: Resource, served: ServedVersion, entry: Entry, options: dict[str, Any]
    ) -> None:
        write = self._write(request, resource, served)
        write.namespace = entry.key[0]
        try:
            await self._writer.delete(write, entry.key[1], options)
        except errors.ApiFailure as failure:
            if failure.status != 404:
                raise

    def _write(self, request: Request, resource: Resource, served: ServedVersion) -> Write:
        dry_run = request.query.get("dryRun")
        if dry_run not in (None, "", "All"):
            raise errors.bad_request(f'Invalid value: "{dry_run}": dryRun: supported values: "All"')
        validation = request.query.get("fieldValidation") or "Warn"
        if validation not in ("Ignore", "Warn", "Strict"):
            raise errors.bad_request(f'Invalid value: "{validation}": fieldValidation: Ignore, Warn or Strict')
        write = Write(
            resource,
            served,
            request.target.namespace if resource.namespaced else "",
            _manager(request),
            timestamp(),
            request.target.subresource,
            validation,
            request.is_dry_run,
        )
        for warning in _deprecation(resource, served):
            write.warn(warning)
        return write

    def _answer(self, request: Request, write: Write, written: Written) -> Response:
        body = encode_object(written.raw, write.resource, write.served, negotiate(request))
        return Response(body, 201 if written.is_new else 200, warnings=tuple(write.warnings or ()))


def _key(request: Request, resource: Resource) -> tuple[str, str]:
    return (request.target.namespace if resource.namespaced else "", request.target.name)


def _manager(request: Request) -> str:
    """The writer's name in managed fields: as given, or the program's name in the User-Agent."""
    given = request.query.get("fieldManager", "")
    if given:
        if len(given) > 128 or not given.isprintable():
            raise errors.bad_request("fieldManager: must be at most 128 printable characters")
        return given
    return request.headers.get("user-agent", "").partition("/")[0][:128] or "unknown"


def _deprecation(resource: Resource, served: ServedVersion) -> tuple[str, ...]:
    if not served.deprecation:
        return ()
    if served.deprecation == "deprecated":
        return (f"{resource.api_version(served.name)} {resource.kind} is deprecated",)
    return (served.deprecation,)
