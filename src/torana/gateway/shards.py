"""Into how many shards a route table is split.

A table costs the proxy some 11 µs per host at every change, so past `SHARDS_ABOVE` hosts it is split, aiming at
`HOSTS_PER_SHARD`. The number in use is an input (`current`), and is kept as long as it is within reason: a table that
grows or shrinks around a threshold does not flap.
"""

from __future__ import annotations

from torana.proxy.limits import SHARDS_ABOVE

HOSTS_PER_SHARD = 16
MIN_SHARDS = 4
MAX_SHARDS = 1024


def shard_count(hosts: int, current: int, above: int = SHARDS_ABOVE) -> int:
    """0 for one plain table, else a power of two. Tables with more hosts than `above` are split."""
    if current == 0:
        return _ideal(hosts) if hosts > above else 0
    if hosts < above // 2:
        return 0
    per_shard = hosts / current
    if HOSTS_PER_SHARD / 8 <= per_shard <= HOSTS_PER_SHARD * 2 or (
        current == MIN_SHARDS and per_shard <= HOSTS_PER_SHARD * 2
    ):
        return current
    return _ideal(hosts)


def _ideal(hosts: int) -> int:
    count = MIN_SHARDS
    while count < MAX_SHARDS and hosts > count * HOSTS_PER_SHARD:
        count *= 2
    return count
