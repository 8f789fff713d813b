"""Do the written pages hold together? Links lead somewhere, and what pages promise exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SKIPPED = {".venv", ".tools", ".git", "node_modules", ".pytest_cache"}
PAGES = sorted(page for page in ROOT.rglob("*.md") if not SKIPPED & set(page.relative_to(ROOT).parts))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    targets = [link.split("#")[0] for link in LINK.findall(page.read_text()) if "://" not in link]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {(page.name, each) for page in PAGES for each in re.findall(r"`make ([a-z]+)", page.read_text())}
    assert [(page, each) for page, each in sorted(named) if each not in targets] == []


def test_every_command_that_a_page_names_exists() -> None:
    from torana.cli.main import COMMANDS

    named = {(page.name, each) for page in PAGES for each in re.findall(r"`torana ([a-z]+)", page.read_text())}
    assert [(page, each) for page, each in sorted(named) if each not in COMMANDS] == []
