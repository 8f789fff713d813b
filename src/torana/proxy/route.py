"""Routes, the hosts that hold them, and the tables that hold hosts."""

from __future__ import annotations

import msgspec

from torana.proxy.action import Action, Forward, HeaderEdit
from torana.proxy.cors import Cors
from torana.proxy.external_auth import ExternalAuth
from torana.proxy.match import Match
from torana.proxy.origin import Origin
from torana.proxy.tls import ClientValidation


class Route(msgspec.Struct, frozen=True, gc=False):
    """One match and what follows from it. Header edits apply to every action; redirects carry response edits too."""

    name: str
    match: Match
    action: Action
    request_headers: HeaderEdit | None = None
    response_headers: HeaderEdit | None = None
    cors: Cors | None = None
    external_auth: ExternalAuth | None = None
    origin: Origin | None = None


class Host(msgspec.Struct, frozen=True, gc=False):
    """A hostname and its routes, in the order in which they are tried.

    `domain` is an exact lower-case name, `*.suffix` (one or more labels), or `*`. With no routes every request gets
    404.
    """

    domain: str
    routes: tuple[Route, ...] = ()

    @property
    def has_sessions(self) -> bool:
        """Some route keeps sessions."""
        return any(isinstance(route.action, Forward) and route.action.session is not None for route in self.routes)


class Table(msgspec.Struct, frozen=True, gc=False):
    """The hosts behind one chain, for clients that were checked in one way.

    `shards` 0: one RouteConfiguration; above: exact hosts are spread over so many.
    """

    name: str
    shards: int = 0
    has_wildcards: bool = False
    """Some host is a wildcard or catch-all, so a sharded table needs the fallback scope."""
    has_sessions: bool = False
    """Some host keeps sessions."""
    client_validation: ClientValidation | None = None
    """How its clients were checked."""
