"""Is the house in order? Sizes, names and docstrings that every file of `src/torana` keeps to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "torana"
MOST_LINES = 450
MOST_FUNCTION_LINES = 60
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "tools"}

FILES = sorted(SOURCE.rglob("*.py"))
MODULES = [file for file in FILES if file.name != "__init__.py"]


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def name(file: Path) -> str:
    return str(file.relative_to(SOURCE))


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_file_is_short_enough_to_read_in_one_go(file: Path) -> None:
    lines = len(file.read_text().splitlines())
    assert lines <= MOST_LINES, f"{name(file)} has {lines} lines; look for the second idea in it"


def test_functions_are_short_enough_to_read_in_one_go() -> None:
    long = [
        f"{name(file)}:{each.lineno} {each.name} has {_body_lines(each)} lines"
        for file in MODULES
        for each in functions(file)
        if _body_lines(each) > MOST_FUNCTION_LINES
    ]
    assert not long, "\n".join(long)


def test_every_module_says_what_it_is_for() -> None:
    assert [name(file) for file in MODULES if not ast.get_docstring(parsed(file))] == []


def test_init_files_hold_names_and_no_logic() -> None:
    allowed = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    wordy = [
        f"{name(file)}:{node.lineno}"
        for file in FILES
        if file.name == "__init__.py"
        for node in parsed(file).body
        if not isinstance(node, allowed)
    ]
    assert wordy == []


def test_no_module_is_named_after_nothing() -> None:
    parts = {(name(file), part) for file in FILES for part in file.relative_to(SOURCE).with_suffix("").parts}
    assert [file for file, part in sorted(parts) if part.strip("_") in EMPTY_WORDS] == []


def test_public_functions_are_annotated() -> None:
    bare = [
        f"{name(file)}:{each.lineno} {each.name}"
        for file in MODULES
        for each in functions(file)
        if each.returns is None
    ]
    assert bare == []


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body without the docstring; a long list of parameters is no sign of a second idea."""
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1
