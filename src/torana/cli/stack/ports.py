"""Which ports does this data directory use? Kept, so that Envoys of an earlier run find their controller again."""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec

from torana.cli.stack.told import tell

HOST = "127.0.0.1"
FIRST_PORT = 18000
PORTS_PER_SHARE = 10


class Ports(msgspec.Struct, frozen=True):
    """Loopback ports of one data directory."""

    api: int
    xds: int
    controller_health: int
    status: int


class PortTaken(Exception):
    """The port that the user asked for belongs to another process."""


def choose_ports(file: Path, api: int, share: int) -> Ports:
    """The ports of last time where they are free, others where not; kept in `file`. `api` 0 means any.

    Homes that start at the same moment do not meet: each begins at ports of its own share. Raises `PortTaken` when the
    API port that was asked for is taken: clients expect it there.
    """
    before = _read(file)
    if api and not is_free(api):
        raise PortTaken(
            f"port {api} on {HOST} is taken by another process (see: ss -ltnp 'sport = :{api}'). "
            f"Choose another with --port."
        )
    taken: set[int] = set()
    first = FIRST_PORT + share * PORTS_PER_SHARE
    ports = Ports(
        api=api or _choose(before.api if before else 0, taken),
        xds=_choose(before.xds if before else first + 0, taken),
        controller_health=_choose(before.controller_health if before else first + 1, taken),
        status=_choose(before.status if before else first + 2, taken),
    )
    tell(file, ports)
    return ports


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _choose(preferred: int, taken: set[int]) -> int:
    if preferred and preferred not in taken and is_free(preferred):
        taken.add(preferred)
        return preferred
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            taken.add(port)
            return port


def _read(file: Path) -> Ports | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Ports)
    except (OSError, msgspec.DecodeError):
        return None
