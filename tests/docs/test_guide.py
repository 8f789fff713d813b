"""Does the guide work as printed? Every `console` fence of every page is typed, in order, against `torana up`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.conftest import follow
from tests.docs.page import Page, pages
from tests.e2e.home import Home

pytestmark = [pytest.mark.e2e, pytest.mark.kubectl]

FIRST, *OTHERS = pages()


def test_the_first_page_works_as_printed(first_route: str) -> None:
    assert first_route == FIRST.name


@pytest.mark.parametrize("page", [page for page in OTHERS if page.steps()], ids=lambda page: page.name)
def test_the_page_works_as_printed(
    page: Page, guide_home: Home, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    namespace = request.getfixturevalue("first_route") if page.goes_on else page.name
    follow(page, guide_home, namespace, tmp_path)
