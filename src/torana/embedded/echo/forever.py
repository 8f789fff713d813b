"""How do servers go on until they are told to end?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable


async def until_cancelled(servers: Iterable[asyncio.Server]) -> None:
    """Servers that accept connections already. They are closed at once when cancelled, whoever is connected.

    `asyncio.Server.serve_forever` would wait until the last client has gone (from Python 3.12 on).
    """
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        for server in servers:
            server.close()
