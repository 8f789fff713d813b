"""Do readers of a home's files ever see half of one?"""

from __future__ import annotations

import json
import threading
from pathlib import Path

from torana.cli.stack.told import tell


def test_a_file_that_is_told_anew_is_whole_at_every_moment(tmp_path: Path) -> None:
    file, done = tmp_path / "ports.json", threading.Event()
    tell(file, {"number": 0})

    def tell_often() -> None:
        for number in range(300):
            tell(file, {"number": number, "much": "x" * 5000})
        done.set()

    teller = threading.Thread(target=tell_often)
    teller.start()
    seen = set()
    while not done.is_set():
        seen.add(json.loads(file.read_text())["number"])
    teller.join()
    assert seen
    assert json.loads(file.read_text())["number"] == 299
    assert list(tmp_path.iterdir()) == [file]
