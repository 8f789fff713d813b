"""Parts shared by all kinds: metadata, conditions, selectors (the apimachinery `meta/v1` types)."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from torana.api.field import ApiStruct, Field
from torana.api.kind import Ref


class OwnerReference(ApiStruct, kw_only=True):
    """An object that this object belongs to; it is deleted when all its owners are gone."""

    api_version: Annotated[str, Field("API version of the owner.")]
    kind: Annotated[str, Field("Kind of the owner.")]
    name: Annotated[str, Field("Name of the owner.")]
    uid: Annotated[str, Field("UID of the owner.")]
    controller: Annotated[bool | None, Field("True for the one owner that manages this object.")] = None
    block_owner_deletion: Annotated[
        bool | None, Field("Whether deleting the owner in the foreground waits for this object.")
    ] = None


class ObjectMeta(ApiStruct, kw_only=True):
    """Identity, bookkeeping and free labels of an object."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()

    @property
    def ref(self) -> Ref:
        return Ref(self.namespace, self.name)


class Object(ApiStruct, kw_only=True):
    """Fields that every object has. Kinds add `spec`, `status` or their own fields."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = ObjectMeta()


class Condition(ApiStruct, kw_only=True):
    """One aspect of an object's state, as last judged by a controller."""

    type: Annotated[
        str,
        Field(
            "Name of the aspect, in CamelCase or as `domain/CamelCase`.",
            max_length=316,
            pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
        ),
    ]
    status: Annotated[str, Field("Whether the aspect holds.", enum=("True", "False", "Unknown"))]
    reason: Annotated[
        str,
        Field(
            "Short CamelCase word for machines: why the status is what it is.",
            min_length=1,
            max_length=1024,
            pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        ),
    ]
    message: Annotated[str, Field("The same for people. May be empty.", max_length=32768)]
    last_transition_time: Annotated[str, Field("When `status` last changed.", format="date-time")]
    observed_generation: Annotated[
        int | None, Field("The `metadata.generation` that this judgement is about.", minimum=0, format="int64")
    ] = None


class LabelSelectorRequirement(ApiStruct, kw_only=True):
    """A test of one label."""

    key: Annotated[str, Field("The label's key.")]
    operator: Annotated[str, Field("One of In, NotIn, Exists, DoesNotExist.")]
    values: Annotated[tuple[str, ...], Field("Values for In and NotIn; empty for the others.", list_type="atomic")] = ()


class LabelSelector(ApiStruct, kw_only=True):
    """A test of an object's labels. All parts must hold; an empty selector matches everything."""

    is_atomic: ClassVar[bool] = True

    match_labels: Annotated[dict[str, str], Field("Labels that must have exactly these values.")] = msgspec.field(
        default_factory=dict
    )
    match_expressions: Annotated[tuple[LabelSelectorRequirement, ...], Field("Further tests.", list_type="atomic")] = ()
