"""Which web pages of other origins may use what a route serves."""

from __future__ import annotations

import msgspec


class Cors(msgspec.Struct, frozen=True, gc=False):
    """Answers preflight requests, and marks responses to pages of these origins.

    An origin is `scheme://host[:port]`, whose host may begin with `*.` or be `*`. `*` alone, for origins, methods or
    headers, is any. With `credentials` no answer says `*`: it echoes what the request named.
    """

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    credentials: bool = False
    max_age_s: int = 5
