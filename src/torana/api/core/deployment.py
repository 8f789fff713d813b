"""Deployment: keeps Pods running and replaces them step by step when their template changes."""

from __future__ import annotations

from typing import Annotated

from torana.api.core.pod_spec import PodTemplateSpec
from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.meta import LabelSelector, Object

_QUARTER = "25%"


class RollingUpdateDeployment(ApiStruct, kw_only=True):
    """The size of the steps."""

    max_unavailable: Annotated[
        int | str,
        Field("How many Pods, or which percentage rounded down, may be missing.", default=_QUARTER, int_or_string=True),
    ] = _QUARTER
    max_surge: Annotated[
        int | str,
        Field("How many Pods, or which percentage rounded up, may be too many.", default=_QUARTER, int_or_string=True),
    ] = _QUARTER


class DeploymentStrategy(ApiStruct, kw_only=True):
    """How Pods are replaced."""

    type: Annotated[
        str, Field("`RollingUpdate`: step by step. `Recreate`: all old ones first go.", default="RollingUpdate")
    ] = "RollingUpdate"
    rolling_update: Annotated[RollingUpdateDeployment | None, Field("The size of the steps, with RollingUpdate.")] = (
        None
    )


class DeploymentSpec(ApiStruct, kw_only=True):
    """How many Pods, which, and how they are replaced."""

    replicas: Annotated[int, Field("How many Pods there should be.", default=1, format="int32")] = 1
    selector: Annotated[LabelSelector, Field("Labels of the Pods that count. Cannot be changed later.")]
    template: Annotated[PodTemplateSpec, Field("What the Pods look like.")]
    strategy: Annotated[
        DeploymentStrategy,
        Field(
            "How Pods are replaced.",
            patch_strategy="retainKeys",
            default={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": _QUARTER, "maxSurge": _QUARTER}},
        ),
    ] = DeploymentStrategy()
    min_ready_seconds: Annotated[
        int, Field("How long a Pod must be ready before it counts as available.", format="int32")
    ] = 0
    revision_history_limit: Annotated[
        int, Field("How many old ReplicaSets are kept for going back.", default=10, format="int32")
    ] = 10
    paused: Annotated[bool, Field("True: changes of the template wait.")] = False
    progress_deadline_seconds: Annotated[
        int, Field("How long there may be no progress before the Deployment says so.", default=600, format="int32")
    ] = 600


class DeploymentCondition(ApiStruct, kw_only=True):
    """One aspect of a Deployment's state."""

    type: Annotated[str, Field("Available, Progressing or ReplicaFailure.")]
    status: Annotated[str, Field("True, False or Unknown.")]
    reason: Annotated[str, Field("Short CamelCase word for machines: why the status is what it is.")] = ""
    message: Annotated[str, Field("The same for people.")] = ""
    last_update_time: Annotated[str | None, Field("When it was last looked at.", format="date-time")] = None
    last_transition_time: Annotated[str | None, Field("When `status` last changed.", format="date-time")] = None


class DeploymentStatus(ApiStruct, kw_only=True):
    """How far the Deployment is."""

    observed_generation: Annotated[int, Field("The generation that this is about.", format="int64")] = 0
    replicas: Annotated[int, Field("How many Pods there are.", format="int32")] = 0
    updated_replicas: Annotated[int, Field("How many of them fit the current template.", format="int32")] = 0
    ready_replicas: Annotated[int, Field("How many are ready.", format="int32")] = 0
    available_replicas: Annotated[int, Field("How many have been ready long enough.", format="int32")] = 0
    unavailable_replicas: Annotated[int, Field("How many are missing.", format="int32")] = 0
    terminating_replicas: Annotated[int | None, Field("How many are on their way out.", format="int32")] = None
    collision_count: Annotated[
        int | None, Field("How often a ReplicaSet's name was already taken.", format="int32")
    ] = None
    conditions: Annotated[
        tuple[DeploymentCondition, ...],
        Field("Aspects of the Deployment's state.", list_type="map", map_keys=("type",), merge_key="type"),
    ] = ()


class Deployment(Object, kw_only=True):
    """Keeps Pods running and replaces them step by step when their template changes."""

    spec: Annotated[DeploymentSpec, Field("How many Pods, which, and how they are replaced.")]
    status: Annotated[DeploymentStatus, Field("How far the Deployment is.")] = DeploymentStatus()


DEPLOYMENT = Kind(
    group="apps",
    kind="Deployment",
    plural="deployments",
    struct=Deployment,
    short_names=("deploy",),
    categories=("all",),
    has_scale=True,
    columns=(
        Column("Up-to-date", "integer", ".status.updatedReplicas"),
        Column("Available", "integer", ".status.availableReplicas"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
)
