"""Who leads, and when another may take over."""

from __future__ import annotations

import pytest

from torana.kube.lease import Seen, Step, decide

ME, OTHER = "me", "other"


def seen(holder: str, since: float = 0.0) -> Seen:
    return Seen(holder, duration_s=15.0, version="1", since=since)


@pytest.mark.parametrize(
    ("known", "now", "step"),
    [
        pytest.param(None, 0.0, "create", id="there is no Lease"),
        pytest.param(seen(ME), 100.0, "renew", id="it is ours, however old"),
        pytest.param(seen(OTHER), 14.9, "wait", id="another renewed it not long ago"),
        pytest.param(seen(OTHER), 15.0, "take", id="another has not renewed it for its whole duration"),
        pytest.param(seen(""), 0.0, "take", id="its holder released it"),
        pytest.param(
            seen(OTHER, since=1000.0), 1001.0, "wait", id="age counts from when we saw it, not from its times"
        ),
    ],
)
def test_the_step_follows_from_the_lease(known: Seen | None, now: float, step: Step) -> None:
    assert decide(ME, known, now) == step
