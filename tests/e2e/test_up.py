"""Does `torana up` start once, say what it needs, and leave nothing behind?"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.e2e import documents
from tests.e2e.conditions import wait_programmed
from tests.e2e.home import Home, wait_gone
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


def test_a_second_up_on_the_same_directory_is_refused_and_names_the_first(home: Home) -> None:
    second = home.run_again()
    assert second.returncode != 0
    assert str(home.supervisor.pid) in second.stdout + second.stderr
    assert home.readiness()[0] == 200


def test_ctrl_c_stops_everything_and_the_next_start_finds_all_objects(tmp_path: Path) -> None:
    home = Home(tmp_path)
    try:
        home.start()
        home.kubernetes.apply(
            documents.namespace("kept"),
            documents.gateway_class("torana"),
            documents.gateway("kept", "gw"),
            *documents.echo("kept", "app"),
        )
        address = wait_programmed(home.kubernetes, "kept", "gw")
        running = home.leftovers()
        assert len(running) >= 5, "supervisor, three processes and an Envoy"
        assert home.interrupt() == 0
        assert not wait_gone(running, deadline_s=15), "processes are left after Ctrl-C"
        home.start()
        assert eventually(lambda: wait_programmed(home.kubernetes, "kept", "gw"), deadline_s=30) == address
        assert home.kubernetes.exists("Deployment", "kept", "app")
    finally:
        home.end()


def test_the_kubeconfig_is_private(home: Home) -> None:
    for file in (home.kubeconfig, *(home.data_dir / "pki").glob("*.key")):
        assert file.stat().st_mode & 0o077 == 0, f"{file} can be read by others"
