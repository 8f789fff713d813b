"""What is going on now? A picture of the Gateways that follows the API, drawn on the terminal or told in lines."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from rich.console import Console, Group
from rich.live import Live

from torana.api.core.deployment import DEPLOYMENT
from torana.api.gateway import GATEWAY
from torana.api.gateway_class import GATEWAY_CLASS
from torana.cli.screen.rows import GatewayRow, class_rows, gateway_rows
from torana.cli.screen.tables import class_table, component_table, gateway_table
from torana.cli.stack.stack import Stack
from torana.kube.cache import Cache
from torana.kube.change import Change
from torana.kube.client import Client
from torana.kube.reflector import reflect

REDRAW_S = 0.1
"""Changes of a burst are drawn together."""
COMPONENTS_S = 1.0
"""The components tell of no changes; they are looked at this often."""


class Picture:
    """Live copies of what the picture shows."""

    def __init__(self) -> None:
        self.classes, self.gateways, self.deployments = Cache(GATEWAY_CLASS), Cache(GATEWAY), Cache(DEPLOYMENT)
        self.changed = asyncio.Event()

    @asynccontextmanager
    async def follow(self, client: Client) -> AsyncIterator[None]:
        """Keeps the copies fresh for the time of the block."""
        selector = {DEPLOYMENT.plural: "app.kubernetes.io/component=proxy"}
        tasks = []
        for cache in (self.classes, self.gateways, self.deployments):
            cache.on_changes(self._on_changes)
            label = selector.get(cache.kind.plural, "")
            tasks.append(asyncio.create_task(reflect(client, cache.kind, cache.apply, label_selector=label)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def gateway_rows(self) -> list[GatewayRow]:
        return gateway_rows(_plain(self.gateways), _plain(self.deployments))

    def draw(self, stack: Stack) -> Group:
        parts: list[Any] = [component_table(stack.children, stack.readiness.components), ""]
        if len(self.classes):
            parts += [class_table(class_rows(_plain(self.classes))), ""]
        rows = self.gateway_rows()
        parts.append(gateway_table(rows) if rows else "no Gateways yet: kubectl apply one, or see `torana quickstart`")
        return Group(*parts)

    def _on_changes(self, _: tuple[Change, ...]) -> None:
        self.changed.set()


async def draw_live(stack: Stack, picture: Picture, console: Console) -> None:
    """Keeps a table at the bottom of the terminal until cancelled."""
    with Live(picture.draw(stack), console=console, auto_refresh=False, transient=True) as live:
        while True:
            picture.changed.clear()
            live.update(picture.draw(stack), refresh=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(picture.changed.wait(), COMPONENTS_S)
            await asyncio.sleep(REDRAW_S)


async def tell_changes(picture: Picture, tell: Callable[[str], None]) -> None:
    """Tells one line for each Gateway whose state became another, until cancelled."""
    known: dict[str, str] = {}
    while True:
        await picture.changed.wait()
        picture.changed.clear()
        lines = {f"{row.namespace}/{row.name}": describe_gateway(row) for row in picture.gateway_rows()}
        for name, line in lines.items():
            if known.get(name) != line:
                tell(f"Gateway {name}: {line}")
        for name in known.keys() - lines.keys():
            tell(f"Gateway {name}: deleted")
        known = lines


def describe_gateway(row: GatewayRow) -> str:
    """The state of a Gateway in one line; without what changes all the time."""
    if row.programmed == "True":
        routes = f"{row.attached_routes} route{'' if row.attached_routes == 1 else 's'}"
        return f"programmed at {', '.join(row.addresses) or 'no address'}, {routes}"
    return row.message or "not programmed yet"


def _plain(cache: Cache) -> list[Any]:
    return [msgspec.to_builtins(obj) | {"kind": cache.kind.kind} for obj in cache]
