"""Has every manifest of the conformance suite a case in a golden page, or a word why not?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.golden.page import cases

HERE = Path(__file__).parent
LIST = (HERE / "conformance.md").read_text()
LINKED = re.findall(r"^\| ([a-z0-9/-]+) \| \[([^\]]+)\]\(pages/([a-z-]+)\.md#([a-z0-9-]+)\) \|$", LIST, re.M)
WITHOUT = re.findall(r"^\| ([a-z0-9/-]+) \| (?!\[)(.+) \|$", LIST.partition("## Without a case")[2], re.M)
TITLES = {(case.page.stem, case.title) for case in cases()}
MANIFESTS = 152
"""How many the suite has at v1.6.1."""


def anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize(("manifest", "title", "page", "target"), LINKED, ids=str)
def test_a_manifest_leads_to_a_case_of_a_page(manifest: str, title: str, page: str, target: str) -> None:
    assert (page, title) in TITLES
    assert target == anchor(title)


def test_every_manifest_stands_in_the_list_once() -> None:
    listed = [row[0] for row in (*LINKED, *WITHOUT) if row[0] != "manifest"]
    assert len(listed) == len(set(listed)) == MANIFESTS
