"""Who is asked whether a request may pass, and what is it shown?"""

from __future__ import annotations

from typing import Literal

import msgspec


class ExternalAuth(msgspec.Struct, frozen=True, gc=False):
    """Each request waits for the word of a service. Without a clear yes it is refused.

    `grpc` is Envoy's authorization protocol. With `http`, the service gets the request's method and its path behind
    `path_prefix`; 200 is yes, and any other answer goes to the client.
    """

    cluster: str
    protocol: Literal["http", "grpc"]
    authority: str
    """What calls to the service say it is called."""
    path_prefix: str = ""
    request_headers: tuple[str, ...] = ()
    """Those that the service is shown: with `http` besides the few it always gets; with `grpc` none means all."""
    response_headers: tuple[str, ...] = ()
    """Of an `http` answer, those that are copied to the request; none means all."""
    max_body_bytes: int = 0
    """Bodies up to this size are shown; larger ones are refused with 413. 0: no body is shown."""
