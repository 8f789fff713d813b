"""Where a piece of proxy configuration comes from, so that a rejection finds its way back to the guilty object."""

from __future__ import annotations

import msgspec

from torana.api.kind import ObjectRef


class Origin(msgspec.Struct, frozen=True, gc=False):
    """An object and the field in it (`spec.rules[2].matches[0]`)."""

    object: ObjectRef
    path: str = ""
