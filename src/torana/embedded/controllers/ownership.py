"""Who owns what? Owner references, read and made. Pure."""

from __future__ import annotations

import hashlib
from typing import Any

from torana.api.kind import Kind
from torana.api.meta import Object, ObjectMeta, OwnerReference

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Kubernetes' letters for generated names: no vowels, nothing that looks like another."""


def controller_of(meta: ObjectMeta) -> OwnerReference | None:
    """The one owner that manages the object."""
    return next((owner for owner in meta.owner_references if owner.controller), None)


def is_controlled_by(meta: ObjectMeta, uid: str) -> bool:
    owner = controller_of(meta)
    return owner is not None and owner.uid == uid


def controller_reference(kind: Kind, owner: Object) -> dict[str, Any]:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": owner.metadata.name,
        "uid": owner.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def short_hash(text: str, length: int) -> str:
    """Letters that fit in a name and depend on the text only."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    letters = []
    for _ in range(length):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters)
