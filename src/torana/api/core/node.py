"""Node: a machine that runs Pods."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.meta import Object


class Taint(ApiStruct, kw_only=True):
    """A mark that keeps away Pods that do not tolerate it."""

    key: Annotated[str, Field("Key of the taint.")]
    value: Annotated[str, Field("Value of the taint.")] = ""
    effect: Annotated[str, Field("NoSchedule, PreferNoSchedule or NoExecute.")]
    time_added: Annotated[str | None, Field("When the taint was added.", format="date-time")] = None


class NodeSpec(ApiStruct, kw_only=True):
    """What the node is."""

    pod_cidr: Annotated[str, Field("Range of the node's Pod addresses.")] = msgspec.field(name="podCIDR", default="")
    pod_cidrs: Annotated[
        tuple[str, ...],
        Field("Ranges of the node's Pod addresses, one per IP family.", list_type="set", patch_strategy="merge"),
    ] = msgspec.field(name="podCIDRs", default=())
    provider_id: Annotated[str, Field("How a cloud provider names the machine.")] = msgspec.field(
        name="providerID", default=""
    )
    unschedulable: Annotated[bool, Field("True keeps new Pods away.")] = False
    taints: Annotated[tuple[Taint, ...], Field("Marks that keep Pods away.", list_type="atomic")] = ()
    config_source: Annotated[dict[str, Any], Field("No longer used.")] = msgspec.field(default_factory=dict)
    external_id: Annotated[str, Field("No longer used.")] = msgspec.field(name="externalID", default="")


class NodeAddress(ApiStruct, kw_only=True):
    """An address of a node."""

    type: Annotated[str, Field("Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.")]
    address: Annotated[str, Field("The address itself.")]


class NodeCondition(ApiStruct, kw_only=True):
    """One aspect of a node's state."""

    type: Annotated[str, Field("Name of the aspect, e.g. `Ready`.")]
    status: Annotated[str, Field("True, False or Unknown.")]
    reason: Annotated[str, Field("Short CamelCase word for machines: why the status is what it is.")] = ""
    message: Annotated[str, Field("The same for people.")] = ""
    last_heartbeat_time: Annotated[str | None, Field("When the node last said so.", format="date-time")] = None
    last_transition_time: Annotated[str | None, Field("When `status` last changed.", format="date-time")] = None


class NodeSystemInfo(ApiStruct, kw_only=True):
    """What runs on the node."""

    machine_id: Annotated[str, Field("Identity of the machine.")] = msgspec.field(name="machineID", default="")
    system_uuid: Annotated[str, Field("UUID of the machine.")] = msgspec.field(name="systemUUID", default="")
    boot_id: Annotated[str, Field("Identity of the current boot.")] = msgspec.field(name="bootID", default="")
    kernel_version: Annotated[str, Field("Version of the kernel.")] = ""
    os_image: Annotated[str, Field("Name of the operating system.")] = ""
    container_runtime_version: Annotated[str, Field("What runs the containers, as `name://version`.")] = ""
    kubelet_version: Annotated[str, Field("Version of the node's agent.")] = ""
    kube_proxy_version: Annotated[str, Field("No longer used.")] = ""
    operating_system: Annotated[str, Field("Operating system, e.g. `linux`.")] = ""
    architecture: Annotated[str, Field("Architecture, e.g. `amd64`.")] = ""
    swap: Annotated[dict[str, Any], Field("Swap space of the machine.")] = msgspec.field(default_factory=dict)


class NodeStatus(ApiStruct, kw_only=True):
    """What the node says about itself."""

    capacity: Annotated[dict[str, Any], Field("What the machine has.")] = msgspec.field(default_factory=dict)
    allocatable: Annotated[dict[str, Any], Field("What Pods may use of it.")] = msgspec.field(default_factory=dict)
    phase: Annotated[str, Field("No longer used.")] = ""
    conditions: Annotated[
        tuple[NodeCondition, ...],
        Field("Aspects of the node's state.", list_type="map", map_keys=("type",), merge_key="type"),
    ] = ()
    addresses: Annotated[
        tuple[NodeAddress, ...],
        Field("Addresses of the node.", list_type="map", map_keys=("type",), merge_key="type"),
    ] = ()
    daemon_endpoints: Annotated[dict[str, Any], Field("Ports of the node's agent.")] = msgspec.field(
        default_factory=dict
    )
    node_info: Annotated[NodeSystemInfo, Field("What runs on the node.")] = NodeSystemInfo()
    images: Annotated[tuple[dict[str, Any], ...], Field("Images present on the node.", list_type="atomic")] = ()
    volumes_in_use: Annotated[tuple[str, ...], Field("Volumes that are mounted.", list_type="atomic")] = ()
    volumes_attached: Annotated[
        tuple[dict[str, Any], ...], Field("Volumes that are attached.", list_type="atomic")
    ] = ()
    config: Annotated[dict[str, Any], Field("No longer used.")] = msgspec.field(default_factory=dict)
    runtime_handlers: Annotated[
        tuple[dict[str, Any], ...], Field("Container runtimes that the node offers.", list_type="atomic")
    ] = ()
    features: Annotated[dict[str, Any], Field("What the node's runtime can do.")] = msgspec.field(default_factory=dict)


class Node(Object, kw_only=True):
    """A machine that runs Pods."""

    spec: Annotated[NodeSpec, Field("What the node is.")] = NodeSpec()
    status: Annotated[NodeStatus, Field("What the node says about itself.")] = NodeStatus()


NODE = Kind(
    group="",
    kind="Node",
    plural="nodes",
    struct=Node,
    namespaced=False,
    short_names=("no",),
    columns=(
        Column("Status", "string", '.status.conditions[?(@.type=="Ready")].status'),
        Column("Age", "date", ".metadata.creationTimestamp"),
        Column("Version", "string", ".status.nodeInfo.kubeletVersion"),
    ),
)
