"""Where the controller says how it is: `/healthz`, `/readyz` and `/metrics` over plain HTTP."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web


async def serve_health(host: str, port: int, not_ready: Callable[[], str], metrics: Callable[[], str]) -> web.AppRunner:
    """Listen; `not_ready` says what is still missing, "" for nothing. The caller cleans the runner up."""

    async def healthz(request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(request: web.Request) -> web.Response:
        missing = not_ready()
        return web.Response(text=f"not ready: {missing}\n", status=503) if missing else web.Response(text="ok\n")

    async def measures(request: web.Request) -> web.Response:
        return web.Response(text=metrics(), content_type="text/plain")

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", measures)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
