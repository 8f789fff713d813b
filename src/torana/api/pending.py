"""What does the status of a new object say before any controller has looked at it?"""

from __future__ import annotations

from typing import Any

from torana.api.meta import Condition


def pending(*condition_types: str) -> tuple[Condition, ...]:
    """The conditions that the API server fills in: unknown since the epoch, and about no generation."""
    return tuple(
        Condition(
            type=condition_type,
            status="Unknown",
            reason="Pending",
            message="Waiting for controller",
            last_transition_time="1970-01-01T00:00:00Z",
        )
        for condition_type in condition_types
    )


def pending_default(*condition_types: str) -> list[dict[str, Any]]:
    """The same as `pending`, as a schema default."""
    return [
        {
            "type": condition.type,
            "status": condition.status,
            "reason": condition.reason,
            "message": condition.message,
            "lastTransitionTime": condition.last_transition_time,
        }
        for condition in pending(*condition_types)
    ]
