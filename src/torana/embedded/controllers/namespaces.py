"""How does a namespace go, and what does a new one get?

An edge with little to decide. A namespace on its way out loses all its objects, then its finalizer; whether it is
empty is asked of the API server, not of a cache. A new namespace gets the ServiceAccount `default` and the ConfigMap
`kube-root-ca.crt`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import orjson

from torana.api.core.config_map import CONFIG_MAP
from torana.api.core.namespace import NAMESPACE, Namespace
from torana.api.core.service_account import SERVICE_ACCOUNT
from torana.api.kind import Kind, Ref
from torana.embedded.controllers.action import Action, Create, Delete
from torana.embedded.controllers.objects import Known, Objects
from torana.embedded.controllers.perform import perform
from torana.embedded.controllers.work import Work
from torana.kube.cache import Cache
from torana.kube.change import Change
from torana.kube.client import Client, object_path
from torana.kube.errors import ApiError

FINALIZER = "kubernetes"
LOOK_AGAIN_S = 0.05
PATIENCE_S = 1.0
ROOT_CA = "kube-root-ca.crt"


def furnishing(name: str, ca: str) -> list[Action]:
    """What every namespace has."""
    actions: list[Action] = [Create(SERVICE_ACCOUNT, {"metadata": {"name": "default", "namespace": name}})]
    if ca:
        body = {"metadata": {"name": ROOT_CA, "namespace": name}, "data": {"ca.crt": ca}}
        actions.append(Create(CONFIG_MAP, body))
    return actions


class Namespaces:
    """Reconciles namespaces."""

    def __init__(self, client: Client, namespaces: Cache, objects: Objects, kinds: Iterable[Kind]) -> None:
        self._client = client
        self._namespaces = namespaces
        self._kinds = tuple(kind for kind in kinds if kind.namespaced)
        self._work = Work("namespaces", self._reconcile, parallel=4)
        self._furnished: set[str] = set()
        namespaces.on_changes(self._on_namespaces)
        objects.on_change(self._on_object)

    async def run(self) -> None:
        await self._work.run()

    def _on_namespaces(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.object is not None:
                self._work.add(change.ref)

    def _on_object(self, known: Known, is_gone: bool) -> None:
        if not is_gone or not known.meta.namespace:
            return
        ref = Ref("", known.meta.namespace)
        namespace: Namespace | None = self._namespaces.get(ref)
        if namespace is None:
            return
        is_dying = namespace.metadata.deletion_timestamp is not None
        is_ours = (known.kind.kind, known.meta.name) in (("ServiceAccount", "default"), ("ConfigMap", ROOT_CA))
        if is_ours and not is_dying:
            self._furnished.discard(namespace.metadata.uid)
        if is_ours or is_dying:
            self._work.add(ref)

    async def _reconcile(self, ref: Ref) -> float | None:
        namespace: Namespace | None = self._namespaces.get(ref)
        if namespace is None:
            return None
        if namespace.metadata.deletion_timestamp is not None:
            return await self._empty(namespace)
        if namespace.metadata.uid not in self._furnished:
            ca = self._client.access.ca.decode("ascii", "replace")
            await perform(self._client, furnishing(ref.name, ca))
            self._furnished.add(namespace.metadata.uid)
        return None

    async def _empty(self, namespace: Namespace) -> float | None:
        if FINALIZER not in namespace.spec.finalizers:
            return None
        name = namespace.metadata.name
        counts = await asyncio.gather(*(self._delete_all(kind, name) for kind in self._kinds))
        left = sum(left for left, _ in counts)
        if left:
            return LOOK_AGAIN_S if any(fresh for _, fresh in counts) else PATIENCE_S
        await self._finalize(namespace)
        return None

    async def _delete_all(self, kind: Kind, namespace: str) -> tuple[int, int]:
        """How many objects of the kind there were, and how many of them were not on their way out yet."""
        try:
            items, _ = await self._client.list(kind, namespace)
        except ApiError as error:
            if error.is_not_found:
                return 0, 0
            raise
        fresh = [item["metadata"] for item in items if not item["metadata"].get("deletionTimestamp")]
        await perform(
            self._client, [Delete(kind, Ref(namespace, meta["name"]), meta["uid"], "Background") for meta in fresh]
        )
        return len(items), len(fresh)

    async def _finalize(self, namespace: Namespace) -> None:
        """The namespace loses this controller's finalizer, and so goes if it was the last."""
        ref = namespace.metadata.ref
        try:
            body: dict[str, Any] = await self._client.get(NAMESPACE, ref)
            if body["metadata"]["uid"] != namespace.metadata.uid:
                return
            spec = dict(body.get("spec") or {})
            spec["finalizers"] = [each for each in spec.get("finalizers", ()) if each != FINALIZER]
            path = object_path(NAMESPACE, ref, "finalize")
            await self._client.request("PUT", path, body=orjson.dumps({**body, "spec": spec}))
        except ApiError as error:
            if not error.is_not_found:
                raise
