"""How a field of a Kubernetes kind is described: its type annotation plus one `Field`.

A kind is written once, as msgspec Structs. What the Python type cannot say (description, limits, defaults applied by
the API server, list semantics, CEL rules, release channel) stands in a `Field` inside `Annotated`. msgspec ignores it
while decoding, on purpose: the controller must read objects that an older or laxer API server let through, and judge
them itself. `schema.py` turns both into the structural schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, dataclass_transform

import msgspec

Channel = Literal["standard", "experimental"]


class Rule(msgspec.Struct, frozen=True):
    """One `x-kubernetes-validations` entry: a CEL expression that must be true, and the message when it is not."""

    rule: str
    message: str
    channel: Channel = "standard"
    """`experimental`: the rule is part of the experimental channel's schema only."""


class Field(msgspec.Struct, frozen=True):
    """What a Python type cannot say about a field. Sizes are counts of characters, items or properties."""

    doc: str = ""
    default: Any = None
    """Value the API server fills in when the field is absent. `None`: no default."""
    is_required: bool = False
    """Required in the schema although the Struct has a default: objects without it exist and must be readable."""
    pattern: str | None = None
    """RE2 expression, searched (not anchored)."""
    format: str | None = None
    enum: tuple[str | int, ...] = ()
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    min_properties: int | None = None
    max_properties: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    list_type: Literal["atomic", "set", "map"] | None = None
    map_keys: tuple[str, ...] = ()
    """Keys of a `list_type="map"` list, as JSON names."""
    merge_key: str | None = None
    """Strategic merge key of a built-in list (`x-kubernetes-patch-merge-key`)."""
    patch_strategy: str = ""
    """Strategic patch strategy of a built-in field, where it is not the `merge` that `merge_key` implies."""
    map_type: Literal["atomic", "granular"] | None = None
    preserve_unknown: bool = False
    int_or_string: bool = False
    rules: tuple[Rule, ...] = ()
    item: Field | None = None
    """Limits of each item of a list, or each value of a map."""
    channel: Channel = "standard"
    """`experimental`: the field exists only in the experimental channel's schema."""
    experimental: Field | None = None
    """What the experimental channel says differently: whatever is set here replaces the same fact above."""


@dataclass_transform(field_specifiers=(msgspec.field,), frozen_default=True, kw_only_default=True)
class ApiStructMeta(msgspec.StructMeta):
    """Tells type checkers that subclasses of ApiStruct are frozen too, which msgspec itself leaves unsaid."""


class ApiStruct(msgspec.Struct, metaclass=ApiStructMeta, frozen=True, omit_defaults=True, rename="camel", gc=False):
    """Base of every API type: immutable, camelCase on the wire, absent fields omitted, unknown fields ignored.

    A field without a Python default is required. Subclasses say `kw_only=True` (msgspec does not inherit it).
    """

    cel: ClassVar[tuple[Rule, ...]] = ()
    """CEL rules about the value as a whole."""
    is_atomic: ClassVar[bool] = False
    """Server-side apply owns the value as a whole (`x-kubernetes-map-type: atomic`)."""
    is_open: ClassVar[bool] = False
    """Fields that are not described here are kept (`x-kubernetes-preserve-unknown-fields`)."""
    logic: ClassVar[Mapping[str, Any]] = {}
    """`oneOf`, `anyOf`, `allOf` and `not` of the schema, as they are."""
