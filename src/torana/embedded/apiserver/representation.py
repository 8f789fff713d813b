"""In which form does a client want objects? Plain, as a Table, or as PartialObjectMetadata.

Stored bytes are sent as they are when the client asked for the storage version in its plain form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from torana.embedded.apiserver import errors, table
from torana.embedded.apiserver.conversion import served_bytes, to_served
from torana.embedded.apiserver.request import Request
from torana.embedded.apiserver.resource import Resource, ServedVersion
from torana.embedded.apiserver.store import Entry

JSON = "application/json"
_FORMS = {"Table": "Table", "PartialObjectMetadata": "Partial", "PartialObjectMetadataList": "Partial"}


@dataclass(frozen=True)
class Form:
    """The representation a client gets."""

    name: str = "Object"
    """`Object`, `Table` or `Partial`."""
    include_object: str = "Metadata"

    @property
    def key(self) -> str:
        return f"{self.name}/{self.include_object}" if self.name == "Table" else self.name

    @property
    def content_type(self) -> str:
        return JSON


PLAIN = Form()


def negotiate(request: Request) -> Form:
    """The first form of the Accept header that we can give. Raises NotAcceptable."""
    accept = request.accept
    if not accept or accept == JSON or accept == "*/*":
        return PLAIN
    for offer in accept.split(","):
        media, *parameters = (part.strip() for part in offer.split(";"))
        if media not in (JSON, "application/*", "*/*"):
            continue
        given = dict(part.split("=", 1) for part in parameters if "=" in part)
        wanted = given.get("as", "")
        if not wanted:
            return PLAIN
        if wanted in _FORMS and given.get("g", "meta.k8s.io") == "meta.k8s.io" and given.get("v", "v1") == "v1":
            return Form(_FORMS[wanted], request.query.get("includeObject", "") or "Metadata")
    raise errors.not_acceptable((JSON,))


def encode_object(raw: bytes, resource: Resource, served: ServedVersion, form: Form) -> bytes:
    """One object as its client wants it."""
    if form.name == "Object":
        return served_bytes(raw, resource, served)
    obj = to_served(orjson.loads(raw), resource, served)
    if form.name == "Partial":
        return orjson.dumps(partial(obj))
    meta = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
    return orjson.dumps(table.render(resource, served, [obj], meta, form.include_object))


def partial(obj: dict[str, Any]) -> dict[str, Any]:
    """Only the metadata of an object."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def encode_list(
    entries: list[Entry], meta: dict[str, Any], resource: Resource, served: ServedVersion, form: Form
) -> bytes:
    """A list as its client wants it. `meta` is the list's metadata."""
    if form.name == "Object":
        head = {"kind": resource.list_kind, "apiVersion": resource.api_version(served.name), "metadata": meta}
        items = b",".join([served_bytes(entry.raw, resource, served) for entry in entries])
        return orjson.dumps(head)[:-1] + b',"items":[' + items + b"]}"
    objects = [to_served(orjson.loads(entry.raw), resource, served) for entry in entries]
    if form.name == "Partial":
        head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
        return orjson.dumps({**head, "items": [partial(obj) for obj in objects]})
    return orjson.dumps(table.render(resource, served, objects, meta, form.include_object))
