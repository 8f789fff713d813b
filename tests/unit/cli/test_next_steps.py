"""Can what the quickstart says next be typed as it stands?"""

from __future__ import annotations

from pathlib import Path

import pytest

from torana.cli.next_steps import called_as, next_steps


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "bin" / "torana"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    monkeypatch.setattr("sys.argv", [str(path)])
    monkeypatch.chdir(tmp_path)
    return path


def test_a_program_on_path_is_called_by_its_name(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program.parent))
    assert called_as() == "torana"


def test_a_program_elsewhere_is_called_by_its_path(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert called_as() == "bin/torana"
    assert "  bin/torana up " in next_steps(called_as())
