"""Does the prober count as wrong exactly what a client would complain about?"""

from __future__ import annotations

import asyncio

from bench.backend import serve
from bench.changes import absent, closed, has_version
from bench.load import free_port, wait_open
from bench.prober import BROKEN, REFUSED, Answer, Prober, Watch

OLD, NEW = Answer(200, "a"), Answer(200, "b")


def watch(*answers: Answer) -> Watch:
    seen = Watch(has_version("b"))
    for answer in answers:
        seen.add(answer)
    return seen


def test_old_answers_and_then_new_ones_are_right() -> None:
    assert not watch(OLD, OLD, NEW, NEW).outside(has_version("a"), has_version("b"))


def test_an_old_answer_after_a_new_one_is_wrong() -> None:
    assert watch(OLD, NEW, OLD, NEW).outside(has_version("a"), has_version("b")) == [OLD]


def test_any_other_status_is_wrong() -> None:
    unavailable = Answer(503)
    assert watch(Answer(404), unavailable, NEW).outside(absent, has_version("b")) == [unavailable]


def test_a_404_on_a_port_that_has_opened_is_wrong() -> None:
    assert watch(Answer(REFUSED), Answer(404), NEW).outside(closed, has_version("b")) == [Answer(404)]


def test_the_time_of_the_first_wanted_answer_is_kept() -> None:
    seen = watch(OLD, OLD)
    assert not seen.found.is_set()
    seen.add(NEW)
    first = seen.found_at
    seen.add(NEW)
    assert seen.found.is_set()
    assert seen.found_at == first


async def test_two_backends_are_told_apart_and_a_closed_port_is_refused() -> None:
    ports = [free_port("127.0.0.1") for _ in range(3)]
    serving = asyncio.create_task(serve("127.0.0.1", ports[:2]))
    await asyncio.sleep(0)
    await asyncio.to_thread(wait_open, "127.0.0.1", ports[1])
    answers = []
    for port in ports:
        prober = Prober("127.0.0.1", port, "x.example.com")
        answers += [await prober.ask(), await prober.ask()]
        prober.close()
    serving.cancel()
    assert [(each.status, each.body) for each in answers] == [
        (200, "backend-0"),
        (200, "backend-0"),
        (200, "backend-1"),
        (200, "backend-1"),
        (REFUSED, ""),
        (REFUSED, ""),
    ]


async def test_a_connection_that_ends_without_an_answer_is_broken() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        answer = await Prober("127.0.0.1", server.sockets[0].getsockname()[1], "x.example.com").ask()
    assert answer.status == BROKEN
