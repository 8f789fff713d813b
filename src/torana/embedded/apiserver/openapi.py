"""How does the API describe itself? OpenAPI v3: an index with hashed URLs, and one document per group and version.

kubectl reads it for `explain`, to see whether the server validates fields, and for the merge keys of built-in kinds.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from torana.embedded.apiserver.catalog import Catalog
from torana.embedded.apiserver.resource import Resource, ServedVersion

Obj = dict[str, Any]
_META = "io.k8s.apimachinery.pkg.apis.meta.v1"
_PATCH_TYPES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
)


class OpenApi:
    """Documents for the present catalog, made when asked for and kept until the catalog changes."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._revision = -1
        self._documents: dict[str, bytes] = {}
        self._index = b""

    def index(self) -> bytes:
        """`/openapi/v3`."""
        self._refresh()
        if not self._index:
            paths = {}
            for group, versions in self._catalog.groups().items():
                for version in versions:
                    path = f"apis/{group}/{version}" if group else f"api/{version}"
                    digest = hashlib.sha256(self.document(path) or b"").hexdigest().upper()
                    paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
            self._index = orjson.dumps({"paths": paths})
        return self._index

    def document(self, path: str) -> bytes | None:
        """`/openapi/v3/<path>`; None when nothing is served there."""
        self._refresh()
        if path not in self._documents:
            parts = path.split("/")
            group, version = ("", parts[1]) if parts[0] == "api" and len(parts) == 2 else ("?", "")
            if parts[0] == "apis" and len(parts) == 3:
                group, version = parts[1], parts[2]
            served = self._catalog.of_version(group, version)
            if not served:
                return None
            self._documents[path] = orjson.dumps(_document(path, group, version, served))
        return self._documents[path]

    def _refresh(self) -> None:
        if self._revision != self._catalog.revision:
            self._revision = self._catalog.revision
            self._documents = {}
            self._index = b""


def _document(path: str, group: str, version: str, served: list[tuple[Resource, ServedVersion]]) -> Obj:
    schemas: Obj = dict(_META_SCHEMAS)
    paths: Obj = {}
    for resource, served_version in served:
        name = schema_name(group, version, resource.kind)
        gvk = [{"group": group, "kind": resource.kind, "version": version}]
        schemas[name] = _object_schema(served_version.schema, gvk)
        schemas[f"{name}List"] = _list_schema(name, {**gvk[0], "kind": resource.list_kind})
        paths |= _paths(f"/{path}", resource, served_version, name, gvk[0])
    return {
        "openapi": "3.0.0",
        "info": {"title": "Torana", "version": "unversioned"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def schema_name(group: str, version: str, kind: str) -> str:
    """Name of a kind's schema: the group's parts reversed, as clients expect it."""
    if not group:
        return f"io.k8s.api.core.{version}.{kind}"
    if "." not in group:
        return f"io.k8s.api.{group}.{version}.{kind}"
    return ".".join([*reversed(group.split(".")), version, kind])


def _object_schema(schema: Obj, gvk: list[Obj]) -> Obj:
    described = dict(schema)
    properties = dict(schema.get("properties") or {})
    properties["apiVersion"] = {"type": "string", "description": "Group and version of the kind."}
    properties["kind"] = {"type": "string", "description": "Name of the kind."}
    properties["metadata"] = {
        "description": "Identity, labels and bookkeeping.",
        "allOf": [_reference(f"{_META}.ObjectMeta")],
        "default": {},
    }
    described["properties"] = properties
    described["type"] = "object"
    described["x-kubernetes-group-version-kind"] = gvk
    return described


def _list_schema(item: str, gvk: Obj) -> Obj:
    return {
        "type": "object",
        "description": "A list.",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"allOf": [_reference(f"{_META}.ListMeta")], "default": {}},
            "items": {"type": "array", "items": {"allOf": [_reference(item)], "default": {}}},
        },
        "x-kubernetes-group-version-kind": [gvk],
    }


def _reference(name: str) -> Obj:
    return {"$ref": f"#/components/schemas/{name}"}


def _paths(root: str, resource: Resource, served: ServedVersion, name: str, gvk: Obj) -> Obj:
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    collection = f"{root}{scope}/{resource.plural}"
    item = f"{collection}/{{name}}"
    paths: Obj = {
        collection: {
            "get": _operation("list", gvk, f"{name}List", ()),
            "post": _operation("post", gvk, name, _WRITE_PARAMETERS, "application/json"),
        },
        item: _item_operations(gvk, name, resource.is_custom),
    }
    if resource.namespaced:
        paths[f"{root}/{resource.plural}"] = {"get": _operation("list", gvk, f"{name}List", ())}
    if served.has_status:
        operations = _item_operations(gvk, name, resource.is_custom)
        del operations["delete"]
        paths[f"{item}/status"] = operations
    return paths


def _item_operations(gvk: Obj, name: str, is_custom: bool) -> Obj:
    # kubectl sends a strategic patch to whatever lists the type; custom kinds know no strategy.
    patch_types = _PATCH_TYPES if is_custom else (*_PATCH_TYPES, "application/strategic-merge-patch+json")
    return {
        "get": _operation("get", gvk, name, ()),
        "put": _operation("put", gvk, name, _WRITE_PARAMETERS, "application/json"),
        "patch": _operation("patch", gvk, name, (*_WRITE_PARAMETERS, "force"), *patch_types),
        "delete": _operation("delete", gvk, name, ("dryRun", "gracePeriodSeconds", "propagationPolicy")),
    }


_WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")
_PARAMETER_TYPES = {"force": "boolean", "gracePeriodSeconds": "integer"}


def _operation(action: str, gvk: Obj, answer: str, parameters: tuple[str, ...], *content: str) -> Obj:
    operation: Obj = {
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": gvk,
        "responses": {
            "200": {"description": "OK", "content": {"application/json": {"schema": _reference(answer)}}},
        },
    }
    if parameters:
        operation["parameters"] = [
            {"name": name, "in": "query", "schema": {"type": _PARAMETER_TYPES.get(name, "string"), "uniqueItems": True}}
            for name in parameters
        ]
    if content:
        body = _reference(answer) if action != "patch" else {"type": "object"}
        operation["requestBody"] = {"required": True, "content": {kind: {"schema": body} for kind in content}}
    return operation


def _strings(description: str) -> Obj:
    return {"type": "object", "description": description, "additionalProperties": {"type": "string"}}


def _text(description: str) -> Obj:
    return {"type": "string", "description": description}


_META_SCHEMAS: Obj = {
    f"{_META}.ObjectMeta": {
        "type": "object",
        "description": "Identity, labels and bookkeeping of an object.",
        "properties": {
            "name": _text("Name, unique among the objects of the kind in the namespace."),
            "generateName": _text("Prefix of the name, completed by the server when no name is given."),
            "namespace": _text("Namespace of the object; empty for kinds without namespaces."),
            "labels": _strings("Names and values by which objects are selected."),
            "annotations": _strings("Further notes for tools and people; not selectable."),
            "finalizers": {
                "type": "array",
                "description": "What must be done before the object may go; each is removed by its doer.",
                "items": {"type": "string"},
                "x-kubernetes-list-type": "set",
                "x-kubernetes-patch-strategy": "merge",
            },
            "ownerReferences": {
                "type": "array",
                "description": "Objects this one belongs to; it goes when all of them are gone.",
                "items": {"allOf": [_reference(f"{_META}.OwnerReference")], "default": {}},
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["uid"],
                "x-kubernetes-patch-merge-key": "uid",
                "x-kubernetes-patch-strategy": "merge",
            },
            "uid": _text("Identity over all time."),
            "resourceVersion": _text("Version of the object, for optimistic concurrency and watches."),
            "generation": {"type": "integer", "format": "int64", "description": "Counts changes of what is asked for."},
            "creationTimestamp": {"type": "string", "format": "date-time", "description": "When it was created."},
            "deletionTimestamp": {"type": "string", "format": "date-time", "description": "When it is to be gone."},
            "deletionGracePeriodSeconds": {
                "type": "integer",
                "format": "int64",
                "description": "Seconds it has to end by itself.",
            },
            "managedFields": {
                "type": "array",
                "description": "Which writer set which field.",
                "items": {"type": "object"},
                "x-kubernetes-list-type": "atomic",
            },
        },
    },
    f"{_META}.OwnerReference": {
        "type": "object",
        "description": "An object that another one belongs to.",
        "required": ["apiVersion", "kind", "name", "uid"],
        "properties": {
            "apiVersion": _text("API version of the owner."),
            "kind": _text("Kind of the owner."),
            "name": _text("Name of the owner."),
            "uid": _text("UID of the owner."),
            "controller": {"type": "boolean", "description": "True for the one owner that manages the object."},
            "blockOwnerDeletion": {
                "type": "boolean",
                "description": "Whether deleting the owner in the foreground waits for this object.",
            },
        },
        "x-kubernetes-map-type": "atomic",
    },
    f"{_META}.ListMeta": {
        "type": "object",
        "description": "Version and paging of a list.",
        "properties": {
            "resourceVersion": _text("Version of the state that the list shows."),
            "continue": _text("Where the next page starts."),
            "remainingItemCount": {"type": "integer", "format": "int64", "description": "Objects after this page."},
        },
    },
}
