"""Which resource does a CustomResourceDefinition define, and what is to say about its state? Pure."""

from __future__ import annotations

from typing import Any

from torana.embedded.apiserver.field_error import INVALID, REQUIRED, FieldError
from torana.embedded.apiserver.resource import Path, PrinterColumn, Resource, Scale, ServedVersion

Obj = dict[str, Any]
CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
"""Holds a deleted definition until its objects are gone."""
CRD_KEY = "customresourcedefinitions.apiextensions.k8s.io"


def resource_of(crd: Obj) -> Resource:
    """The resource as it is served. The definition must be valid."""
    spec = crd["spec"]
    names = spec["names"]
    versions = {version["name"]: _version(version) for version in spec["versions"]}
    return Resource(
        group=spec["group"],
        plural=names["plural"],
        kind=names["kind"],
        singular=names.get("singular") or names["kind"].lower(),
        namespaced=spec.get("scope", "Namespaced") == "Namespaced",
        versions=versions,
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        is_custom=True,
        has_generation=True,
        list_kind=names.get("listKind") or f"{names['kind']}List",
    )


def _version(version: Obj) -> ServedVersion:
    subresources = version.get("subresources") or {}
    deprecation = ""
    if version.get("deprecated"):
        deprecation = version.get("deprecationWarning") or "deprecated"
    return ServedVersion(
        name=version["name"],
        schema=(version.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"},
        is_served=bool(version.get("served")),
        is_storage=bool(version.get("storage")),
        deprecation=deprecation,
        has_status=subresources.get("status") is not None,
        scale=_scale(subresources.get("scale")),
        columns=tuple(_column(column) for column in version.get("additionalPrinterColumns") or ()),
        selectable_fields=tuple(
            field["jsonPath"].lstrip(".") for field in version.get("selectableFields") or () if field.get("jsonPath")
        ),
    )


def _scale(scale: Obj | None) -> Scale | None:
    if not scale:
        return None
    return Scale(
        _path(scale["specReplicasPath"]), _path(scale["statusReplicasPath"]), _path(scale.get("labelSelectorPath", ""))
    )


def _path(text: str) -> Path:
    return tuple(part for part in text.split(".") if part)


def _column(column: Obj) -> PrinterColumn:
    return PrinterColumn(
        column["name"],
        column["type"],
        column["jsonPath"],
        column.get("priority", 0),
        column.get("description", ""),
        column.get("format", ""),
    )


def complete(crd: Obj) -> None:
    """Fill in names that a definition may leave out."""
    spec = crd.get("spec")
    if not isinstance(spec, dict):
        return
    names = spec.get("names")
    if isinstance(names, dict) and isinstance(names.get("kind"), str):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")
        spec.setdefault("conversion", {"strategy": "None"})


def check(crd: Obj) -> list[FieldError]:
    """Mistakes of a definition that its schema does not see."""
    spec = crd.get("spec") or {}
    names = spec.get("names") or {}
    errors = []
    expected = f"{names.get('plural')}.{spec.get('group')}"
    if crd["metadata"].get("name") != expected:
        detail = 'must be spec.names.plural+"."+spec.group'
        errors.append(FieldError(INVALID, "metadata.name", detail, crd["metadata"].get("name")))
    versions = spec.get("versions") or []
    if sum(1 for version in versions if version.get("storage")) != 1:
        errors.append(FieldError(INVALID, "spec.versions", "must have exactly one version marked as storage version"))
    if (spec.get("conversion") or {}).get("strategy", "None") != "None":
        detail = "only None is supported: this API server calls no webhooks"
        errors.append(FieldError(INVALID, "spec.conversion.strategy", detail, spec["conversion"]["strategy"]))
    seen: set[str] = set()
    for index, version in enumerate(versions):
        if version.get("name") in seen:
            errors.append(FieldError("FieldValueDuplicate", f"spec.versions[{index}].name", "", version.get("name")))
        seen.add(version.get("name", ""))
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        path = f"spec.versions[{index}].schema.openAPIV3Schema"
        if not isinstance(schema, dict):
            errors.append(FieldError(REQUIRED, path, "schemas are required"))
        elif schema.get("type") != "object":
            errors.append(FieldError(INVALID, f"{path}.type", "must be object at the root", schema.get("type")))
    return errors


def establish(crd: Obj, now: str) -> None:
    """Say in the status that the names are accepted and the resource is served; hold the definition for its objects."""
    spec, meta = crd["spec"], crd["metadata"]
    if meta.get("deletionTimestamp"):
        return
    if CLEANUP_FINALIZER not in meta.get("finalizers", ()):
        meta["finalizers"] = [*meta.get("finalizers", ()), CLEANUP_FINALIZER]
    conditions = [
        {
            "type": "NamesAccepted",
            "status": "True",
            "lastTransitionTime": now,
            "reason": "NoConflicts",
            "message": "no conflicts found",
        },
        {
            "type": "Established",
            "status": "True",
            "lastTransitionTime": now,
            "reason": "InitialNamesAccepted",
            "message": "the initial names have been accepted",
        },
    ]
    status = crd.setdefault("status", {})
    known = {condition.get("type"): condition for condition in status.get("conditions") or ()}
    kept = [known.get(condition["type"], condition) for condition in conditions]
    status["conditions"] = kept + [c for c in known.values() if c.get("type") not in ("NamesAccepted", "Established")]
    status["acceptedNames"] = spec["names"]
    storage = next(version["name"] for version in spec["versions"] if version.get("storage"))
    status["storedVersions"] = sorted({*(status.get("storedVersions") or ()), storage})
