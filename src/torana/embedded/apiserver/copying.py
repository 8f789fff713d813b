"""How is a JSON value copied, so that the copy may be changed? Several times faster than `copy.deepcopy`."""

from __future__ import annotations

from typing import Any


def copy_json(value: Any) -> Any:
    """A copy that shares no dict and no list with the value."""
    if type(value) is dict:
        return {key: copy_json(item) for key, item in value.items()}
    if type(value) is list:
        return [copy_json(item) for item in value]
    return value
