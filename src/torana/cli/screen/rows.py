"""What is worth a line about Gateways and routes? Pure: plain API objects in, rows out.

The rows say what statuses say; nothing here judges anything itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

Obj = Mapping[str, Any]
GATEWAY_LABEL = "gateway.networking.k8s.io/gateway-name"


class ClassRow(msgspec.Struct, frozen=True, rename="camel"):
    """One GatewayClass."""

    name: str
    controller: str
    accepted: str
    message: str = ""


class GatewayRow(msgspec.Struct, frozen=True, rename="camel"):
    """One Gateway."""

    namespace: str
    name: str
    gateway_class: str
    addresses: tuple[str, ...]
    listeners: tuple[str, ...]
    """As `name protocol:port`."""
    attached_routes: int
    accepted: str
    programmed: str
    proxies: str
    """`ready/wanted` Pods; empty when there is no proxy yet."""
    message: str = ""
    """The first thing that is not as wanted, in the status's words."""


class RouteRow(msgspec.Struct, frozen=True, rename="camel"):
    """One route at one of its parents."""

    kind: str
    namespace: str
    name: str
    hostnames: tuple[str, ...]
    parent: str
    accepted: str
    resolved: str
    message: str = ""


def class_rows(classes: Iterable[Obj]) -> list[ClassRow]:
    return [
        ClassRow(
            _name(each), str(_spec(each).get("controllerName", "")), _condition(_status(each), "Accepted"),
            _trouble(_status(each), "Accepted"),
        )
        for each in sorted(classes, key=_ref)
    ]  # fmt: skip


def gateway_rows(gateways: Iterable[Obj], deployments: Iterable[Obj] = ()) -> list[GatewayRow]:
    proxies = {}
    for deployment in deployments:
        labels = deployment["metadata"].get("labels") or {}
        if GATEWAY_LABEL in labels:
            proxies[_namespace(deployment), labels[GATEWAY_LABEL]] = _ready_of(deployment)
    return [_gateway_row(each, proxies.get(_ref(each), "")) for each in sorted(gateways, key=_ref)]


def _gateway_row(gateway: Obj, proxies: str) -> GatewayRow:
    status, spec = _status(gateway), _spec(gateway)
    listener_statuses = status.get("listeners") or ()
    troubles = [_trouble(status, "Accepted", "Programmed")]
    troubles += [
        f"listener {each.get('name')}: {trouble}"
        for each in listener_statuses
        if (trouble := _trouble(each, "Accepted", "ResolvedRefs", "Programmed"))
    ]
    return GatewayRow(
        namespace=_namespace(gateway),
        name=_name(gateway),
        gateway_class=str(spec.get("gatewayClassName", "")),
        addresses=tuple(str(each.get("value", "")) for each in status.get("addresses") or ()),
        listeners=tuple(
            f"{each.get('name')} {each.get('protocol')}:{each.get('port')}" for each in spec.get("listeners") or ()
        ),
        attached_routes=sum(int(each.get("attachedRoutes") or 0) for each in listener_statuses),
        accepted=_condition(status, "Accepted"),
        programmed=_condition(status, "Programmed"),
        proxies=proxies,
        message=next((trouble for trouble in troubles if trouble), ""),
    )


def route_rows(routes: Iterable[Obj]) -> list[RouteRow]:
    """One row per parent that has answered; one row with `Unknown` for a route nobody has answered."""
    rows: list[RouteRow] = []
    for route in sorted(routes, key=lambda each: (str(each.get("kind")), _ref(each))):
        answers = _status(route).get("parents") or ()
        if not answers:
            wanted = ", ".join(_parent(each, _namespace(route)) for each in _spec(route).get("parentRefs") or ())
            rows.append(_route_row(route, wanted, {}, "no controller has answered yet"))
        rows += [_route_row(route, _parent(each.get("parentRef") or {}, _namespace(route)), each) for each in answers]
    return rows


def _route_row(route: Obj, parent: str, answer: Obj, message: str = "") -> RouteRow:
    return RouteRow(
        kind=str(route.get("kind", "")),
        namespace=_namespace(route),
        name=_name(route),
        hostnames=tuple(_spec(route).get("hostnames") or ()),
        parent=parent,
        accepted=_condition(answer, "Accepted"),
        resolved=_condition(answer, "ResolvedRefs"),
        message=message or _trouble(answer, "Accepted", "ResolvedRefs"),
    )


def _parent(ref: Obj, namespace: str) -> str:
    where = ref.get("namespace") or namespace
    section = f" ({ref['sectionName']})" if ref.get("sectionName") else ""
    kind = ref.get("kind") or "Gateway"
    return f"{'' if kind == 'Gateway' else kind + ' '}{where}/{ref.get('name', '')}{section}"


def _condition(holder: Obj, type: str) -> str:
    return next(
        (str(each.get("status")) for each in holder.get("conditions") or () if each.get("type") == type), "Unknown"
    )


def _trouble(holder: Obj, *types: str) -> str:
    """Reason and message of the first of these conditions that is not True."""
    for each in holder.get("conditions") or ():
        if each.get("type") in types and each.get("status") != "True":
            return f"{each.get('reason', '')}: {each.get('message', '')}".strip(": ")
    return ""


def _ready_of(deployment: Obj) -> str:
    wanted = _spec(deployment).get("replicas", 1)
    return f"{_status(deployment).get('readyReplicas') or 0}/{wanted}"


def _name(obj: Obj) -> str:
    return str(obj["metadata"].get("name", ""))


def _namespace(obj: Obj) -> str:
    return str(obj["metadata"].get("namespace") or "")


def _ref(obj: Obj) -> tuple[str, str]:
    return _namespace(obj), _name(obj)


def _spec(obj: Obj) -> Obj:
    return obj.get("spec") or {}


def _status(obj: Obj) -> Obj:
    return obj.get("status") or {}
