"""What do the controllers see? One cache per kind, with the indexes they need, and who listens to which."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable
from typing import Any

from torana.api.core.deployment import DEPLOYMENT
from torana.api.core.endpoint_slice import ENDPOINT_SLICE
from torana.api.core.namespace import NAMESPACE
from torana.api.core.pod import POD
from torana.api.core.replica_set import REPLICA_SET
from torana.api.core.service import SERVICE
from torana.embedded.controllers.endpointslices import SERVICE_NAME
from torana.embedded.controllers.ownership import controller_of
from torana.kube.cache import Cache
from torana.kube.client import Client
from torana.kube.reflector import reflect


def _namespace(obj: Any) -> Iterable[Hashable]:
    return (obj.metadata.namespace,)


def _controller(obj: Any) -> Iterable[Hashable]:
    owner = controller_of(obj.metadata)
    return (owner.uid,) if owner is not None else ()


def _service(obj: Any) -> Iterable[Hashable]:
    name = obj.metadata.labels.get(SERVICE_NAME)
    return ((obj.metadata.namespace, name),) if name else ()


class Stores:
    """The caches, by kind."""

    def __init__(self) -> None:
        self.deployments = Cache(DEPLOYMENT)
        self.replica_sets = Cache(REPLICA_SET, {"controller": _controller, "namespace": _namespace})
        self.pods = Cache(POD, {"controller": _controller, "namespace": _namespace})
        self.services = Cache(SERVICE, {"namespace": _namespace})
        self.slices = Cache(ENDPOINT_SLICE, {"service": _service})
        self.namespaces = Cache(NAMESPACE)
        self.all = (
            self.deployments,
            self.replica_sets,
            self.pods,
            self.services,
            self.slices,
            self.namespaces,
        )

    async def run(self, client: Client) -> None:
        """Keeps all caches current until cancelled."""
        async with asyncio.TaskGroup() as group:
            for cache in self.all:
                group.create_task(reflect(client, cache.kind, cache.apply))

    async def wait_synced(self) -> None:
        await asyncio.gather(*(cache.wait_synced() for cache in self.all))
