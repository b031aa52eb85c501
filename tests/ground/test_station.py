"""The ground station as a station: time, what is handed in, refusals, how a run ends."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ground_conversation import START, conversation, ground_scene
from sheber import NotGiven, StationError
from sheber.client.errors import RunOver
from sheber.ground.controller import Controller
from sheber.ground.equipment import ArchiveSpec, ClockSpec, Field, Form
from sheber.station import Limits, SceneError
from sheber.trace import Header, OutcomeKind, TraceWriter

FRAME = Form("frame", (Field("data", "bytes"), Field("at", unit="s"), Field("of", "text", optional=True)), most=3)
STATION = ground_scene(ArchiveSpec((FRAME,)), sheet=(("satellite", "Al-Farabi-2"),), facts=(("sent", 4),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.trace"


def test_time_passes_by_commands_alone_in_whole_steps(path: Path) -> None:
    with conversation(STATION, path) as talk:
        clock = talk.station.clock
        assert clock.time == 0.0
        assert clock.utc() == datetime(2027, 3, 21, 6, tzinfo=UTC)
        clock.wait(0.25)
        assert clock.time == pytest.approx(0.3)
        clock.wait_until(3600.0)
        assert clock.time == pytest.approx(3600.0)
        assert clock.utc(60.0) == datetime.fromtimestamp(START + 60.0, UTC)
        with pytest.raises(StationError, match=r"wait until 10\.0 s .* It is 3600\.0 s already"):
            clock.wait_until(10.0)
    assert talk.outcome is not None
    assert talk.outcome.kind is OutcomeKind.FINISHED
    assert talk.trace.step_s == pytest.approx(0.1)
    assert talk.trace.duration == pytest.approx(3600.0)


def test_a_night_of_waiting_is_a_few_samples_at_the_same_steps(path: Path) -> None:
    """Where nothing is under way, samples stand at multiples of `idle_steps`, however the program waited."""
    for number, waits in enumerate(([600.0], [0.1, 299.9, 250.05, 49.9])):
        with conversation(STATION, path.with_name(f"{number}.trace")) as talk:
            for seconds in waits:
                talk.station.clock.wait(seconds)
        times = talk.trace.time
        assert len(times) == 62  # at 0, at each 10 s, and the last
        assert np.allclose(times[:-1], 10.0 * np.arange(61))


def test_entries_are_on_the_record_with_their_line(path: Path) -> None:
    with conversation(STATION, path) as talk:
        archive = talk.station.archive
        assert repr(archive) == "Archive(frame(data, at, of))"
        archive.store("frame", data=b"\x01\xff", at=12.5)
        archive.store("frame", data=bytearray(b""), at=-1, of="UN1GWA")
        assert talk.station.clock.time == 0.0
    entries = [event.data for event in talk.trace.events if event.kind == "entry"]
    assert [entry["values"] for entry in entries] == [
        {"data": "01ff", "at": 12.5},
        {"data": "", "at": -1, "of": "UN1GWA"},
    ]
    assert all(entry["line"] > 0 for entry in entries)


@pytest.mark.parametrize(
    ("form", "values", "error", "words"),
    [
        ("picture", {}, NotGiven, "no form of the archive 'picture' here. These exist: frame"),
        ("frame", {"data": b""}, StationError, "has the fields .*data.*at.*of.* The entry has: .*data"),
        ("frame", {"data": b"", "at": 1.0, "colour": 2}, StationError, "has no field .colour."),
        ("frame", {"data": "text", "at": 1.0}, TypeError, "data must be bytes. You gave str"),
        ("frame", {"data": b"", "at": "noon"}, TypeError, "at must be a number in s"),
        ("frame", {"data": b"", "at": float("nan")}, ValueError, "at must be a finite number"),
        ("frame", {"data": bytes(5000), "at": 1.0}, StationError, "up to 4096 bytes"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused_in_words(
    form: str, values: dict[str, object], error: type[Exception], words: str, path: Path
) -> None:
    with conversation(STATION, path) as talk, pytest.raises(error, match=words):
        talk.station.archive.store(form, **values)
    assert not [event for event in talk.trace.events if event.kind == "entry"]


def test_a_full_form_says_so(path: Path) -> None:
    with conversation(STATION, path) as talk:
        for _entry in range(3):
            talk.station.archive.store("frame", data=b"", at=0.0)
        with pytest.raises(StationError, match="at most 3 entries of the form 'frame'"):
            talk.station.archive.store("frame", data=b"", at=0.0)


def test_equipment_that_is_not_there_is_told_in_words(path: Path) -> None:
    with conversation(ground_scene(), path) as talk:
        with pytest.raises(NotGiven, match=r"This station has no archive\. It has: clock\."):
            _ = talk.station.archive
        with pytest.raises(AttributeError, match="archive"):
            _ = talk.station.archiv  # type: ignore[attr-defined]


def test_the_truth_stays_on_this_side(path: Path) -> None:
    with conversation(STATION, path) as talk:
        assert dict(talk.station.sheet) == {"satellite": "Al-Farabi-2"}
        assert "sent" not in str(talk.controller.given())
    assert talk.trace.facts == {"sent": 4}


def test_time_that_is_used_up_ends_the_run(path: Path) -> None:
    with (
        conversation(STATION, path, Limits(simulated_s=30.0)) as talk,
        pytest.raises(RunOver, match="30 s, is used up"),
    ):
        talk.station.clock.wait(100.0)
    assert talk.outcome is not None
    assert talk.outcome.kind is OutcomeKind.TIME_LIMIT
    assert talk.trace.duration == pytest.approx(30.0)


def test_notes_are_limited_and_recorded(path: Path) -> None:
    with conversation(STATION, path, Limits(notes=1)) as talk:
        talk.station.note("first")
        with pytest.raises(RunOver, match="already written 1 notes"):
            talk.station.note("second")
    assert [event.data["text"] for event in talk.trace.events if event.kind == "note"] == ["first"]


def test_a_scene_that_cannot_be_is_told_to_its_author(path: Path) -> None:
    with TraceWriter(path, Header("test")) as recorder:
        with pytest.raises(SceneError, match="No equipment is made of int"):
            Controller(ground_scene(5), Limits(), recorder)
        with pytest.raises(SceneError, match="the equipment 'clock' twice"):
            Controller(ground_scene(ClockSpec(), ClockSpec()), Limits(), recorder)


def test_every_purpose_draws_by_itself(path: Path) -> None:
    """What the mount draws does not depend on what the receiver draws."""
    with TraceWriter(path, Header("test")) as recorder:
        one = Controller(ground_scene(noise_seed=4), Limits(), recorder)
        assert one.rng("wind").normal() == one.rng("wind").normal()
        assert one.rng("wind").normal() != one.rng("noise").normal()
