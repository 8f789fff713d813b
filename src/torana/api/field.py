"""How a field of a Kubernetes kind is described: its type annotation plus one `Field`.

A kind is written once, as msgspec Structs. What the Python type cannot say (description, limits, defaults applied by the
API server, list semantics, CEL rules, release channel) stands in a `Field` inside `Annotated`. msgspec ignores it while
decoding, on purpose: the controller must read objects that an older or laxer API server let through, and judge them itself.
`schema.py` turns both into the structural schema.
"""

from __future__ import annotations

from typing import Any, Literal

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
    pattern: str | None = None
    """RE2 expression, searched (not anchored)."""
    format: str | None = None
    enum: tuple[str, ...] = ()
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
    map_type: Literal["atomic", "granular"] | None = None
    preserve_unknown: bool = False
    int_or_string: bool = False
    rules: tuple[Rule, ...] = ()
    item: Field | None = None
    """Limits of each item of a list, or each value of a map."""
    channel: Channel = "standard"
    """`experimental`: the field exists only in the experimental channel's schema."""


class ApiStruct(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", gc=False):
    """Base of every API type: immutable, camelCase on the wire, absent fields omitted, unknown fields ignored.

    A field without a Python default is required. Subclasses say `kw_only=True` (msgspec does not inherit it).
    Type-level CEL rules stand in `cel: ClassVar[tuple[Rule, ...]]`.
    """
