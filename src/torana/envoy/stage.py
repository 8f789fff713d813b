"""Stage 7: proxy configuration → xDS resources, each rendered once and again only when it changes.

All resource collections are keyed by (gateway, resource name). A host is rendered to a framed fragment; a route table
is the join of its fragments, whole (RDS) or by shard (SRDS). A sharded table keeps an anchor scope per shard, so that
Envoy holds every shard before a host's scope points to it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from torana.api.kind import Ref
from torana.derive.collection import Collection
from torana.derive.engine import Derived, Engine
from torana.derive.look import Look
from torana.envoy import names
from torana.envoy.cluster import render_cluster, render_endpoints
from torana.envoy.host import RenderOptions, render_host
from torana.envoy.listener import render_bind
from torana.envoy.resource import Resource, ResourceType
from torana.envoy.secret import render_secret
from torana.envoy.table import render_anchor, render_scope, render_table
from torana.envoy.upstream_tls import render_authorities
from torana.gateway.graph import Graph
from torana.gateway.hosts import HostKey, TableKey
from torana.proxy.bind import Bind
from torana.proxy.cluster import Endpoints
from torana.proxy.route import Host, Table

ANY_HOST = "*"


class Fragment(NamedTuple):
    """A rendered host and the RouteConfiguration that holds it."""

    config: str
    bytes: bytes


class ConfigKey(NamedTuple):
    """Identity of a RouteConfiguration among all Gateways."""

    gateway: Ref
    name: str


class Resources:
    """`by_type` lists the collections in the order in which Envoy wants to hear of them."""

    def __init__(
        self, engine: Engine, graph: Graph, bind_addresses: Collection[Any, Any], options: RenderOptions
    ) -> None:
        self.graph, self.bind_addresses = graph, bind_addresses
        hosts = graph.hosts
        self.endpoint_bodies = engine.map(
            "endpoint_resources", graph.clusters.endpoints, lambda key, one, look: render_endpoints(one)
        )
        self.clusters = engine.derive(
            "cluster_resources", graph.clusters.clusters, lambda key, one, look: _keyed(key[0], render_cluster(one))
        )
        self.endpoints = engine.derive("endpoints_of_gateways", graph.clusters.clusters, self._endpoints)
        self.secrets: Derived[Any, Resource] = engine.union("secret_resources", _secrets(engine, graph))
        self.rendered = engine.map("rendered_hosts", hosts.hosts, lambda key, one, look: render_host(one, options))
        self.fragments = engine.map(
            "fragments",
            self.rendered,
            self._fragment,
            {"config": lambda key, one: [ConfigKey(key.gateway, one.config)]},
        )
        self.configs = engine.derive("route_configs", hosts.tables, _configs)
        self.routes = engine.derive("route_resources", self.configs, self._route_resource)
        self.anchors = engine.derive("anchor_resources", hosts.tables, _anchors)
        self.host_scopes = engine.derive("host_scopes", hosts.hosts, self._scope)
        self.scopes: Derived[Any, Resource] = engine.union("scope_resources", (self.anchors, self.host_scopes))
        self.listeners = engine.derive("listener_resources", graph.binds.binds, self._listener)
        self.by_type: dict[ResourceType, Collection[Any, Resource]] = {
            ResourceType.CDS: self.clusters,
            ResourceType.EDS: self.endpoints,
            ResourceType.SDS: self.secrets,
            ResourceType.RDS: self.routes,
            ResourceType.SRDS: self.scopes,
            ResourceType.LDS: self.listeners,
        }

    def _endpoints(self, key: Any, cluster: Any, look: Look) -> dict[Any, Resource]:
        if cluster.host is not None:
            return {}
        body = look.get(self.endpoint_bodies, key[1])
        return _keyed(key[0], body or render_endpoints(Endpoints(cluster.name, ())))

    def _fragment(self, key: HostKey, rendered: bytes, look: Look) -> Fragment:
        table = look.get(self.graph.hosts.tables, TableKey(key.gateway, key.table)) or Table(key.table)
        return Fragment(_config_of(table, key.domain), rendered)

    def _route_resource(self, key: ConfigKey, _: bool, look: Look) -> dict[Any, Resource]:
        fragments = look.list(self.fragments.index("config"), key)
        return _keyed(key.gateway, render_table(key.name, [fragment.bytes for _, fragment in fragments]))

    def _scope(self, key: HostKey, host: Host, look: Look) -> dict[Any, Resource]:
        table = look.get(self.graph.hosts.tables, TableKey(key.gateway, key.table))
        if table is None or not table.shards or key.domain.startswith(ANY_HOST):
            return {}
        return _keyed(key.gateway, render_scope(table.name, key.domain, _config_of(table, key.domain)))

    def _listener(self, key: Any, bind: Bind, look: Look) -> dict[Any, Resource]:
        """Nothing until it is known where the Gateway's proxy binds."""
        address = look.get(self.bind_addresses, key[0])
        return _keyed(key[0], render_bind(bind, address)) if address else {}


def _secrets(engine: Engine, graph: Graph) -> tuple[Derived[Any, Resource], ...]:
    """Certificates of listeners, those shown to backends, and the authorities of backends."""
    return (
        engine.derive(
            "listener_secrets", graph.binds.certificates, lambda key, one, look: _keyed(key[0], render_secret(one))
        ),
        engine.derive(
            "client_secrets",
            graph.clusters.client_certificates,
            lambda gateway, one, look: _keyed(gateway, render_secret(one)),
        ),
        engine.derive(
            "external_secrets",
            graph.clusters.external_certificates,
            lambda key, one, look: _keyed(key[0], render_secret(one)),
        ),
        engine.derive(
            "authority_secrets",
            graph.clusters.authorities,
            lambda key, one, look: _keyed(key[0], render_authorities(one)),
        ),
    )


def _keyed(gateway: Ref, resource: Resource) -> dict[Any, Resource]:
    return {(gateway, resource.name): resource}


def _config_of(table: Table, domain: str) -> str:
    """The RouteConfiguration that holds a host."""
    if not table.shards:
        return table.name
    if domain.startswith(ANY_HOST):
        return names.wildcard_table(table.name)
    return names.shard_table(table.name, table.shards, names.shard_of(domain, table.shards))


def _configs(key: TableKey, table: Table, look: Look) -> dict[ConfigKey, bool]:
    return {ConfigKey(key.gateway, name): True for name in configs_of(table)}


def configs_of(table: Table) -> list[str]:
    """All RouteConfigurations of a table, those of empty shards too: Envoy asks for them."""
    if not table.shards:
        return [table.name]
    found = [names.shard_table(table.name, table.shards, shard) for shard in range(table.shards)]
    if table.has_wildcards:
        found.append(names.wildcard_table(table.name))
    return found


def _anchors(key: TableKey, table: Table, look: Look) -> dict[Any, Resource]:
    resources: dict[Any, Resource] = {}
    for shard in range(table.shards):
        resources |= _keyed(key.gateway, render_anchor(table.name, table.shards, shard))
    if table.shards and table.has_wildcards:
        resources |= _keyed(key.gateway, render_scope(table.name, ANY_HOST, names.wildcard_table(table.name)))
    return resources
