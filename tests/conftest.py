"""What holds for all tests: a kubectl for those that start processes, and a loud word where there is none.

No example of a property test has a deadline: the time of one says how busy the machine is. `timeout` of pytest holds.

With TORANA_REQUIRE_KUBECTL=1 (continuous integration) a missing kubectl is a failure, not a skip.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings
from tests.kubectl import ensure_kubectl

settings.register_profile("torana", deadline=None)
settings.load_profile("torana")

_NO_KUBECTL = pytest.StashKey[str]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Looks for a kubectl, or builds one, when a selected test starts processes."""
    needed = any(item.get_closest_marker("e2e") or item.get_closest_marker("kubectl") for item in session.items)
    if needed and not session.config.option.collectonly:
        session.config.stash[_NO_KUBECTL] = ensure_kubectl()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test that meets the missing kubectl says so in one clear sentence."""
    try:
        return (yield)
    except FileNotFoundError as error:
        trouble = item.config.stash.get(_NO_KUBECTL, "")
        if error.filename != "kubectl" or not trouble:
            raise
        if os.environ.get("TORANA_REQUIRE_KUBECTL"):
            pytest.fail(f"NO KUBECTL: {trouble}", pytrace=False)
        pytest.skip(f"NO KUBECTL: {trouble}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    trouble = terminalreporter.config.stash.get(_NO_KUBECTL, "")
    if trouble:
        terminalreporter.section("NO KUBECTL", red=True, bold=True)
        terminalreporter.line(f"Tests that use kubectl did not run: {trouble}", red=True)
