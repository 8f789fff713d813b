"""The collections edited from outside: objects as the Kubernetes API gave them, and what proxies told."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

from torana.api.kind import Ref
from torana.derive.engine import Engine
from torana.gateway.routes.registry import ROUTE_KINDS

SERVICE_NAME_LABEL = "kubernetes.io/service-name"


class BundleVersion(NamedTuple):
    """The API group of an installed CRD, and the Gateway API version and channel it says it is from ("" for none)."""

    group: str
    version: str
    channel: str = ""


class Sources:
    """Objects are keyed by Ref."""

    def __init__(self, engine: Engine) -> None:
        self.gateway_classes = engine.source("gateway_classes")
        self.gateways = engine.source(
            "gateway_objects", {"class": lambda ref, one: [Ref("", one.spec.gateway_class_name)]}
        )
        self.listener_sets = engine.source("listener_sets")
        self.routes = {kind.name: engine.source(kind.api.plural) for kind in ROUTE_KINDS.values()}
        """By kind."""
        self.grants = engine.source("grants", {"namespace": lambda ref, _: [ref.namespace]})
        self.namespaces = engine.source("namespaces")
        self.services = engine.source("services")
        self.endpoint_slices = engine.source("endpoint_slices", {"service": _service_of})
        self.secrets = engine.source("secrets")
        self.config_maps = engine.source("config_maps")
        self.backend_tls_policies = engine.source("backend_tls_policies")
        self.backends = engine.source("backends")
        """XBackends."""
        self.backend_traffic_policies = engine.source("backend_traffic_policies")
        self.unreadable = engine.source("unreadable")
        """ObjectRef → Finding: an object of which a part could not be read; it stands among the others without that."""
        self.system_authorities = engine.source("system_authorities")
        """"System" → Authorities: those that the controller's own system trusts."""
        self.bundle_versions = engine.source("bundle_versions", {"group": lambda ref, one: [one.group]})
        """CRD ref → BundleVersion."""
        self.quarantined = engine.source("quarantined")
        """RouteKey → Quarantine."""
        self.refused_binds = engine.source("refused_binds")
        """BindKey → Finding: a bind that the proxy could not open."""
        self.rejected = engine.source("rejected")
        """ResourceKey → message: a cluster, endpoints or a secret that a proxy rejected."""
        self.proxies = engine.source("proxies")
        """Gateway ref → ProxyState."""
        self.shards_in_use = engine.source("shards_in_use")
        """TableKey → the number of shards in use, so that it changes seldom."""


def _service_of(ref: Ref, one: Any) -> list[Hashable]:
    name = one.metadata.labels.get(SERVICE_NAME_LABEL)
    return [Ref(ref.namespace, name)] if name else []
