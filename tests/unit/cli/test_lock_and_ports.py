"""One supervisor per data directory; the same ports every time."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from torana.cli.stack.lock import Locked, hold_lock
from torana.cli.stack.ports import HOST, PortTaken, choose_ports


def test_a_second_supervisor_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "lock"), pytest.raises(Locked, match=f"pid {os.getpid()}"), hold_lock(tmp_path / "lock"):
        pass


def test_the_lock_is_free_after_its_holder(tmp_path: Path) -> None:
    for _ in range(2):
        with hold_lock(tmp_path / "lock"):
            pass


def test_ports_are_the_same_next_time(tmp_path: Path) -> None:
    first = choose_ports(tmp_path / "ports.json", 0, 0)
    assert choose_ports(tmp_path / "ports.json", 0, 0) == first
    assert len({first.api, first.xds, first.controller_health, first.status}) == 4


def test_a_port_that_was_asked_for_and_is_taken_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        with pytest.raises(PortTaken, match="--port"):
            choose_ports(tmp_path / "ports.json", other.getsockname()[1], 0)


def test_a_kept_port_that_is_taken_meanwhile_is_replaced(tmp_path: Path) -> None:
    first = choose_ports(tmp_path / "ports.json", 0, 0)
    with socket.socket() as other:
        other.bind((HOST, first.xds))
        other.listen()
        assert choose_ports(tmp_path / "ports.json", 0, 0).xds != first.xds
