"""How do the small controllers run? All in one task group, over shared caches."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Network

from torana.api.registry import KINDS
from torana.embedded.controllers.collection import GarbageCollector
from torana.embedded.controllers.namespaces import Namespaces
from torana.embedded.controllers.networking import Networking
from torana.embedded.controllers.objects import Objects
from torana.embedded.controllers.services import BALANCER_NETWORK
from torana.embedded.controllers.stores import Stores
from torana.embedded.controllers.workloads import Workloads
from torana.kube.client import Client

UNOWNED = ("Event", "Lease", "Node")
"""Kinds that change often and that nobody owns: watching them for garbage would cost more than it finds."""


async def run(client: Client, balancer_network: IPv4Network = BALANCER_NETWORK) -> None:
    """Runs all controllers until cancelled."""
    stores, objects = Stores(), Objects(kind for kind in KINDS if kind.kind not in UNOWNED)
    parts = (
        Workloads(client, stores),
        Networking(client, stores, balancer_network),
        GarbageCollector(client, objects),
        Namespaces(client, stores.namespaces, objects, KINDS),
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(stores.run(client))
        group.create_task(objects.run(client))
        await stores.wait_synced()
        for part in parts:
            group.create_task(part.run())
