"""How xDS resources are called. Names are made here and never taken apart again."""

from __future__ import annotations

from zlib import crc32

INVALID_CLUSTER = "torana.invalid"
"""A cluster that never exists: the share of traffic that goes to it is answered by Envoy itself."""

SCOPE_HEADER = "x-torana-scope"
"""Carries the scope key of a request inside Envoy; overwritten on arrival, removed before forwarding."""

SCOPE_FILTER = "torana.scope_fallback"


def shard_of(host: str, shards: int) -> int:
    """The shard that holds this exact host: the same in every process, evenly spread."""
    return crc32(host.encode()) % shards


def shard_table(table: str, shards: int, shard: int) -> str:
    """Name of the RouteConfiguration of one shard.

    The number of shards is part of it: a table that is split anew gets new RouteConfigurations beside the old ones, so
    that no host is without a route while its scope moves.
    """
    return f"{table}/{shard}.{shards}"


def wildcard_table(table: str) -> str:
    """Name of the RouteConfiguration with all wildcard and catch-all hosts of a sharded table."""
    return f"{table}/*"


def scope_prefix(table: str) -> str:
    """What every scope key of this table starts with.

    All HTTP connection managers of an Envoy share one SRDS subscription (seen on 1.40), so the keys of different tables
    must differ. Envoy cuts the key at the first colon, to lose the port of the Host header.
    """
    return table.replace(":", "|") + ";"


def scope_key(table: str, host: str) -> str:
    """The key of the scope for requests to an exact host, or with host `*` for those that no exact scope takes."""
    return scope_prefix(table) + host


def scope_name(table: str, host: str) -> str:
    return f"{table}/{host}"


def table_of_scope(name: str) -> str:
    """The table that a scope of this name, or an anchor, belongs to."""
    return name.rpartition("/")[0]


def anchor_key(table: str, shards: int, shard: int) -> str:
    """A key that no request has (theirs contain the `;` of the prefix at its place)."""
    return table.replace(":", "|") + f"#{shard}.{shards}"


def anchor_name(table: str, shards: int, shard: int) -> str:
    return f"{table}/#{shard}.{shards}"
