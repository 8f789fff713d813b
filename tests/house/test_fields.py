"""Is no field ignored in silence? Each is read where objects are judged, or a page shows what is said of it.

Fields are found by their names, so one that shares its name with another may hide behind it; the pages of
`tests/golden` show what each comes to.
"""

from __future__ import annotations

import ast
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from torana.api.backend_tls_policy import BackendTLSPolicySpec
from torana.api.gateway import GatewaySpec
from torana.api.grpc_route import GRPCRouteSpec
from torana.api.http_route import HTTPRouteSpec
from torana.api.listener_set import ListenerSetSpec
from torana.api.tcp_route import TCPRouteSpec
from torana.api.tls_route import TLSRouteSpec
from torana.api.udp_route import UDPRouteSpec
from torana.api.x_backend import XBackendSpec
from torana.api.x_backend_traffic_policy import XBackendTrafficPolicySpec

ROOT = Path(__file__).parents[2]
JUDGING = ("gateway", "infra")
PAGES = ROOT / "tests" / "golden" / "pages"
KINDS = (
    GatewaySpec, ListenerSetSpec, HTTPRouteSpec, GRPCRouteSpec, TLSRouteSpec, TCPRouteSpec, UDPRouteSpec,
    BackendTLSPolicySpec, XBackendSpec, XBackendTrafficPolicySpec,
)  # fmt: skip
TOLD = {"extensionRef": "unknown.md"}
"""Fields that are not served: the page that shows what the status says of them."""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_field_is_read_or_told_about(kind: type[msgspec.Struct]) -> None:
    read = _names_read()
    unread = {path for path, name in _fields(kind, "spec") if name not in read}
    assert {path.rpartition(".")[2] for path in unread} <= set(TOLD), sorted(unread)


def test_the_pages_show_what_is_not_served() -> None:
    assert {field: field in (PAGES / page).read_text() for field, page in TOLD.items()} == dict.fromkeys(TOLD, True)


def _fields(struct: type[msgspec.Struct], path: str, outer: tuple[type, ...] = ()) -> Iterator[tuple[str, str]]:
    """Path and Python name of every field, those of the structs within it too."""
    hints = typing.get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        here = f"{path}.{field.encode_name}"
        yield here, field.name
        for inner in _structs(hints[field.name]):
            if inner not in outer:
                yield from _fields(inner, here, (*outer, inner))


def _structs(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _structs(argument)


def _names_read() -> set[str]:
    """Attributes that the judging code reads, by themselves or by name."""
    files = (path for folder in JUDGING for path in (ROOT / "src" / "torana" / folder).rglob("*.py"))
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text()))]
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return attributes | {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
