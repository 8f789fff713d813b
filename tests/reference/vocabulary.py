"""What are random objects and requests made of? A small vocabulary, so that they meet often."""

from __future__ import annotations

from typing import Any

from tests.reference.echo import ANSWER_HEADERS

Document = dict[str, Any]

GROUP = "gateway.networking.k8s.io"
NAMESPACES = ("east", "east-1", "west")
SERVICES = tuple(f"{namespace}/{name}" for namespace in NAMESPACES for name in ("s0", "s1"))
BACKENDS = tuple(f"{service}:{port}" for service in SERVICES for port in (80, 81))
LISTENER_SETS = (("east", "t"), ("east", "u"), ("east-1", "t"), ("west", "t-1"))
HEADERS = ("x-a", "x-b", "x-c")
HOSTNAMES = (
    "", "*.com", "*.example.com", "a.example.com", "*.a.example.com", "b.a.example.com", "example.com", "other.org",
)  # fmt: skip
NAMES = (
    "a.example.com", "A.Example.com", "a.example.com:8080", "b.a.example.com", "c.b.a.example.com", "x.example.com",
    "example.com", "other.org", "unknown.net", "x.com", "127.0.0.1", "[::1]:80",
)  # fmt: skip
SERVER_NAMES = ("", *(name for name in NAMES if ":" not in name and name != "127.0.0.1"))
PREFIXES = ("/", "/a", "/a/", "/a/b", "/ab", "/A", "/a.b", "/a%20b", "/a/b/c", "/$&'(x)*+,;=:@~!")
PATHS = (*PREFIXES, "/a/b/", "/a/bc", "/axb", "/b", "/a/b/c/d", "/a.b/", "/ab/a")
EXPRESSIONS = ("/a.*", "/[ab]", "/a/b", ".*", "/(a|b)/?", "/a|/ab", "/A?", "/a/[^/]+")
VALUES = ("1", "2", "two words", "100%", "%REQ(x-a)%", "a,b", "%%", 'q"\\')
REPLACEMENTS = ("/", "", "/new", "/new/", "/n/m", "/$1", "/\\1", "/a%20b", "/%REQ(x-a)%")
SERVICE_NAMES = ("s", "s.One", "s.Two")
METHOD_NAMES = ("Get", "Put", "GetAll")


def document(kind: str, namespace: str, name: str, spec: Document | None = None, **metadata: Any) -> Document:
    groups = {"EndpointSlice": "discovery.k8s.io/v1", "Service": "v1", "Namespace": "v1", "Secret": "v1"}
    groups["ReferenceGrant"] = f"{GROUP}/v1beta1"
    where = {"namespace": namespace} if namespace else {}
    found: Document = {
        "apiVersion": groups.get(kind, f"{GROUP}/v1"),
        "kind": kind,
        "metadata": {"name": name, **where, **metadata},
    }
    return found | ({"spec": spec} if spec is not None else {})


def answered_headers() -> dict[str, str]:
    """What backends answer, of the headers that filters change."""
    found: dict[str, str] = {}
    for name, value in ANSWER_HEADERS:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found
