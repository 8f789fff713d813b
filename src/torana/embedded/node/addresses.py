"""Which loopback address does a Pod get?

Linux answers for all of 127.0.0.0/8 without any set-up, so an address needs no more than being nobody else's. The
pool hands out addresses in turn and remembers the last one, so that an address comes back only after the whole range
went by: clients that still hold an old address do not reach a stranger.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network

POD_NETWORK = IPv4Network("127.88.0.0/16")


class PoolExhausted(Exception):
    """Every address of the network is taken."""


def next_address(network: IPv4Network, taken: Collection[str], last: str) -> str:
    """The first free address after `last`, going round; network, gateway-like (.0, .1) and broadcast are left out."""
    first, size = int(network.network_address) + 2, network.num_addresses - 3
    start = int(IPv4Address(last)) + 1 if last and IPv4Address(last) in network else first
    for step in range(size):
        candidate = str(IPv4Address(first + (start - first + step) % size))
        if candidate not in taken:
            return candidate
    raise PoolExhausted(f"every address of {network} is taken")
