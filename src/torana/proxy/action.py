"""What happens to a request that a route takes: forward, redirect, or answer. And the filters on the way."""

from __future__ import annotations

from typing import Literal

import msgspec

from torana.proxy.session import Session


class HeaderEdit(msgspec.Struct, frozen=True, gc=False):
    """Changes to headers: `set` overwrites, `add` appends one more value, `remove` drops all values."""

    set: tuple[tuple[str, str], ...] = ()
    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()


class PathRewrite(msgspec.Struct, frozen=True, gc=False):
    """`full` replaces the whole path; `prefix` replaces the matched prefix `match` by `value`."""

    type: Literal["full", "prefix"]
    value: str
    match: str = ""


class Rewrite(msgspec.Struct, frozen=True, gc=False):
    """Changes to the request on its way to the backend. Empty host or no path: unchanged."""

    host: str = ""
    path: PathRewrite | None = None


class Mirror(msgspec.Struct, frozen=True, gc=False):
    """A copy of `numerator` out of `denominator` requests goes to this cluster; its answer is dropped."""

    cluster: str
    numerator: int = 100
    denominator: int = 100


class Backend(msgspec.Struct, frozen=True, gc=False):
    """A share of the traffic. `cluster` "" is an invalid backend: its share gets `status`."""

    cluster: str
    weight: int = 1
    request_headers: HeaderEdit | None = None
    response_headers: HeaderEdit | None = None
    rewrite: Rewrite | None = None
    keeps_sessions: bool = True
    """False when nothing is behind it: sessions that it had go elsewhere."""


class Retry(msgspec.Struct, frozen=True, gc=False):
    """Extra tries after the first, for these status codes and for connection errors."""

    attempts: int
    codes: tuple[int, ...] = ()
    backoff_ms: int | None = None


class Forward(msgspec.Struct, frozen=True, gc=False):
    """Send to one of `backends` by weight. Timeouts in milliseconds; 0 is off."""

    backends: tuple[Backend, ...]
    rewrite: Rewrite | None = None
    mirrors: tuple[Mirror, ...] = ()
    request_timeout_ms: int = 0
    """Whole exchange, retries included."""
    attempt_timeout_ms: int = 0
    """Each try."""
    retry: Retry | None = None
    session: Session | None = None
    """Goes before weights: a session may stay at a backend that has none any more."""
    invalid_status: int = 500
    """Status for the share of invalid backends, and for all traffic when no backend has weight."""


class Redirect(msgspec.Struct, frozen=True, gc=False):
    """Answer with a Location. Empty parts and port 0 are those of the request (the port: left out)."""

    status: int = 302
    scheme: str = ""
    host: str = ""
    port: int = 0
    path: PathRewrite | None = None


class Respond(msgspec.Struct, frozen=True, gc=False):
    """Answer with this status and body."""

    status: int
    body: str = ""


Action = Forward | Redirect | Respond
