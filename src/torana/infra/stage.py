"""Stage 8: what the infrastructure is like: Gateways' addresses, where proxies bind, and what stands in the way.

In: the Services and Pods that belong to proxies, and what the provisioner ran into. Out: `observed` and
`bind_addresses`, keyed by Gateway.
"""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.kind import Ref
from torana.derive.engine import Engine, Settled
from torana.derive.look import Look
from torana.gateway.gateways import ManagedGateway
from torana.gateway.graph import Graph
from torana.gateway.listeners import gateway_ref
from torana.gateway.status.gateways import ProxyState
from torana.infra.names import GATEWAY_ANNOTATION
from torana.infra.observe import ProxyState as Observed
from torana.infra.observe import observe
from torana.infra.plan import PlanInputs, Port


class Infrastructure:
    """Pods are keyed by Ref, problems by Gateway."""

    def __init__(self, engine: Engine, graph: Graph, inputs: PlanInputs) -> None:
        self.inputs, self.listeners, self.gateways = inputs, graph.listeners.listeners, graph.listeners.gateways
        self.pods = engine.source("proxy_pods", {"gateway": gateways_of})
        self.deployments = engine.source("proxy_deployments", {"gateway": gateways_of})
        self.problems = engine.source("infrastructure_problems")
        self.services = engine.map(
            "proxy_services",
            graph.sources.services,
            lambda ref, one, look: one if gateways_of(ref, one) else None,
            {"gateway": gateways_of},
        )
        self.secrets = engine.map(
            "proxy_secrets", graph.sources.secrets, lambda ref, one, look: next(iter(gateways_of(ref, one)), None)
        )
        self.ports = engine.map("ports", graph.listeners.gateways, self._ports)
        self.observed = engine.map("observed", graph.listeners.gateways, self._observe)
        self.bind_addresses = engine.map("bind_addresses", self.observed, self._bind_address)

    def _observe(self, ref: Ref, managed: Any, look: Look) -> Observed:
        services = [one for _, one in look.list(self.services.index("gateway"), ref)]
        pods = [one for _, one in look.list(self.pods.index("gateway"), ref)]
        deployments = [one for _, one in look.list(self.deployments.index("gateway"), ref)]
        observed = observe(
            managed.object, services[0] if services else None, deployments[0] if deployments else None, pods
        )
        problem = look.get(self.problems, ref)
        return msgspec.structs.replace(observed, problem=problem) if problem else observed

    def _ports(self, ref: Ref, managed: Any, look: Look) -> tuple[Port, ...]:
        """Ports of all of the Gateway's own listeners, broken ones too, and of the good ones of its ListenerSets."""
        own = gateway_ref(ref)
        verdicts = [one for _, one in look.list(self.listeners.index("gateway"), ref)]
        keys = {one.shape.bind for one in verdicts if one.shape.owner == own or one.is_servable}
        return tuple(sorted(Port(key.port, "UDP" if key.transport == "UDP" else "TCP") for key in keys))

    def inputs_of(self, gateway: Ref) -> PlanInputs:
        """What a Gateway's configuration asks of its proxy."""
        ports = self.ports.items.get(gateway, ())
        managed: ManagedGateway | None = self.gateways.items.get(gateway)
        if managed is None:
            return msgspec.structs.replace(self.inputs, ports=ports)
        said = managed.parameters
        return msgspec.structs.replace(
            self.inputs,
            ports=ports,
            replicas=said.replicas or self.inputs.replicas,
            service_type=said.service_type or self.inputs.service_type,
            image=said.image or self.inputs.image,
            log_level=said.log_level or self.inputs.log_level,
            concurrency=said.concurrency or self.inputs.concurrency,
        )

    def _bind_address(self, ref: Ref, observed: Observed, look: Look) -> str | None:
        """In a cluster every address of the Pod; embedded, the Gateway's own address, once it has one."""
        if self.inputs.home == "cluster":
            return "0.0.0.0"
        return observed.addresses[0].value if observed.addresses else None

    def bereft(self, settled: Settled) -> set[Ref]:
        """Gateways whose proxy lost an object that somebody deleted."""
        lost: set[Ref] = set()
        for collection in (self.services, self.deployments):
            for ref, change in settled.of(collection).items():
                if change.new is None:
                    lost.update(gateways_of(ref, change.old))
        lost.update(change.old for change in settled.of(self.secrets).values() if change.new is None)
        return lost

    def state(self, observed: Observed | None, is_serving: bool) -> ProxyState:
        """What the Gateway's status is to know."""
        if observed is None:
            return ProxyState(is_serving=is_serving)
        addresses = tuple((one.type, one.value) for one in observed.addresses)
        if observed.missing_addresses:
            missing = ", ".join(observed.missing_addresses)
            return ProxyState(addresses, False, "AddressNotUsable", f"could not be had: {missing}; {observed.problem}")
        if observed.problem:
            return ProxyState(addresses, is_serving, "NoResources", observed.problem)
        return ProxyState(addresses, is_serving)


def gateways_of(ref: Ref, obj: Any) -> list[Ref]:
    """The Gateway that an object of a proxy belongs to, if it does."""
    name = obj.metadata.annotations.get(GATEWAY_ANNOTATION, "").partition("/")[2]
    return [Ref(ref.namespace, name)] if name else []
