"""Which EndpointSlices belong to a Service? Pure: the Service, its Pods and its present slices in; actions out.

One group of slices per set of target port numbers (a named port may mean another number in each Pod), at most 100
endpoints per slice. Slices of others (no or another `managed-by` label) are not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from torana.api.core.endpoint_slice import ENDPOINT_SLICE, EndpointSlice
from torana.api.core.pod import Pod
from torana.api.core.service import SERVICE, Service, ServicePort
from torana.embedded.controllers.action import Action, Create, Delete, Patch
from torana.embedded.controllers.ownership import controller_reference, short_hash
from torana.embedded.controllers.replicasets import is_ready

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
HEADLESS = "service.kubernetes.io/headless"
LARGEST = 100

Ports = tuple[tuple[str, str, int, str], ...]
"""Name, protocol, number and application protocol of each port."""


def is_ours(slice_: EndpointSlice) -> bool:
    return slice_.metadata.labels.get(MANAGED_BY) == MANAGER


def decide(service: Service, pods: Iterable[Pod], slices: Iterable[EndpointSlice]) -> list[Action]:
    """`pods` are those that the Service selects; `slices` those that bear its name."""
    ours = [each for each in slices if is_ours(each) and each.metadata.deletion_timestamp is None]
    if service.metadata.deletion_timestamp is not None or service.spec.type == "ExternalName":
        return [_delete(each) for each in ours]
    if not service.spec.selector:
        return []
    wanted = _wanted(service, pods)
    actions: list[Action] = []
    by_name = {each.metadata.name: each for each in ours}
    for name, body in wanted.items():
        current = by_name.pop(name, None)
        if current is None:
            actions.append(Create(ENDPOINT_SLICE, body))
        elif not _is_same(current, body):
            actions.append(Patch(ENDPOINT_SLICE, current.metadata.ref, _change(body)))
    return actions + [_delete(each) for each in by_name.values()]


def _wanted(service: Service, pods: Iterable[Pod]) -> dict[str, dict[str, Any]]:
    """The slices that there should be, by name. There is always one, so that consumers see an empty Service as such."""
    groups: dict[Ports, list[dict[str, Any]]] = {}
    for pod in sorted(pods, key=lambda each: (each.metadata.creation_timestamp, each.metadata.name)):
        if not pod.status.pod_ip or pod.status.phase in ("Succeeded", "Failed"):
            continue
        groups.setdefault(_ports(service, pod), []).append(endpoint(service, pod))
    if not groups:
        groups[()] = []
    bodies: dict[str, dict[str, Any]] = {}
    for ports, endpoints in groups.items():
        for index in range(0, max(1, len(endpoints)), LARGEST):
            seed = f"{service.metadata.uid}/{len(bodies)}"
            name = f"{service.metadata.name}-{short_hash(seed, 5)}"
            bodies[name] = _body(service, name, ports, endpoints[index : index + LARGEST])
    return bodies


def _ports(service: Service, pod: Pod) -> Ports:
    numbered = []
    for port in service.spec.ports:
        number = target_number(port, pod)
        if number is not None:
            numbered.append((port.name, port.protocol or "TCP", number, port.app_protocol))
    return tuple(numbered)


def target_number(port: ServicePort, pod: Pod) -> int | None:
    """The number that a Service's port means in this Pod; None for a name that the Pod does not have."""
    target = port.target_port
    if target is None or target in (0, ""):
        return port.port
    if isinstance(target, int):
        return target
    for container in pod.spec.containers:
        for declared in container.ports:
            if declared.name == target and (declared.protocol or "TCP") == (port.protocol or "TCP"):
                return declared.container_port
    return None


def endpoint(service: Service, pod: Pod) -> dict[str, Any]:
    terminating = pod.metadata.deletion_timestamp is not None
    serving = is_ready(pod)
    body: dict[str, Any] = {
        "addresses": [pod.status.pod_ip],
        "conditions": {
            "ready": service.spec.publish_not_ready_addresses or (serving and not terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "targetRef": {
            "kind": "Pod",
            "namespace": pod.metadata.namespace,
            "name": pod.metadata.name,
            "uid": pod.metadata.uid,
        },
    }
    if pod.spec.node_name:
        body["nodeName"] = pod.spec.node_name
    if pod.spec.hostname and pod.spec.subdomain == service.metadata.name:
        body["hostname"] = pod.spec.hostname
    return body


def _body(service: Service, name: str, ports: Ports, endpoints: Sequence[dict[str, Any]]) -> dict[str, Any]:
    labels = {**service.metadata.labels, SERVICE_NAME: service.metadata.name, MANAGED_BY: MANAGER}
    if service.spec.cluster_ip == "None":
        labels[HEADLESS] = ""
    return {
        "metadata": {
            "name": name,
            "generateName": f"{service.metadata.name}-",
            "namespace": service.metadata.namespace,
            "labels": labels,
            "ownerReferences": [controller_reference(SERVICE, service)],
        },
        "addressType": "IPv4",
        "ports": [
            {"name": port, "protocol": protocol, "port": number}
            | ({"appProtocol": app_protocol} if app_protocol else {})
            for port, protocol, number, app_protocol in ports
        ],
        "endpoints": list(endpoints),
    }


def _is_same(current: EndpointSlice, body: dict[str, Any]) -> bool:
    """Compared as typed values, so that defaults that the API server filled in do not count."""
    wanted = msgspec.convert({**body, "apiVersion": "", "kind": ""}, EndpointSlice)
    return (
        current.endpoints == wanted.endpoints
        and current.ports == wanted.ports
        and current.metadata.labels == wanted.metadata.labels
    )


def _change(body: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"labels": body["metadata"]["labels"]}, "ports": body["ports"], "endpoints": body["endpoints"]}


def _delete(slice_: EndpointSlice) -> Delete:
    return Delete(ENDPOINT_SLICE, slice_.metadata.ref, slice_.metadata.uid)
