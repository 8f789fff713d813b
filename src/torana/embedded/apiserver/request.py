"""What does a URL ask for? Path and query, as the Kubernetes API lays them out."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

_VERBS = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}


@dataclass(frozen=True)
class User:
    """Who sends a request."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: dict[str, tuple[str, ...]] = field(default_factory=dict)


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))


@dataclass(frozen=True)
class Target:
    """What a request is about. For a path outside the resource API `plural` is empty."""

    verb: str
    path: str
    group: str = ""
    version: str = ""
    namespace: str = ""
    plural: str = ""
    name: str = ""
    subresource: str = ""
    rest: tuple[str, ...] = ()
    """Path parts after the subresource."""

    @property
    def is_resource(self) -> bool:
        return bool(self.plural)


@dataclass(frozen=True)
class Request:
    """One HTTP request, read completely. Header names are lower case."""

    method: str
    target: Target
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    user: User

    @property
    def is_dry_run(self) -> bool:
        return self.query.get("dryRun", "") == "All"

    @property
    def accept(self) -> str:
        return self.headers.get("accept", "")

    def is_set(self, parameter: str) -> bool:
        """Whether a boolean query parameter is true."""
        return self.query.get(parameter, "").lower() in ("true", "1")


def parse_query(text: str) -> dict[str, str]:
    """Query parameters; of repeated ones the first, as Kubernetes takes it."""
    found: dict[str, str] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(key, value)
    return found


def parse_target(method: str, raw_path: str, query: dict[str, str]) -> Target:
    """What `method` on a (still quoted) path asks for. Paths of no resource keep only `path` and `verb`."""
    path = unquote(raw_path) if "%" in raw_path else raw_path
    parts = [part for part in path.split("/") if part]
    verb = _VERBS.get(method, method.lower())
    if len(parts) >= 3 and parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    elif len(parts) >= 4 and parts[0] == "apis":
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return Target(verb, path)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) >= 3 and not (len(rest) == 3 and rest[2] in ("status", "finalize")):
        namespace, rest = rest[1], rest[2:]
    plural, name = rest[0], rest[1] if len(rest) > 1 else ""
    if plural == "namespaces":
        namespace = name
    subresource = rest[2] if len(rest) > 2 else ""
    return Target(
        _resource_verb(verb, name, query), path, group, version, namespace, plural, name, subresource, tuple(rest[3:])
    )


def _resource_verb(verb: str, name: str, query: dict[str, str]) -> str:
    if verb == "get":
        if query.get("watch", "").lower() in ("true", "1"):
            return "watch"
        return "get" if name else "list"
    if verb == "delete" and not name:
        return "deletecollection"
    return verb
