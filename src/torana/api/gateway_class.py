"""GatewayClass: which controller serves the Gateways of a class, and what can it do?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind, Version
from torana.api.meta import Condition, Object
from torana.api.pending import pending_default
from torana.api.references import GATEWAY_GROUP, ParametersReference

_CONDITIONS = pending_default("Accepted")


class GatewayClassSpec(ApiStruct, kw_only=True):
    """Who serves the class, and how."""

    controller_name: Annotated[
        str,
        limits.fixed_controller_name(
            "Controller that serves Gateways of this class, as a path below a domain, e.g."
            " `example.com/gateway-controller`. It cannot be changed later."
        ),
    ]
    parameters_ref: Annotated[
        ParametersReference | None,
        Field("Object with configuration for all Gateways of this class. Its kind is the controller's choice."),
    ] = None
    description: Annotated[str, Field("What the class is for, in a few words for people.", max_length=64)] = ""


class SupportedFeature(ApiStruct, kw_only=True):
    """A feature of the Gateway API that the controller implements."""

    name: Annotated[str, Field("Name of the feature, e.g. `HTTPRouteHostRewrite`.")]


SUPPORTED_FEATURES = Field(
    "Features that the controller supports, sorted by name.", list_type="map", map_keys=("name",), max_items=64
)


class GatewayClassStatus(ApiStruct, kw_only=True):
    """What the controller says about the class."""

    conditions: Annotated[
        tuple[Condition, ...],
        limits.conditions("`Accepted` says whether a controller serves this class.", default=_CONDITIONS),
    ] = ()
    supported_features: Annotated[tuple[SupportedFeature, ...], SUPPORTED_FEATURES] = ()


class GatewayClass(Object, kw_only=True):
    """A class of Gateways that one controller serves, named by `gatewayClassName` of Gateways."""

    spec: Annotated[GatewayClassSpec, Field("Who serves the class, and how.")]
    status: Annotated[
        GatewayClassStatus, Field("What the controller says about the class.", default={"conditions": _CONDITIONS})
    ] = GatewayClassStatus()


GATEWAY_CLASS = Kind(
    group=GATEWAY_GROUP,
    kind="GatewayClass",
    plural="gatewayclasses",
    struct=GatewayClass,
    versions=(Version("v1", storage=True), Version("v1beta1")),
    namespaced=False,
    short_names=("gc",),
    categories=("gateway-api",),
    columns=(
        Column("Controller", "string", ".spec.controllerName"),
        Column("Accepted", "string", '.status.conditions[?(@.type=="Accepted")].status'),
        Column("Age", "date", ".metadata.creationTimestamp"),
        Column("Description", "string", ".spec.description", priority=1),
    ),
    is_custom=True,
)
