"""What becomes of an object that a client creates or updates? Pure: from what was sent to what is stored.

Order as in Kubernetes: metadata the server owns, status separated from the rest, pruning, defaults, the kind's own
rules, validation (ratcheting on update), generation, managed fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torana.embedded.apiserver import admission, definitions, errors, metadata
from torana.embedded.apiserver.apply import track_update
from torana.embedded.apiserver.field_error import FieldError
from torana.embedded.apiserver.resource import Resource, ServedVersion

Obj = dict[str, Any]


@dataclass
class Write:
    """What is true for a whole write: where it goes, who writes, when. Warnings gather here."""

    resource: Resource
    served: ServedVersion
    namespace: str
    manager: str
    now: str
    subresource: str = ""
    validation: str = "Ignore"
    """`fieldValidation`: Ignore, Warn or Strict."""
    is_dry_run: bool = False
    is_apply: bool = False
    """Server-side apply: whose the fields are has been settled already."""
    warnings: list[str] | None = None

    def warn(self, text: str) -> None:
        self.warnings = [*(self.warnings or []), text]

    @property
    def api_version(self) -> str:
        return self.resource.api_version(self.served.name)


def check_type(write: Write, obj: Obj, name: str) -> None:
    """The body must be of the URL's kind, version, namespace and name; what it leaves out is filled in."""
    resource = write.resource
    for field, expected in (("apiVersion", write.api_version), ("kind", resource.kind)):
        given = obj.setdefault(field, expected) or expected
        obj[field] = given
        if given != expected:
            raise errors.bad_request(f"{field} in the data ({given}) does not match the expected {field} ({expected})")
    meta = obj["metadata"]
    if resource.namespaced and meta.get("namespace") not in (None, "", write.namespace):
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if name and meta.get("name") not in (None, "", name):
        raise errors.bad_request(
            f"the name of the object ({meta.get('name')}) does not match the name on the URL ({name})"
        )
    if name:
        meta["name"] = name
    if resource.namespaced:
        meta["namespace"] = write.namespace


def report_strictness(write: Write, duplicates: list[str], unknown: list[str]) -> None:
    """Refuse (Strict) or warn about (Warn) duplicate and unknown fields."""
    if write.validation == "Ignore":
        return
    found = [f'duplicate field "{path}"' for path in duplicates]
    found += [f'unknown field "{path}"' for path in unknown]
    if not found:
        return
    if write.validation == "Strict":
        raise errors.bad_request(f"strict decoding error: {', '.join(found)}")
    for text in found:
        write.warn(text)


def prepare_create(write: Write, obj: Obj, duplicates: list[str], uid: str, suffix: str) -> Obj:
    """The object as it is to be stored, in the version it was sent in. Raises ApiFailure when it is refused."""
    resource, served = write.resource, write.served
    unknown = served.compiled.prune(obj)
    report_strictness(write, duplicates, unknown)
    metadata.initialise(obj, resource, write.namespace, write.now, uid, suffix)
    if served.has_status and write.subresource == "":
        obj.pop("status", None)
    served.compiled.default(obj)
    admission.default_object(resource, obj, None)
    _refuse(write, obj, metadata.validate(obj, resource))
    _refuse(write, obj, [*served.compiled.validate(obj), *admission.check_object(resource, obj, None)])
    if resource.key == definitions.CRD_KEY:
        definitions.establish(obj, write.now)
    return _track(write, None, obj)


def prepare_update(write: Write, live: Obj, obj: Obj, duplicates: list[str]) -> Obj:
    """The same for an update of `live` (given in the same version). Equal to `live` when nothing changes."""
    resource, served = write.resource, write.served
    unknown = served.compiled.prune(obj)
    report_strictness(write, duplicates, unknown)
    if write.subresource == "status":
        obj = _status_only(live, obj)
    elif write.subresource == "finalize":
        obj = _finalized(live, obj)
    elif served.has_status:
        _keep(obj, live, "status")
    metadata.carry_over(obj, live)
    served.compiled.default(obj)
    if write.subresource == "":
        admission.default_object(resource, obj, live)
    if live == obj:
        return live
    _refuse(write, obj, metadata.validate(obj, resource, live))
    mistakes = served.compiled.validate(obj, live, status_only=write.subresource == "status")
    _refuse(write, obj, [*mistakes, *admission.check_object(resource, obj, live)])
    if resource.key == definitions.CRD_KEY:
        definitions.establish(obj, write.now)
    if write.subresource == "" and resource.has_generation and _is_spec_changed(live, obj, served.has_status):
        obj["metadata"]["generation"] = live["metadata"].get("generation", 0) + 1
    return _track(write, live, obj)


def _track(write: Write, live: Obj | None, obj: Obj) -> Obj:
    """The object with the writer entered as owner of what it changed."""
    if write.is_apply:
        return obj
    if live is None and write.served.has_status and "status" in obj:
        # Nobody owns a status that is made of defaults.
        status = obj.pop("status")
        return {**_track(write, None, obj), "status": status}
    return track_update(
        live, obj, manager=write.manager, schema=write.served.compiled, subresource=write.subresource, now=write.now
    )


def _status_only(live: Obj, obj: Obj) -> Obj:
    """A status write changes the status (and managed fields); everything else stays as it is."""
    merged = dict(live)
    merged["metadata"] = dict(live["metadata"])
    if "managedFields" in obj["metadata"]:
        merged["metadata"]["managedFields"] = obj["metadata"]["managedFields"]
    _keep(merged, obj, "status")
    return merged


def _finalized(live: Obj, obj: Obj) -> Obj:
    """A write to `/finalize` changes nothing but finalizers."""
    finalized = {**live, "metadata": dict(live["metadata"])}
    _keep(finalized["metadata"], obj["metadata"], "finalizers")
    if isinstance(live.get("spec"), dict) and "finalizers" in live["spec"]:
        finalized["spec"] = {**live["spec"], "finalizers": (obj.get("spec") or {}).get("finalizers") or []}
    return finalized


def _keep(obj: Obj, source: Obj, field: str) -> None:
    if field in source:
        obj[field] = source[field]
    else:
        obj.pop(field, None)


def _is_spec_changed(live: Obj, obj: Obj, has_status: bool) -> bool:
    left_out = {"metadata", "apiVersion", "kind"} | ({"status"} if has_status else set())
    return any(live.get(key) != obj.get(key) for key in live.keys() | obj.keys() if key not in left_out)


def _refuse(write: Write, obj: Obj, found: list[FieldError]) -> None:
    if found:
        name = obj["metadata"].get("name") or ""
        raise errors.invalid(write.resource.group, write.resource.kind, str(name), found)
