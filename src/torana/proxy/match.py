"""Which requests a route takes."""

from __future__ import annotations

from typing import Literal

import msgspec


class PathMatch(msgspec.Struct, frozen=True, gc=False):
    """`prefix` matches whole path segments; its value has no trailing slash except the root `/`."""

    type: Literal["exact", "prefix", "regex"]
    value: str


class HeaderMatch(msgspec.Struct, frozen=True, gc=False):
    """A header (lower-case name) that must have this value, or match this RE2 expression as a whole."""

    name: str
    value: str
    is_regex: bool = False


class QueryMatch(msgspec.Struct, frozen=True, gc=False):
    """A query parameter that must have this value, or match this RE2 expression as a whole."""

    name: str
    value: str
    is_regex: bool = False


class Match(msgspec.Struct, frozen=True, gc=False):
    """All parts must hold. An empty `method` takes any."""

    path: PathMatch = PathMatch("prefix", "/")
    method: str = ""
    headers: tuple[HeaderMatch, ...] = ()
    query: tuple[QueryMatch, ...] = ()
    grpc: bool = False
    """Only gRPC requests (content-type application/grpc*)."""

    @property
    def plain(self) -> Match:
        """The same without regular expressions: it takes these requests, and more."""
        return Match(
            PathMatch("prefix", "/") if self.path.type == "regex" else self.path,
            self.method,
            tuple(one for one in self.headers if not one.is_regex),
            tuple(one for one in self.query if not one.is_regex),
            self.grpc,
        )
