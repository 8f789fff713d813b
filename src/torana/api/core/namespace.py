"""Namespace: a room for names."""

from __future__ import annotations

from typing import Annotated

from torana.api.core.condition import CONDITIONS, ObjectCondition
from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.meta import Object


class NamespaceSpec(ApiStruct, kw_only=True):
    """What must happen before the namespace goes."""

    finalizers: Annotated[
        tuple[str, ...], Field("Who must agree before the namespace is removed.", list_type="atomic")
    ] = ()


class NamespaceStatus(ApiStruct, kw_only=True):
    """Where the namespace is in its life."""

    phase: Annotated[str, Field("`Active`, or `Terminating` while its objects are being deleted.")] = ""
    conditions: Annotated[tuple[ObjectCondition, ...], CONDITIONS] = ()


class Namespace(Object, kw_only=True):
    """A room for names: objects in different namespaces may have the same name."""

    spec: Annotated[NamespaceSpec, Field("What must happen before the namespace goes.")] = NamespaceSpec()
    status: Annotated[NamespaceStatus, Field("Where the namespace is in its life.")] = NamespaceStatus()


NAMESPACE = Kind(
    group="",
    kind="Namespace",
    plural="namespaces",
    struct=Namespace,
    namespaced=False,
    short_names=("ns",),
    columns=(
        Column("Status", "string", ".status.phase"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
)
