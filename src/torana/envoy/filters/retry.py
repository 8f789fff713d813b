"""How a retry stanza becomes a RetryPolicy."""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.proxy.action import Forward

_CONNECTION_ERRORS = "connect-failure,refused-stream,reset"
_NEVER_SENT = "connect-failure,refused-stream"
"""Failures in which no backend saw the request, so trying another one is always safe."""
_NEVER_SENT_ATTEMPTS = 2
_SPREAD = 2
"""Envoy 1.40 waits for a time drawn evenly from 0 to the base interval, so twice the backoff is the backoff on average.

It has no lower bound; what GEP-1731 asks for cannot be kept for every single try.
"""
_LONGEST = 10
"""The base interval doubles from try to try, up to so many times the first."""
_DRAWS = 10


def render_retry(forward: Forward) -> pb.RetryPolicy | None:
    """The policy of a rule with a stanza. A try that runs out of its time counts as a reset and is tried again."""
    retry = forward.retry
    if retry is None:
        return None
    if retry.attempts <= 0:
        return pb.RetryPolicy()
    policy = pb.RetryPolicy(
        retry_on=f"{_CONNECTION_ERRORS},retriable-status-codes" if retry.codes else _CONNECTION_ERRORS,
        num_retries={"value": retry.attempts},
        retriable_status_codes=retry.codes,
    )
    if forward.attempt_timeout_ms:
        policy.per_try_timeout.CopyFrom(pb.duration_ms(forward.attempt_timeout_ms))
    if retry.backoff_ms:
        policy.retry_back_off.base_interval.CopyFrom(pb.duration_ms(retry.backoff_ms * _SPREAD))
        policy.retry_back_off.max_interval.CopyFrom(pb.duration_ms(retry.backoff_ms * _SPREAD * _LONGEST))
    return _elsewhere(policy)


def retry_elsewhere() -> pb.RetryPolicy:
    """What holds for rules without a stanza: another endpoint is tried when no backend saw the request.

    A Pod that just went must not cost an answer.
    """
    policy = pb.RetryPolicy(retry_on=_NEVER_SENT, num_retries={"value": _NEVER_SENT_ATTEMPTS})
    return _elsewhere(policy)


def _elsewhere(policy: pb.RetryPolicy) -> pb.RetryPolicy:
    """Where there is another endpoint, the next try goes there: Envoy draws until it has one, up to so many times."""
    policy.host_selection_retry_max_attempts = _DRAWS
    previous = pb.packed(pb.PreviousHostsPredicate())
    policy.retry_host_predicate.add(name="envoy.retry_host_predicates.previous_hosts", typed_config=previous)
    return policy
