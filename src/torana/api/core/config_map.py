"""ConfigMap: a small amount of configuration."""

from __future__ import annotations

from typing import Annotated

import msgspec

from torana.api.field import Field
from torana.api.kind import Column, Kind
from torana.api.meta import Object


class ConfigMap(Object, kw_only=True):
    """A small amount of configuration, by key."""

    data: Annotated[dict[str, str], Field("Text by key.")] = msgspec.field(default_factory=dict)
    binary_data: Annotated[dict[str, str], Field("Bytes by key, in base64.", item=Field(format="byte"))] = (
        msgspec.field(default_factory=dict)
    )
    immutable: Annotated[bool | None, Field("True: the data can no longer change.")] = None


CONFIG_MAP = Kind(
    group="",
    kind="ConfigMap",
    plural="configmaps",
    struct=ConfigMap,
    has_status=False,
    short_names=("cm",),
    columns=(Column("Age", "date", ".metadata.creationTimestamp"),),
)
