"""How are objects read? Get and list: selectors, pages, resource versions."""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from torana.embedded.apiserver import errors
from torana.embedded.apiserver.request import Request
from torana.embedded.apiserver.resource import Resource
from torana.embedded.apiserver.selectors import (
    FieldSelector,
    LabelSelector,
    field_text,
    parse_field_selector,
    parse_label_selector,
)
from torana.embedded.apiserver.store import Collection, Entry, Store

KEPT_SNAPSHOTS = 64
_SELECTABLE = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "services": ("spec.clusterIP", "spec.type"),
    "replicasets.apps": ("status.replicas",),
}


@dataclass(frozen=True)
class Selection:
    """Which objects of a collection a request is about."""

    namespace: str | None
    labels: LabelSelector
    fields: FieldSelector

    @property
    def is_everything(self) -> bool:
        return self.labels.is_everything and self.fields.is_everything

    def matches(self, entry: Entry) -> bool:
        """Whether an object (in the right namespace) is selected."""
        if self.namespace is not None and entry.key[0] != self.namespace:
            return False
        if not self.labels.is_everything and not self.labels.matches(entry.labels):
            return False
        return self.fields.is_everything or self.fields.matches(_field_reader(entry))


def _field_reader(entry: Entry) -> Callable[[str], str]:
    decoded: list[Any] = []

    def read(path: str) -> str:
        if path == "metadata.name":
            return entry.key[1]
        if path == "metadata.namespace":
            return entry.key[0]
        if not decoded:
            decoded.append(orjson.loads(entry.raw))
        return field_text(decoded[0], path)

    return read


def parse_selection(request: Request, resource: Resource) -> Selection:
    """The selection of a list, watch or deletecollection. Raises BadRequest."""
    try:
        labels = parse_label_selector(request.query.get("labelSelector", ""))
        fields = parse_field_selector(request.query.get("fieldSelector", ""))
    except ValueError as error:
        raise errors.bad_request(str(error)) from error
    supported = {"metadata.name", "metadata.namespace", *_SELECTABLE.get(resource.store_key, ())}
    for version in resource.versions.values():
        supported.update(version.selectable_fields)
    for path in fields.paths:
        if path not in supported:
            raise errors.bad_request(f"field label not supported: {path}")
    namespace = request.target.namespace if resource.namespaced and request.target.namespace else None
    if request.target.name:
        fields = FieldSelector((*fields.tests, *parse_field_selector(f"metadata.name={request.target.name}").tests))
    return Selection(namespace, labels, fields)


@dataclass(frozen=True)
class Page:
    """Part of a list, or all of it."""

    entries: list[Entry]
    revision: int
    continue_token: str = ""
    remaining: int = 0


class Lister:
    """Lists collections. Later pages of a list come from the same state as the first, as long as it is kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._snapshots: OrderedDict[str, tuple[int, list[Entry]]] = OrderedDict()
        self._count = 0

    def page(self, request: Request, resource: Resource) -> Page:
        selection = parse_selection(request, resource)
        limit = _parse_number(request.query.get("limit", ""), "limit")
        token = request.query.get("continue", "")
        if token:
            revision, found = self._snapshot(token)
        else:
            check_revision(request, self._store.durable_revision)
            revision = self._store.durable_revision
            found = select(self._store.collection(resource.store_key), selection)
        if not limit or len(found) <= limit:
            return Page(found, revision)
        rest = found[limit:]
        return Page(found[:limit], revision, self._keep(revision, rest), len(rest))

    def _keep(self, revision: int, rest: list[Entry]) -> str:
        self._count += 1
        token = base64.urlsafe_b64encode(orjson.dumps({"rv": revision, "id": self._count})).decode()
        self._snapshots[token] = (revision, rest)
        while len(self._snapshots) > KEPT_SNAPSHOTS:
            self._snapshots.popitem(last=False)
        return token

    def _snapshot(self, token: str) -> tuple[int, list[Entry]]:
        found = self._snapshots.get(token)
        if found is not None:
            return found
        try:
            orjson.loads(base64.urlsafe_b64decode(token))
        except (binascii.Error, ValueError) as error:
            raise errors.bad_request("continue key is not valid") from error
        raise errors.continue_expired()


def select(collection: Collection, selection: Selection) -> list[Entry]:
    """Visible objects of a selection, in order of namespace and name."""
    name = selection.fields.exact("metadata.name")
    if name is not None and selection.namespace is not None:
        entry = collection.entries.get((selection.namespace, name))
        return [entry] if entry is not None and selection.matches(entry) else []
    entries = collection.visible(selection.namespace)
    return entries if selection.is_everything else [entry for entry in entries if selection.matches(entry)]


def check_revision(request: Request, current: int) -> None:
    """Refuse a list of an exact older state or of a state that is still to come."""
    text = request.query.get("resourceVersion", "")
    match = request.query.get("resourceVersionMatch", "")
    wanted = _parse_number(text, "resourceVersion")
    if wanted > current:
        raise errors.too_large_version(wanted, current)
    if match == "Exact" and wanted != current:
        raise errors.expired(wanted, current)


def _parse_number(text: str, parameter: str) -> int:
    if not text:
        return 0
    if not text.isdigit() or len(text) > 19:
        raise errors.bad_request(f'Invalid value: "{text}": {parameter} must be a non-negative integer')
    return int(text)
