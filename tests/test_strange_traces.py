"""Traces as a stranger might make them by hand: whole, with the right checksum, and with nonsense inside."""

from __future__ import annotations

import copy
import json
import random
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sheber.cli import main
from sheber.judge.report.text import MOST_HINTS
from sheber.judge.report.thin import thinned
from sheber.trace import Trace, TraceReadError, read
from sheber.trace.records import (
    BEGIN,
    BODIES,
    CAPTURE,
    END,
    EVENT,
    FORMAT,
    HEAD,
    HEADER,
    MAGIC,
    PICTURE,
    PRINTED,
    SAMPLE,
    STEP,
)

NONSENSE: list[Any] = [
    None, True, -1, 0, 1e308, -1e308, 1 << 40, 10**300, "", "x" * 1000, "../../etc/passwd", [], {}, [[]], [1, 2],
    {"a": 1}, "prism/1e300/0,0;1,0;0,1", "prism/1/", "lathe/1,2;1", "wood/999999999", "{0.__class__}", "\x1b[2J",
    [None] * 7, [0.0] * 7, 0.5, 1e-300, {"text": {"id": "x", "values": {}}},
]  # fmt: skip
STARTS = {HEADER: 0, BEGIN: 0, EVENT: 4, END: 4}  # where the JSON of a payload begins
SECONDS = 20.0  # that one command may take on a busy machine

Records = list[tuple[int, bytes]]


def records(raw: bytes) -> Records:
    """Kind and payload of each record."""
    at, found = len(MAGIC % FORMAT), []
    while at < len(raw):
        length, kind = HEAD.unpack_from(raw, at)
        found.append((kind, raw[at + HEAD.size : at + HEAD.size + length]))
        at += HEAD.size + length
    return found


def made(parts: Records) -> bytes:
    """The file of these records; the checksum of the last one is put right."""
    raw = MAGIC % FORMAT
    for kind, payload in parts:
        if kind == END:
            words = json.loads(payload[4:])
            if isinstance(words, dict) and isinstance(words.get("crc32"), int):
                payload = payload[:4] + json.dumps(words | {"crc32": zlib.crc32(raw)}).encode()
        raw += HEAD.pack(len(payload), kind) + payload
    return raw


def changed(parts: Records, kind: int, change: Any) -> bytes:
    """The file with the JSON of the first record of a kind changed in place, or given anew."""
    parts, done = list(parts), False
    for index, (one, payload) in enumerate(parts):
        if one == kind and not done:
            words = json.loads(payload[STARTS[kind] :])
            words = change(words) or words
            parts[index] = (one, payload[: STARTS[kind]] + json.dumps(words).encode())
            done = True
    assert done
    return made(parts)


def places(words: Any) -> Iterator[tuple[Any, Any]]:
    """Each container and key in JSON, of long lists the first few."""
    for key in list(words) if isinstance(words, dict) else range(min(len(words), 4)):
        yield words, key
        if isinstance(words[key], dict | list):
            yield from places(words[key])


@pytest.fixture(scope="module")
def parts(poses_trace: Path) -> Records:
    """The records of a real run."""
    return records(poses_trace.read_bytes())


@pytest.mark.physics
@pytest.mark.parametrize("command", ["rescore", "report"])
@pytest.mark.parametrize("kind", [HEADER, BEGIN, EVENT, END], ids=["header", "begin", "event", "end"])
def test_nonsense_in_a_trace_is_refused_or_judged(
    kind: int, command: str, parts: Records, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng, path = random.Random(f"{kind}"), tmp_path / "gift.trace"
    original = json.loads(next(payload for one, payload in parts if one == kind)[STARTS[kind] :])
    for number in range(24 if command == "rescore" else 6):
        words = copy.deepcopy(original)
        where, key = rng.choice(list(places(words)))
        where[key] = value = rng.choice(NONSENSE)
        path.write_bytes(changed(parts, kind, lambda _old, words=words: words))
        started = time.monotonic()
        code = main([command, str(path), "--exercise", "poses-and-moves"])
        told = capsys.readouterr().err
        assert code in (0, 2), (number, key, value, told)
        assert time.monotonic() - started < SECONDS, (number, key, value)


def refused(raw: bytes, why: str) -> None:
    """Opening the trace, or reading all of it, raises TraceReadError."""
    with pytest.raises(TraceReadError, match=why):
        everything(Trace(raw))


def everything(trace: Trace) -> tuple[object, ...]:
    """All that a trace holds, read."""
    return trace.samples, trace.events, trace.captures, trace.pictures, trace.printed, trace.outcome, trace._poses


def test_what_a_station_declares_is_bounded(parts: Records) -> None:
    def channel(**words: Any) -> Any:
        return lambda old: old["channels"][0].update(words)

    for change, why in (
        (channel(shape=[1 << 30, 1 << 30]), "damaged at byte"),
        (channel(shape=[60_000, 60_000]), "more than 65536 bytes"),
        (channel(shape=[-1]), "damaged at byte"),
        (channel(type="O"), "damaged at byte"),
        (channel(type="f8,f8"), "damaged at byte"),
        (channel(name="step"), "one is called 'step'"),
        (channel(name="tcp"), "two channels have the same name"),
        (lambda old: old.update(bodies=["a"] * 5000), "damaged at byte"),
        (lambda old: old.update(notices="MIT"), "damaged at byte"),
    ):
        refused(changed(parts, BEGIN, change), why)
    for step_s in (0.0, -0.002, 1e9, "NaN", "Infinity", "1e999", "null"):
        index = next(n for n, (kind, _payload) in enumerate(parts) if kind == BEGIN)
        words = json.loads(parts[index][1]) | {"step_s": "HERE"}
        text = json.dumps(words).replace('"HERE"', str(step_s)).encode()
        refused(made([*parts[:index], (BEGIN, text), *parts[index + 1 :]]), "damaged at byte")


def test_a_whole_trace_carries_its_checksum_and_ends_with_it(parts: Records) -> None:
    assert Trace(made(parts)).whole
    refused(changed(parts, END, lambda old: {name: value for name, value in old.items() if name != "crc32"}), "crc32")
    refused(changed(parts, END, lambda old: old.pop("crc32") and {**old, "crc32": None}), "crc32")
    refused(made([*parts, parts[-2]]), "bytes follow its last record")
    refused(made(parts) + b"\0", "bytes follow its last record")


def test_empty_records_are_bounded(monkeypatch: pytest.MonkeyPatch, parts: Records) -> None:
    """Five bytes of a file take two hundred of memory."""
    monkeypatch.setattr("sheber.trace.reader.MOST_RECORDS", len(parts))
    assert Trace(made(parts)).whole
    refused(made([*parts[:-1], (PRINTED, b'["stdout", ""]'), parts[-1]]), f"more than {len(parts)} records")


def test_time_does_not_go_back(parts: Records) -> None:
    for kind in (SAMPLE, BODIES):
        first, last = (end(n for n, (one, _) in enumerate(parts) if one == kind) for end in (min, max))
        swapped = list(parts)
        swapped[first], swapped[last] = swapped[last], swapped[first]
        refused(made(swapped), "not in order")
    index = next(n for n, (kind, _payload) in enumerate(parts) if kind == BODIES)
    refused(made([*parts[:index], (BODIES, parts[index][1] + b"\0"), *parts[index + 1 :]]), "not whole")


def attached(kind: int, about: dict[str, Any], picture: bytes) -> tuple[int, bytes]:
    """A record of words with a picture behind them."""
    words = json.dumps(about).encode()
    return kind, STEP.pack(5) + STEP.pack(len(words)) + words + picture


def encoded(kind: str, width: int = 8, height: int = 6) -> bytes:
    return bytes(cv2.imencode(kind, np.zeros((height, width, 3), np.uint8))[1])


def test_pictures_are_jpegs_of_the_size_that_is_declared(parts: Records) -> None:
    about = {"camera": "c", "width": 8, "height": 6, "colour_sha256": "", "depth_sha256": ""}

    def with_capture(picture: bytes, **words: Any) -> bytes:
        return made([*parts[:-1], attached(CAPTURE, about | words, picture), parts[-1]])

    assert Trace(with_capture(encoded(".jpg"))).captures[-1].width == 8
    assert Trace(with_capture(b"")).captures[-1].jpeg == b""
    jpeg = encoded(".jpg")
    at = next(at for at in range(len(jpeg)) if jpeg[at : at + 2] in (b"\xff\xc0", b"\xff\xc2"))
    bomb = jpeg[: at + 5] + struct.pack(">HH", 65500, 65500) + jpeg[at + 9 :]
    refused(with_capture(encoded(".png")), "no JPEG")
    refused(with_capture(jpeg, width=9), "not the size that was declared")
    refused(with_capture(bomb), "not the size that was declared")
    refused(with_capture(bomb, width=65500, height=65500), "more than 67108864 pixels")
    refused(with_capture(b"\xff\xd8\xff" + bytes(100)), "without a size")
    refused(with_capture(jpeg, camera=3), "damaged at byte")
    refused(made([*parts[:-1], attached(PICTURE, {"title": "t"}, encoded(".png")), parts[-1]]), "no JPEG")
    refused(made([*parts[:-1], attached(PICTURE, {"title": 3}, jpeg), parts[-1]]), "damaged at byte")


def test_a_track_made_to_be_slow_is_thinned_in_time() -> None:
    """All samples at one time: each round of the search would find a single key."""
    times, values = np.zeros(30_000), np.arange(30_000.0)[::-1, None].repeat(3, axis=1)
    started = time.monotonic()
    assert len(thinned(times, values, 1e-4)) > 29_000
    assert time.monotonic() - started < SECONDS


@pytest.mark.physics
def test_hints_do_not_flood_the_terminal(parts: Records, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    from sheber.judge.report.text import said

    hints = [(EVENT, STEP.pack(5) + json.dumps(["hint", {"text": f"hint {n}"}]).encode()) for n in range(300)]
    path = tmp_path / "gift.trace"
    path.write_bytes(made([*parts[:-1], *hints, parts[-1]]))
    shown = said(read(path), "the page")
    assert shown is not None
    Console(width=100).print(shown)
    told = capsys.readouterr().out
    assert told.count("Hint:") == MOST_HINTS
    assert f"{300 - MOST_HINTS} further hints" in told
