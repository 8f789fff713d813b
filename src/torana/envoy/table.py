"""How framed hosts are joined into route tables, and how sharded tables are found by scope."""

from __future__ import annotations

from collections.abc import Sequence

from torana.envoy import messages as pb
from torana.envoy import names, wire
from torana.envoy.filters import on_demand
from torana.envoy.resource import Resource, ResourceType, from_bytes, from_message
from torana.envoy.scope_fallback import disabled_fallback

_NAME = 1
"""Field number of `RouteConfiguration.name`."""


def _settings() -> bytes:
    """What every RouteConfiguration says after its name and hosts."""
    message = pb.RouteConfiguration(
        ignore_port_in_host_matching=True,
        request_headers_to_remove=[names.SCOPE_HEADER],
    )
    message.typed_per_filter_config[names.SCOPE_FILTER].CopyFrom(disabled_fallback())
    on_demand.disable(message)
    return bytes(message.SerializeToString(deterministic=True))


_SETTINGS = _settings()


def render_table(name: str, fragments: Sequence[bytes]) -> Resource:
    """The RouteConfiguration of these hosts, framed by `render_host`. Envoy refuses two with one domain."""
    return from_bytes(ResourceType.RDS, name, b"".join((wire.text(_NAME, name), *fragments, _SETTINGS)))


def render_scope(table: str, host: str, shard_name: str) -> Resource:
    """Sends requests for an exact host (`*`: for hosts without a scope) to the RouteConfiguration `shard_name`."""
    return _scope(names.scope_name(table, host), names.scope_key(table, host), shard_name)


def render_anchor(table: str, shards: int, shard: int) -> Resource:
    """A scope that no request has. It keeps the shard's table in Envoy, so that real scopes never wait for it."""
    name, key = names.anchor_name(table, shards, shard), names.anchor_key(table, shards, shard)
    return _scope(name, key, names.shard_table(table, shards, shard))


def _scope(name: str, key: str, table: str) -> Resource:
    message = pb.ScopedRouteConfiguration(name=name, route_configuration_name=table)
    message.key.fragments.add(string_key=key)
    return from_message(ResourceType.SRDS, name, message, needs=((ResourceType.RDS, table),))
