"""Secret: a small amount of confidential data."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from torana.api.field import Field
from torana.api.kind import Column, Kind
from torana.api.meta import Object

TLS_TYPE = "kubernetes.io/tls"


class Secret(Object, kw_only=True):
    """A small amount of confidential data, such as a certificate with its key."""

    data: Annotated[dict[str, str], Field("The data, each value in base64.", item=Field(format="byte"))] = (
        msgspec.field(default_factory=dict)
    )
    string_data: Annotated[
        dict[str, str],
        Field("Data given as plain text. It goes into `data` when written and is never shown again."),
    ] = msgspec.field(default_factory=dict)
    type: Annotated[str, Field("What the data is, e.g. `kubernetes.io/tls`.", default="Opaque")] = "Opaque"
    immutable: Annotated[bool | None, Field("True: the data can no longer change.")] = None

    def __repr__(self) -> str:
        """Names the keys, never the values, so that no log or traceback shows them."""
        keys = ", ".join(sorted({*self.data, *self.string_data}))
        return f"Secret({self.metadata.ref}, type={self.type}, keys=[{keys}])"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        keys = sorted({*self.data, *self.string_data})
        return [("ref", str(self.metadata.ref)), ("type", self.type), ("keys", keys)]


SECRET = Kind(
    group="",
    kind="Secret",
    plural="secrets",
    struct=Secret,
    has_status=False,
    columns=(
        Column("Type", "string", ".type"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
)
