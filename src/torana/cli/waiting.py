"""When is an object as we want it? Watches one object until it is, and says in its own words why it is not yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from torana.api.kind import Kind, Ref
from torana.kube.change import Change, Undecodable
from torana.kube.client import Client
from torana.kube.reflector import reflect

Lack = Callable[[Mapping[str, Any]], str]
"""What an object still lacks, in words; empty when it is as wanted."""


class NotInTime(Exception):
    """The object did not become as wanted. The message says what it lacked last."""


async def wait_for(
    client: Client, kind: Kind, ref: Ref, lack: Lack, timeout_s: float, tell: Callable[[str], None]
) -> dict[str, Any]:
    """The object, once it lacks nothing. Tells each new lack. Raises `NotInTime`."""
    found: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    lacks = [f"{kind.kind} {ref} does not exist yet"]

    def look(changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.synced or change.ref != ref or change.object is None or isinstance(change.object, Undecodable):
                continue
            plain = msgspec.to_builtins(change.object)
            missing = lack(plain)
            if not missing and not found.done():
                found.set_result(plain)
            if missing and missing != lacks[-1]:
                lacks.append(missing)
                tell(missing)

    watching = asyncio.create_task(reflect(client, kind, look, namespace=ref.namespace))
    try:
        return await asyncio.wait_for(found, timeout_s)
    except TimeoutError as error:
        raise NotInTime(f"{kind.kind} {ref} was not as wanted after {timeout_s:.0f} s: {lacks[-1]}") from error
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def lacks_conditions(*types: str, of: str = "") -> Lack:
    """Lacks nothing when these conditions are True for the current generation. `of` names an entry list in status."""

    def lack(obj: Mapping[str, Any]) -> str:
        status = obj.get("status") or {}
        holders = (status.get(of) or ({},)) if of else (status,)
        generation = int(obj["metadata"].get("generation") or 0)
        said = (_lack_of(holder, type, generation) for holder in holders for type in types)
        return next((words for words in said if words), "")

    return lack


def _lack_of(holder: Mapping[str, Any], type: str, generation: int) -> str:
    condition = next((each for each in holder.get("conditions") or () if each.get("type") == type), None)
    if condition is None:
        return f"not {type} yet"
    if condition.get("status") != "True":
        return f"{type} is {condition.get('status')}: {condition.get('reason')}: {condition.get('message')}"
    seen = condition.get("observedGeneration")
    return f"{type} is not about the newest generation yet" if seen is not None and int(seen) < generation else ""
