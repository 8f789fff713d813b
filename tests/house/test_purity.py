"""Do the deciding folders only decide? No world, no clock, no chance, no log in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "torana"
PURE_FOLDERS = ("api", "derive", "proxy", "gateway")
EDGES = {"api/manifests.py"}
"""Files of the pure folders that touch the world on purpose: programs that write generated files."""
WORLD = {
    "aiohttp", "asyncio", "datetime.now", "grpc", "http", "importlib.resources", "io", "logging", "os", "pathlib",
    "random", "secrets", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading",
    "time", "urllib.request", "uuid",
}  # fmt: skip
CALLS = {"open", "print", "input"}

FILES = sorted(
    file
    for folder in PURE_FOLDERS
    for file in (SOURCE / folder).rglob("*.py")
    if str(file.relative_to(SOURCE)) not in EDGES
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_pure_module_touches_nothing_but_its_arguments(file: Path) -> None:
    tree = ast.parse(file.read_text())
    found = [f"line {node.lineno}: {what}" for node, what in _touches(tree)]
    assert not found, f"{file.relative_to(SOURCE)} is in a pure folder:\n" + "\n".join(found)


def _touches(tree: ast.Module) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, f"imports {each.name}") for each in node.names if each.name in WORLD)
        elif isinstance(node, ast.ImportFrom) and node.module in WORLD:
            yield node, f"imports from {node.module}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield node, f"calls {node.func.id}()"
        elif isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield node, "is asynchronous"
