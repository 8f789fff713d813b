"""ListenerSet: which listeners does somebody else add to a Gateway?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.listener import Listener, ListenerStatus, listener_rules
from torana.api.meta import Condition, Object
from torana.api.pending import pending_default
from torana.api.references import GATEWAY_GROUP

_CONDITIONS = pending_default("Accepted", "Programmed")


class ParentGatewayReference(ApiStruct, kw_only=True):
    """Names the Gateway that the listeners are added to."""

    group: Annotated[str, limits.group("API group of the parent.", default=GATEWAY_GROUP)] = GATEWAY_GROUP
    kind: Annotated[str, limits.kind("Kind of the parent.", default="Gateway")] = "Gateway"
    name: Annotated[str, limits.object_name("Name of the parent.")]
    namespace: Annotated[
        str,
        limits.namespace(
            "Namespace of the parent; when absent, that of the ListenerSet. The Gateway must allow it in"
            " `allowedListeners`."
        ),
    ] = ""


class ListenerSetSpec(ApiStruct, kw_only=True):
    """The listeners, and the Gateway they are added to."""

    parent_ref: Annotated[ParentGatewayReference, Field("Gateway that the listeners are added to.")]
    listeners: Annotated[
        tuple[Listener, ...],
        Field(
            "The listeners. Where they clash with those of the Gateway or of an older ListenerSet, the others win.",
            list_type="map",
            map_keys=("name",),
            min_items=1,
            max_items=64,
            rules=listener_rules(port_may_be_absent=True),
        ),
    ]


class ListenerSetStatus(ApiStruct, kw_only=True):
    """What the controller says about the listeners."""

    conditions: Annotated[
        tuple[Condition, ...],
        limits.conditions(
            "`Accepted` says whether the Gateway takes the listeners, `Programmed` whether its proxy has them.",
            default=_CONDITIONS,
        ),
    ] = ()
    listeners: Annotated[
        tuple[ListenerStatus, ...],
        Field("One entry per listener.", list_type="map", map_keys=("name",), max_items=64),
    ] = ()


class ListenerSet(Object, kw_only=True):
    """Listeners that are added to a Gateway by others than its owner."""

    spec: Annotated[ListenerSetSpec, Field("The listeners, and the Gateway they are added to.")]
    status: Annotated[
        ListenerSetStatus,
        Field("What the controller says about the listeners.", default={"conditions": _CONDITIONS}),
    ] = ListenerSetStatus()


LISTENER_SET = Kind(
    group=GATEWAY_GROUP,
    kind="ListenerSet",
    plural="listenersets",
    struct=ListenerSet,
    short_names=("lset",),
    categories=("gateway-api",),
    columns=(
        Column("Accepted", "string", '.status.conditions[?(@.type=="Accepted")].status'),
        Column("Programmed", "string", '.status.conditions[?(@.type=="Programmed")].status'),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
    is_custom=True,
)
