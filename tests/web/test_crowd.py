"""Crowd: work that takes long waits in a line of its own, and the line has an end."""

from __future__ import annotations

import asyncio
import threading

import pytest
from town import Town

from sheber.school.errors import TooMany
from sheber.web.crowd import Crowd


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
