"""Watching a run: encoded once, resumed after a break, everything that happened and the end never missed."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import moving_boxes
from sheber.judge.report.moments import running_lines
from sheber.school.submissions.watching import Watching
from sheber.trace import read
from sheber.web.live import encoding, hall
from sheber.web.live.hall import Hall, Watched
from sheber.web.live.together import together


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hall, "LOOK_S", 0.01)
    monkeypatch.setattr(hall, "ASK_S", 0.02)
    monkeypatch.setattr(hall, "ALONE_S", 0.3)


def told(message: bytes) -> tuple[int, str, Any]:
    number, kind, data = (line.partition(": ")[2] for line in message.decode().strip().split("\n"))
    return int(number), kind, json.loads(data)


async def all_of(place: Hall, watched: Watched, after: int = 0) -> list[tuple[int, str, Any]]:
    return [told(one) async for one in place.watch(watched, "en", after) if not one.startswith(b":")]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("live") / "run.trace"
    moving_boxes.write(path, seconds=4.0)
    return path.read_bytes()


def a_run(path: Path, key: int = 1) -> Watched:
    return Watched((key, 1), moving_boxes.Exercise(), lambda: Watching(path, over=False))


def test_a_growing_file_is_shown_to_its_end_to_everybody(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.trace"

    async def writes() -> None:
        with path.open("wb", buffering=0) as file:
            for begin in range(0, len(raw), 9000):
                file.write(raw[begin : begin + 9000])
                await asyncio.sleep(0.02)

    async def watch() -> tuple[Any, Any, bytes]:
        place = Hall()
        watched = a_run(path)
        first, second, _ = await asyncio.gather(all_of(place, watched), all_of(place, watched), writes())
        scene = place.scene((1, 1))
        await place.close()
        return first, second, scene

    first, second, scene = asyncio.run(watch())
    trace = read(path)
    assert first == second
    assert [number for number, _, _ in first] == list(range(1, len(first) + 1))
    found = [data for _, kind, data in first if kind == "piece"]
    assert len(found) > 3
    assert found[0]["stage"]["bodies"] == [*trace.bodies, encoding.TOOL_FRAME]
    assert found[-1]["time"] == pytest.approx(trace.time[-1], abs=0.1)
    printed = "".join(one["text"] for data in found for one in data["printed"])
    assert printed == "".join(one.text for one in trace.printed)
    assert scene.startswith(b"glTF")


def test_who_lost_the_connection_goes_on_where_they_were(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    path.write_bytes(raw)

    async def watch() -> tuple[Any, Any]:
        place = Hall()
        everything = await all_of(place, a_run(path))
        rest = await all_of(place, a_run(path), after=1)
        await place.close()
        return everything, rest

    everything, rest = asyncio.run(watch())
    assert rest == everything[1:]


def test_a_silent_run_says_now_and_then_that_it_is_there(
    raw: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hall, "SILENT_S", 0.1)
    path = tmp_path / "run.trace"
    path.write_bytes(raw[: len(raw) // 2])

    async def watch() -> list[list[bytes]]:
        place = Hall()
        watched = a_run(path)
        found: list[list[bytes]] = await asyncio.wait_for(
            asyncio.gather(first(place, watched, 4), first(place, watched, 4)), 10
        )
        await place.close()
        return found

    for heard in asyncio.run(watch()):
        assert heard[0].startswith(b"id: 1")
        assert heard[1:] == 3 * [b": still here\n\n"]


async def first(place: Hall, watched: Watched, count: int) -> list[bytes]:
    """So many messages, and the silence between them."""
    found: list[bytes] = []
    async for one in place.watch(watched, "en"):
        found.append(one)
        if len(found) == count:
            break
    return found


def test_a_run_that_ends_without_its_last_record_ends_the_show(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    path.write_bytes(raw[: len(raw) // 2])
    watched = Watched((1, 1), moving_boxes.Exercise(), lambda: Watching(path, over=True))

    async def watch() -> Any:
        place = Hall()
        found = await asyncio.wait_for(all_of(place, watched), 5)
        await place.close()
        return found

    assert [kind for _, kind, _ in asyncio.run(watch())] == ["piece"]


def test_a_damaged_file_is_told_and_ends_the_show(tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    path.write_bytes(b"no trace at all, and long enough")

    async def watch() -> Any:
        place = Hall()
        found = await asyncio.wait_for(all_of(place, a_run(path)), 5)
        await place.close()
        return found

    assert [kind for _, kind, _ in asyncio.run(watch())] == ["trouble"]


def test_a_run_that_nobody_watches_is_let_go_of(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    path.write_bytes(raw[: len(raw) // 2])

    async def watch() -> int:
        place = Hall()
        stream = place.watch(a_run(path), "en")
        await anext(stream)
        await stream.aclose()
        await asyncio.sleep(1.2)
        left = len(place._shows)
        await place.close()
        return left

    assert asyncio.run(watch()) == 0


def test_poses_come_back_as_they_were(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    path.write_bytes(raw)
    trace = read(path)
    moves = encoding.piece(trace)["moves"]
    times = np.frombuffer(base64.b64decode(moves["times"]), "<f4")
    bodies = np.frombuffer(base64.b64decode(moves["bodies"]), "<u2")
    poses = np.frombuffer(base64.b64decode(moves["poses"]), "<f4").reshape(len(bodies), len(times), 7)
    at = np.searchsorted(trace.time, times - 1e-6)
    assert poses[0] == pytest.approx(trace.body(trace.bodies[bodies[0]])[at], abs=1e-6)


def test_a_piece_tells_which_line_ran_when_and_that_none_does(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    path.write_bytes(raw)
    trace = read(path)
    lines = encoding.piece(trace)["lines"]
    assert lines == running_lines(trace)[-encoding.LINES :]


async def stream(*messages: bytes, ended: list[str], trouble: Exception | None = None) -> AsyncIterator[bytes]:
    try:
        for one in messages:
            yield one
            await asyncio.sleep(0.01)
        if trouble:
            raise trouble
    finally:
        ended.append("ended")


def test_streams_together_lose_nothing_and_end_when_nobody_listens() -> None:
    async def listen(count: int) -> tuple[list[bytes], list[str]]:
        ended: list[str] = []
        both = together(stream(b"1", b"2", b"3", ended=ended), stream(b"a", ended=ended))
        found = []
        async for one in both:
            found.append(one)
            if len(found) == count:
                break
        await both.aclose()
        return found, ended

    found, ended = asyncio.run(listen(9))
    assert sorted(found) == [b"1", b"2", b"3", b"a"]
    assert ended == ["ended", "ended"]
    assert asyncio.run(listen(1))[1] == ["ended", "ended"]


def test_what_one_of_the_streams_raises_is_raised() -> None:
    async def listen() -> list[bytes]:
        both = together(stream(b"1", ended=[]), stream(b"a", ended=[], trouble=ValueError("broken")))
        return [one async for one in both]

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(listen())


def test_text_of_a_program_cannot_break_a_message() -> None:
    _, kind, data = told(encoding.framed("piece", 3, {"text": "a\n\nevent: done\ndata: {}\n\n"}))
    assert (kind, data["text"]) == ("piece", "a\n\nevent: done\ndata: {}\n\n")
