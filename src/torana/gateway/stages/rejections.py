"""Stage 5, behind the binds: whose clusters, endpoints and secrets a proxy rejected.

The objects are found when something is rejected, so a change that nothing is wrong with costs a look or two at nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import msgspec

from torana.api.kind import ObjectRef, Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway import external, rejections
from torana.gateway.backends import ClusterKey
from torana.gateway.listeners import gateway_ref
from torana.gateway.policies import backend_tls, backend_traffic
from torana.gateway.rejections import Charge, Rejection, ResourceKey
from torana.gateway.stages.binds import Binds
from torana.gateway.stages.clusters import Clusters
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.sources import Sources
from torana.proxy.cluster import Cluster

Found = Iterable[tuple[Hashable, Rejection]]


class Rejections:
    """`charges` are keyed by Charge. Culprits are a ListenerKey, a RouteKey, or any other object's ObjectRef."""

    def __init__(
        self, engine: Engine, sources: Sources, listeners: Listeners, clusters: Clusters, binds: Binds
    ) -> None:
        self.listeners, self.clusters, self.binds = listeners, clusters, binds
        self.charges = engine.derive(
            "charges", sources.rejected, self._charge, {"culprit": lambda key, one: [key.culprit]}
        )

    def against(self, culprit: Hashable, look: Look) -> dict[Ref, Rejection]:
        """What proxies rejected because of this object or listener, by Gateway: the first of each."""
        found = look.list(self.charges.index("culprit"), culprit)
        return {charge.cause.gateway: one for charge, one in reversed(found)}

    def _charge(self, key: ResourceKey, message: str, look: Look) -> dict[Charge, Rejection]:
        found = self._secret(key, message, look) if key.type == "SDS" else self._cluster(key, message, look)
        return {Charge(culprit, key): rejection for culprit, rejection in found}

    def _secret(self, key: ResourceKey, message: str, look: Look) -> Found:
        for (gateway, secret), _ in look.list(self.binds.certificates.index("name"), (key.gateway, key.name)):
            for listener, verdict in look.list(self.listeners.listeners.index("certificate"), (gateway, secret)):
                path = f"spec.listeners[{verdict.position}].tls.certificateRefs"
                finding = rejections.of_certificate(secret, message, "InvalidCertificateRef", path)
                yield listener, Rejection(unresolved=finding)
        for (_, cluster_key), cluster in look.list(self.clusters.clusters.index("secret"), (key.gateway, key.name)):
            if cluster.tls is not None and cluster.tls.authorities.name == key.name:
                yield from self._authorities(cluster_key, message, look)
            else:
                yield from self._client_certificate(key.gateway, cluster_key, message, look)

    def _authorities(self, key: ClusterKey, message: str, look: Look) -> Found:
        if key.kind == external.KIND:
            yield key.backend, rejections.of_authorities(message, "spec.tls.validation.caCertificateRefs")
        ruled = self.clusters.policies.rule(key, look)
        if ruled is not None:
            path = "spec.validation.caCertificateRefs"
            yield backend_tls.policy_ref(ruled[0]), rejections.of_authorities(message, path)

    def _client_certificate(self, gateway: Ref, key: ClusterKey, message: str, look: Look) -> Found:
        """An XBackend's own, or that of the Gateway."""
        backend = self.clusters.externals.find(key, look)
        reason = "InvalidClientCertificateRef"
        if backend is not None and backend.secret is not None:
            path = "spec.tls.clientCertificateRef"
            finding = rejections.of_certificate(backend.secret, message, reason, path)
            yield key.backend, Rejection(msgspec.structs.replace(finding, reason="Invalid"), finding)
            return
        chosen = look.get(self.listeners.client_certificates, gateway)
        if chosen is not None and chosen.secret is not None:
            path = "spec.tls.backend.clientCertificateRef"
            finding = rejections.of_certificate(chosen.secret, message, reason, path)
            yield gateway_ref(gateway), Rejection(unresolved=finding)

    def _cluster(self, key: ResourceKey, message: str, look: Look) -> Found:
        """Whoever said something that makes the cluster other than plain; where nobody did, the routes to it."""
        for (_, cluster_key), cluster in look.list(self.clusters.clusters.index("name"), (key.gateway, key.name)):
            finding = rejections.of_backend(str(cluster_key.backend), message, "spec")
            rejection = Rejection(msgspec.structs.replace(finding, reason="Invalid"))
            policies = self._policies(cluster_key, cluster, look) if key.type == "CDS" else []
            yield from ((policy, rejection) for policy in policies)
            if cluster_key.kind == external.KIND:
                yield cluster_key.backend, rejection
            if not policies:
                uses = look.list(self.clusters.uses.index("cluster"), (key.gateway, cluster_key))
                unresolved = msgspec.structs.replace(finding, path="")
                yield from ((route, Rejection(unresolved=unresolved)) for (_, _, route), _ in uses)

    def _policies(self, key: ClusterKey, cluster: Cluster, look: Look) -> list[ObjectRef]:
        found = []
        ruled = self.clusters.policies.rule(key, look)
        if ruled is not None:
            found.append(backend_tls.policy_ref(ruled[0]))
        ruler = self.clusters.traffic.ruler(key.backend, look)
        if cluster.retry_budget is not None and ruler is not None:
            found.append(backend_traffic.policy_ref(ruler))
        return found
