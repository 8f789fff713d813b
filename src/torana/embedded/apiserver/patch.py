"""What does a JSON patch (RFC 6902) or a merge patch (RFC 7386) make of a document?

Input is the document and the patch, both decoded; output is the patched document. The input is not changed. A patch
that cannot be applied is a `PatchError`.
"""

from __future__ import annotations

from typing import Any

import jsonpatch
import jsonpointer
import orjson

from torana.embedded.apiserver.copying import copy_json

MAX_OPERATIONS = 10_000
MAX_COPIED_BYTES = 3 * 1024 * 1024
"""What all `copy` operations of a patch may copy: thirty of them could double a document thirty times."""


class PatchError(ValueError):
    """The patch is malformed (`status` 400) or does not fit the document (422). The text says which operation."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


def json_patch(doc: Any, ops: Any) -> Any:
    """The document after all operations, or PatchError and no change at all."""
    if not isinstance(ops, list) or not all(isinstance(op, dict) for op in ops):
        raise PatchError("a JSON patch is a list of operations", status=400)
    if len(ops) > MAX_OPERATIONS:
        raise PatchError(f"the JSON patch has {len(ops)} operations, at most {MAX_OPERATIONS} are allowed", status=413)
    try:
        doc, copied = copy_json(doc), 0
        for op in ops:
            if op.get("op") == "copy":
                if "from" not in op:
                    raise PatchError("the JSON patch is malformed: copy needs a from", status=400)
                copied += len(orjson.dumps(jsonpointer.resolve_pointer(doc, op["from"])))
                if copied > MAX_COPIED_BYTES:
                    raise PatchError("the JSON patch copies too much", status=413)
            doc = jsonpatch.JsonPatch([op]).apply(doc, in_place=True)
        return doc
    except PatchError:
        raise
    except jsonpatch.InvalidJsonPatch as error:
        raise PatchError(f"the JSON patch is malformed: {error}", status=400) from error
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError, ValueError) as error:
        raise PatchError(f"the server rejected our request due to an error in our request: {error}") from error


def merge_patch(doc: Any, patch: Any) -> Any:
    """The document with the patch merged in: null removes a member, anything but an object replaces."""
    if not isinstance(patch, dict):
        return copy_json(patch)
    return _merge(copy_json(doc) if isinstance(doc, dict) else {}, patch)


def _merge(merged: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            inner = merged.get(key)
            merged[key] = _merge(inner if isinstance(inner, dict) else {}, value)
        else:
            merged[key] = copy_json(value)
    return merged
