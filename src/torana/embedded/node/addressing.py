"""On which address should a Pod run? Pure: Pod and Services in; an address, its own, or a reason to wait out.

A Pod selected by a Service of type LoadBalancer runs on that Service's very address, so that no hop is needed between
the address clients use and the process. Of several such Services the oldest one counts.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from torana.api.core.pod import Pod
from torana.api.core.service import Service
from torana.embedded.node.inputs import Missing


class Shared(msgspec.Struct, frozen=True):
    """The address of a Service; Pods of a rollout may share it."""

    address: str
    service: str


class Own(msgspec.Struct, frozen=True):
    """An address of the Pod's own, from the pool."""


class OfNode(msgspec.Struct, frozen=True):
    """The node's address (`hostNetwork`)."""


def desired_address(pod: Pod, services: Iterable[Service]) -> Shared | Own | OfNode | Missing:
    """`services` are those of the Pod's namespace."""
    if pod.spec.host_network:
        return OfNode()
    choosing = [service for service in services if _chooses(service, pod)]
    if not choosing:
        return Own()
    service = min(choosing, key=lambda each: (each.metadata.creation_timestamp, each.metadata.name))
    ingress = service.status.load_balancer.ingress
    address = next((entry.ip for entry in ingress if entry.ip), "")
    if not address:
        name = service.metadata.name
        return Missing("ContainerCreating", f'waiting for an address of the LoadBalancer Service "{name}"')
    return Shared(address, service.metadata.name)


def _chooses(service: Service, pod: Pod) -> bool:
    spec, labels = service.spec, pod.metadata.labels
    return (
        spec.type == "LoadBalancer"
        and bool(spec.selector)
        and service.metadata.deletion_timestamp is None
        and all(labels.get(key) == value for key, value in spec.selector.items())
    )
