"""What does a Pod run, and under which conditions?"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from torana.api.core.container import Container, EphemeralContainer
from torana.api.core.object_reference import LocalObjectReference
from torana.api.core.volume import Volume
from torana.api.field import ApiStruct, Field
from torana.api.meta import OwnerReference


def _named(doc: str) -> Field:
    return Field(doc, list_type="map", map_keys=("name",), merge_key="name")


class Toleration(ApiStruct, kw_only=True):
    """A taint that does not keep the Pod away."""

    key: Annotated[str, Field("Key of the taint; empty, with `Exists`, means all.")] = ""
    operator: Annotated[str, Field("Equal or Exists. When absent, Equal.")] = ""
    value: Annotated[str, Field("Value of the taint.")] = ""
    effect: Annotated[str, Field("Effect of the taint; empty means all.")] = ""
    toleration_seconds: Annotated[int | None, Field("How long a NoExecute taint is borne.", format="int64")] = None


class HostAlias(ApiStruct, kw_only=True):
    """A line of the Pod's hosts file."""

    ip: Annotated[str, Field("IP address.")]
    hostnames: Annotated[tuple[str, ...], Field("Names for it.", list_type="atomic")] = ()


class PodSpec(ApiStruct, kw_only=True):
    """What a Pod runs, and under which conditions."""

    containers: Annotated[tuple[Container, ...], _named("The programs, run side by side.")]
    init_containers: Annotated[
        tuple[Container, ...], _named("Programs run one after the other before the others start.")
    ] = ()
    ephemeral_containers: Annotated[tuple[EphemeralContainer, ...], _named("Programs put into the running Pod.")] = ()
    volumes: Annotated[
        tuple[Volume, ...],
        msgspec.structs.replace(_named("Directories for the containers."), patch_strategy="merge,retainKeys"),
    ] = ()
    restart_policy: Annotated[
        str, Field("Always, OnFailure or Never: what happens when a container ends.", default="Always")
    ] = "Always"
    termination_grace_period_seconds: Annotated[
        int | None, Field("How long containers may take to end before they are killed.", default=30, format="int64")
    ] = 30
    active_deadline_seconds: Annotated[int | None, Field("How long the Pod may run at all.", format="int64")] = None
    dns_policy: Annotated[
        str, Field("ClusterFirst, ClusterFirstWithHostNet, Default or None.", default="ClusterFirst")
    ] = "ClusterFirst"
    dns_config: Annotated[dict[str, Any], Field("Settings of name resolution.")] = msgspec.field(default_factory=dict)
    node_selector: Annotated[dict[str, str], Field("Labels that the node must have.", map_type="atomic")] = (
        msgspec.field(default_factory=dict)
    )
    node_name: Annotated[str, Field("Node that runs the Pod. Set by the scheduler.")] = ""
    service_account_name: Annotated[str, Field("Who the Pod is when it talks to the API.")] = ""
    service_account: Annotated[str, Field("Old name of `serviceAccountName`.")] = ""
    automount_service_account_token: Annotated[
        bool | None, Field("Whether containers find a token in their file system.")
    ] = None
    host_network: Annotated[bool, Field("True: the Pod has the node's network.")] = False
    host_pid: Annotated[bool, Field("True: the Pod sees the node's processes.")] = msgspec.field(
        name="hostPID", default=False
    )
    host_ipc: Annotated[bool, Field("True: the Pod shares the node's IPC.")] = msgspec.field(
        name="hostIPC", default=False
    )
    host_users: Annotated[bool | None, Field("False: the Pod has user IDs of its own.")] = None
    share_process_namespace: Annotated[bool | None, Field("True: containers see each other's processes.")] = None
    security_context: Annotated[dict[str, Any], Field("Rights of all processes.", default={})] = msgspec.field(
        default_factory=dict
    )
    image_pull_secrets: Annotated[
        tuple[LocalObjectReference, ...], _named("Secrets with which images are pulled.")
    ] = ()
    hostname: Annotated[str, Field("Host name of the Pod. When absent, its name.")] = ""
    hostname_override: Annotated[str, Field("Host name inside the Pod only.")] = ""
    subdomain: Annotated[str, Field("Subdomain of the Pod's DNS name.")] = ""
    set_hostname_as_fqdn: Annotated[bool | None, Field("True: the host name is the full DNS name.")] = msgspec.field(
        name="setHostnameAsFQDN", default=None
    )
    affinity: Annotated[dict[str, Any], Field("Wishes about nodes and neighbours.")] = msgspec.field(
        default_factory=dict
    )
    scheduler_name: Annotated[str, Field("Scheduler that picks the node.", default="default-scheduler")] = (
        "default-scheduler"
    )
    scheduling_gates: Annotated[
        tuple[dict[str, Any], ...], _named("What must be removed before the Pod is scheduled.")
    ] = ()
    scheduling_group: Annotated[dict[str, Any], Field("Group that is scheduled together.")] = msgspec.field(
        default_factory=dict
    )
    tolerations: Annotated[
        tuple[Toleration, ...], Field("Taints that do not keep the Pod away.", list_type="atomic")
    ] = ()
    host_aliases: Annotated[
        tuple[HostAlias, ...],
        Field("Lines of the Pod's hosts file.", list_type="map", map_keys=("ip",), merge_key="ip"),
    ] = ()
    priority_class_name: Annotated[str, Field("Class of importance.")] = ""
    priority: Annotated[int | None, Field("Importance. Set from the class.", format="int32")] = None
    preemption_policy: Annotated[str, Field("Whether less important Pods make way.")] = ""
    readiness_gates: Annotated[
        tuple[dict[str, Any], ...], Field("Further conditions for being ready.", list_type="atomic")
    ] = ()
    runtime_class_name: Annotated[str, Field("Class of container runtime.")] = ""
    enable_service_links: Annotated[
        bool, Field("Whether containers get variables for the Services of the namespace.", default=True)
    ] = True
    overhead: Annotated[dict[str, Any], Field("What the runtime itself needs.")] = msgspec.field(default_factory=dict)
    topology_spread_constraints: Annotated[
        tuple[dict[str, Any], ...],
        Field(
            "How Pods are spread over the cluster.",
            list_type="map",
            map_keys=("topologyKey", "whenUnsatisfiable"),
            merge_key="topologyKey",
        ),
    ] = ()
    os: Annotated[dict[str, Any], Field("Operating system that the Pod needs.")] = msgspec.field(default_factory=dict)
    resource_claims: Annotated[
        tuple[dict[str, Any], ...],
        msgspec.structs.replace(_named("Devices for the Pod."), patch_strategy="merge,retainKeys"),
    ] = ()
    resources: Annotated[dict[str, Any], Field("How much of the machine all containers together get.")] = msgspec.field(
        default_factory=dict
    )
    workload_ref: Annotated[dict[str, Any], Field("Workload that the Pod is part of.")] = msgspec.field(
        default_factory=dict
    )


class TemplateMeta(ApiStruct, kw_only=True):
    """Metadata of Pods to be made. Only labels and annotations matter."""

    name: Annotated[str, Field("Ignored.")] = ""
    generate_name: Annotated[str, Field("Ignored.")] = ""
    namespace: Annotated[str, Field("Ignored.")] = ""
    # Kubernetes itself writes a null here.
    creation_timestamp: Annotated[str | None, Field("Ignored.", format="date-time")] = None
    labels: Annotated[dict[str, str], Field("Labels of the Pods.")] = msgspec.field(default_factory=dict)
    annotations: Annotated[dict[str, str], Field("Annotations of the Pods.")] = msgspec.field(default_factory=dict)
    finalizers: Annotated[
        tuple[str, ...], Field("Finalizers of the Pods.", list_type="set", patch_strategy="merge")
    ] = ()
    owner_references: Annotated[
        tuple[OwnerReference, ...],
        Field("Ignored.", list_type="map", map_keys=("uid",), merge_key="uid"),
    ] = ()


class PodTemplateSpec(ApiStruct, kw_only=True):
    """What Pods look like that a controller makes."""

    metadata: Annotated[TemplateMeta, Field("Labels and annotations of the Pods.")] = TemplateMeta()
    spec: Annotated[PodSpec, Field("What the Pods run.")]
