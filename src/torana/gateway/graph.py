"""How objects become proxy configuration and statuses: the stages, in the order of the data flow.

Every stage derives collections from those before it. `engine.settle({graph.sources.gateways: {ref: gateway}})` edits
one source and brings all of them up to date.
"""

from __future__ import annotations

from collections.abc import Iterable

from torana.derive.engine import Engine
from torana.gateway.stages.ancestors import Ancestors
from torana.gateway.stages.binds import Binds
from torana.gateway.stages.clusters import Clusters
from torana.gateway.stages.external_backends import ExternalBackends
from torana.gateway.stages.external_reports import ExternalReports
from torana.gateway.stages.hosts import Hosts
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.policy_reports import PolicyReports
from torana.gateway.stages.rejections import Rejections
from torana.gateway.stages.reports import Reports
from torana.gateway.stages.routes import Routes
from torana.gateway.stages.sources import Sources
from torana.gateway.stages.streams import Streams
from torana.gateway.stages.tls_policies import TlsPolicies
from torana.gateway.stages.traffic_policies import TrafficPolicies
from torana.gateway.stages.traffic_reports import TrafficReports
from torana.proxy.limits import SHARDS_ABOVE


class Graph:
    """All collections of the control plane, by stage."""

    def __init__(self, controller_names: Iterable[str], shards_above: int = SHARDS_ABOVE) -> None:
        self.engine = Engine()
        self.sources = Sources(self.engine)
        self.listeners = Listeners(self.engine, self.sources, frozenset(controller_names))
        self.tls_policies = TlsPolicies(self.engine, self.sources, self.listeners)
        self.traffic_policies = TrafficPolicies(self.engine, self.sources)
        self.external_backends = ExternalBackends(self.engine, self.sources, self.listeners)
        self.routes = Routes(
            self.engine,
            self.sources,
            self.listeners,
            self.external_backends,
            self.tls_policies,
            self.traffic_policies,
        )
        self.hosts = Hosts(self.engine, self.sources, self.listeners, self.routes, shards_above)
        self.clusters = Clusters(
            self.engine,
            self.sources,
            self.listeners,
            self.routes,
            self.external_backends,
            self.tls_policies,
            self.traffic_policies,
        )
        self.streams = Streams(self.engine, self.listeners, self.routes)
        self.binds = Binds(self.engine, self.listeners, self.hosts, self.streams)
        self.rejections = Rejections(self.engine, self.sources, self.listeners, self.clusters, self.binds)
        self.reports = Reports(self.engine, self.sources, self.listeners, self.routes, self.rejections)
        ancestors = Ancestors(self.listeners, self.rejections)
        self.policy_reports = PolicyReports(
            self.engine, self.sources, self.routes, self.tls_policies, self.clusters, ancestors
        )
        self.traffic_reports = TrafficReports(
            self.engine, self.sources, self.traffic_policies, self.clusters, ancestors
        )
        self.external_reports = ExternalReports(
            self.engine, self.sources, self.external_backends, self.clusters, ancestors
        )
