"""Stage 4: the clusters that each Gateway's proxy needs, the endpoints behind them, and what TLS with them takes."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import msgspec

from torana.api.kind import Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway import backends, client_certificate
from torana.gateway.attachment import ParentVerdict
from torana.gateway.backends import ClusterKey
from torana.gateway.client_certificate import ClientCertificate
from torana.gateway.external import cluster as external_cluster
from torana.gateway.policies.backend_tls import PolicyVerdict
from torana.gateway.routes.key import RouteKey
from torana.gateway.stages.external_backends import ExternalBackends
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.routes import Routes
from torana.gateway.stages.sources import Sources
from torana.gateway.stages.tls_policies import TlsPolicies
from torana.gateway.stages.traffic_policies import TrafficPolicies
from torana.proxy.cluster import Cluster, Endpoints
from torana.proxy.secret import Certificate
from torana.proxy.tls import Authorities


class Clusters:
    """Uses are keyed by (gateway, ClusterKey, RouteKey), clusters by (gateway, ClusterKey), endpoints by ClusterKey."""

    def __init__(
        self,
        engine: Engine,
        sources: Sources,
        listeners: Listeners,
        routes: Routes,
        externals: ExternalBackends,
        policies: TlsPolicies,
        traffic: TrafficPolicies,
    ) -> None:
        self.sources, self.listeners, self.routes = sources, listeners, routes
        self.externals, self.policies, self.traffic = externals, policies, traffic
        self.uses = engine.derive(
            "uses",
            routes.parents,
            self._uses,
            {
                "cluster": lambda key, one: [key[:2]],
                "backend": lambda key, one: [key[1]],
                "reach": lambda key, one: [(key[0], service) for service in _services(key[1])],
            },
        )
        self.reaches = engine.map(
            "reaches",
            self.uses.index("reach"),
            lambda key, _, look: True,
            {"service": lambda key, one: [key[1]]},
        )
        """(gateway, Service) for each Service that a Gateway goes to in a way that policies are for."""
        self.clusters = engine.map(
            "clusters",
            self.uses.index("cluster"),
            self._cluster,
            {
                "gateway": lambda key, one: [key[0]],
                "backend": lambda key, one: [key[1].backend],
                "service": lambda key, one: _services(key[1]),
                "authorities": lambda key, one: [(key[0], one.tls.authorities)] if one.tls is not None else [],
                "name": lambda key, one: [(key[0], one.name)],
                "secret": lambda key, one: [(key[0], name) for name in one.secrets],
            },
        )
        self.authorities = engine.derive("upstream_authorities", self.clusters.index("authorities"), _authorities)
        self.client_certificates = engine.map(
            "client_certificates", listeners.client_certificates, self._client_certificate
        )
        self.external_certificates = engine.derive("external_certificates", self.clusters, self._external_certificate)
        self.endpoints = engine.map("endpoints", self.uses.index("backend"), self._endpoints)

    def _uses(self, route: RouteKey, verdicts: tuple[ParentVerdict, ...], look: Look) -> dict[Any, bool]:
        compiled = look.get(self.routes.compiled, route)
        if compiled is None:
            return {}
        wants = {(verdict.gateway, passes_on) for verdict in verdicts for passes_on in verdict.ways}
        return {
            (gateway, key.passed_on if passes_on else key, route): True
            for gateway, passes_on in wants
            for key in compiled.clusters
        }

    def gateways(self, by: str, target: Hashable, look: Look) -> set[Ref]:
        """Whose proxies have clusters of a target: a `service` by its Ref, any `backend` by its ObjectRef."""
        return {gateway for (gateway, _), _ in look.list(self.clusters.index(by), target)}

    def _cluster(self, key: tuple[Ref, ClusterKey], _: None, look: Look) -> Cluster:
        external = self.externals.find(key[1], look)
        cluster = backends.cluster(key[1])
        if external is not None:
            cluster = external_cluster(key[1], external)
        traffic = self.traffic.rule(key[1].backend, look)
        if traffic is not None:
            cluster = msgspec.structs.replace(cluster, retry_budget=traffic.budget)
        found = self.policies.rule(key[1], look)
        if found is None:
            return cluster
        policy, verdict = found
        if verdict.tls is None:
            return msgspec.structs.replace(cluster, refusal=f"BackendTLSPolicy {policy} is not valid")
        if self._is_left_out(key[0], policy, verdict, look):
            text = f"the status of BackendTLSPolicy {policy} has no room for this Gateway"
            return msgspec.structs.replace(cluster, refusal=text)
        shown = look.get(self.listeners.client_certificates, key[0]) or ClientCertificate()
        tls = msgspec.structs.replace(verdict.tls, client_certificate=shown.name)
        return msgspec.structs.replace(cluster, tls=tls)

    def _is_left_out(self, gateway: Ref, policy: Ref, verdict: PolicyVerdict, look: Look) -> bool:
        """A policy does nothing for Gateways that its status cannot speak of; these must not go on without it."""
        services = {section.service for section in verdict.targets}
        reaches = (look.list(self.reaches.index("service"), service) for service in services)
        gateways = sorted({reach[0] for found in reaches for reach, _ in found})
        return gateway not in gateways[: self.policies.room(policy, look)]

    def _client_certificate(self, ref: Ref, chosen: ClientCertificate, look: Look) -> Certificate | None:
        """Kept while no backend is spoken to with TLS too: Envoy asks for it only then."""
        pair = look.get(self.listeners.key_pairs, chosen.secret) if chosen.secret is not None else None
        return client_certificate.render(chosen, pair)

    def _external_certificate(
        self, key: tuple[Ref, ClusterKey], cluster: Cluster, look: Look
    ) -> dict[tuple[Ref, str], Certificate]:
        external = self.externals.find(key[1], look)
        if external is None or external.secret is None or cluster.tls is None:
            return {}
        chosen = ClientCertificate(external.secret)
        found = client_certificate.render(chosen, look.get(self.listeners.key_pairs, external.secret))
        name = cluster.tls.client_certificate
        return {} if found is None else {(key[0], name): msgspec.structs.replace(found, name=name)}

    def _endpoints(self, key: ClusterKey, _: None, look: Look) -> Endpoints | None:
        if key.kind != backends.SERVICE:
            return None
        service = Ref(key.namespace, key.object_name)
        slices = look.list(self.sources.endpoint_slices.index("service"), service)
        return backends.endpoints(key, look.get(self.routes.services, service), tuple(one for _, one in slices))


def _services(key: ClusterKey) -> list[Ref]:
    """Services that policies are about; what passes through is not."""
    return [Ref(key.namespace, key.object_name)] if key.kind == backends.SERVICE and key.protocol != "tls" else []


def _authorities(key: tuple[Ref, Authorities], _: None, look: Look) -> dict[tuple[Ref, str], Authorities]:
    """By Gateway and name: each content once, however many clusters trust it."""
    gateway, authorities = key
    return {(gateway, authorities.name): authorities}
