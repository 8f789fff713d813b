"""Which addresses does a Service get? Pure: the Service and the addresses in use in; actions out.

Cluster addresses come from 127.96.0.0/16. They identify a Service and nothing listens on them: there is no kube-proxy
here. A Service of type LoadBalancer gets an address of 127.77.0.0/16, or the one it asks for when that is a free
loopback address; its Pods then run on that address. An address stays with its Service until the Service goes or asks
for another.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Any

import msgspec

from torana.api.core.service import SERVICE, Service
from torana.embedded.controllers.action import Action, Patch

LOOPBACK = IPv4Network("127.0.0.0/8")
CLUSTER_NETWORK = IPv4Network("127.96.0.0/16")
BALANCER_NETWORK = IPv4Network("127.77.0.0/16")
RESERVED = ("127.0.0.1",)
POD_NETWORK = IPv4Network("127.88.0.0/16")
CONDITION = "LoadBalancerAddressAssigned"
OWN_CLASSES = ("", "torana.dev/loopback")


class Denied(msgspec.Struct, frozen=True):
    """Why a Service has no load balancer address."""

    reason: str
    message: str


class Taken(msgspec.Struct, frozen=True):
    """Addresses in use, each with the uid of the Service that has it."""

    cluster: Mapping[str, str]
    balancer: Mapping[str, str]


def ingress_address(service: Service) -> str:
    return next((entry.ip for entry in service.status.load_balancer.ingress if entry.ip), "")


def wants_balancer(service: Service) -> bool:
    return (
        service.spec.type == "LoadBalancer"
        and service.spec.load_balancer_class in OWN_CLASSES
        and service.metadata.deletion_timestamp is None
    )


def choose_balancer(service: Service, taken: Taken, last: str, network: IPv4Network = BALANCER_NETWORK) -> str | Denied:
    """The address that the Service should have. `last` is the address handed out last."""
    uid = service.metadata.uid
    asked = service.spec.load_balancer_ip
    if asked:
        return _judge(asked, uid, taken)
    current = ingress_address(service)
    if current and taken.balancer.get(current, uid) == uid:
        return current
    free = next_free(network, taken.balancer, last)
    return free or Denied("PoolExhausted", f"every address of {network} is in use")


def _judge(asked: str, uid: str, taken: Taken) -> str | Denied:
    field = "spec.loadBalancerIP"
    try:
        address = IPv4Address(asked)
    except AddressValueError:
        return Denied("AddressNotUsable", f'{field}: "{asked}" is not an IPv4 address')
    if address not in LOOPBACK:
        return Denied(
            "AddressNotUsable", f"{field}: {asked} is not an address of this machine's loopback network {LOOPBACK}"
        )
    if asked in RESERVED or address in POD_NETWORK or address in CLUSTER_NETWORK:
        return Denied("AddressNotUsable", f"{field}: {asked} is reserved; choose one of {BALANCER_NETWORK}")
    if taken.balancer.get(asked, uid) != uid:
        return Denied("AddressInUse", f"{field}: {asked} belongs to another Service")
    return asked


def next_free(network: IPv4Network, taken: Mapping[str, str], last: str) -> str:
    """The first free address after `last`, going round; empty when there is none."""
    first, size = int(network.network_address) + 1, network.num_addresses - 2
    start = int(IPv4Address(last)) + 1 - first if last and IPv4Address(last) in network else 0
    for step in range(size):
        candidate = str(IPv4Address(first + (start + step) % size))
        if candidate not in taken:
            return candidate
    return ""


def wants_cluster_address(service: Service) -> bool:
    return (
        service.spec.type in ("", "ClusterIP", "NodePort", "LoadBalancer")
        and not service.spec.cluster_ip
        and service.metadata.deletion_timestamp is None
    )


def cluster_patch(service: Service, address: str) -> Patch:
    body = {
        "metadata": {"uid": service.metadata.uid},
        "spec": {
            "clusterIP": address,
            "clusterIPs": [address],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
        },
    }
    return Patch(SERVICE, service.metadata.ref, body)


def balancer_actions(service: Service, decision: str | Denied | None, time: str) -> list[Action]:
    """The status as it should be, when it differs. None: the Service wants no load balancer (any more)."""
    ingress = [{"ip": decision, "ipMode": "VIP"}] if isinstance(decision, str) else []
    current = [entry.ip for entry in service.status.load_balancer.ingress]
    before = next((each for each in service.status.conditions if each.type == CONDITION), None)
    denied = decision if isinstance(decision, Denied) else None
    same_denial = (
        (before is None)
        if denied is None
        else (before is not None and before.reason == denied.reason and before.message == denied.message)
    )
    if current == [entry["ip"] for entry in ingress] and same_denial:
        return []
    others = [msgspec.to_builtins(each) for each in service.status.conditions if each.type != CONDITION]
    if denied is not None:
        others.append(
            {
                "type": CONDITION,
                "status": "False",
                "reason": denied.reason,
                "message": denied.message,
                "lastTransitionTime": before.last_transition_time if before is not None else time,
                "observedGeneration": service.metadata.generation,
            }
        )
    status: dict[str, Any] = {"loadBalancer": {"ingress": ingress} if ingress else None, "conditions": others or None}
    body = {"metadata": {"uid": service.metadata.uid}, "status": status}
    return [Patch(SERVICE, service.metadata.ref, body, "status")]
