"""What does the API serve? Discovery documents: aggregated (v2, v2beta1) and one per group and version."""

from __future__ import annotations

from typing import Any

from torana.embedded.apiserver.catalog import Catalog
from torana.embedded.apiserver.resource import Resource, ServedVersion, Subresource, version_order

Obj = dict[str, Any]

_REVIEWS = {
    ("authorization.k8s.io", "v1"): (
        ("selfsubjectaccessreviews", "SelfSubjectAccessReview", False),
        ("selfsubjectrulesreviews", "SelfSubjectRulesReview", False),
        ("subjectaccessreviews", "SubjectAccessReview", False),
        ("localsubjectaccessreviews", "LocalSubjectAccessReview", True),
    ),
    ("authentication.k8s.io", "v1"): (
        ("tokenreviews", "TokenReview", False),
        ("selfsubjectreviews", "SelfSubjectReview", False),
    ),
}
"""Resources that only answer a question: (plural, kind, namespaced) by group and version."""

AGGREGATED = {
    "v2": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    "v2beta1": "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
}


def wanted_form(accept: str) -> str:
    """`v2`, `v2beta1`, or "" for the form without aggregation: the first that an Accept header names."""
    for offer in accept.split(","):
        parts = {part.strip() for part in offer.split(";")}
        if "as=APIGroupDiscoveryList" in parts and "g=apidiscovery.k8s.io" in parts:
            for version in AGGREGATED:
                if f"v={version}" in parts:
                    return version
        elif parts & {"application/json", "*/*", "application/*"}:
            return ""
    return ""


def group_versions(catalog: Catalog) -> dict[str, list[str]]:
    """All groups with their versions, most preferred first, reviews included."""
    found = catalog.groups()
    for group, version in _REVIEWS:
        found[group] = sorted({*found.get(group, ()), version}, key=version_order, reverse=True)
    return dict(sorted(found.items()))


def aggregated(catalog: Catalog, *, core: bool, version: str) -> Obj:
    """The aggregated document of `/api` (core) or `/apis`."""
    items = []
    for group, versions in group_versions(catalog).items():
        if (group == "") != core:
            continue
        listed = [
            {"version": name, "resources": _aggregated_resources(catalog, group, name), "freshness": "Current"}
            for name in versions
        ]
        meta: Obj = {"creationTimestamp": None}
        if group:
            meta["name"] = group
        items.append({"metadata": meta, "versions": listed})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": items,
    }


def _aggregated_resources(catalog: Catalog, group: str, version: str) -> list[Obj]:
    listed = []
    for resource, served in catalog.of_version(group, version):
        item: Obj = {
            "resource": resource.plural,
            "responseKind": {"group": group, "version": version, "kind": resource.kind},
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "singularResource": resource.singular,
            "verbs": list(resource.verbs),
        }
        if resource.short_names:
            item["shortNames"] = list(resource.short_names)
        if resource.categories:
            item["categories"] = list(resource.categories)
        if subresources := _subresources(resource, served, version):
            item["subresources"] = [
                {
                    "subresource": sub.name,
                    "responseKind": {"group": sub.group, "version": sub.version, "kind": sub.kind},
                    "verbs": list(sub.verbs),
                }
                for sub in subresources
            ]
        listed.append(item)
    for plural, kind, namespaced in _REVIEWS.get((group, version), ()):
        listed.append(
            {
                "resource": plural,
                "responseKind": {"group": group, "version": version, "kind": kind},
                "scope": "Namespaced" if namespaced else "Cluster",
                "singularResource": kind.lower(),
                "verbs": ["create"],
            }
        )
    return listed


def _subresources(resource: Resource, served: ServedVersion, version: str) -> list[Subresource]:
    """Subresources with the group and version of their kind filled in."""
    found = []
    if served.has_status:
        found.append(Subresource("status", resource.kind, ("get", "patch", "update"), resource.group, version))
    if served.scale is not None:
        found.append(Subresource("scale", "Scale", ("get", "patch", "update"), "autoscaling", "v1"))
    return found + [
        sub if sub.version else Subresource(sub.name, sub.kind, sub.verbs, resource.group, version)
        for sub in resource.subresources
    ]


def core_versions(address: str) -> Obj:
    """`/api` without aggregation."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def group_list(catalog: Catalog) -> Obj:
    """`/apis` without aggregation."""
    groups = [_group(name, versions) for name, versions in group_versions(catalog).items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def one_group(catalog: Catalog, name: str) -> Obj | None:
    """`/apis/<group>`."""
    versions = group_versions(catalog).get(name) if name else None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)} if versions else None


def _group(name: str, versions: list[str]) -> Obj:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resource_list(catalog: Catalog, group: str, version: str) -> Obj | None:
    """`/apis/<group>/<version>` and `/api/v1`."""
    if version not in group_versions(catalog).get(group, ()):
        return None
    listed: list[Obj] = []
    for resource, served in catalog.of_version(group, version):
        item: Obj = {
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": list(resource.verbs),
        }
        if resource.short_names:
            item["shortNames"] = list(resource.short_names)
        if resource.categories:
            item["categories"] = list(resource.categories)
        listed.append(item)
        for sub in _subresources(resource, served, version):
            entry = {
                "name": f"{resource.plural}/{sub.name}",
                "singularName": "",
                "namespaced": resource.namespaced,
                "kind": sub.kind,
                "verbs": list(sub.verbs),
            }
            if (sub.group, sub.version) != (group, version):
                entry |= {"group": sub.group, "version": sub.version}
            listed.append(entry)
    for plural, kind, namespaced in _REVIEWS.get((group, version), ()):
        listed.append(
            {
                "name": plural,
                "singularName": kind.lower(),
                "namespaced": namespaced,
                "kind": kind,
                "verbs": ["create"],
            }
        )
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": listed,
    }
