"""How is a Gateway's proxy doing? Read from its Service, Deployment and Pods.

Input: the live objects, as far as they exist. Output: what the Gateway's status needs: its addresses, how many Pods
serve, and in words what is in the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from torana.api.core.deployment import Deployment
from torana.api.core.pod import ContainerStatus, Pod
from torana.api.core.service import LoadBalancerIngress, Service
from torana.api.gateway import Gateway, GatewayStatusAddress
from torana.infra.plan import requested_addresses

# A container passes through these on its way up; they are no problem.
_PASSING = frozenset({"", "ContainerCreating", "PodInitializing"})


class ProxyState(msgspec.Struct, frozen=True):
    """What is seen of one Gateway's proxy."""

    addresses: tuple[GatewayStatusAddress, ...] = ()
    missing_addresses: tuple[str, ...] = ()
    """Addresses that the Gateway asks for and that its Service did not get."""
    ready_replicas: int = 0
    problem: str = ""
    """What keeps the proxy from being complete, for people; empty when nothing does, or nothing is known yet."""


def observe(
    gateway: Gateway, service: Service | None, deployment: Deployment | None, pods: Sequence[Pod] = ()
) -> ProxyState:
    """The state of the Gateway's proxy. `pods` are those of the Gateway, in any order."""
    addresses = _addresses(service) if service else ()
    values = {address.value for address in addresses}
    missing = tuple(address for address in requested_addresses(gateway) if address not in values)
    return ProxyState(
        addresses=addresses,
        # A load balancer that refuses an address need not say so: what it has not given yet counts as not given.
        missing_addresses=missing if service else (),
        ready_replicas=deployment.status.ready_replicas or 0 if deployment else 0,
        problem=next(_problems(service, deployment, pods), ""),
    )


def _addresses(service: Service) -> tuple[GatewayStatusAddress, ...]:
    if service.spec.type == "ClusterIP":
        return tuple(GatewayStatusAddress(type="IPAddress", value=each) for each in _cluster_ips(service))
    ingress = service.status.load_balancer.ingress
    return tuple(dict.fromkeys(_address(entry) for entry in ingress if entry.ip or entry.hostname))


def _cluster_ips(service: Service) -> tuple[str, ...]:
    return tuple(each for each in service.spec.cluster_ips if each and each != "None")


def _address(entry: LoadBalancerIngress) -> GatewayStatusAddress:
    if entry.ip:
        return GatewayStatusAddress(type="IPAddress", value=entry.ip)
    return GatewayStatusAddress(type="Hostname", value=entry.hostname)


def _problems(service: Service | None, deployment: Deployment | None, pods: Sequence[Pod]) -> Iterator[str]:
    """The problems, the most telling first: what a Pod says explains what its Deployment only counts."""
    for pod in sorted(pods, key=lambda each: each.metadata.name):
        if not pod.metadata.deletion_timestamp:
            yield from _pod_problems(pod)
    if deployment:
        for condition in deployment.status.conditions:
            if (condition.type, condition.status) in {("Progressing", "False"), ("ReplicaFailure", "True")}:
                yield f'Deployment "{deployment.metadata.name}": {condition.message or condition.reason}'
    if service and (problem := _service_problem(service)):
        yield problem


def _pod_problems(pod: Pod) -> Iterator[str]:
    where = f'Pod "{pod.metadata.name}"'
    for condition in pod.status.conditions:
        if condition.type == "PodScheduled" and condition.status == "False":
            yield f"{where} has no node: {condition.message or condition.reason}"
    for status in (*pod.status.init_container_statuses, *pod.status.container_statuses):
        if problem := _container_problem(status):
            yield f'{where}, container "{status.name}": {problem}'


def _container_problem(status: ContainerStatus) -> str:
    waiting, ended = status.state.waiting, status.state.terminated
    if waiting and waiting.reason not in _PASSING:
        said = f"{waiting.reason}: {waiting.message}" if waiting.message else waiting.reason
        before = status.last_state.terminated
        return f"{said} (last exit code {before.exit_code})" if before else said
    if ended:
        return f"ended with exit code {ended.exit_code}: {ended.message or ended.reason}"
    return ""


def _service_problem(service: Service) -> str:
    where = f'Service "{service.metadata.name}"'
    for condition in service.status.conditions:
        if condition.status == "False":
            return f"{where}: {condition.message or condition.reason}"
    for entry in service.status.load_balancer.ingress:
        for port in entry.ports:
            if port.get("error"):
                return f"{where}: port {port.get('port')}: {port['error']}"
    return ""
