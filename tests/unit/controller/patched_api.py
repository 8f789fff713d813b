"""A Kubernetes API that takes every patch and tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web


@asynccontextmanager
async def an_api(written: asyncio.Queue[tuple[str, Any]]) -> AsyncIterator[str]:
    """Gives its URL; each patch goes to `written` as path and body."""

    async def take(request: web.Request) -> web.Response:
        written.put_nowait((request.path, orjson.loads(await request.read())))
        return web.json_response({})

    app = web.Application()
    app.router.add_patch("/{path:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()
