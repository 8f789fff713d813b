"""What reading a filter gives: nouns for the proxy, or findings."""

from __future__ import annotations

import msgspec

from torana.gateway.backends import ClusterKey, Resolve
from torana.gateway.finding import Finding
from torana.proxy.action import HeaderEdit, Mirror, Redirect, Rewrite
from torana.proxy.cors import Cors
from torana.proxy.external_auth import ExternalAuth


class Reading(msgspec.Struct, frozen=True, gc=False):
    """`findings` make the rule unusable; `unresolved` only say that a reference leads nowhere.

    `is_closed`: without what the filter needs no request may pass.
    """

    request_headers: HeaderEdit | None = None
    response_headers: HeaderEdit | None = None
    redirect: Redirect | None = None
    rewrite: Rewrite | None = None
    cors: Cors | None = None
    external_auth: ExternalAuth | None = None
    mirrors: tuple[Mirror, ...] = ()
    clusters: tuple[ClusterKey, ...] = ()
    findings: tuple[Finding, ...] = ()
    unresolved: tuple[Finding, ...] = ()
    is_closed: bool = False


class FilterContext(msgspec.Struct, frozen=True, gc=False):
    """What a filter may need to know: how to resolve backends, and the one path prefix of its rule ("" if not one)."""

    resolve: Resolve
    prefix: str = ""
    on_backend: bool = False
    filters: frozenset[str] | None = None
    """Those that the kind of route knows; None: all."""
