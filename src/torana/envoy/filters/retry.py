"""How a retry stanza becomes a RetryPolicy."""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.proxy.action import Forward

_CONNECTION_ERRORS = "connect-failure,refused-stream,reset"


def render_retry(forward: Forward) -> pb.RetryPolicy | None:
    """The policy, or None without a stanza. A try that runs out of its time counts as a reset and is tried again."""
    retry = forward.retry
    if retry is None or retry.attempts <= 0:
        return None
    policy = pb.RetryPolicy(
        retry_on=f"{_CONNECTION_ERRORS},retriable-status-codes" if retry.codes else _CONNECTION_ERRORS,
        num_retries={"value": retry.attempts},
        retriable_status_codes=retry.codes,
    )
    if forward.attempt_timeout_ms:
        policy.per_try_timeout.CopyFrom(pb.duration_ms(forward.attempt_timeout_ms))
    if retry.backoff_ms:
        policy.retry_back_off.base_interval.CopyFrom(pb.duration_ms(retry.backoff_ms))
        policy.retry_back_off.max_interval.CopyFrom(pb.duration_ms(retry.backoff_ms * 10))
    return policy
