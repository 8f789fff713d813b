"""Which objects exist at all, of whatever kind, and who owns them? Metadata only.

An edge, fed by a watch per kind that decodes nothing but the metadata. Kinds that the API server does not serve are
asked for again from time to time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from torana.api.kind import Kind, ObjectRef, Ref
from torana.api.meta import Object, ObjectMeta
from torana.kube.change import Change, Undecodable
from torana.kube.client import Client
from torana.kube.errors import ApiError, KubeError
from torana.kube.reflector import reflect

ASK_AGAIN_S = 20.0
RETRY_S = 0.2

Listener = Callable[["Known", bool], None]
"""Told of an object that changed (False) or is gone (True)."""


class Known(msgspec.Struct, frozen=True):
    """An object that exists."""

    kind: Kind
    meta: ObjectMeta

    @property
    def ref(self) -> Ref:
        return self.meta.ref


class Objects:
    """All objects by uid, by owner and by namespace."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._kinds = tuple(kinds)
        self._by_ref: dict[ObjectRef, Known] = {}
        self._by_uid: dict[str, Known] = {}
        self._owned: dict[str, dict[str, Known]] = {}
        """By the owner's uid, then by the object's own."""
        self._listeners: list[Listener] = []

    def on_change(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def get(self, uid: str) -> Known | None:
        return self._by_uid.get(uid)

    def owned_by(self, uid: str) -> tuple[Known, ...]:
        return tuple(self._owned.get(uid, {}).values())

    def kind_of(self, api_version: str, kind: str) -> Kind | None:
        """The kind that an owner reference names, in whatever version."""
        group = api_version.rpartition("/")[0]
        return next((each for each in self._kinds if each.group == group and each.kind == kind), None)

    async def run(self, client: Client) -> None:
        """Follows all kinds until cancelled."""
        async with asyncio.TaskGroup() as group:
            for kind in self._kinds:
                group.create_task(self._follow(client, kind))

    async def _follow(self, client: Client, kind: Kind) -> None:
        metadata_only = msgspec.structs.replace(kind, struct=Object)
        while True:
            try:
                await client.request("GET", kind.path(), params={"limit": "1"})
                await reflect(client, metadata_only, lambda changes: self._apply(kind, changes))
            except ApiError as error:
                await asyncio.sleep(ASK_AGAIN_S if error.is_not_found else RETRY_S * 10)
            except KubeError:
                await asyncio.sleep(RETRY_S)

    def _apply(self, kind: Kind, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if not change.synced and not isinstance(change.object, Undecodable):
                self._set(kind, change.ref, change.object)

    def _set(self, kind: Kind, ref: Ref, obj: Object | None) -> None:
        key = ObjectRef(kind.group, kind.kind, ref.namespace, ref.name)
        before = self._by_ref.pop(key, None)
        if before is not None:
            self._by_uid.pop(before.meta.uid, None)
            for owner in before.meta.owner_references:
                owned = self._owned.get(owner.uid, {})
                owned.pop(before.meta.uid, None)
                if not owned:
                    self._owned.pop(owner.uid, None)
        if before is not None and (obj is None or obj.metadata.uid != before.meta.uid):
            self._tell(before, is_gone=True)
        if obj is not None:
            known = Known(kind, obj.metadata)
            self._by_ref[key] = known
            self._by_uid[obj.metadata.uid] = known
            for owner in obj.metadata.owner_references:
                self._owned.setdefault(owner.uid, {})[obj.metadata.uid] = known
            self._tell(known, is_gone=False)

    def _tell(self, known: Known, is_gone: bool) -> None:
        for listener in self._listeners:
            listener(known, is_gone)
