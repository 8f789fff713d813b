"""The controller process: puts the parts together and runs them until it is cancelled."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec

from torana.api.backend_tls_policy import BACKEND_TLS_POLICY
from torana.api.core.config_map import CONFIG_MAP
from torana.api.core.custom_resource_definition import CUSTOM_RESOURCE_DEFINITION
from torana.api.core.deployment import DEPLOYMENT
from torana.api.core.endpoint_slice import ENDPOINT_SLICE
from torana.api.core.namespace import NAMESPACE
from torana.api.core.pod import POD
from torana.api.core.secret import SECRET
from torana.api.core.service import SERVICE
from torana.api.gateway import GATEWAY, GatewayStatus
from torana.api.gateway_class import GATEWAY_CLASS, GatewayClassStatus
from torana.api.listener_set import LISTENER_SET, ListenerSetStatus
from torana.api.parents import RouteStatus
from torana.api.policies import PolicyStatus
from torana.api.reference_grant import REFERENCE_GRANT
from torana.api.x_backend import X_BACKEND, XBackendStatus
from torana.api.x_backend_traffic_policy import X_BACKEND_TRAFFIC_POLICY
from torana.controller.class_keeper import ClassKeeper
from torana.controller.feed import as_is
from torana.controller.health import serve_health
from torana.controller.identity import ServerIdentity
from torana.controller.measures import Measures
from torana.controller.options import ControllerOptions
from torana.controller.status_writer import StatusWriter, Target
from torana.controller.system_authorities import system_authorities
from torana.controller.wiring import Wiring
from torana.envoy.bootstrap import XDS_SERVER_NAME
from torana.envoy.host import RenderOptions
from torana.envoy.server import XdsServer
from torana.envoy.stage import Resources
from torana.gateway.authorities import KEY
from torana.gateway.graph import Graph
from torana.gateway.parameters import KEYS as PARAMETERS
from torana.gateway.routes.registry import ROUTE_KINDS
from torana.gateway.stages.sources import BundleVersion
from torana.gateway.status import merge
from torana.gateway.upstream_validation import SYSTEM
from torana.infra.apply import InfraApplier
from torana.infra.names import GATEWAY_NAME_LABEL
from torana.infra.plan import PlanInputs
from torana.infra.provisioner import Provisioner
from torana.infra.stage import Infrastructure
from torana.infra.trust import Trust
from torana.kube.client import Client

log = logging.getLogger(__name__)

_BUNDLE_VERSION = "gateway.networking.k8s.io/bundle-version"
_CHANNEL = "gateway.networking.k8s.io/channel"


async def run(options: ControllerOptions) -> None:
    """Run the controller. Raises what makes it impossible to go on; the caller starts it again."""
    async with Client.discover(options.kubeconfig) as client:
        trust = Trust(client, namespace=options.namespace)
        await trust.open()
        xds = XdsServer()
        name = options.xds_name or options.xds_host
        identity = ServerIdentity(lambda: trust.server_certificate([XDS_SERVER_NAME, name]), trust.authority_pem)
        port = await xds.start(options.xds_host, options.xds_port, identity.credentials())
        inputs = PlanInputs(home=options.home, xds_host=name, xds_port=port)
        try:
            await _control(options, client, trust, xds, inputs)
        finally:
            await xds.stop()


async def _control(
    options: ControllerOptions, client: Client, trust: Trust, xds: XdsServer, inputs: PlanInputs
) -> None:
    graph = Graph(options.controller_names, options.shards_above)
    infrastructure = Infrastructure(graph.engine, graph, inputs)
    resources = Resources(graph.engine, graph, infrastructure.bind_addresses, RenderOptions(options.trees_above))
    writer = StatusWriter(client, targets(graph, frozenset(options.controller_names)))
    measures = Measures()
    stage = graph.listeners
    keeper = ClassKeeper(client, graph.sources.gateway_classes.items, stage.classes.items, stage.used_classes.items)
    wiring = Wiring(graph, infrastructure, resources, xds, writer, keeper, measures)
    provisioner = Provisioner(InfraApplier(client), trust, wiring.on_problem)
    wiring.connect(provisioner)
    wiring.feed.edit(graph.sources.system_authorities, SYSTEM, system_authorities())
    health = await serve_health(
        options.health_host,
        options.health_port,
        lambda: "" if wiring.feed.synced.is_set() else "the API server's objects are not all listed yet",
        measures.text,
    )
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(wiring.feed.run(client, kinds(graph, infrastructure)), name="feed")
            group.create_task(writer.run(), name="statuses")
            group.create_task(keeper.run(), name="classes")
            group.create_task(provisioner.run(), name="provisioner")
    finally:
        await health.cleanup()


def kinds(graph: Graph, infrastructure: Infrastructure) -> dict[Any, Any]:
    """What is watched: kind → (source, object → value, label selector)."""
    sources = graph.sources
    return {
        GATEWAY_CLASS: (sources.gateway_classes, as_is, ""),
        GATEWAY: (sources.gateways, as_is, ""),
        LISTENER_SET: (sources.listener_sets, as_is, ""),
        **{kind.api: (sources.routes[kind.name], as_is, "") for kind in ROUTE_KINDS.values()},
        REFERENCE_GRANT: (sources.grants, as_is, ""),
        NAMESPACE: (sources.namespaces, as_is, ""),
        SERVICE: (sources.services, as_is, ""),
        ENDPOINT_SLICE: (sources.endpoint_slices, as_is, ""),
        SECRET: (sources.secrets, as_is, ""),
        CONFIG_MAP: (sources.config_maps, _what_matters, ""),
        BACKEND_TLS_POLICY: (sources.backend_tls_policies, as_is, ""),
        X_BACKEND_TRAFFIC_POLICY: (sources.backend_traffic_policies, as_is, ""),
        X_BACKEND: (sources.backends, as_is, ""),
        CUSTOM_RESOURCE_DEFINITION: (sources.bundle_versions, _bundle_version, ""),
        DEPLOYMENT: (infrastructure.deployments, as_is, GATEWAY_NAME_LABEL),
        POD: (infrastructure.pods, as_is, GATEWAY_NAME_LABEL),
    }


def _bundle_version(crd: Any) -> BundleVersion:
    said = crd.metadata.annotations
    return BundleVersion(crd.spec.group, said.get(_BUNDLE_VERSION, ""), said.get(_CHANNEL, ""))


def _what_matters(config_map: Any) -> Any:
    """A cluster has many ConfigMaps, with much in them that is of no concern here: of that, only the keys are kept."""
    matters = {KEY, *PARAMETERS}
    return msgspec.structs.replace(
        config_map,
        data={key: value if key in matters else "" for key, value in config_map.data.items()},
        binary_data={key: value if key in matters else "" for key, value in config_map.binary_data.items()},
    )


def targets(graph: Graph, controller_names: frozenset[str]) -> dict[str, Target]:
    """What is told: kind → how its status is written."""
    sources = graph.sources

    def has_foreign_parents(route: Any) -> bool:
        return any(entry.controller_name not in controller_names for entry in route.status.parents)

    def has_foreign_ancestors(policy: Any) -> bool:
        entries = policy.status.ancestors if policy.status is not None else ()
        return any(entry.controller_name not in controller_names for entry in entries)

    return {
        "GatewayClass": Target(
            GATEWAY_CLASS, sources.gateway_classes.items, GatewayClassStatus, merge.class_status, lambda one: False
        ),
        "Gateway": Target(GATEWAY, sources.gateways.items, GatewayStatus, merge.gateway_status, lambda one: False),
        **{
            kind.kind: Target(
                kind,
                source.items,
                PolicyStatus,
                lambda report, live, now: merge.policy_status(report, live, controller_names, now),
                has_foreign_ancestors,
            )
            for kind, source in (
                (BACKEND_TLS_POLICY, sources.backend_tls_policies),
                (X_BACKEND_TRAFFIC_POLICY, sources.backend_traffic_policies),
            )
        },
        "ListenerSet": Target(
            LISTENER_SET, sources.listener_sets.items, ListenerSetStatus, merge.set_status, lambda one: False
        ),
        "XBackend": Target(
            X_BACKEND,
            sources.backends.items,
            XBackendStatus,
            lambda report, live, now: merge.backend_status(report, live, controller_names, now),
            lambda one: one.status is not None and has_foreign_parents(one),
        ),
        **{
            kind.name: Target(
                kind.api,
                sources.routes[kind.name].items,
                RouteStatus,
                lambda report, live, now: merge.route_status(report, live, controller_names, now),
                lambda one: one.status is not None and has_foreign_parents(one),
            )
            for kind in ROUTE_KINDS.values()
        },
    }


__all__ = ["ControllerOptions", "run"]
