"""Which CustomResourceDefinition installs a kind, in which channel?"""

from __future__ import annotations

from typing import Any

from torana.api.field import Channel
from torana.api.kind import Column, Kind, Version
from torana.api.schema import structural_schema

BUNDLE_VERSION = "v1.6.1"
"""Version of the Gateway API whose kinds these are."""

# Kubernetes refuses definitions in its own groups that do not say where they were approved.
_APPROVAL = "https://github.com/kubernetes-sigs/gateway-api/pull/4530"


def crd_manifest(kind: Kind, channel: Channel = "experimental") -> dict[str, Any]:
    """The definition of `kind`. Raises ValueError when the channel does not have the kind."""
    if kind.channel == "experimental" and channel == "standard":
        raise ValueError(f"{kind.kind}: not in the standard channel; ask for the experimental channel")
    metadata: dict[str, Any] = {
        "name": f"{kind.plural}.{kind.group}",
        "annotations": {
            "api-approved.kubernetes.io": _APPROVAL,
            "gateway.networking.k8s.io/bundle-version": BUNDLE_VERSION,
            "gateway.networking.k8s.io/channel": channel,
        },
    }
    if kind.labels:
        metadata["labels"] = dict(kind.labels)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": {
            "group": kind.group,
            "names": _names(kind),
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [_version(kind, version, channel) for version in kind.versions],
        },
    }


def _names(kind: Kind) -> dict[str, Any]:
    names: dict[str, Any] = {
        "kind": kind.kind,
        "listKind": kind.list_kind,
        "plural": kind.plural,
        "singular": kind.singular_name,
    }
    if kind.short_names:
        names["shortNames"] = list(kind.short_names)
    if kind.categories:
        names["categories"] = list(kind.categories)
    return names


def _version(kind: Kind, version: Version, channel: Channel) -> dict[str, Any]:
    served = version.served and (version.channel == "standard" or channel == "experimental")
    entry: dict[str, Any] = {"name": version.name, "served": served, "storage": version.storage}
    if version.deprecated:
        entry["deprecated"] = True
        entry["deprecationWarning"] = version.deprecated
    if kind.columns:
        entry["additionalPrinterColumns"] = [_column(column) for column in kind.columns]
    entry["subresources"] = {"status": {}} if kind.has_status else {}
    entry["schema"] = {"openAPIV3Schema": structural_schema(version.struct or kind.struct, channel)}
    return entry


def _column(column: Column) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": column.name, "type": column.type, "jsonPath": column.json_path}
    if column.doc:
        entry["description"] = column.doc
    if column.priority:
        entry["priority"] = column.priority
    return entry
