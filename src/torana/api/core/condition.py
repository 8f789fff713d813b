"""What does a condition of a built-in object look like? Laxer than `meta.Condition`: most parts may be absent."""

from __future__ import annotations

from typing import Annotated

from torana.api.field import ApiStruct, Field


class ObjectCondition(ApiStruct, kw_only=True):
    """One aspect of a built-in object's state."""

    type: Annotated[str, Field("Name of the aspect.")]
    status: Annotated[str, Field("Whether the aspect holds: True, False or Unknown.")]
    reason: Annotated[str, Field("Short CamelCase word for machines: why the status is what it is.")] = ""
    message: Annotated[str, Field("The same for people.")] = ""
    last_transition_time: Annotated[str | None, Field("When `status` last changed.", format="date-time")] = None


CONDITIONS = Field("Aspects of the object's state.", list_type="map", map_keys=("type",), merge_key="type")
