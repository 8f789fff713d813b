"""When is a container that ended started again?

As kubelet does: the first restart is immediate, the next waits 10 s, doubling up to 5 minutes; a container that ran for
10 minutes starts afresh. Time is in seconds and an argument.
"""

from __future__ import annotations

FIRST_DELAY_S = 10.0
MAX_DELAY_S = 300.0
HEALTHY_AFTER_S = 600.0


def wants_restart(policy: str, exit_code: int) -> bool:
    """Whether the Pod's restart policy asks for another run. An unknown exit counts as a failure."""
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def next_backoff(previous_s: float, ran_s: float) -> float:
    """Seconds to wait before the next start, given the wait before the last run (below 0: there was none)."""
    if previous_s < 0 or ran_s >= HEALTHY_AFTER_S:
        return 0.0
    return min(previous_s * 2, MAX_DELAY_S) if previous_s > 0 else FIRST_DELAY_S
