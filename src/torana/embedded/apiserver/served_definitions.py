"""How do CustomResourceDefinitions change what is served? They are followed from create to the end of their objects.

A new or changed definition is served at once; objects older than it get its defaults in memory. A deleted one stays,
held by its finalizer, until all its objects are gone.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import orjson

from torana.embedded.apiserver import definitions, errors
from torana.embedded.apiserver.catalog import Catalog
from torana.embedded.apiserver.resource import Resource
from torana.embedded.apiserver.store import Entry, Event, Store
from torana.embedded.apiserver.writer import Writer, timestamp
from torana.embedded.apiserver.writing import Write

log = logging.getLogger(__name__)
Obj = dict[str, Any]


class ServedDefinitions:
    """Keeps the catalog in step with the definitions in the store."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog
        self._cleanups: dict[str, asyncio.Task[None]] = {}
        for entry in store.collection(definitions.CRD_KEY).visible():
            self._define(orjson.loads(entry.raw))

    def resume(self, writer: Writer) -> None:
        """Go on with what a restart interrupted."""
        for entry in self._store.collection(definitions.CRD_KEY).visible():
            crd = orjson.loads(entry.raw)
            if crd["metadata"].get("deletionTimestamp"):
                self._clean_up(writer, crd)

    def on_write(self, writer: Writer, before: Obj | None, after: Obj | None) -> None:
        """A definition was written: what is served changes before its writer is answered."""
        if after is None:
            assert before is not None
            self._catalog.remove(before["spec"]["group"], before["spec"]["names"]["plural"])
            return
        if before is None or before["spec"] != after["spec"]:
            self._define(after)
        if after["metadata"].get("deletionTimestamp"):
            self._clean_up(writer, after)

    def close(self) -> None:
        for task in self._cleanups.values():
            task.cancel()

    def _define(self, crd: Obj) -> None:
        resource = definitions.resource_of(crd)
        known = self._catalog.find(resource.group, resource.plural)
        if known is not None and not known.is_custom:
            log.warning("%s is built in; its CustomResourceDefinition is ignored", resource.key)
            return
        if known is not None:
            _keep_compiled(known, resource)
        self._catalog.put(resource)
        self._default_older(resource, int(crd["metadata"]["resourceVersion"]))

    def _default_older(self, resource: Resource, revision: int) -> None:
        """Fill in defaults of objects written before the definition got its present form."""
        collection = self._store.collection(resource.store_key)
        for key, entry in collection.entries.items():
            if entry.revision > revision:
                continue
            obj = orjson.loads(entry.raw)
            resource.storage.compiled.default(obj)
            obj["apiVersion"] = resource.storage_api_version
            raw = orjson.dumps(obj)
            if raw != entry.raw:
                collection.entries[key] = Entry(key, raw, entry.revision)

    def _clean_up(self, writer: Writer, crd: Obj) -> None:
        name = crd["metadata"]["name"]
        if name not in self._cleanups:
            task = asyncio.get_running_loop().create_task(self._delete_objects(writer, crd))
            self._cleanups[name] = task
            task.add_done_callback(lambda _task: self._cleanups.pop(name, None))

    async def _delete_objects(self, writer: Writer, crd: Obj) -> None:
        """Delete all objects of a definition, wait until they are gone, and let the definition go."""
        group, plural = crd["spec"]["group"], crd["spec"]["names"]["plural"]
        resource = self._catalog.find(group, plural)
        if resource is not None:
            collection = self._store.collection(resource.store_key)
            is_empty = asyncio.Event()

            def look(_event: Event) -> None:
                if not collection.entries:
                    is_empty.set()

            collection.listeners.add(look)
            try:
                for entry in collection.visible():
                    await _delete(writer, resource, entry)
                if collection.entries:
                    await is_empty.wait()
            finally:
                collection.listeners.discard(look)
        definition = self._catalog.find("apiextensions.k8s.io", "customresourcedefinitions")
        assert definition is not None
        write = Write(definition, definition.storage, "", "torana", timestamp(), "finalize")
        await writer.update(write, crd["metadata"]["name"], lambda live: (_released(live), []))


async def _delete(writer: Writer, resource: Resource, entry: Entry) -> None:
    try:
        write = Write(resource, resource.storage, entry.key[0], "torana", timestamp())
        await writer.delete(write, entry.key[1], {})
    except errors.ApiFailure as failure:
        if failure.status != 404:
            log.warning("%s %s could not be deleted: %s", resource.key, entry.key, failure.message)


def _released(live: Obj) -> Obj:
    obj: Obj = orjson.loads(orjson.dumps(live))
    left = [name for name in obj["metadata"].get("finalizers") or [] if name != definitions.CLEANUP_FINALIZER]
    obj["metadata"]["finalizers"] = left
    return obj


def _keep_compiled(known: Resource, resource: Resource) -> None:
    """Schemas that did not change need not be compiled again."""
    for name, version in resource.versions.items():
        old = known.versions.get(name)
        if old is not None and old.schema == version.schema and "compiled" in vars(old):
            vars(version)["compiled"] = old.compiled
