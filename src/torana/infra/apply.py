"""How do a Gateway's planned objects become real? By server-side apply, and only where something changed.

What was applied is remembered as a hash, in memory and in an annotation of the object, so that a restarted controller
writes nothing when nothing changed. An object of the same name that does not belong to the Gateway is never touched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from torana.api.core.config_map import CONFIG_MAP
from torana.api.core.deployment import DEPLOYMENT
from torana.api.core.secret import SECRET
from torana.api.core.service import SERVICE
from torana.api.core.service_account import SERVICE_ACCOUNT
from torana.api.gateway import Gateway
from torana.api.kind import Kind, Ref
from torana.infra.names import APPLIED_HASH_ANNOTATION, GATEWAY_NAME_LABEL
from torana.kube.client import Client
from torana.kube.errors import ApiError

FIELD_MANAGER = "torana"
PLANNED_KINDS: Mapping[str, Kind] = {
    kind.kind: kind for kind in (SERVICE_ACCOUNT, CONFIG_MAP, SECRET, SERVICE, DEPLOYMENT)
}


class ForeignObject(Exception):
    """A planned object's name is taken by an object that is not the Gateway's."""


class StillLeaving(Exception):
    """The object of that name is being deleted; it can be made anew once it is gone."""


class _Applied(NamedTuple):
    """What is known of a live object of ours."""

    gateway_uid: str
    uid: str
    hash: str


class InfraApplier:
    """Applies planned objects and removes those no longer planned. One caller at a time per Gateway."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._applied: dict[tuple[str, Ref], _Applied] = {}

    async def load(self) -> None:
        """Reads back what an earlier run applied. Without it nothing breaks, but every object is read before its
        first apply."""
        for kind in PLANNED_KINDS.values():
            items, _ = await self._client.list(kind, label_selector=GATEWAY_NAME_LABEL)
            for item in items:
                self._remember(kind.kind, item)

    async def ensure(
        self, gateway: Gateway, objects: Sequence[dict[str, Any]], keep: Sequence[dict[str, Any]] = ()
    ) -> None:
        """Afterwards the Gateway has `objects`, those named in `keep` if they were there, and no others.

        Raises `ForeignObject`, `StillLeaving`, or a `KubeError`; what came before the failing object stays applied.
        """
        for planned in objects:
            await self.ensure_object(gateway, planned)
        planned_keys = {_key(planned) for planned in (*objects, *keep)}
        await self._delete(key for key in self._keys_of(gateway.metadata.uid) if key not in planned_keys)

    async def remove(self, gateway: Gateway) -> None:
        """Deletes the Gateway's objects, when the Gateway stays but is no longer ours; a deleted Gateway takes them
        along."""
        await self._delete(self._keys_of(gateway.metadata.uid))

    async def read(self, gateway: Gateway, planned: Mapping[str, Any]) -> dict[str, Any] | None:
        """The live object of the planned one's name; None when there is none. Raises `ForeignObject` or
        `StillLeaving`."""
        key = kind, ref = _key(planned)
        try:
            live = await self._client.get(PLANNED_KINDS[kind], ref)
        except ApiError as error:
            if error.is_not_found:
                self._applied.pop(key, None)
                return None
            raise
        _check_ours(gateway, kind, live)
        self._remember(kind, live)
        return live

    async def ensure_object(self, gateway: Gateway, planned: Mapping[str, Any]) -> None:
        """Afterwards the object is as planned. Raises as `ensure` does."""
        known = self._applied.get(_key(planned))
        if known is None or known.gateway_uid != gateway.metadata.uid:
            await self.read(gateway, planned)
        if not self._is_applied(gateway, planned):
            await self._apply(planned)

    async def _apply(self, planned: Mapping[str, Any]) -> None:
        kind, ref = _key(planned)
        hashed = _with_hash(planned)
        live = await self._client.patch(
            PLANNED_KINDS[kind], ref, hashed, type="apply", field_manager=FIELD_MANAGER, force=True
        )
        self._remember(kind, live)

    def forget(self, gateway_uid: str) -> None:
        """Makes the next `ensure` of the Gateway read and apply everything, e.g. after one of its objects was changed
        by hand."""
        for key in self._keys_of(gateway_uid):
            self._applied[key] = self._applied[key]._replace(hash="")

    def drop(self, gateway_uid: str) -> None:
        """Frees the memory of a deleted Gateway."""
        for key in self._keys_of(gateway_uid):
            del self._applied[key]

    def _is_applied(self, gateway: Gateway, planned: Mapping[str, Any]) -> bool:
        known = self._applied.get(_key(planned))
        return known is not None and known.gateway_uid == gateway.metadata.uid and known.hash == content_hash(planned)

    async def _delete(self, keys: Iterable[tuple[str, Ref]]) -> None:
        for kind, ref in list(keys):
            try:
                await self._client.delete(PLANNED_KINDS[kind], ref, uid=self._applied[kind, ref].uid)
            except ApiError as error:
                # A conflict says that the name now belongs to another object, so ours is gone.
                if not (error.is_not_found or error.is_conflict):
                    raise
            self._applied.pop((kind, ref), None)

    def _keys_of(self, gateway_uid: str) -> list[tuple[str, Ref]]:
        return [key for key, known in self._applied.items() if known.gateway_uid == gateway_uid]

    def _remember(self, kind: str, live: Mapping[str, Any]) -> None:
        metadata = live["metadata"]
        owner = controlling_gateway_uid(live)
        if owner and not metadata.get("deletionTimestamp"):
            digest = (metadata.get("annotations") or {}).get(APPLIED_HASH_ANNOTATION, "")
            ref = Ref(metadata.get("namespace", ""), metadata["name"])
            self._applied[kind, ref] = _Applied(owner, metadata.get("uid", ""), digest)


def content_hash(planned: Mapping[str, Any]) -> str:
    """The same for equal objects, whatever the order of their keys."""
    return hashlib.sha256(orjson.dumps(planned, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def controlling_gateway_uid(live: Mapping[str, Any]) -> str:
    """UID of the Gateway that the object belongs to; empty when it belongs to none."""
    for owner in live["metadata"].get("ownerReferences") or ():
        is_gateway = owner["kind"] == "Gateway" and owner["apiVersion"].startswith("gateway.networking.k8s.io/")
        if is_gateway and owner.get("controller"):
            return str(owner["uid"])
    return ""


def _check_ours(gateway: Gateway, kind: str, live: Mapping[str, Any]) -> None:
    metadata = live["metadata"]
    where = f'{kind} "{metadata["name"]}"'
    owner = controlling_gateway_uid(live)
    if owner == gateway.metadata.uid:
        if metadata.get("deletionTimestamp"):
            raise StillLeaving(f"{where} is being deleted; the proxy's is made once it is gone")
        return
    full_name = f"{gateway.metadata.namespace}/{gateway.metadata.name}"
    if owner and any(each["uid"] == owner and each["name"] == gateway.metadata.name for each in _owners(live)):
        raise StillLeaving(f"{where} still belongs to an earlier Gateway {full_name} and waits to be collected")
    raise ForeignObject(
        f'{where} in namespace "{metadata.get("namespace", "")}" exists and does not belong to this Gateway, '
        "so it is left alone; delete or rename it, or rename the Gateway"
    )


def _owners(live: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return live["metadata"].get("ownerReferences") or ()


def _key(planned: Mapping[str, Any]) -> tuple[str, Ref]:
    metadata = planned["metadata"]
    return planned["kind"], Ref(metadata["namespace"], metadata["name"])


def _with_hash(planned: Mapping[str, Any]) -> dict[str, Any]:
    metadata = planned["metadata"]
    annotations = metadata.get("annotations", {}) | {APPLIED_HASH_ANNOTATION: content_hash(planned)}
    return {**planned, "metadata": {**metadata, "annotations": annotations}}
