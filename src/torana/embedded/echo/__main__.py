"""Runs the echo server: `python -m torana.embedded.echo [http|tcp|udp|grpc|dns]`; the environment decides what is
not said.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys

from torana.embedded.echo.output import complain
from torana.embedded.echo.settings import read_settings

MODES = ("http", "tcp", "udp", "grpc", "dns")


async def run(mode: str) -> None:
    settings = read_settings(os.environ, mode)
    # One module per mode, imported only when chosen: a server that starts fast imports little.
    server = importlib.import_module(f"torana.embedded.echo.{settings.mode}_mode")
    task = asyncio.ensure_future(server.serve(settings))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


def main(arguments: list[str]) -> int:
    mode = arguments[0] if arguments and arguments[0] in MODES else ""
    try:
        asyncio.run(run(mode))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0
    except (OSError, ValueError) as error:
        complain(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
