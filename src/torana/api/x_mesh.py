"""XMesh: which controller makes a mesh of the cluster, and what can it do?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field
from torana.api.gateway_class import SUPPORTED_FEATURES, SupportedFeature
from torana.api.kind import Column, Kind, Version
from torana.api.meta import Condition, Object
from torana.api.pending import pending_default
from torana.api.references import ParametersReference
from torana.api.x_backend import EXPERIMENTAL_GROUP


class XMeshSpec(ApiStruct, kw_only=True):
    """Who makes the mesh, and how."""

    controller_name: Annotated[
        str,
        limits.fixed_controller_name(
            "Controller that makes the mesh, as a path below a domain, e.g. `example.com/mesh`. It cannot be changed"
            " later."
        ),
    ]
    parameters_ref: Annotated[
        ParametersReference | None,
        Field("Object with configuration of the mesh. Its kind is the controller's choice."),
    ] = None
    description: Annotated[str, Field("What the mesh is for, in a few words for people.", max_length=64)] = ""


class XMeshStatus(ApiStruct, kw_only=True):
    """What the controller says about the mesh."""

    conditions: Annotated[
        tuple[Condition, ...],
        limits.conditions(
            "`Accepted` says whether a controller makes this mesh.", default=pending_default("Accepted", "Programmed")
        ),
    ] = ()
    supported_features: Annotated[tuple[SupportedFeature, ...], SUPPORTED_FEATURES] = ()


class XMesh(Object, kw_only=True):
    """A mesh: routes whose parent is a Service act on traffic inside the cluster."""

    spec: Annotated[XMeshSpec, Field("Who makes the mesh, and how.")]
    status: Annotated[
        XMeshStatus,
        Field("What the controller says about the mesh.", default={"conditions": pending_default("Accepted")}),
    ] = XMeshStatus()


X_MESH = Kind(
    group=EXPERIMENTAL_GROUP,
    kind="XMesh",
    plural="xmeshes",
    struct=XMesh,
    versions=(Version("v1alpha1", storage=True),),
    namespaced=False,
    short_names=("mesh",),
    categories=("gateway-api",),
    columns=(
        Column("Accepted", "string", '.status.conditions[?(@.type=="Accepted")].status'),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
    is_custom=True,
    channel="experimental",
)
