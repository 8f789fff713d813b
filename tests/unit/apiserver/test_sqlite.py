"""The database file: order, revisions, compaction, failure."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from torana.embedded.apiserver import sqlite
from torana.embedded.apiserver.sqlite import Database
from torana.embedded.apiserver.store import Store


async def test_writes_become_visible_in_order_and_at_once_for_the_next_write(tmp_path: Path) -> None:
    store = Store(Database(tmp_path / "state.db"))
    store.start()
    things = store.collection("things")
    seen: list[int] = []
    things.listeners.add(lambda event: seen.append(event.revision))
    waiting = [store.stage(things, ("", f"name-{number % 7}"), b'{"metadata":{}}')[1] for number in range(100)]
    assert things.latest(("", "name-1")) is not None and not things.entries
    await asyncio.gather(*waiting)
    assert seen == list(range(1, 101)) and len(things.entries) == 7
    store.close()


async def test_the_log_is_compacted_and_revisions_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "COMPACT_EVERY", 50)
    monkeypatch.setattr(sqlite, "KEEP_LOG_ROWS", 10)
    store = Store(Database(tmp_path / "state.db"))
    store.start()
    old, things = store.collection("old"), store.collection("things")
    await store.stage(old, ("", "one"), b'{"metadata":{}}')[1]
    for _ in range(60):
        await store.stage(things, ("", "one"), b'{"metadata":{}}')[1]
    store.close()
    again = Store(Database(tmp_path / "state.db"))
    assert again.revision == 61
    assert again.collection("things").window_start == 61, "the last change is known"
    assert 1 < again.collection("old").window_start < 61, "all that is known is that it was long ago"
    assert list(again.collection("old").entries) == [("", "one")]


async def test_a_backup_is_a_database(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    store = Store(database)
    store.start()
    await store.stage(store.collection("things"), ("", "one"), b'{"metadata":{}}')[1]
    database.back_up(tmp_path / "backup.db")
    assert [row.name for row in Database(tmp_path / "backup.db").load()] == ["one"]
    store.close()
