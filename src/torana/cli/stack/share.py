"""Which loopback addresses are this home's? One share of sixteen, so that homes on one machine never meet.

All homes of a machine draw addresses from the same two networks. Two that drew the same address would not notice:
Envoys of one user may share a port, and requests to one home would reach the other. So each home claims a share.
The claim is a name in the kernel's abstract socket space, which is as wide as the loopback network and ends with its
process. Pods live on when their supervisor dies, so a share on which somebody listens is not free either, except to the
home it belonged to.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import msgspec

SHARES = 16
BALANCER_NETWORK = IPv4Network("127.77.0.0/16")
POD_NETWORK = IPv4Network("127.88.0.0/16")
LISTEN = "0A"


class NoShare(Exception):
    """Every share belongs to some home."""


class Share(msgspec.Struct, frozen=True):
    """One home's part of the loopback networks."""

    number: int

    @property
    def balancers(self) -> IPv4Network:
        """Addresses of Services of type LoadBalancer, so of Gateways."""
        return _part(BALANCER_NETWORK, self.number)

    @property
    def pods(self) -> IPv4Network:
        return _part(POD_NETWORK, self.number)

    @property
    def first_balancer(self) -> str:
        return str(self.balancers.network_address + 1)


@contextmanager
def claim_share(file: Path, prefix: str = "torana-share-") -> Iterator[Share]:
    """Claims the share remembered in `file`, else the first free one, and remembers it. Raises `NoShare`."""
    before = _read(file)
    others = [number for number in range(SHARES) if number != before]
    listening = listening_addresses(Path("/proc/net/tcp"))
    for number in ([] if before is None else [before]) + others:
        share = Share(number)
        if number != before and any(each in share.balancers or each in share.pods for each in listening):
            continue
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with claim:
            try:
                claim.bind(f"\0{prefix}{number}")
            except OSError:
                continue
            file.write_text(f"{number}\n")
            yield share
            return
    raise NoShare(
        f"all {SHARES} shares of {BALANCER_NETWORK} are in use by other homes of this machine: "
        f"stop one (see: pgrep -af 'torana up')"
    )


def listening_addresses(table: Path) -> set[IPv4Address]:
    """Addresses on which somebody of this machine listens, from a file like `/proc/net/tcp`."""
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return set()
    rows = (line.split() for line in lines)
    return {_address(row[1].partition(":")[0]) for row in rows if len(row) > 3 and row[3] == LISTEN}


def _address(hexadecimal: str) -> IPv4Address:
    """The kernel prints the four bytes as one number of this machine's byte order."""
    return IPv4Address(socket.htonl(int(hexadecimal, 16)))


def _part(network: IPv4Network, number: int) -> IPv4Network:
    return list(network.subnets(new_prefix=network.prefixlen + (SHARES - 1).bit_length()))[number]


def _read(file: Path) -> int | None:
    try:
        number = int(file.read_text())
    except (OSError, ValueError):
        return None
    return number if 0 <= number < SHARES else None
