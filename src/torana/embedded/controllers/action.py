"""What can a controller do to the cluster? Values that decisions return; `perform.py` carries them out."""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.kind import Kind, Ref


class Create(msgspec.Struct, frozen=True):
    """The object exists. That it exists already is fine."""

    kind: Kind
    object: dict[str, Any]


class Patch(msgspec.Struct, frozen=True):
    """A merge patch. With a `resourceVersion` in its metadata it applies to that very state only."""

    kind: Kind
    ref: Ref
    body: dict[str, Any]
    subresource: str = ""


class Delete(msgspec.Struct, frozen=True):
    """The object with this uid goes. That it is gone already is fine."""

    kind: Kind
    ref: Ref
    uid: str
    propagation: str = ""


class LookAgain(msgspec.Struct, frozen=True):
    """Decide anew after a while, though nothing may have changed: something depends on time."""

    after_s: float


Action = Create | Patch | Delete | LookAgain
