"""How does garbage go? The edge of `garbage.py`: hears what changed, makes sure that owners are really gone, acts."""

from __future__ import annotations

from torana.api.kind import Ref
from torana.api.meta import OwnerReference
from torana.embedded.controllers import garbage
from torana.embedded.controllers.objects import Known, Objects
from torana.embedded.controllers.perform import perform
from torana.embedded.controllers.work import Work
from torana.kube.client import Client
from torana.kube.errors import ApiError


class GarbageCollector:
    """Deletes objects whose owners are gone. The queue holds uids."""

    def __init__(self, client: Client, objects: Objects) -> None:
        self._client = client
        self._objects = objects
        self._work = Work("garbage", self._attend, parallel=8)
        self._gone: dict[str, None] = {}
        """Uids seen to go, the latest last."""
        objects.on_change(self._on_change)

    async def run(self) -> None:
        await self._work.run()

    def _on_change(self, known: Known, is_gone: bool) -> None:
        uid = known.meta.uid
        if is_gone:
            self._gone[uid] = None
            if len(self._gone) > 10_000:
                self._gone.pop(next(iter(self._gone)))
            for each in self._objects.owned_by(uid):
                self._work.add(each.meta.uid)
        elif garbage.is_dying(known):
            if garbage.ORPHAN in known.meta.finalizers or garbage.FOREGROUND in known.meta.finalizers:
                self._work.add(uid)
        elif any(self._objects.get(owner.uid) is None for owner in known.meta.owner_references):
            self._work.add(uid)
        for owner in known.meta.owner_references:
            # A dependent that went may have been the last that its owner waited for.
            holder = self._objects.get(owner.uid)
            if holder is not None and garbage.is_dying(holder):
                self._work.add(owner.uid)

    async def _attend(self, uid: str) -> float | None:
        known = self._objects.get(uid)
        if known is None:
            return None
        if garbage.is_dying(known):
            dependents = self._objects.owned_by(uid)
            parents = {each.meta.uid for each in dependents if self._objects.owned_by(each.meta.uid)}
            actions = garbage.finalise(known, dependents, parents)
        else:
            gone = [owner.uid for owner in known.meta.owner_references if await self._is_gone(known, owner)]
            actions = garbage.collect(known, gone)
        _, again = await perform(self._client, actions)
        return again

    async def _is_gone(self, known: Known, owner: OwnerReference) -> bool:
        """Certain only if seen to go, or if the API server says so: an unknown owner may be known a moment later."""
        if self._objects.get(owner.uid) is not None:
            return False
        if owner.uid in self._gone:
            return True
        kind = self._objects.kind_of(owner.api_version, owner.kind)
        if kind is None:
            return False
        try:
            found = await self._client.get(kind, Ref(known.meta.namespace if kind.namespaced else "", owner.name))
        except ApiError as error:
            if error.is_not_found:
                return True
            raise
        return bool(found["metadata"]["uid"] != owner.uid)
