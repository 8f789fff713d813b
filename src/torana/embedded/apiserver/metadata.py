"""What does the API server itself write into an object's metadata, and which metadata does it refuse?

The rules are those of Kubernetes' object metadata: names are DNS subdomains, the server owns identity, times and the
generation. Pure: the time and the identity are arguments.
"""

from __future__ import annotations

from typing import Any

from torana.embedded.apiserver.field_error import FieldError
from torana.embedded.apiserver.resource import Resource

Obj = dict[str, Any]

MAX_ANNOTATIONS_BYTES = 256 * 1024
_NAME_ADVICE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_ADVICE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_VALUE_ADVICE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_KEY_ADVICE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_ALNUM = _LOWER | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LABEL_NAMES = frozenset({"Namespace", "Service"})
_PATH_NAMES = frozenset({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"})


def is_dns_label(text: str) -> bool:
    """RFC 1123 label: at most 63 lower case letters, digits and inner dashes."""
    return 0 < len(text) <= 63 and text[0] in _LOWER and text[-1] in _LOWER and set(text) <= _LOWER | {"-"}


def is_dns_subdomain(text: str) -> bool:
    """Labels (of any length) joined by dots, at most 253 characters."""
    return len(text) <= 253 and all(
        part and part[0] in _LOWER and part[-1] in _LOWER and set(part) <= _LOWER | {"-"} for part in text.split(".")
    )


def is_qualified_word(text: str) -> bool:
    """What may stand after the slash of a label key, and as a label value that is not empty."""
    return 0 < len(text) <= 63 and text[0] in _ALNUM and text[-1] in _ALNUM and set(text) <= _ALNUM | set("-_.")


def initialise(obj: Obj, resource: Resource, namespace: str, now: str, uid: str, suffix: str) -> None:
    """Metadata of a new object: what the client may not choose is set. `suffix` completes `generateName`."""
    metadata = obj.setdefault("metadata", {})
    for field in ("selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion", "generation"):
        metadata.pop(field, None)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = f"{metadata['generateName'][:58]}{suffix}"
    if resource.namespaced:
        metadata["namespace"] = namespace
    else:
        metadata.pop("namespace", None)
    metadata["uid"] = uid
    metadata["creationTimestamp"] = now
    if resource.has_generation:
        metadata["generation"] = 1
    _drop_empty(metadata)


def carry_over(obj: Obj, live: Obj) -> None:
    """Metadata of an update: what the client may not change stays as it is."""
    metadata, old = obj.setdefault("metadata", {}), live["metadata"]
    for field in (
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generateName",
        "generation",
        "resourceVersion",
        "selfLink",
    ):
        if field in old:
            metadata[field] = old[field]
        else:
            metadata.pop(field, None)
    if "managedFields" not in metadata and "managedFields" in old:
        metadata["managedFields"] = old["managedFields"]
    _drop_empty(metadata)


def _drop_empty(metadata: Obj) -> None:
    for field in ("labels", "annotations", "ownerReferences", "finalizers"):
        if field in metadata and not metadata[field]:
            del metadata[field]


def validate(obj: Obj, resource: Resource, old: Obj | None = None) -> list[FieldError]:
    """Mistakes in the metadata of an object about to be stored."""
    metadata = obj["metadata"]
    errors = [] if old is not None else _check_name(metadata, resource)
    errors += _check_types(metadata)
    if errors:
        return errors
    if old is None or old["metadata"].get("labels") != metadata.get("labels"):
        errors += check_labels(metadata.get("labels") or {}, "metadata.labels")
    errors += _check_annotations(metadata.get("annotations") or {})
    errors += _check_owners(metadata.get("ownerReferences") or [])
    errors += _check_finalizers(metadata, old)
    return errors


def _check_types(metadata: Obj) -> list[FieldError]:
    errors = []
    for field in ("labels", "annotations"):
        value = metadata.get(field)
        if value is not None and not (
            isinstance(value, dict) and all(isinstance(k, str) and isinstance(v, str) for k, v in value.items())
        ):
            errors.append(FieldError("FieldValueInvalid", f"metadata.{field}", "must be a map of strings", value))
    for field, item in (("ownerReferences", dict), ("finalizers", str)):
        value = metadata.get(field)
        if value is not None and not (isinstance(value, list) and all(isinstance(one, item) for one in value)):
            errors.append(FieldError("FieldValueInvalid", f"metadata.{field}", "has items of a wrong type", value))
    return errors


def _check_name(metadata: Obj, resource: Resource) -> list[FieldError]:
    name = metadata.get("name")
    if not name:
        return [FieldError("FieldValueRequired", "metadata.name", "name or generateName is required", None)]
    if not isinstance(name, str):
        return [FieldError("FieldValueInvalid", "metadata.name", "must be a string", name)]
    if not resource.is_custom and resource.kind in _PATH_NAMES:
        if name in (".", "..") or "/" in name or "%" in name:
            return [FieldError("FieldValueInvalid", "metadata.name", "may not be '.', '..' or contain '/', '%'", name)]
        return []
    if not resource.is_custom and resource.kind in _LABEL_NAMES:
        advice = "" if is_dns_label(name) else _LABEL_ADVICE
        if advice and len(name) > 63:
            advice = "must be no more than 63 characters"
    else:
        advice = "" if is_dns_subdomain(name) else _NAME_ADVICE
        if advice and len(name) > 253:
            advice = "must be no more than 253 characters"
    return [FieldError("FieldValueInvalid", "metadata.name", advice, name)] if advice else []


def check_key(key: str) -> str:
    """Advice about a label or annotation key; empty when it is well-formed."""
    prefix, slash, word = key.rpartition("/")
    if slash and not is_dns_subdomain(prefix):
        return "prefix part " + (_NAME_ADVICE if prefix else "must be non-empty")
    if not word:
        return "name part must be non-empty"
    if len(word) > 63:
        return "name part must be no more than 63 characters"
    return "" if is_qualified_word(word) else _KEY_ADVICE


def check_labels(labels: dict[str, str], path: str) -> list[FieldError]:
    """Mistakes in keys and values of labels at `path`."""
    errors = []
    for key, value in labels.items():
        if advice := check_key(key):
            errors.append(FieldError("FieldValueInvalid", path, advice, key))
        if value and not is_qualified_word(value):
            advice = "must be no more than 63 characters" if len(value) > 63 else _VALUE_ADVICE
            errors.append(FieldError("FieldValueInvalid", path, advice, value))
    return errors


def _check_annotations(annotations: dict[str, str]) -> list[FieldError]:
    errors = [
        FieldError("FieldValueInvalid", "metadata.annotations", advice, key)
        for key in annotations
        if (advice := check_key(key.lower()))
    ]
    if sum(len(key) + len(value) for key, value in annotations.items()) > MAX_ANNOTATIONS_BYTES:
        detail = f"may not be more than {MAX_ANNOTATIONS_BYTES} bytes"
        errors.append(FieldError("FieldValueTooLong", "metadata.annotations", detail, None))
    return errors


def _check_owners(owners: list[Obj]) -> list[FieldError]:
    errors = [
        FieldError("FieldValueInvalid", f"metadata.ownerReferences[{index}].{field}", f"{field} must not be empty", "")
        for index, owner in enumerate(owners)
        for field in ("apiVersion", "kind", "name", "uid")
        if not owner.get(field)
    ]
    if sum(1 for owner in owners if owner.get("controller")) > 1:
        detail = "Only one reference can have Controller set to true"
        errors.append(FieldError("FieldValueInvalid", "metadata.ownerReferences", detail, None))
    return errors


def _check_finalizers(metadata: Obj, old: Obj | None) -> list[FieldError]:
    finalizers = metadata.get("finalizers") or []
    known = (old or {}).get("metadata", {}).get("finalizers") or []
    errors = [
        FieldError("FieldValueInvalid", "metadata.finalizers", advice, finalizer)
        for finalizer in finalizers
        if (advice := check_key(finalizer))
    ]
    added = [finalizer for finalizer in finalizers if finalizer not in known]
    if metadata.get("deletionTimestamp") and added:
        detail = "no new finalizers can be added if the object is being deleted, found new finalizers " + repr(
            added
        ).replace("'", '"')
        errors.append(FieldError("FieldValueForbidden", "metadata.finalizers", detail, None))
    return errors
