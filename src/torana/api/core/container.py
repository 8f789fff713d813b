"""What is a container of a Pod, and what does it need?"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from torana.api.core.environment import EnvFromSource, EnvVar
from torana.api.core.probe import Lifecycle, Probe
from torana.api.field import ApiStruct, Field

QUANTITY = Field(int_or_string=True)


class ContainerPort(ApiStruct, kw_only=True):
    """A port that a container listens on."""

    name: Annotated[str, Field("Name of the port, for Services and probes.")] = ""
    container_port: Annotated[int, Field("Number of the port.", format="int32")]
    protocol: Annotated[str, Field("TCP, UDP or SCTP.", default="TCP")] = "TCP"
    host_port: Annotated[int, Field("Port on the node that leads here.", format="int32")] = 0
    host_ip: Annotated[str, Field("Address of the node for `hostPort`.")] = msgspec.field(name="hostIP", default="")


class ResourceRequirements(ApiStruct, kw_only=True):
    """How much of the machine a container gets."""

    limits: Annotated[dict[str, int | str | float], Field("The most it may use.", item=QUANTITY)] = msgspec.field(
        default_factory=dict
    )
    requests: Annotated[dict[str, int | str | float], Field("What it is promised.", item=QUANTITY)] = msgspec.field(
        default_factory=dict
    )
    claims: Annotated[tuple[dict[str, Any], ...], Field("Claims of devices.", list_type="map", map_keys=("name",))] = ()


class VolumeMount(ApiStruct, kw_only=True):
    """Where a volume appears in a container."""

    name: Annotated[str, Field("Name of the volume.")]
    mount_path: Annotated[str, Field("Where it appears.")]
    sub_path: Annotated[str, Field("Part of the volume to show.")] = ""
    sub_path_expr: Annotated[str, Field("The same, with variables as `$(NAME)`.")] = ""
    read_only: Annotated[bool, Field("True: the container cannot write to it.")] = False
    recursive_read_only: Annotated[str, Field("Whether mounts below are read-only too.")] = ""
    mount_propagation: Annotated[str, Field("Whether mounts made on one side appear on the other.")] = ""


class Container(ApiStruct, kw_only=True):
    """A program that runs in a Pod."""

    name: Annotated[str, Field("Name of the container, unique in the Pod.")]
    image: Annotated[str, Field("Image that holds the program.")] = ""
    image_pull_policy: Annotated[
        str, Field("Always, IfNotPresent or Never. When absent: Always for the tag `latest`, else IfNotPresent.")
    ] = ""
    command: Annotated[
        tuple[str, ...], Field("Program to run instead of the image's entry point.", list_type="atomic")
    ] = ()
    args: Annotated[tuple[str, ...], Field("Arguments instead of those of the image.", list_type="atomic")] = ()
    working_dir: Annotated[str, Field("Directory to run in. When absent, that of the image.")] = ""
    ports: Annotated[
        tuple[ContainerPort, ...],
        Field(
            "Ports that the container listens on.",
            list_type="map",
            map_keys=("containerPort", "protocol"),
            merge_key="containerPort",
        ),
    ] = ()
    env: Annotated[
        tuple[EnvVar, ...],
        Field("Environment variables.", list_type="map", map_keys=("name",), merge_key="name"),
    ] = ()
    env_from: Annotated[
        tuple[EnvFromSource, ...], Field("Objects whose keys become variables.", list_type="atomic")
    ] = ()
    resources: Annotated[ResourceRequirements, Field("How much of the machine it gets.")] = ResourceRequirements()
    resize_policy: Annotated[
        tuple[dict[str, Any], ...], Field("What happens when resources change.", list_type="atomic")
    ] = ()
    restart_policy: Annotated[str, Field("`Always` makes an init container a sidecar.")] = ""
    restart_policy_rules: Annotated[
        tuple[dict[str, Any], ...], Field("Restart policy by exit status.", list_type="atomic")
    ] = ()
    volume_mounts: Annotated[
        tuple[VolumeMount, ...],
        Field("Volumes of the Pod that appear here.", list_type="map", map_keys=("mountPath",), merge_key="mountPath"),
    ] = ()
    volume_devices: Annotated[
        tuple[dict[str, Any], ...],
        Field("Block devices.", list_type="map", map_keys=("devicePath",), merge_key="devicePath"),
    ] = ()
    liveness_probe: Annotated[Probe | None, Field("Failure restarts the container.")] = None
    readiness_probe: Annotated[Probe | None, Field("Failure takes the Pod out of its Services.")] = None
    startup_probe: Annotated[Probe | None, Field("The other probes wait for its success.")] = None
    lifecycle: Annotated[Lifecycle | None, Field("What is done at the turns of its life.")] = None
    termination_message_path: Annotated[
        str, Field("File with the container's last words.", default="/dev/termination-log")
    ] = "/dev/termination-log"
    termination_message_policy: Annotated[
        str, Field("`File`: only that file. `FallbackToLogsOnError`: else the end of the log.", default="File")
    ] = "File"
    security_context: Annotated[dict[str, Any], Field("Rights of the container's processes.")] = msgspec.field(
        default_factory=dict
    )
    stdin: Annotated[bool, Field("True: keep standard input open.")] = False
    stdin_once: Annotated[bool, Field("True: close it after the first client.")] = False
    tty: Annotated[bool, Field("True: give it a terminal.")] = False


class EphemeralContainer(Container, kw_only=True):
    """A container put into a running Pod, for looking around."""

    target_container_name: Annotated[str, Field("Container whose processes it sees.")] = ""
