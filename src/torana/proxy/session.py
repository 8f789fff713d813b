"""How the requests of one session are kept at one endpoint."""

from __future__ import annotations

from typing import Literal

import msgspec


class Session(msgspec.Struct, frozen=True, gc=False):
    """A token in a cookie or header says which endpoint of which backend a session has.

    Tokens are good for one rule: `rule` is its identity, `name` that of the cookie or header.
    """

    rule: str
    name: str
    carrier: Literal["cookie", "header"] = "cookie"
    lifetime_ms: int = 0
    """After it a session ends, however busy. 0: never."""
    is_permanent: bool = False
    """The client is told the lifetime, and keeps the cookie for as long."""
    has_path: bool = True
    """The cookie is for the path that the route matches; else the client sends it as its own rules say."""
