"""What does `torana up` tell other programs? `/readyz`, `/livez` and `/status` on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from torana.cli.stack.ports import HOST
from torana.cli.stack.readiness import Readiness


@asynccontextmanager
async def serve_status(
    port: int, ask: Callable[[], Awaitable[Readiness]], status: Callable[[], dict[str, Any]]
) -> AsyncIterator[str]:
    """Serves until the block ends; gives the URL. `/readyz` asks the components at every request."""

    async def readyz(_: web.Request) -> web.Response:
        readiness = await ask()
        return web.Response(status=200 if readiness.is_ready else 503, text=f"{readiness}\n")

    async def livez(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def show(_: web.Request) -> web.Response:
        return web.json_response(status())

    app = web.Application()
    app.add_routes([web.get("/readyz", readyz), web.get("/livez", livez), web.get("/status", show)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port, reuse_address=True).start()
        yield f"http://{HOST}:{port}"
    finally:
        await runner.cleanup()
