"""Where does a backendRef lead? From the descriptions of `BackendObjectReference`, `HTTPRouteRule.backendRefs` and
`ReferenceGrantSpec`."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.reference.objects import Objects

from torana.api.kind import Ref
from torana.api.references import GATEWAY_GROUP


class Backend(NamedTuple):
    """A port of a Service. `reason` says why it is invalid; then nothing else counts."""

    name: str = ""
    reason: str = ""
    is_ready: bool = True


def resolve(objects: Objects, kind: str, namespace: str, ref: Any) -> Backend:
    """What a reference of a route of this kind and namespace leads to."""
    target = Ref(ref.namespace or namespace, ref.name)
    if (ref.group, ref.kind) != ("", "Service"):
        return Backend(reason="InvalidKind")
    if target.namespace != namespace and not is_granted(objects, kind, namespace, "Service", target):
        return Backend(reason="RefNotPermitted")
    service = objects.of("Service").get(target)
    ports = [one for one in service.spec.ports if one.port == ref.port] if service is not None else []
    ports = [one for one in ports if one.protocol == "TCP"]
    if not ports:
        return Backend(reason="BackendNotFound")
    return Backend(f"{target}:{ref.port}", is_ready=bool(objects.endpoints(target, ports[0].name)))


def unresolved(objects: Objects, kind: str, route: Any) -> set[str]:
    """Why references of the route, of backends and of mirrors, lead nowhere: reasons of its ResolvedRefs condition."""
    refs = [ref for rule in route.spec.rules for ref in rule.backend_refs]
    # Rules of TLSRoutes have no filters.
    levels = [getattr(one, "filters", ()) for one in (*route.spec.rules, *refs)]
    mirrors = [one.request_mirror.backend_ref for filters in levels for one in filters if one.type == "RequestMirror"]
    found = {resolve(objects, kind, route.metadata.namespace, ref).reason for ref in (*refs, *mirrors)}
    return found - {""}


def is_granted(objects: Objects, kind: str, namespace: str, target_kind: str, target: Ref) -> bool:
    """Whether objects of this kind and namespace may refer to the target, of a core kind in another namespace."""
    for ref, grant in objects.of("ReferenceGrant").items():
        if ref.namespace != target.namespace:
            continue
        source = (GATEWAY_GROUP, kind, namespace)
        is_from = any((one.group, one.kind, one.namespace) == source for one in grant.spec.from_)
        names = [one.name for one in grant.spec.to if (one.group, one.kind) == ("", target_kind)]
        if is_from and any(name in ("", target.name) for name in names):
            return True
    return False
