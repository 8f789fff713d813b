"""An API server for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.apiserver.rig import Api


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    running = Api(tmp_path)
    await running.start()
    yield running
    running.stop()
