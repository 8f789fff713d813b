"""How do Services get addresses and EndpointSlices? The edge of `services.py` and `endpointslices.py`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from ipaddress import IPv4Network

from torana.api.core.pod import Pod
from torana.api.core.service import Service
from torana.api.kind import Ref
from torana.embedded.controllers import endpointslices
from torana.embedded.controllers.action import Action
from torana.embedded.controllers.perform import perform
from torana.embedded.controllers.selector import chooses_labels
from torana.embedded.controllers.services import (
    CLUSTER_NETWORK,
    Denied,
    Taken,
    balancer_actions,
    choose_balancer,
    cluster_patch,
    ingress_address,
    next_free,
    wants_balancer,
    wants_cluster_address,
)
from torana.embedded.controllers.stores import Stores
from torana.embedded.controllers.work import Work
from torana.kube.change import Change, Undecodable
from torana.kube.client import Client


class Networking:
    """Reconciles Services, each in two queues: one hands out addresses, one at a time; the other writes slices."""

    def __init__(self, client: Client, stores: Stores, balancer_network: IPv4Network) -> None:
        self._client = client
        self._network = balancer_network
        self._stores = stores
        self._addresses = Work("services", self._assign, parallel=1)
        self._endpoints = Work("endpointslices", self._publish)
        self._cluster: dict[str, str] = {}
        self._balancer: dict[str, str] = {}
        self._last_cluster = ""
        self._last_balancer = ""
        self._chosen: dict[Ref, frozenset[Ref]] = {}
        """The Services that chose a Pod when it was last seen: they must hear of it when it is gone or relabelled."""
        stores.services.on_changes(self._on_services)
        stores.pods.on_changes(self._on_pods)
        stores.slices.on_changes(self._on_slices)

    async def run(self) -> None:
        await asyncio.gather(self._addresses.run(), self._endpoints.run())

    # --- what changed ---

    def _on_services(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.synced or isinstance(change.object, Undecodable):
                continue
            self._endpoints.add(change.ref)
            self._addresses.add(change.ref)
            if change.object is None:
                self._retry_denied()

    def _retry_denied(self) -> None:
        """An address may be free now that others asked for."""
        for service in self._stores.services:
            if wants_balancer(service) and not ingress_address(service):
                self._addresses.add(service.metadata.ref)

    def _on_pods(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.synced or isinstance(change.object, Undecodable):
                continue
            before = self._chosen.pop(change.ref, frozenset())
            now = self._choosing(change.object) if change.object is not None else frozenset()
            if now:
                self._chosen[change.ref] = now
            for service in before | now:
                self._endpoints.add(service)

    def _choosing(self, pod: Pod) -> frozenset[Ref]:
        services = self._stores.services.by("namespace", pod.metadata.namespace)
        return frozenset(
            each.metadata.ref for each in services if chooses_labels(each.spec.selector, pod.metadata.labels)
        )

    def _on_slices(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.object is not None and not isinstance(change.object, Undecodable):
                name = change.object.metadata.labels.get(endpointslices.SERVICE_NAME, "")
            else:
                name = change.ref.name.rpartition("-")[0]
            if name:
                self._endpoints.add(Ref(change.ref.namespace, name))

    # --- what to do ---

    async def _publish(self, ref: Ref) -> float | None:
        stores = self._stores
        if not stores.pods.is_synced or not stores.slices.is_synced:
            return 0.02
        slices = stores.slices.by("service", (ref.namespace, ref.name))
        service: Service | None = stores.services.get(ref)
        if service is None:
            # Its slices are owned by it, and go with it.
            return None
        pods = [
            pod
            for pod in stores.pods.by("namespace", ref.namespace)
            if chooses_labels(service.spec.selector, pod.metadata.labels)
        ]
        for pod in pods:
            self._chosen[pod.metadata.ref] = self._chosen.get(pod.metadata.ref, frozenset()) | {ref}
        _, again = await perform(self._client, endpointslices.decide(service, pods, slices))
        return again

    async def _assign(self, ref: Ref) -> float | None:
        """One at a time, on what is known to be handed out, so that no two Services get the same address."""
        if not self._stores.services.is_synced:
            return 0.02
        self._learn()
        service: Service | None = self._stores.services.get(ref)
        if service is None:
            return None
        actions: list[Action] = []
        uid = service.metadata.uid
        if wants_cluster_address(service) and uid not in self._cluster.values():
            address = next_free(CLUSTER_NETWORK, self._cluster, self._last_cluster)
            if address:
                self._cluster[address] = uid
                self._last_cluster = address
                actions.append(cluster_patch(service, address))
        decision: str | Denied | None = None
        if wants_balancer(service):
            decision = choose_balancer(
                service, Taken(self._cluster, self._balancer), self._last_balancer, self._network
            )
            if isinstance(decision, str):
                self._balancer = {each: owner for each, owner in self._balancer.items() if owner != uid}
                self._balancer[decision] = uid
                if not service.spec.load_balancer_ip:
                    self._last_balancer = decision
        actions += balancer_actions(service, decision, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        try:
            _, again = await perform(self._client, actions)
        except Exception:
            self._cluster = {each: owner for each, owner in self._cluster.items() if owner != uid}
            raise
        return again

    def _learn(self) -> None:
        """Addresses of Services that are gone are free; those that Services already have are theirs."""
        services = tuple(self._stores.services)
        uids = {service.metadata.uid for service in services}
        self._cluster = {address: uid for address, uid in self._cluster.items() if uid in uids}
        self._balancer = {address: uid for address, uid in self._balancer.items() if uid in uids}
        for service in sorted(services, key=lambda each: (each.metadata.creation_timestamp, each.metadata.name)):
            uid = service.metadata.uid
            if service.spec.cluster_ip not in ("", "None"):
                self._cluster.setdefault(service.spec.cluster_ip, uid)
            address = ingress_address(service)
            if address and wants_balancer(service) and uid not in self._balancer.values():
                self._balancer.setdefault(address, uid)
