"""How does a class get a Gateway that a benchmark can use?

Creates the namespace and the Gateway, waits until it says it is programmed, and reads its address from its status, as
any client would.
"""

from __future__ import annotations

import asyncio
import time

from bench import documents
from bench.api import Api, Document, Refused


async def prepare(api: Api, class_name: str, backends: dict[str, tuple[str, int]], *, deadline_s: float = 60) -> str:
    """Namespace, one Service per entry of `backends` (name → address and port) and the Gateway are there.

    Returns the Gateway's address.
    """
    await _create(api, documents.namespace())
    for name, (address, port) in backends.items():
        for document in documents.service(name, address, port):
            await api.ensure(document)
    await api.ensure(documents.gateway(class_name))
    return await programmed(api, deadline_s=deadline_s)


async def programmed(api: Api, *, deadline_s: float = 60) -> str:
    """Waits until the Gateway is programmed as it stands; returns its first address."""
    end = time.monotonic() + deadline_s
    while True:
        gateway = await api.get("Gateway", documents.NAMESPACE, documents.GATEWAY)
        conditions = gateway.get("status", {}).get("conditions", [])
        addresses = gateway.get("status", {}).get("addresses", [])
        if addresses and any(_is_programmed(each, gateway) for each in conditions):
            return str(addresses[0]["value"])
        if time.monotonic() > end:
            told = "; ".join(f"{each['type']}={each['status']} {each.get('message', '')}" for each in conditions)
            raise TimeoutError(f"Gateway bench/bench is not programmed after {deadline_s:.0f} s: {told or 'no status'}")
        await asyncio.sleep(0.05)


async def attached_routes(api: Api) -> int:
    """What the Gateway's status says of its first listener; -1 when it says nothing."""
    gateway = await api.get("Gateway", documents.NAMESPACE, documents.GATEWAY)
    listeners = gateway.get("status", {}).get("listeners", [])
    return int(listeners[0]["attachedRoutes"]) if listeners else -1


async def clear(api: Api, *, deadline_s: float = 120) -> None:
    """The namespace and all in it are gone."""
    await api.delete("Namespace", "", documents.NAMESPACE)
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        try:
            await api.get("Namespace", "", documents.NAMESPACE)
        except Refused:
            return
        await asyncio.sleep(0.1)


async def _create(api: Api, document: Document) -> None:
    try:
        await api.create(document)
    except Refused as refusal:
        if refusal.status != 409:
            raise


def _is_programmed(condition: Document, gateway: Document) -> bool:
    current = condition.get("observedGeneration", 0) == gateway["metadata"].get("generation")
    return bool(condition["type"] == "Programmed" and condition["status"] == "True" and current)
