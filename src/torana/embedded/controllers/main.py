"""How do the small controllers run? All in one task group, over shared caches."""

from __future__ import annotations

import asyncio

from torana.embedded.controllers.networking import Networking
from torana.embedded.controllers.stores import Stores
from torana.embedded.controllers.workloads import Workloads
from torana.kube.client import Client


async def run(client: Client) -> None:
    """Runs all controllers until cancelled."""
    stores = Stores()
    workloads, networking = Workloads(client, stores), Networking(client, stores)
    async with asyncio.TaskGroup() as group:
        group.create_task(stores.run(client))
        await stores.wait_synced()
        for part in (workloads, networking):
            group.create_task(part.run())
