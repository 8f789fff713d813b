"""ReplicaSet: keeps a number of equal Pods running."""

from __future__ import annotations

from typing import Annotated

from torana.api.core.condition import CONDITIONS, ObjectCondition
from torana.api.core.pod_spec import PodTemplateSpec
from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.meta import LabelSelector, Object


class ReplicaSetSpec(ApiStruct, kw_only=True):
    """How many Pods, and which."""

    replicas: Annotated[int, Field("How many Pods there should be.", default=1, format="int32")] = 1
    min_ready_seconds: Annotated[
        int, Field("How long a Pod must be ready before it counts as available.", format="int32")
    ] = 0
    selector: Annotated[LabelSelector, Field("Labels of the Pods that count. Cannot be changed later.")]
    template: Annotated[PodTemplateSpec | None, Field("What new Pods look like.")] = None


class ReplicaSetStatus(ApiStruct, kw_only=True):
    """How many Pods there are."""

    replicas: Annotated[int, Field("How many there are.", default=0, format="int32")] = 0
    fully_labeled_replicas: Annotated[
        int, Field("How many of them have all labels of the template.", format="int32")
    ] = 0
    ready_replicas: Annotated[int, Field("How many are ready.", format="int32")] = 0
    available_replicas: Annotated[int, Field("How many have been ready long enough.", format="int32")] = 0
    terminating_replicas: Annotated[int | None, Field("How many are on their way out.", format="int32")] = None
    observed_generation: Annotated[int, Field("The generation that this is about.", format="int64")] = 0
    conditions: Annotated[tuple[ObjectCondition, ...], CONDITIONS] = ()


class ReplicaSet(Object, kw_only=True):
    """Keeps a number of equal Pods running. Usually made by a Deployment."""

    spec: Annotated[ReplicaSetSpec, Field("How many Pods, and which.")]
    status: Annotated[ReplicaSetStatus, Field("How many Pods there are.")] = ReplicaSetStatus()


REPLICA_SET = Kind(
    group="apps",
    kind="ReplicaSet",
    plural="replicasets",
    struct=ReplicaSet,
    short_names=("rs",),
    categories=("all",),
    has_scale=True,
    columns=(
        Column("Desired", "integer", ".spec.replicas"),
        Column("Current", "integer", ".status.replicas"),
        Column("Ready", "integer", ".status.readyReplicas"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
)
