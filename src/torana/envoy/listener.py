"""How a bind becomes a listener, and how its chains speak HTTP."""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.envoy import names
from torana.envoy.filters import on_demand
from torana.envoy.resource import Key, Resource, ResourceType, from_message
from torana.envoy.scope_fallback import fallback_filter, set_scope
from torana.envoy.secret import terminate_tls
from torana.envoy.stream import tcp_filter, udp_filter
from torana.proxy.bind import Bind, Chain, StreamChain
from torana.proxy.route import Table

_HEADERS_TIMEOUT_MS = 10_000
_MOST_CONCURRENT_STREAMS = 100
_STREAM_WINDOW = 64 * 1024
_CONNECTION_WINDOW = 1024 * 1024


def render_bind(bind: Bind, address: str = "0.0.0.0") -> Resource:
    """The listener. `address` is where the proxy's node wants its listeners, for a bind without one of its own."""
    message = pb.Listener(name=bind.name, enable_reuse_port={"value": True})
    socket = message.address.socket_address
    socket.address = bind.address or address
    socket.port_value = bind.port
    socket.ipv4_compat = socket.address == "::"
    if bind.protocol == "UDP":
        return _udp(bind, message)
    if bind.protocol in ("HTTPS", "TLS"):
        inspector = pb.packed(pb.TlsInspector())
        message.listener_filters.add(name="envoy.filters.listener.tls_inspector", typed_config=inspector)
    message.filter_chains.extend(_chain(bind, chain) for chain in bind.chains)
    origins = (bind.origin, *(chain.origin for chain in bind.chains))
    needs = tuple(dict.fromkeys(need for chain in bind.chains for need in _needs(chain)))
    return from_message(ResourceType.LDS, bind.name, message, needs=needs, origins=origins)


def _udp(bind: Bind, message: pb.Listener) -> Resource:
    message.address.socket_address.protocol = pb.SocketAddress.UDP
    message.listener_filters.extend(udp_filter(chain) for chain in bind.chains if isinstance(chain, StreamChain))
    origins = (bind.origin, *(chain.origin for chain in bind.chains))
    return from_message(ResourceType.LDS, bind.name, message, origins=origins)


def _needs(chain: Chain | StreamChain) -> list[Key]:
    secrets: list[Key] = [(ResourceType.SDS, name) for name in chain.certificates]
    if isinstance(chain, StreamChain):
        return secrets
    table: Key = (ResourceType.SRDS, "") if chain.table.shards else (ResourceType.RDS, chain.table.name)
    return [table, *secrets]


def _chain(bind: Bind, chain: Chain | StreamChain) -> pb.FilterChain:
    rendered = pb.FilterChain(name=chain.name)
    if chain.server_names:
        rendered.filter_chain_match.server_names.extend(chain.server_names)
    if isinstance(chain, StreamChain):
        # What is not TLS has no business on a port that passes TLS on.
        rendered.filter_chain_match.transport_protocol = "tls" if bind.protocol in ("HTTPS", "TLS") else ""
        if chain.certificates:
            rendered.transport_socket.CopyFrom(terminate_tls(chain.certificates, ()))
        rendered.filters.append(tcp_filter(chain))
        return rendered
    if chain.certificates:
        rendered.transport_socket.CopyFrom(terminate_tls(chain.certificates, validation=chain.client_validation))
    manager = pb.packed(_connection_manager(bind, chain.table))
    rendered.filters.add(name="envoy.filters.network.http_connection_manager", typed_config=manager)
    return rendered


def _connection_manager(bind: Bind, table: Table) -> pb.HttpConnectionManager:
    manager = pb.HttpConnectionManager(
        stat_prefix=bind.name,
        # AUTO also takes HTTP/2 with prior knowledge on plain text.
        codec_type=pb.HttpConnectionManager.AUTO,
        use_remote_address={"value": True},
        server_header_transformation=pb.HttpConnectionManager.PASS_THROUGH,
        # Dot segments must not slip past a route; double slashes are kept, an exact path may contain them.
        normalize_path={"value": True},
        merge_slashes=False,
        # An escaped slash means different things to different backends: %2f must not climb out of a route.
        path_with_escaped_slashes_action=pb.HttpConnectionManager.UNESCAPE_AND_REDIRECT,
        # Timeouts of requests are asked for in routes. An idle stream may live: server push, websockets, gRPC.
        stream_idle_timeout=pb.duration_ms(0),
        request_headers_timeout=pb.duration_ms(_HEADERS_TIMEOUT_MS),
        upgrade_configs=[{"upgrade_type": "websocket"}],
        http2_protocol_options={
            "max_concurrent_streams": {"value": _MOST_CONCURRENT_STREAMS},
            "initial_stream_window_size": {"value": _STREAM_WINDOW},
            "initial_connection_window_size": {"value": _CONNECTION_WINDOW},
        },
    )
    _set_table(manager, table)
    manager.http_filters.extend(on_demand.chain_filters(table))
    router = pb.Router(dynamic_stats={"value": False}, suppress_envoy_headers=True)
    manager.http_filters.add(name="envoy.filters.http.router", typed_config=pb.packed(router))
    return manager


def _set_table(manager: pb.HttpConnectionManager, table: Table) -> None:
    """Plain tables by name; sharded ones by the scope of the request."""
    if not table.shards:
        manager.rds.route_config_name = table.name
        manager.rds.config_source.CopyFrom(pb.ads())
        return
    manager.early_header_mutation_extensions.append(set_scope(table.name))
    scoped = manager.scoped_routes
    scoped.name = "scopes"
    scoped.rds_config_source.CopyFrom(pb.ads())
    scoped.scoped_rds.scoped_rds_config_source.CopyFrom(pb.ads())
    extractor = scoped.scope_key_builder.fragments.add().header_value_extractor
    extractor.name = names.SCOPE_HEADER
    extractor.element_separator = ":"
    extractor.index = 0
    manager.http_filters.append(fallback_filter())
