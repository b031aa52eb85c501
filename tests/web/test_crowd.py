"""Crowd: work that takes long waits in a line of its own, and the line has an end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator

import pytest
from town import Town

from sheber.school.errors import TooMany
from sheber.web import serving
from sheber.web.crowd import Crowd, Streams


def test_few_work_at_once_and_the_line_has_an_end() -> None:
    crowd, go_on = Crowd(at_once=2, waiting=1), threading.Event()
    working: list[int] = []

    def work(number: int) -> int:
        working.append(number)
        go_on.wait(10)
        return number

    async def scene() -> None:
        tasks = [asyncio.create_task(crowd.run(n, work, n)) for n in range(3)]
        await asyncio.sleep(0.2)
        assert len(working) == 2
        with pytest.raises(TooMany, match="Very many people"):
            await crowd.run(9, work, 9)
        go_on.set()
        assert await asyncio.gather(*tasks) == [0, 1, 2]
        assert await crowd.run(9, work, 9) == 9

    asyncio.run(scene())


def test_one_person_has_few_places_of_the_line() -> None:
    crowd, go_on = Crowd(at_once=4, waiting=20, each=2), threading.Event()

    async def scene() -> None:
        tasks = [asyncio.create_task(crowd.run("dana", go_on.wait, 10)) for _ in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(TooMany, match="several times"):
            await crowd.run("dana", go_on.wait, 10)
        other = asyncio.create_task(crowd.run("aigul", go_on.wait, 10))
        go_on.set()
        assert await asyncio.gather(*tasks, other) == [True, True, True]

    asyncio.run(scene())


def test_reports_and_histories_wait_in_the_line(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = town.browser(town.student)
    monkeypatch.setattr(browser.app.state, "heavy", Crowd(at_once=1, waiting=0, each=0))
    monkeypatch.setattr(browser.app.state, "hashing", Crowd(at_once=0, waiting=0))
    for path in (
        "/submissions/1/scenes/1/report",
        f"/assignments/{town.assignment}/attempts",
        "/compare?older=1&newer=2",
        f"/api/v1/assignments/{town.assignment}/submissions",
        "/api/v1/submissions/2/changes?older=1",
    ):
        assert browser.get(path).status_code == 429, path
    for path, form in (
        ("/log-in", {"login": "aigul", "password": "x"}),
        ("/account/password", {"old": "x", "new": "y"}),
        ("/invitation/x", {"password": "x", "again": "x"}),
    ):
        assert browser.fill(path, **form).status_code == 429, path


def test_one_person_has_so_many_streams() -> None:
    streams, closed = Streams(each=2), []

    async def content() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"still here"
        finally:
            closed.append(1)

    async def scene() -> None:
        open_ones = [streams.begin("dana", content()) for _ in range(2)]
        for one in open_ones:
            await anext(one)
        with pytest.raises(TooMany, match="very many live pages"):
            streams.begin("dana", content())
        streams.begin("aigul", content())
        await open_ones[0].aclose()
        assert closed == [1]
        streams.begin("dana", content())

    asyncio.run(scene())


def test_progress_and_live_views_are_counted(town: Town) -> None:
    browser = town.browser(town.student)
    path = f"/api/v1/assignments/{town.assignment}/submissions"
    run = browser.put_json(path, "POST", source="pass\n", kind="practice").json()["id"]
    browser.app.state.streams = Streams(each=0)
    for path in (f"/submissions/{run}/live", f"/api/v1/submissions/{run}/events"):
        assert browser.get(path).status_code == 429, path


def test_a_server_takes_as_many_connections_as_it_may() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(900, before[1]), before[1]))
        serving._allow_connections()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(before[1], serving.MOST_FILES)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
