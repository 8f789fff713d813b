"""Gateway: where does traffic come in, and what is the proxy that takes it made of?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from torana.api import limits
from torana.api.allowed import AllowedListeners
from torana.api.field import ApiStruct, Field, Rule
from torana.api.gateway_tls import GatewayTLSConfig
from torana.api.kind import Column, Kind, Version
from torana.api.listener import ANNOTATION_VALUE, Listener, ListenerStatus, listener_rules
from torana.api.meta import Condition, Object
from torana.api.pending import pending_default
from torana.api.references import GATEWAY_GROUP, LocalObjectReference

_CONDITIONS = pending_default("Accepted", "Programmed")

_ADDRESS_TYPE = Field(
    "What `value` is: `IPAddress`, `Hostname`, `NamedAddress`, or a type of the controller's own as `domain/name`.",
    default="IPAddress",
    min_length=1,
    max_length=253,
    pattern=rf"^Hostname|IPAddress|NamedAddress|{limits.DOMAIN_PREFIXED_PATH}",
)
_ADDRESS_LOGIC: Mapping[str, Any] = {
    "oneOf": [
        {
            "properties": {
                "type": {"enum": ["IPAddress"]},
                "value": {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
            }
        },
        {"properties": {"type": {"not": {"enum": ["IPAddress"]}}}},
    ]
}
_IS_HOSTNAME = f'self.value.matches(r"""{limits.HOSTNAME}""")'


class GatewaySpecAddress(ApiStruct, kw_only=True):
    """An address that a Gateway asks for."""

    logic: ClassVar[Mapping[str, Any]] = _ADDRESS_LOGIC
    cel: ClassVar[tuple[Rule, ...]] = (
        Rule(
            f"self.type == 'Hostname' ? (!has(self.value) || {_IS_HOSTNAME}): true",
            f"Hostname value must be empty or contain only valid characters (matching {limits.HOSTNAME})",
        ),
    )

    type: Annotated[str, _ADDRESS_TYPE] = "IPAddress"
    value: Annotated[
        str, Field("The address asked for. When empty, the controller picks one of this type.", max_length=253)
    ] = ""


class GatewayStatusAddress(ApiStruct, kw_only=True):
    """An address at which a Gateway can be reached."""

    logic: ClassVar[Mapping[str, Any]] = _ADDRESS_LOGIC
    cel: ClassVar[tuple[Rule, ...]] = (
        Rule(
            f"self.type == 'Hostname' ? {_IS_HOSTNAME}: true",
            f"Hostname value must only contain valid characters (matching {limits.HOSTNAME})",
        ),
    )

    type: Annotated[str, _ADDRESS_TYPE] = "IPAddress"
    value: Annotated[str, Field("The address itself.", min_length=1, max_length=253)]


def _unique_addresses(address_type: str, spaces: str = " ") -> Rule:
    return Rule(
        f"self.all(a1, a1.type == '{address_type}'{spaces}&& has(a1.value) ? self.exists_one(a2,"
        " a2.type == a1.type && has(a2.value) && a2.value == a1.value) : true )",
        f"{address_type} values must be unique",
    )


def _keys(what: str) -> tuple[Rule, ...]:
    return (
        Rule(
            f'self.all(key, key.matches(r"""{limits.LABEL_KEY}"""))',
            f"{what} keys must be in the form of an optional DNS subdomain prefix followed by a required name segment"
            " of up to 63 characters.",
        ),
        Rule(
            'self.all(key, key.split("/")[0].size() < 253)',
            f"If specified, the {what.lower()} key's prefix must be a DNS subdomain not longer than 253 characters in"
            " total.",
        ),
    )


class GatewayInfrastructure(ApiStruct, kw_only=True):
    """How the objects that make up the Gateway's proxy look."""

    labels: Annotated[
        dict[str, str],
        Field(
            "Labels for every object made for this Gateway.",
            max_properties=8,
            item=Field(min_length=0, max_length=63, pattern=limits.LABEL_VALUE),
            rules=_keys("Label"),
        ),
    ] = msgspec.field(default_factory=dict)
    annotations: Annotated[
        dict[str, str],
        Field(
            "Annotations for every object made for this Gateway.",
            max_properties=16,
            item=ANNOTATION_VALUE,
            rules=_keys("Annotation"),
        ),
    ] = msgspec.field(default_factory=dict)
    parameters_ref: Annotated[
        LocalObjectReference | None,
        Field("Object with configuration for this Gateway's proxy. It takes precedence over that of the class."),
    ] = None


class GatewaySpec(ApiStruct, kw_only=True):
    """Where traffic comes in."""

    gateway_class_name: Annotated[str, limits.object_name("Name of the GatewayClass, and so of who serves it.")]
    listeners: Annotated[
        tuple[Listener, ...],
        Field(
            "The places where traffic comes in. Names, and combinations of port, protocol and hostname, are unique.",
            list_type="map",
            map_keys=("name",),
            min_items=1,
            max_items=64,
            rules=listener_rules(),
        ),
    ]
    addresses: Annotated[
        tuple[GatewaySpecAddress, ...],
        limits.atomic_list(
            "Addresses asked for. When empty, the controller chooses; what it chose is in `status.addresses`.",
            max_items=16,
            rules=(_unique_addresses("IPAddress"), _unique_addresses("Hostname", spaces="  ")),
        ),
    ] = ()
    infrastructure: Annotated[
        GatewayInfrastructure | None, Field("How the objects that make up the Gateway's proxy look.")
    ] = None
    allowed_listeners: Annotated[
        AllowedListeners | None, Field("Which ListenerSets may add listeners to this Gateway. When absent, none.")
    ] = None
    tls: Annotated[GatewayTLSConfig | None, Field("TLS settings for the whole Gateway.")] = None
    default_scope: Annotated[
        str,
        Field(
            "`All`: routes with `useDefaultGateways` attach to this Gateway. `None`, or absent: they do not.",
            enum=("All", "None"),
            channel="experimental",
        ),
    ] = ""


class GatewayStatus(ApiStruct, kw_only=True):
    """What the controller says about the Gateway."""

    addresses: Annotated[
        tuple[GatewayStatusAddress, ...],
        limits.atomic_list("Addresses at which the Gateway can be reached.", max_items=16),
    ] = ()
    attached_listener_sets: Annotated[
        int | None, Field("Number of ListenerSets that this Gateway has accepted.", format="int32")
    ] = None
    conditions: Annotated[
        tuple[Condition, ...],
        limits.conditions(
            "`Accepted` says whether the Gateway is served, `Programmed` whether its proxy has taken it up.",
            default=_CONDITIONS,
        ),
    ] = ()
    listeners: Annotated[
        tuple[ListenerStatus, ...],
        Field("One entry per listener.", list_type="map", map_keys=("name",), max_items=64),
    ] = ()


class Gateway(Object, kw_only=True):
    """An entrance for traffic: listeners, the addresses they listen on, and the proxy behind them."""

    spec: Annotated[GatewaySpec, Field("Where traffic comes in.")]
    status: Annotated[
        GatewayStatus, Field("What the controller says about the Gateway.", default={"conditions": _CONDITIONS})
    ] = GatewayStatus()


GATEWAY = Kind(
    group=GATEWAY_GROUP,
    kind="Gateway",
    plural="gateways",
    struct=Gateway,
    versions=(Version("v1", storage=True), Version("v1beta1")),
    short_names=("gtw",),
    categories=("gateway-api",),
    columns=(
        Column("Class", "string", ".spec.gatewayClassName"),
        Column("Address", "string", ".status.addresses[*].value"),
        Column("Programmed", "string", '.status.conditions[?(@.type=="Programmed")].status'),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
    is_custom=True,
)
