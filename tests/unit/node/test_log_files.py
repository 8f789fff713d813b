"""How container logs are kept: growth, rotation, the run before, and reading along."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from torana.embedded.node import log_files
from torana.embedded.node.log_files import LogFile, read_log
from torana.embedded.node.logs import LogMark, LogQuery


async def read(file: LogFile, query: LogQuery) -> bytes:
    return b"".join([chunk async for chunk in read_log(file, query, None)])


def test_growth_is_noted_with_its_time_and_remembered_by_the_next_node(tmp_path: Path) -> None:
    path = tmp_path / "main.log"
    path.write_bytes(b"one\n")
    LogFile(path).look(100.0)
    assert LogFile(path).look(200.0) == [LogMark(4, 100.0)]


def test_a_large_file_is_rotated_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "ROTATE_BYTES", 10)
    path = tmp_path / "main.log"
    with path.open("ab") as container:
        container.write(b"a" * 20)
        container.flush()
        file = LogFile(path)
        file.look(1.0)
        container.write(b"next\n")
    assert path.read_bytes() == b"next\n"
    assert (tmp_path / "main.rotated.log").read_bytes() == b"a" * 20


async def test_the_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "main.log")
    file.path.write_bytes(b"first\n")
    file.begin_run()
    file.path.write_bytes(b"second\n")
    assert await read(file, LogQuery()) == b"second\n"
    assert await read(file, LogQuery(previous=True)) == b"first\n"


async def test_a_reader_follows_until_the_container_ends(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "main.log")
    file.path.write_bytes(b"one\n")
    ended: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    chunks = read_log(file, LogQuery(follow=True), ended)
    assert await anext(chunks) == b"one\n"
    with file.path.open("ab") as container:
        container.write(b"two\n")
    assert await anext(chunks) == b"two\n"
    ended.set_result(None)
    assert [chunk async for chunk in chunks] == []


async def test_no_more_bytes_come_than_asked_for(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "main.log")
    file.path.write_bytes(b"one\ntwo\n")
    assert await read(file, LogQuery(limit_bytes=5)) == b"one\nt"
