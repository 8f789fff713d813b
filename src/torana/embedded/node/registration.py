"""How does the node appear in the API? As a Node object that is Ready, kept alive by a Lease.

Pure builders (`node_object`, `node_status`, `lease_object`) and the edge `keep_registered`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import platform
from datetime import UTC, datetime
from typing import Any

import msgspec

from torana.api.core.lease import LEASE
from torana.api.core.namespace import NAMESPACE
from torana.api.core.node import NODE
from torana.api.kind import Ref
from torana.kube.client import Client
from torana.kube.errors import ApiError, KubeError

log = logging.getLogger(__name__)

LEASE_NAMESPACE = "kube-node-lease"
HEARTBEAT_S = 10.0
LEASE_S = 40
MAX_PODS = 10_000


class Machine(msgspec.Struct, frozen=True):
    """What the node tells about its machine."""

    cpus: int
    memory_kib: int
    kernel: str
    os_image: str
    machine_id: str
    boot_id: str
    architecture: str


def read_machine() -> Machine:
    def read(path: str) -> str:
        try:
            with open(path) as file:
                return file.read()
        except OSError:
            return ""

    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    memory = next((line.split()[1] for line in read("/proc/meminfo").splitlines() if line.startswith("MemTotal:")), "0")
    pretty = next((line for line in read("/etc/os-release").splitlines() if line.startswith("PRETTY_NAME=")), "")
    return Machine(
        cpus=os.cpu_count() or 1,
        memory_kib=int(memory),
        kernel=platform.release(),
        os_image=pretty.partition("=")[2].strip('"') or "Linux",
        machine_id=read("/etc/machine-id").strip(),
        boot_id=read("/proc/sys/kernel/random/boot_id").strip(),
        architecture=architecture,
    )


def node_object(name: str, machine: Machine) -> dict[str, Any]:
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": machine.architecture,
    }
    return {"metadata": {"name": name, "labels": labels}, "spec": {}}


def node_status(name: str, machine: Machine, port: int, version: str, now: datetime) -> dict[str, Any]:
    time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    amounts = {"cpu": str(machine.cpus), "memory": f"{machine.memory_kib}Ki", "pods": str(MAX_PODS)}
    judged = (
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "the node does not evict"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "the node does not evict"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "the node does not evict"),
        ("Ready", "True", "KubeletReady", "the node runs Pods as local processes"),
    )
    return {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": name}],
        "capacity": amounts,
        "allocatable": amounts,
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "nodeInfo": {
            "machineID": machine.machine_id,
            "systemUUID": machine.machine_id,
            "bootID": machine.boot_id,
            "kernelVersion": machine.kernel,
            "osImage": machine.os_image,
            "containerRuntimeVersion": f"torana-process://{version}",
            "kubeletVersion": f"v{version}-torana",
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": machine.architecture,
        },
        "conditions": [
            {
                "type": type_,
                "status": status,
                "reason": reason,
                "message": message,
                "lastHeartbeatTime": time,
                "lastTransitionTime": time,
            }
            for type_, status, reason, message in judged
        ],
    }


def lease_object(name: str, now: datetime) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": LEASE_NAMESPACE},
        "spec": {
            "holderIdentity": name,
            "leaseDurationSeconds": LEASE_S,
            "renewTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        },
    }


async def register(client: Client, name: str, port: int, version: str) -> None:
    """The Node exists and is Ready. Raises `KubeError`."""
    machine = read_machine()
    try:
        await client.create(NODE, node_object(name, machine))
    except ApiError as error:
        if not error.is_already_exists:
            raise
    status = node_status(name, machine, port, version, datetime.now(UTC))
    await client.patch(NODE, Ref("", name), {"status": status}, subresource="status")


async def renew_lease(client: Client, name: str) -> None:
    """The Lease says that the node is alive now. Raises `KubeError`."""
    lease = lease_object(name, datetime.now(UTC))
    ref = Ref(LEASE_NAMESPACE, name)
    try:
        await client.patch(LEASE, ref, {"spec": lease["spec"]})
    except ApiError as error:
        if not error.is_not_found:
            raise
        await _create_namespace(client)
        await client.create(LEASE, lease)


async def _create_namespace(client: Client) -> None:
    try:
        await client.create(NAMESPACE, {"metadata": {"name": LEASE_NAMESPACE}})
    except ApiError as error:
        if not error.is_already_exists:
            raise


async def keep_registered(client: Client, name: str, port: int, version: str) -> None:
    """Registers, then renews the Lease until cancelled."""
    registered = False
    lease_trouble = ""
    while True:
        try:
            if not registered:
                await register(client, name, port, version)
                registered = True
            await renew_lease(client, name)
            lease_trouble = ""
        except KubeError as error:
            if str(error) != lease_trouble:
                log.warning("node %s: heartbeat: %s", name, error)
                lease_trouble = str(error)
            if not registered:
                await asyncio.sleep(0.5)
                continue
        await asyncio.sleep(HEARTBEAT_S)
