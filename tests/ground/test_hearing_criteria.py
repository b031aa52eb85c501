"""What hear-the-satellite measures: which frames, how weak, when, and what was never sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sheber.exercises import load
from sheber.exercises.criteria.hearing import Sent
from sheber.exercises.score import Check, Score
from sheber.ground.equipment.receiver import RECEIVER
from sheber.trace import Channel, EventKind, Header, Outcome, OutcomeKind, Trace, TraceWriter, read

EXERCISE = load("hear-the-satellite")
LASTS_S = 100.0
STRENGTHS = [45.0, 47.0, 49.0, 51.0, 53.0, 55.0, 57.0, 59.0, 57.5, 55.5, 53.5, 51.5, 49.5, 47.5, 45.5, 43.0]


def data(number: int) -> str:
    return bytes([number] * 40).hex()


def start(number: int) -> float:
    return 5.0 + 6.0 * number


Entry = tuple[float, str, float]  # when it was handed in, its bytes, the time that it told


def usual() -> list[Entry]:
    """What a good program hands in: all frames but the weakest, half a second after they began."""
    return [(start(n) + 0.5, data(n), start(n) + 0.01) for n, strength in enumerate(STRENGTHS) if strength > 46.0]


def trace(folder: Path, entries: Sequence[Entry], read_share: float = 1.0) -> Trace:
    """A pass with sixteen transmissions, and what was handed in."""
    events = {"entry": EventKind("entry", action=True), **RECEIVER.events}
    facts: dict[str, Any] = {"counts": {"seconds": LASTS_S}}
    with TraceWriter(folder / "run.trace", Header(EXERCISE.name)) as writer:
        row = np.zeros((), writer.begin([Channel("line", "u2")], [], facts=facts, step_s=0.1, events=events))
        writer.sample(0, row)
        for n, strength in enumerate(STRENGTHS):
            told = {"number": n, "satellite": "S", "start": start(n), "end": start(n) + 0.2, "cn0_dbhz": strength}
            writer.event(round(10 * start(n)) + 2, "transmission", {**told, "read": read_share, "data": data(n)})
        for at, bytes_, told_at in entries:
            writer.event(
                round(10 * at), "entry", {"form": "frame", "values": {"data": bytes_, "at": told_at}, "line": 1}
            )
        writer.sample(round(10 * LASTS_S), row)
        writer.end(round(10 * LASTS_S), Outcome(OutcomeKind.FINISHED))
    return read(folder / "run.trace")


def scored(folder: Path, entries: Sequence[Entry], read_share: float = 1.0) -> tuple[Score, dict[str, Check]]:
    score = EXERCISE.score(trace(folder, entries, read_share))
    return score, {check.key: check for check in score.checks}


def test_a_good_pass_earns_all(tmp_path: Path) -> None:
    score, checks = scored(tmp_path, usual())
    assert score.points == 100.0
    assert checks["sensitivity"].measured == pytest.approx(46.25)
    assert checks["times"].measured == pytest.approx(10.0)


def test_nothing_earns_nothing(tmp_path: Path) -> None:
    score, checks = scored(tmp_path, [])
    assert score.points == 0.0
    assert "No frame" in checks["sensitivity"].message


def test_a_missing_loud_frame_is_named(tmp_path: Path) -> None:
    _score, checks = scored(tmp_path, [entry for entry in usual() if entry[1] not in (data(5), data(9))])
    assert checks["frames"].measured == pytest.approx(100 * 5 / 7, abs=0.1)
    assert checks["frames"].time == pytest.approx(start(5))
    assert "5 of the 7 frames with 52 dBHz or more" in checks["frames"].message
    assert "35.0 s with 55.0 dBHz" in checks["frames"].message


def test_a_deaf_receiver_is_measured(tmp_path: Path) -> None:
    strong = [entry for entry in usual() if STRENGTHS[bytes.fromhex(entry[1])[0]] > 52.0]
    _score, checks = scored(tmp_path, strong)
    assert checks["sensitivity"].measured == pytest.approx(52.25)
    assert checks["frames"].points == checks["frames"].maximum
    assert 0.0 < checks["sensitivity"].points < checks["sensitivity"].maximum


def test_one_lucky_weak_frame_is_no_sensitivity(tmp_path: Path) -> None:
    strong = [entry for entry in usual() if STRENGTHS[bytes.fromhex(entry[1])[0]] > 52.0 or entry[1] == data(0)]
    _score, checks = scored(tmp_path, [*strong, (start(0) + 0.5, data(0), start(0))])
    assert checks["sensitivity"].measured == pytest.approx(52.25)


def test_false_frames_cost_and_are_named(tmp_path: Path) -> None:
    _score, checks = scored(tmp_path, [*usual(), (50.0, "ff" * 30, 50.0)])
    assert checks["false"].maximum == 5.0
    assert (
        "At 50.0 s a frame of 30 bytes was handed in that was never sent: ffffffffffffffff" in checks["false"].message
    )
    _score, checks = scored(tmp_path, [*usual(), *((50.0, f"{n:02x}" * 30, 50.0) for n in range(100, 140))])
    assert "no-false" not in checks


def test_a_frame_before_it_was_sent_is_a_guess(tmp_path: Path) -> None:
    sent = Sent.of(trace(tmp_path, [(1.0, data(3), start(3))]), 40.0)
    assert [at for at, _bytes in sent.false] == [1.0]
    assert sent.heard == ()


def test_a_frame_that_comes_twice(tmp_path: Path) -> None:
    again = [(90.0, data(4), start(4)), (91.0, data(4), start(4)), (92.0, data(5), start(5))]
    _score, checks = scored(tmp_path, [*usual(), *again])
    assert checks["once"].measured == pytest.approx(100 * 3 / 13, abs=0.1)
    assert checks["once"].points == 0.0
    assert "3 frames were handed in again. The first time was at 90.0 s" in checks["once"].message


def test_gaps_and_wrong_times(tmp_path: Path) -> None:
    late = [(at, bytes_, told + 0.5) for at, bytes_, told in usual()]
    late[2] = (late[2][0], late[2][1], late[2][2] + 2.0)
    _score, checks = scored(tmp_path, late, read_share=0.8)
    assert checks["listened"].measured == pytest.approx(80.0)
    assert checks["times"].measured == pytest.approx(510.0)
    assert "wrong by 510 ms" in checks["times"].message
    assert checks["times"].time != pytest.approx(start(3))  # where the time is told, it is one in the middle of all
