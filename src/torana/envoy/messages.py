"""The Envoy v3 messages that this package writes, under one name each (`from torana.envoy import messages as pb`)."""

from __future__ import annotations

from envoy.config.bootstrap.v3.bootstrap_pb2 import Bootstrap
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.address_pb2 import SocketAddress
from envoy.config.core.v3.base_pb2 import HeaderValueOption, Node, TransportSocket
from envoy.config.core.v3.config_source_pb2 import AggregatedConfigSource, ApiVersion, ConfigSource
from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig
from envoy.config.core.v3.protocol_pb2 import Http2ProtocolOptions
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.config.listener.v3.listener_components_pb2 import Filter, FilterChain, ListenerFilter
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_components_pb2 import (
    DirectResponseAction as DirectResponse,
)
from envoy.config.route.v3.route_components_pb2 import (
    FilterConfig,
    HeaderMatcher,
    QueryParameterMatcher,
    RedirectAction,
    RetryPolicy,
    Route,
    RouteAction,
    RouteList,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.config.route.v3.scoped_route_pb2 import ScopedRouteConfiguration
from envoy.extensions.common.matching.v3.extension_matcher_pb2 import ExtensionWithMatcher, ExtensionWithMatcherPerRoute
from envoy.extensions.filters.http.composite.v3.composite_pb2 import Composite, ExecuteFilterAction
from envoy.extensions.filters.http.cors.v3.cors_pb2 import Cors as CorsFilter
from envoy.extensions.filters.http.cors.v3.cors_pb2 import CorsPolicy
from envoy.extensions.filters.http.ext_authz.v3.ext_authz_pb2 import ExtAuthz
from envoy.extensions.filters.http.lua.v3.lua_pb2 import Lua, LuaPerRoute
from envoy.extensions.filters.http.router.v3.router_pb2 import Router
from envoy.extensions.filters.listener.tls_inspector.v3.tls_inspector_pb2 import TlsInspector
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import (
    HttpConnectionManager,
    HttpFilter,
    ScopedRoutes,
)
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy
from envoy.extensions.filters.udp.udp_proxy.v3.route_pb2 import Route as UdpRoute
from envoy.extensions.filters.udp.udp_proxy.v3.udp_proxy_pb2 import UdpProxyConfig
from envoy.extensions.http.early_header_mutation.header_mutation.v3.header_mutation_pb2 import HeaderMutation
from envoy.extensions.matching.common_inputs.network.v3.network_inputs_pb2 import SourcePortInput
from envoy.extensions.matching.input_matchers.consistent_hashing.v3.consistent_hashing_pb2 import ConsistentHashing
from envoy.extensions.retry.host.previous_hosts.v3.previous_hosts_pb2 import PreviousHostsPredicate
from envoy.extensions.transport_sockets.tls.v3.common_pb2 import CertificateValidationContext, SubjectAltNameMatcher
from envoy.extensions.transport_sockets.tls.v3.secret_pb2 import SdsSecretConfig, Secret
from envoy.extensions.transport_sockets.tls.v3.tls_pb2 import CommonTlsContext, DownstreamTlsContext, UpstreamTlsContext
from envoy.extensions.upstreams.http.v3.http_protocol_options_pb2 import HttpProtocolOptions
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse
from envoy.type.matcher.v3.http_inputs_pb2 import HttpRequestHeaderMatchInput
from envoy.type.matcher.v3.regex_pb2 import RegexMatchAndSubstitute, RegexMatcher
from envoy.type.matcher.v3.string_pb2 import ListStringMatcher, StringMatcher
from envoy.type.v3.percent_pb2 import FractionalPercent
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from xds.type.matcher.v3.matcher_pb2 import Matcher

__all__ = [
    "AggregatedConfigSource",
    "Any",
    "ApiVersion",
    "Bootstrap",
    "CertificateValidationContext",
    "Cluster",
    "ClusterLoadAssignment",
    "CommonTlsContext",
    "Composite",
    "ConfigSource",
    "ConsistentHashing",
    "CorsFilter",
    "CorsPolicy",
    "DeltaDiscoveryRequest",
    "DeltaDiscoveryResponse",
    "DirectResponse",
    "DownstreamTlsContext",
    "Duration",
    "ExecuteFilterAction",
    "ExtAuthz",
    "ExtensionWithMatcher",
    "ExtensionWithMatcherPerRoute",
    "Filter",
    "FilterChain",
    "FilterConfig",
    "FractionalPercent",
    "HeaderMatcher",
    "HeaderMutation",
    "HeaderValueOption",
    "Http2ProtocolOptions",
    "HttpConnectionManager",
    "HttpFilter",
    "HttpProtocolOptions",
    "HttpRequestHeaderMatchInput",
    "ListStringMatcher",
    "Listener",
    "ListenerFilter",
    "Lua",
    "LuaPerRoute",
    "Matcher",
    "Message",
    "Node",
    "PreviousHostsPredicate",
    "QueryParameterMatcher",
    "RedirectAction",
    "RegexMatchAndSubstitute",
    "RegexMatcher",
    "RetryPolicy",
    "Route",
    "RouteAction",
    "RouteConfiguration",
    "RouteList",
    "RouteMatch",
    "Router",
    "ScopedRouteConfiguration",
    "ScopedRoutes",
    "SdsSecretConfig",
    "Secret",
    "SocketAddress",
    "SourcePortInput",
    "StringMatcher",
    "SubjectAltNameMatcher",
    "TcpProxy",
    "TlsInspector",
    "TransportSocket",
    "TypedExtensionConfig",
    "UdpProxyConfig",
    "UdpRoute",
    "UpstreamTlsContext",
    "VirtualHost",
    "WeightedCluster",
    "ads",
    "duration_ms",
    "packed",
]


def packed(message: Message) -> Any:
    """The message in an Any, the same bytes for equal messages."""
    value = message.SerializeToString(deterministic=True)
    return Any(type_url=f"type.googleapis.com/{message.DESCRIPTOR.full_name}", value=value)


def duration_ms(milliseconds: int) -> Duration:
    return Duration(seconds=milliseconds // 1000, nanos=milliseconds % 1000 * 1_000_000)


def ads() -> ConfigSource:
    """Ask for it on the stream that delivered this."""
    return ConfigSource(ads=AggregatedConfigSource(), resource_api_version=ApiVersion.V3)
