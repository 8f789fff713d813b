"""Pod: containers that run together on one node and share an address."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from torana.api.core.pod_spec import PodSpec
from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.meta import Object


class PodCondition(ApiStruct, kw_only=True):
    """One aspect of a Pod's state."""

    type: Annotated[str, Field("Name of the aspect: PodScheduled, Initialized, ContainersReady, Ready and others.")]
    status: Annotated[str, Field("True, False or Unknown.")]
    reason: Annotated[str, Field("Short CamelCase word for machines: why the status is what it is.")] = ""
    message: Annotated[str, Field("The same for people.")] = ""
    last_probe_time: Annotated[str | None, Field("When it was last looked at.", format="date-time")] = None
    last_transition_time: Annotated[str | None, Field("When `status` last changed.", format="date-time")] = None
    observed_generation: Annotated[int | None, Field("The generation that this is about.", format="int64")] = None


class PodIP(ApiStruct, kw_only=True):
    """An address of a Pod."""

    ip: Annotated[str, Field("IP address.")]


class HostIP(ApiStruct, kw_only=True):
    """An address of a Pod's node."""

    ip: Annotated[str, Field("IP address.")]


class ContainerStateWaiting(ApiStruct, kw_only=True):
    """The container does not run yet."""

    reason: Annotated[str, Field("Why, in one word, e.g. `ImagePullBackOff`.")] = ""
    message: Annotated[str, Field("Why, for people.")] = ""


class ContainerStateRunning(ApiStruct, kw_only=True):
    """The container runs."""

    started_at: Annotated[str | None, Field("Since when.", format="date-time")] = None


class ContainerStateTerminated(ApiStruct, kw_only=True):
    """The container has ended."""

    exit_code: Annotated[int, Field("Its exit status.", format="int32")]
    signal: Annotated[int, Field("Signal that ended it.", format="int32")] = 0
    reason: Annotated[str, Field("Why, in one word, e.g. `Completed` or `Error`.")] = ""
    message: Annotated[str, Field("Its last words.")] = ""
    started_at: Annotated[str | None, Field("When it started.", format="date-time")] = None
    finished_at: Annotated[str | None, Field("When it ended.", format="date-time")] = None
    container_id: Annotated[str, Field("Which run this was, as `runtime://id`.")] = msgspec.field(
        name="containerID", default=""
    )


class ContainerState(ApiStruct, kw_only=True):
    """What a container does. One field is set; none means waiting."""

    waiting: Annotated[ContainerStateWaiting | None, Field("It does not run yet.")] = None
    running: Annotated[ContainerStateRunning | None, Field("It runs.")] = None
    terminated: Annotated[ContainerStateTerminated | None, Field("It has ended.")] = None


class ContainerStatus(ApiStruct, kw_only=True):
    """How a container is."""

    name: Annotated[str, Field("Name of the container.")]
    state: Annotated[ContainerState, Field("What it does now.")] = ContainerState()
    last_state: Annotated[ContainerState, Field("What it did before its last restart.")] = ContainerState()
    ready: Annotated[bool, Field("Whether its readiness probe succeeds.")]
    restart_count: Annotated[int, Field("How often it was started again.", format="int32")]
    image: Annotated[str, Field("Image that it runs.")]
    image_id: Annotated[str, Field("Exactly which image.")] = msgspec.field(name="imageID")
    container_id: Annotated[str, Field("Which run this is, as `runtime://id`.")] = msgspec.field(
        name="containerID", default=""
    )
    started: Annotated[bool | None, Field("Whether its startup probe has succeeded.")] = None
    allocated_resources: Annotated[dict[str, Any], Field("What it was promised.")] = msgspec.field(default_factory=dict)
    allocated_resources_status: Annotated[
        tuple[dict[str, Any], ...],
        Field("State of its devices.", list_type="map", map_keys=("name",), merge_key="name"),
    ] = ()
    resources: Annotated[dict[str, Any], Field("What it has.")] = msgspec.field(default_factory=dict)
    volume_mounts: Annotated[
        tuple[dict[str, Any], ...],
        Field("Its volumes.", list_type="map", map_keys=("mountPath",), merge_key="mountPath"),
    ] = ()
    user: Annotated[dict[str, Any], Field("User that it runs as.")] = msgspec.field(default_factory=dict)
    stop_signal: Annotated[str, Field("Signal that tells it to end.")] = ""


class PodStatus(ApiStruct, kw_only=True):
    """How a Pod is."""

    phase: Annotated[str, Field("Pending, Running, Succeeded, Failed or Unknown.", default="Pending")] = ""
    conditions: Annotated[
        tuple[PodCondition, ...],
        Field("Aspects of the Pod's state.", list_type="map", map_keys=("type",), merge_key="type"),
    ] = ()
    message: Annotated[str, Field("Why it is so, for people.")] = ""
    reason: Annotated[str, Field("Why it is so, in one word, e.g. `Evicted`.")] = ""
    nominated_node_name: Annotated[str, Field("Node where room is being made.")] = ""
    host_ip: Annotated[str, Field("Address of the node.")] = msgspec.field(name="hostIP", default="")
    host_ips: Annotated[
        tuple[HostIP, ...],
        Field("Addresses of the node.", list_type="atomic", merge_key="ip"),
    ] = msgspec.field(name="hostIPs", default=())
    pod_ip: Annotated[str, Field("Address of the Pod.")] = msgspec.field(name="podIP", default="")
    pod_ips: Annotated[
        tuple[PodIP, ...],
        Field("Addresses of the Pod, one per IP family.", list_type="map", map_keys=("ip",), merge_key="ip"),
    ] = msgspec.field(name="podIPs", default=())
    start_time: Annotated[str | None, Field("When the node took the Pod up.", format="date-time")] = None
    init_container_statuses: Annotated[
        tuple[ContainerStatus, ...], Field("How the init containers are.", list_type="atomic")
    ] = ()
    container_statuses: Annotated[
        tuple[ContainerStatus, ...], Field("How the containers are.", list_type="atomic")
    ] = ()
    ephemeral_container_statuses: Annotated[
        tuple[ContainerStatus, ...], Field("How the ephemeral containers are.", list_type="atomic")
    ] = ()
    qos_class: Annotated[
        str, Field("Guaranteed, Burstable or BestEffort: who goes first when the node is short of memory.")
    ] = ""
    resize: Annotated[str, Field("State of a change of resources.")] = ""
    resource_claim_statuses: Annotated[
        tuple[dict[str, Any], ...],
        Field(
            "State of device claims.",
            list_type="map",
            map_keys=("name",),
            merge_key="name",
            patch_strategy="merge,retainKeys",
        ),
    ] = ()
    extended_resource_claim_status: Annotated[dict[str, Any], Field("State of claims made for extended resources.")] = (
        msgspec.field(default_factory=dict)
    )
    allocated_resources: Annotated[dict[str, Any], Field("What the Pod was promised.")] = msgspec.field(
        default_factory=dict
    )
    resources: Annotated[dict[str, Any], Field("What the Pod has.")] = msgspec.field(default_factory=dict)
    observed_generation: Annotated[int | None, Field("The generation that this is about.", format="int64")] = None


class Pod(Object, kw_only=True):
    """Containers that run together on one node and share an address."""

    spec: Annotated[PodSpec, Field("What the Pod runs.")]
    status: Annotated[PodStatus, Field("How the Pod is.")] = PodStatus()


POD = Kind(
    group="",
    kind="Pod",
    plural="pods",
    struct=Pod,
    short_names=("po",),
    categories=("all",),
    columns=(
        Column("Status", "string", ".status.phase"),
        Column("Age", "date", ".metadata.creationTimestamp"),
        Column("IP", "string", ".status.podIP", priority=1),
        Column("Node", "string", ".spec.nodeName", priority=1),
    ),
)
