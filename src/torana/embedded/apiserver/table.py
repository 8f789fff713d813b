"""Which rows and columns does `kubectl get` print? The `Table` of apimachinery `meta/v1`.

Custom resources show the columns that their definition declares (JSONPath); built-in kinds have computed ones in
`columns.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from torana.embedded.apiserver import columns, jsonpath
from torana.embedded.apiserver.ages import age
from torana.embedded.apiserver.resource import PrinterColumn, Resource, ServedVersion

Obj = dict[str, Any]
_NAME = {"name": "Name", "type": "string", "format": "name", "description": "Name of the object.", "priority": 0}
_AGE = PrinterColumn("Age", "date", ".metadata.creationTimestamp", doc="Time since the object was created.")


def render(resource: Resource, served: ServedVersion, objects: list[Obj], meta: Obj, include: str) -> Obj:
    """The Table of some objects. `include`: how much of each object a row carries (None, Metadata, Object)."""
    now = datetime.now(UTC)
    if not resource.is_custom and (layout := columns.LAYOUTS.get(resource.key)) is not None:
        definitions = [_definition(name, type_, priority) for name, type_, priority in layout.columns]
        for definition in definitions:
            definition["format"] = "name" if definition["name"] == "Name" else ""
        rows = [_row(layout.cells(obj, now), obj, include) for obj in objects]
    else:
        shown = served.columns or (_AGE,)
        definitions = [_NAME, *(_describe(column) for column in shown)]
        paths = [jsonpath.compile_path(column.json_path) for column in shown]
        rows = []
        for obj in objects:
            cells = [_cell(column.type, path(obj), now) for column, path in zip(shown, paths, strict=True)]
            rows.append(_row([obj["metadata"]["name"], *cells], obj, include))
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": definitions,
        "rows": rows,
    }


def _definition(name: str, type_: str, priority: int) -> Obj:
    return {"name": name, "type": type_, "format": "", "description": name, "priority": priority}


def _describe(column: PrinterColumn) -> Obj:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.doc or f"Custom resource definition column (in JSONPath format): {column.json_path}",
        "priority": column.priority,
    }


def _row(cells: list[Any], obj: Obj, include: str) -> Obj:
    row: Obj = {"cells": cells}
    if include == "Object":
        row["object"] = obj
    elif include != "None":
        row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
    return row


def _cell(type_: str, found: list[Any], now: datetime) -> Any:
    if not found or found[0] is None:
        return None
    value = found[0]
    if type_ == "integer":
        return value if isinstance(value, int) else None
    if type_ == "number":
        return value if isinstance(value, int | float) else None
    if type_ == "boolean":
        return value if isinstance(value, bool) else None
    if type_ == "date":
        return age(value, now) if isinstance(value, str) else None
    return jsonpath.text(value)
