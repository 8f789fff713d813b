"""How does a write reach the store? Create, update, patch and delete of one object.

Between reading the latest state and staging the new one nothing is awaited, so a write never meets another half-way.
Each method returns when the write is durable and watchers have been told.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from torana.embedded.apiserver import deletion, errors
from torana.embedded.apiserver.conversion import to_served, to_storage
from torana.embedded.apiserver.resource import Resource
from torana.embedded.apiserver.store import Collection, Entry, Store
from torana.embedded.apiserver.writing import Write, check_type, prepare_create, prepare_update

Obj = dict[str, Any]
_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True)
class Written:
    """The outcome of a write: the object in the storage version (encoded), and whether it was created."""

    raw: bytes
    is_new: bool = False
    is_deleted: bool = False


def timestamp() -> str:
    """Now, as Kubernetes writes times."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Writer:
    """Writes objects. `on_write(resource, before, after)` is told of everything that became visible."""

    def __init__(self, store: Store, on_write: Callable[[Resource, Obj | None, Obj | None], None]) -> None:
        self._store = store
        self._on_write = on_write

    def collection(self, resource: Resource) -> Collection:
        return self._store.collection(resource.store_key)

    def live(self, resource: Resource, namespace: str, name: str) -> Entry:
        """The latest state of an object. Raises NotFound."""
        entry = self.collection(resource).latest((namespace, name))
        if entry is None:
            raise errors.not_found(resource.group, resource.plural, name)
        return entry

    async def create(self, write: Write, obj: Obj, duplicates: list[str], name: str = "") -> Written:
        """Store a new object."""
        check_type(write, obj, name)
        self._check_namespace(write)
        suffix = "" if obj["metadata"].get("name") else "".join(random.choices(_SUFFIX_LETTERS, k=5))
        obj = prepare_create(write, obj, duplicates, str(uuid.uuid4()), suffix)
        key = (write.namespace, obj["metadata"]["name"])
        collection = self.collection(write.resource)
        if collection.latest(key) is not None:
            raise errors.already_exists(write.resource.group, write.resource.plural, key[1])
        return await self._store_object(write, collection, key, None, obj)

    async def update(self, write: Write, name: str, change: Callable[[Obj], tuple[Obj, list[str]]]) -> Written:
        """Store what `change(live object)` returns, together with the paths of duplicate keys in the request.

        Raises Conflict when the result names another resourceVersion or uid than the live object has.
        """
        resource = write.resource
        key = (write.namespace, name)
        collection = self.collection(resource)
        entry = self.live(resource, *key)
        live = to_served(orjson.loads(entry.raw), resource, write.served)
        obj, duplicates = change(live)
        check_type(write, obj, name)
        _check_precondition(write, live, obj, name)
        if obj is not live:
            obj = prepare_update(write, live, obj, duplicates)
        if obj is live or obj == live:
            return Written(entry.raw)
        if deletion.is_finished(obj):
            return await self._remove(write, collection, key, entry, obj)
        return await self._store_object(write, collection, key, live, obj)

    async def delete(self, write: Write, name: str, options: Obj) -> Written:
        """Delete an object, or mark it as being deleted when finalizers or a grace period hold it."""
        resource = write.resource
        key = (write.namespace, name)
        collection = self.collection(resource)
        entry = self.live(resource, *key)
        live = orjson.loads(entry.raw)
        deletion.check_preconditions(resource, live, options)
        obj = deletion.mark(resource, orjson.loads(entry.raw), options, datetime.now(UTC))
        if obj is None:
            return await self._remove(write, collection, key, entry, live)
        if obj == live:
            return Written(entry.raw)
        write.served = resource.storage
        return await self._store_object(write, collection, key, live, obj)

    async def _store_object(
        self, write: Write, collection: Collection, key: tuple[str, str], live: Obj | None, obj: Obj
    ) -> Written:
        resource = write.resource
        obj = to_storage(obj, resource)
        if write.is_dry_run:
            return Written(orjson.dumps(obj), live is None)
        obj["metadata"]["resourceVersion"] = str(self._store.next_revision())
        raw = orjson.dumps(obj)
        _, done = self._store.stage(collection, key, raw)
        await done
        self._on_write(resource, live, obj)
        return Written(raw, live is None)

    async def _remove(
        self, write: Write, collection: Collection, key: tuple[str, str], entry: Entry, obj: Obj
    ) -> Written:
        if not write.is_dry_run:
            _, done = self._store.stage(collection, key, None)
            await done
            self._on_write(write.resource, orjson.loads(entry.raw), None)
        return Written(orjson.dumps(to_storage(obj, write.resource)), is_deleted=True)

    def _check_namespace(self, write: Write) -> None:
        """Objects are created only in namespaces that exist and are not going away."""
        if not write.resource.namespaced:
            return
        entry = self._store.collection("namespaces").latest(("", write.namespace))
        if entry is None:
            raise errors.not_found("", "namespaces", write.namespace)
        if b'"deletionTimestamp"' in entry.raw and "deletionTimestamp" in orjson.loads(entry.raw)["metadata"]:
            why = f"unable to create new content in namespace {write.namespace} because it is being terminated"
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {write.namespace} is being terminated",
                "field": "metadata.namespace",
            }
            raise errors.forbidden(write.resource.group, write.resource.plural, "", why, [cause])


def _check_precondition(write: Write, live: Obj, obj: Obj, name: str) -> None:
    given = obj["metadata"].get("resourceVersion")
    current = live["metadata"]["resourceVersion"]
    if given and given != current:
        raise errors.conflict(write.resource.group, write.resource.plural, name)
    uid = obj["metadata"].get("uid")
    if uid and uid != live["metadata"]["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {live['metadata']['uid']}"
        raise errors.conflict(write.resource.group, write.resource.plural, name, why)
