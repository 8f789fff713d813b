"""How sessions are kept at one endpoint: SessionPersistence → Session.

A session goes before weights, so its rule keeps the backends of weight 0. It is good for one rule, which is known by
its name or, without one, by its place in the route. Specification: SessionPersistence, GEP-1619.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import msgspec

from torana.gateway.backends import ClusterKey
from torana.gateway.durations import milliseconds
from torana.gateway.finding import Finding
from torana.gateway.routes.compiled import CompiledRoute, Entry
from torana.proxy.action import Action, Backend, Forward, Respond
from torana.proxy.session import Session

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_TAKEN_HEADERS = frozenset(
    {"connection", "content-length", "cookie", "host", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade"}
)
_CARRIERS = {"Cookie": "cookie", "Header": "header"}
_LIFETIMES = frozenset({"Session", "Permanent"})


def rule_identity(kind: str, ref: Any, rule: str) -> str:
    """What tokens call a rule."""
    return blake2b(f"{kind}/{ref.namespace}/{ref.name}/{rule}".encode(), digest_size=4).hexdigest()


def read(spec: Any, rule: str, path: str, *, has_path: bool = True, is_grpc: bool = False) -> Session | Finding:
    """The session that the spec asks for; `is_grpc` when it is for calls alone."""
    kind = spec.type or "Cookie"
    if kind not in _CARRIERS:
        return Finding("UnsupportedValue", f"{kind} does not carry sessions; use Cookie or Header", f"{path}.type")
    name = spec.session_name or f"torana-session-{rule}"
    if problem := _problem_with(name, kind, is_grpc):
        return Finding("UnsupportedValue", problem, f"{path}.sessionName")
    lifetime = spec.cookie_config.lifetime_type or "Session" if spec.cookie_config is not None else "Session"
    if lifetime not in _LIFETIMES:
        message = f"{lifetime} is not a lifetime of a cookie; use Session or Permanent"
        return Finding("UnsupportedValue", message, f"{path}.cookieConfig.lifetimeType")
    lifetime_ms = _lifetime(spec.absolute_timeout, f"{path}.absoluteTimeout")
    if isinstance(lifetime_ms, Finding):
        return lifetime_ms
    if lifetime == "Permanent" and not lifetime_ms:
        message = "a cookie of lifetimeType Permanent needs one"
        return Finding("UnsupportedValue", message, f"{path}.absoluteTimeout")
    return Session(rule, name, _CARRIERS[kind], lifetime_ms, lifetime == "Permanent", has_path)  # type: ignore[arg-type]


def _problem_with(name: str, kind: str, is_grpc: bool) -> str:
    if not _TOKEN.match(name):
        return f"{name} is not a name for a {kind.lower()}; use letters, digits, - and _"
    if kind == "Header" and name.lower() in _TAKEN_HEADERS:
        return f"header {name} has a meaning of its own; use another one, such as x-session"
    if kind == "Header" and is_grpc and name.lower().endswith("-bin"):
        return f"metadata {name} of gRPC would have to be binary; use a name without -bin at its end"
    return ""


def _lifetime(text: str, path: str) -> int | Finding:
    """In milliseconds; 0 when nothing is said."""
    if not text:
        return 0
    value = milliseconds(text)
    if value is None:
        return Finding("UnsupportedValue", f"{text} is not a duration such as 1h30m", path)
    if value == 0:
        return Finding("UnsupportedValue", "a session would end before it begins; leave it out for no end", path)
    return value


def settle(
    compiled: CompiledRoute, session_of: Callable[[ClusterKey], Any], is_empty: Callable[[ClusterKey], bool]
) -> CompiledRoute:
    """The route with what its sessions depend on.

    `session_of` gives the SessionPersistence of a backend's policy. It counts where the rule itself says nothing, for
    all its backends alike; of several policies the one of the first backend. A backend behind which nothing is keeps no
    sessions. Without a session a backend of weight 0 has no part in a rule.
    """
    keys = {key.name: key for key in compiled.clusters}

    def settled(entry: Entry) -> Entry:
        forward = entry.route.action
        if not isinstance(forward, Forward):
            return entry
        if forward.session is None:
            forward = _with_session(forward, entry.rule, [keys[one.cluster] for one in _valid(forward)], session_of)
        action = _with_backends(forward, lambda cluster: is_empty(keys[cluster]))
        if action == entry.route.action:
            return entry
        return msgspec.structs.replace(entry, route=msgspec.structs.replace(entry.route, action=action))

    entries = tuple(settled(entry) for entry in compiled.entries)
    return msgspec.structs.replace(compiled, entries=entries) if entries != compiled.entries else compiled


def _valid(forward: Forward) -> list[Backend]:
    return [backend for backend in forward.backends if backend.cluster]


def _with_session(
    forward: Forward, rule: str, backends: list[ClusterKey], session_of: Callable[[ClusterKey], Any]
) -> Forward:
    """The cookie of a policy has no path: the backend stands behind many."""
    specs = (session_of(backend) for backend in backends)
    spec = next((spec for spec in specs if spec is not None), None)
    session = read(spec, rule, "", has_path=False) if spec is not None else None
    return msgspec.structs.replace(forward, session=session) if isinstance(session, Session) else forward


def _with_backends(forward: Forward, is_empty: Callable[[str], bool]) -> Action:
    if forward.session is None:
        weighted = tuple(backend for backend in forward.backends if backend.weight > 0)
        return msgspec.structs.replace(forward, backends=weighted) if weighted else Respond(forward.invalid_status)
    if len(forward.backends) == 1 and forward.backends[0].weight > 0:
        return forward
    return msgspec.structs.replace(forward, backends=tuple(_keeps(one, is_empty) for one in forward.backends))


def _keeps(backend: Backend, is_empty: Callable[[str], bool]) -> Backend:
    if not backend.cluster or not is_empty(backend.cluster):
        return backend
    return msgspec.structs.replace(backend, keeps_sessions=False)
