"""Which Gateways are ours, and what in them is wrong as a whole. Specification: GatewaySpec, GatewayConditionType."""

from __future__ import annotations

import ipaddress
from typing import Any

import msgspec

from torana.api.meta import ObjectMeta
from torana.gateway.classes import ClassVerdict
from torana.gateway.finding import Finding
from torana.gateway.parameters import ConfigMapOf, Parameters, resolve

FEATURES = (
    "Gateway",
    "GatewayAddressEmpty",
    "GatewayInfrastructurePropagation",
    "GatewayStaticAddresses",
)

MOST_LISTENERS = 64
"""As many as the status of a Gateway or ListenerSet can speak of. Objects of other CRDs may have more."""

ALL = "All"
"""The one scope that default Gateways know. Specification: GEP-3793."""


class ManagedGateway(msgspec.Struct, frozen=True, gc=False):
    """A Gateway of an accepted class of ours. `object` has no status and no bookkeeping, so that it changes seldom.

    With `finding` the Gateway is not accepted: it gets no proxy, and routes are told so by its status.
    """

    object: Any
    uid: str
    gateway_class: ClassVerdict
    finding: Finding | None = None
    parameters: Parameters = Parameters()

    @property
    def listeners(self) -> tuple[Any, ...]:
        """Those of its own that there is room for."""
        return tuple(self.object.spec.listeners[:MOST_LISTENERS])

    @property
    def scope(self) -> str | None:
        """Which routes that ask for default Gateways it takes; None when it is no default Gateway."""
        return ALL if self.object.spec.default_scope == ALL else None


def manage(
    gateway: Any, gateway_class: ClassVerdict | None, config_map_of: ConfigMapOf, unreadable: Finding | None = None
) -> ManagedGateway | None:
    """The Gateway as ours; None when its class is absent, not ours, or not accepted.

    One that is `unreadable` in part is not accepted: what is missing may be how its clients are checked.
    """
    if gateway_class is None or gateway_class.finding is not None:
        return None
    own = _own_parameters(gateway, config_map_of)
    finding = unreadable or (own if isinstance(own, Finding) else _bad_address(gateway))
    parameters = gateway_class.parameters if isinstance(own, Finding) else own.over(gateway_class.parameters)
    return ManagedGateway(without_status(gateway), gateway.metadata.uid, gateway_class, finding, parameters)


def surplus(owner: Any) -> str:
    """Which listeners of a Gateway or ListenerSet there is no room for; "" when there are none."""
    names = [one.name for one in owner.spec.listeners[MOST_LISTENERS:]]
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"no room for {', '.join(names[:3])}{more}: {MOST_LISTENERS} is the most, put others into a ListenerSet"


def without_status(obj: Any) -> Any:
    """The object without status and bookkeeping: equal as long as nothing that matters to routing changed."""
    meta = obj.metadata
    slim = ObjectMeta(
        name=meta.name,
        namespace=meta.namespace,
        uid=meta.uid,
        generation=meta.generation,
        creation_timestamp=meta.creation_timestamp,
    )
    return msgspec.structs.replace(obj, metadata=slim, status=None)


def _own_parameters(gateway: Any, config_map_of: ConfigMapOf) -> Parameters | Finding:
    infrastructure = gateway.spec.infrastructure
    if infrastructure is None or infrastructure.parameters_ref is None:
        return Parameters()
    path = "spec.infrastructure.parametersRef"
    return resolve(infrastructure.parameters_ref, gateway.metadata.namespace, path, config_map_of)


def _bad_address(gateway: Any) -> Finding | None:
    for position, address in enumerate(gateway.spec.addresses):
        path = f"spec.addresses[{position}]"
        if (address.type or "IPAddress") != "IPAddress":
            return Finding("UnsupportedAddress", f"type {address.type} is not supported; use IPAddress", path)
        if address.value and not _is_ip(address.value):
            return Finding("UnsupportedAddress", f"{address.value} is not an IP address", f"{path}.value")
    return None


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
