"""Which resources are built into the API server? Those of the registry of kinds that are not custom."""

from __future__ import annotations

from typing import Any

from torana.api.field import Channel
from torana.api.kind import Kind
from torana.api.registry import KINDS
from torana.api.schema import structural_schema
from torana.embedded.apiserver.resource import Resource, Scale, ServedVersion, Subresource

_SCALE = Scale(("spec", "replicas"), ("status", "replicas"), ("status", "selector"))

_WITH_GENERATION = frozenset({"Deployment", "ReplicaSet", "EndpointSlice", "CustomResourceDefinition"})

_SUBRESOURCES: dict[str, tuple[Subresource, ...]] = {
    "Pod": (
        Subresource("log", "Pod", ("get",)),
        Subresource("binding", "Binding", ("create",)),
        Subresource("eviction", "Eviction", ("create",), "policy", "v1"),
    ),
    "ServiceAccount": (Subresource("token", "TokenRequest", ("create",), "authentication.k8s.io", "v1"),),
    "Namespace": (Subresource("finalize", "Namespace", ("update",)),),
}


def builtin_resources(channel: Channel) -> list[Resource]:
    """All built-in resources, as the registry of kinds describes them."""
    return [_resource(kind, channel) for kind in KINDS if not kind.is_custom]


def custom_kinds(channel: Channel) -> list[Kind]:
    """Kinds to install as CustomResourceDefinitions at start."""
    return [kind for kind in KINDS if kind.is_custom and (channel == "experimental" or kind.channel == "standard")]


def _resource(kind: Kind, channel: Channel) -> Resource:
    schema: dict[str, Any] = structural_schema(kind.struct, channel)
    versions = {
        version.name: ServedVersion(
            version.name,
            schema,
            is_served=version.served,
            is_storage=version.storage,
            deprecation=version.deprecated,
            has_status=kind.has_status,
            scale=_SCALE if kind.has_scale else None,
        )
        for version in kind.versions
    }
    return Resource(
        group=kind.group,
        plural=kind.plural,
        kind=kind.kind,
        singular=kind.singular or kind.kind.lower(),
        namespaced=kind.namespaced,
        versions=versions,
        short_names=kind.short_names,
        categories=kind.categories,
        is_custom=False,
        has_generation=kind.kind in _WITH_GENERATION,
        store_key="events" if kind.plural == "events" else "",
        subresources=_SUBRESOURCES.get(kind.kind, ()) if kind.group == "" else (),
    )
