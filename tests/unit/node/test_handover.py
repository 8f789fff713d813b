"""Is the machine told to hand waiting connections over, and only where it has to be?"""

from __future__ import annotations

from pathlib import Path

from torana.embedded.node.handover import hand_over, is_handed_over


def test_the_setting_is_made(tmp_path: Path) -> None:
    setting = tmp_path / "tcp_migrate_req"
    setting.write_text("0\n")
    assert not is_handed_over(setting)
    hand_over(setting)
    assert is_handed_over(setting)


def test_a_machine_without_it_or_that_forbids_it_is_no_reason_to_fail(tmp_path: Path) -> None:
    hand_over(tmp_path / "none" / "tcp_migrate_req")
    assert not is_handed_over(tmp_path / "none" / "tcp_migrate_req")
