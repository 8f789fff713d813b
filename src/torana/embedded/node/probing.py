"""What do a probe's answers say about a container, and when is the next one due?

A pure machine: `(state, answer, now) -> state`. Until its first success a readiness or startup probe is asked every
100 ms, so that a container counts as ready as soon as it is; after that every `periodSeconds`.
"""

from __future__ import annotations

import msgspec

EAGER_INTERVAL_S = 0.1


class ProbeTiming(msgspec.Struct, frozen=True):
    """The numbers of a probe, with the API's defaults."""

    period_s: float = 10.0
    timeout_s: float = 1.0
    initial_delay_s: float = 0.0
    success_threshold: int = 1
    failure_threshold: int = 3
    eager: bool = True
    """Asked often until the first success (readiness and startup; a liveness probe would only burn time)."""


class Probing(msgspec.Struct, frozen=True):
    """Where one probe of one running container stands."""

    due: float
    passing: bool
    failed: bool = False
    """The failure threshold was reached: for liveness and startup the container must be killed."""
    successes: int = 0
    failures: int = 0
    ever_passed: bool = False
    eager_since: float = 0.0


def begin(timing: ProbeTiming, now: float, passing: bool) -> Probing:
    """`passing` is what holds before the first answer: False for readiness and startup, True for liveness."""
    due = now + timing.initial_delay_s
    return Probing(due=due, passing=passing, eager_since=due)


def observe(timing: ProbeTiming, state: Probing, succeeded: bool, now: float) -> Probing:
    if succeeded:
        successes = state.successes + 1
        passing = state.passing or successes >= timing.success_threshold
        eager = timing.eager and not passing
        return Probing(
            due=now + (EAGER_INTERVAL_S if eager else timing.period_s),
            passing=passing,
            successes=successes,
            ever_passed=True,
            eager_since=state.eager_since,
        )
    if timing.eager and not state.ever_passed:
        # Eager answers come faster than the period; they count as one failure per period, as the author meant them.
        failures = int((now - state.eager_since) / timing.period_s) + 1 if timing.period_s > 0 else state.failures + 1
        due = now + min(EAGER_INTERVAL_S, timing.period_s)
    else:
        failures = state.failures + 1
        due = now + timing.period_s
    reached = failures >= timing.failure_threshold
    return Probing(
        due=due,
        passing=state.passing and not reached,
        failed=reached,
        failures=failures,
        ever_passed=state.ever_passed,
        eager_since=state.eager_since,
    )
