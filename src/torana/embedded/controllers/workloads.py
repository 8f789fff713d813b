"""How do Deployments become ReplicaSets, and those Pods? The edge of `deployments.py` and `replicasets.py`."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from torana.api.core.pod import POD
from torana.api.kind import Ref
from torana.embedded.controllers import deployments, replicasets
from torana.embedded.controllers.ownership import controller_of
from torana.embedded.controllers.perform import perform
from torana.embedded.controllers.stores import Stores
from torana.embedded.controllers.work import Work
from torana.kube.change import Change, Undecodable
from torana.kube.client import Client

EXPECTATION_S = 5.0


class Workloads:
    """Reconciles Deployments and ReplicaSets.

    A Pod that was just made may not have come back by the watch yet; deciding again without it would make another
    one. So a ReplicaSet is left alone until all Pods made for it were seen (or 5 s went by, should one have vanished
    at once).
    """

    def __init__(self, client: Client, stores: Stores) -> None:
        self._client = client
        self._stores = stores
        self._deployments = Work("deployments", self._reconcile_deployment)
        self._replica_sets = Work("replicasets", self._reconcile_replica_set)
        self._expected: dict[Ref, tuple[Ref, float]] = {}
        """Pods made and not yet seen, each with its ReplicaSet and a deadline."""
        self._seed = time.time_ns()
        stores.deployments.on_changes(self._on_deployments)
        stores.replica_sets.on_changes(self._on_replica_sets)
        stores.pods.on_changes(self._on_pods)

    async def run(self) -> None:
        await asyncio.gather(self._deployments.run(), self._replica_sets.run())

    # --- what changed ---

    def _on_deployments(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.object is not None:
                self._deployments.add(change.ref)

    def _on_replica_sets(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.synced or isinstance(change.object, Undecodable):
                continue
            if change.object is None:
                self._add_deployments_of(change.ref)
                continue
            self._replica_sets.add(change.ref)
            owner = controller_of(change.object.metadata)
            if owner is not None and owner.kind == "Deployment":
                self._deployments.add(Ref(change.ref.namespace, owner.name))

    def _add_deployments_of(self, gone: Ref) -> None:
        """A ReplicaSet that is gone no longer says whose it was; its name begins with its Deployment's."""
        self._deployments.add(Ref(gone.namespace, gone.name.rpartition("-")[0]))

    def _on_pods(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.synced or isinstance(change.object, Undecodable):
                continue
            self._expected.pop(change.ref, None)
            owner = controller_of(change.object.metadata) if change.object is not None else None
            if owner is not None and owner.kind == "ReplicaSet":
                self._replica_sets.add(Ref(change.ref.namespace, owner.name))
            elif change.object is None:
                replica_set = Ref(change.ref.namespace, change.ref.name.rpartition("-")[0])
                self._replica_sets.add(replica_set)
                self._add_deployments_of(replica_set)
            elif owner is None:
                for candidate in self._stores.replica_sets.by("namespace", change.ref.namespace):
                    self._replica_sets.add(candidate.metadata.ref)

    # --- what to do ---

    async def _reconcile_deployment(self, ref: Ref) -> float | None:
        stores = self._stores
        deployment = stores.deployments.get(ref)
        if deployment is None or not stores.pods.is_synced or not stores.replica_sets.is_synced:
            return None
        owned = (
            *stores.replica_sets.by("controller", deployment.metadata.uid),
            *(
                each
                for each in stores.replica_sets.by("namespace", ref.namespace)
                if deployments.is_adoptable(deployment, each)
            ),
        )
        pods = sum(len(stores.pods.by("controller", each.metadata.uid)) for each in owned)
        actions = deployments.decide(deployment, owned, pods, datetime.now(UTC))
        _, again = await perform(self._client, actions)
        return again

    async def _reconcile_replica_set(self, ref: Ref) -> float | None:
        stores = self._stores
        replica_set = stores.replica_sets.get(ref)
        if replica_set is None or not stores.pods.is_synced:
            return None
        wait_s = self._expectation(ref)
        if wait_s is not None:
            return wait_s
        pods = stores.pods.by("namespace", ref.namespace)
        self._seed += replicasets.BURST
        actions = replicasets.decide(replica_set, pods, self._seed, datetime.now(UTC))
        created, again = await perform(self._client, actions)
        for body in created:
            pod = Ref(body["metadata"].get("namespace", ""), body["metadata"]["name"])
            if body["kind"] == POD.kind and pod not in stores.pods:
                self._expected[pod] = (ref, time.monotonic() + EXPECTATION_S)
        return again

    def _expectation(self, replica_set: Ref) -> float | None:
        """How long to wait for Pods made earlier; None when none is awaited."""
        now = time.monotonic()
        for pod, (owner, deadline) in tuple(self._expected.items()):
            if pod in self._stores.pods or deadline < now:
                del self._expected[pod]
            elif owner == replica_set:
                return deadline - now
        return None
