"""What did a watch say? Pure decoding of list pages and watch lines into changes of one kind.

Input is bytes as the API server wrote them; output `Change`s holding the kind's Struct. An object that does not fit its
Struct becomes `Undecodable` and never stops the others.
"""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.kind import Kind, Ref
from torana.kube.errors import ApiError, error_of_status
from torana.kube.salvage import Salvage, salvage


class Undecodable(msgspec.Struct, frozen=True):
    """Stands for an object that exists but does not fit its kind's Struct.

    `rest` is what of it can be read, if anything, and `lost` what of it cannot.
    """

    ref: Ref
    resource_version: str
    generation: int
    message: str
    rest: Any = None
    lost: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True):
    """An object is now as given. `object` is the kind's Struct or `Undecodable`; None when it is gone."""

    kind: Kind
    ref: Ref
    object: Any
    resource_version: str = ""
    synced: bool = False
    """True on one marker that ends each full list: it names no object, and says that all of them are known now."""


class Bookmark(msgspec.Struct, frozen=True):
    """Nothing changed up to this resourceVersion."""

    resource_version: str


class ListPage(msgspec.Struct, frozen=True):
    """One page of a list."""

    changes: tuple[Change, ...]
    resource_version: str


def synced_marker(kind: Kind) -> Change:
    return Change(kind, Ref("", ""), None, synced=True)


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    namespace: str = ""
    resource_version: str = ""
    generation: int = 0


class _Head(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()


class _Page(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()
    items: tuple[msgspec.Raw, ...] | None = None


class _WatchEvent(msgspec.Struct, frozen=True):
    type: str
    object: msgspec.Raw


class ChangeDecoder:
    """Decodes one kind. Holds prepared msgspec decoders and nothing else."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._object = msgspec.json.Decoder(kind.struct)
        self._head = msgspec.json.Decoder(_Head)
        self._event = msgspec.json.Decoder(_WatchEvent)
        self._page = msgspec.json.Decoder(_Page)

    def page(self, body: bytes) -> ListPage:
        """The objects of one list page. Raises `msgspec.DecodeError` when it is no list at all."""
        decoded = self._page.decode(body)
        changes = tuple(self._present(raw) for raw in decoded.items or ())
        return ListPage(changes, decoded.metadata.resource_version)

    def event(self, line: bytes) -> Change | Bookmark | ApiError:
        """One line of a watch. Raises `msgspec.DecodeError` when it is no watch event."""
        decoded = self._event.decode(line)
        match decoded.type:
            case "ADDED" | "MODIFIED":
                return self._present(decoded.object)
            case "DELETED":
                meta = self._head.decode(decoded.object).metadata
                return Change(self.kind, Ref(meta.namespace, meta.name), None, meta.resource_version)
            case "BOOKMARK":
                return Bookmark(self._head.decode(decoded.object).metadata.resource_version)
            case "ERROR":
                return error_of_status(msgspec.json.decode(decoded.object, type=dict[str, Any]))
        return ApiError(0, "UnknownEvent", f"the API server sent a watch event of unknown type {decoded.type!r}")

    def _present(self, raw: msgspec.Raw) -> Change:
        try:
            value = self._object.decode(raw)
        except msgspec.ValidationError as error:
            meta = self._head.decode(raw).metadata
            ref = Ref(meta.namespace, meta.name)
            found = salvage(raw, self.kind.struct) or Salvage(None, ())
            undecodable = Undecodable(ref, meta.resource_version, meta.generation, str(error), *found)
            return Change(self.kind, ref, undecodable, meta.resource_version)
        return Change(self.kind, value.metadata.ref, value, value.metadata.resource_version)


class Lines:
    """Cuts a stream of chunks into lines; keeps the unfinished rest."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes, without their line ends and without empty ones."""
        head, newline, tail = chunk.rpartition(b"\n")
        if not newline:
            self._rest.append(chunk)
            return []
        self._rest.append(head)
        whole = b"".join(self._rest)
        self._rest = [tail] if tail else []
        return [line for line in whole.split(b"\n") if line]
