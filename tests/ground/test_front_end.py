"""The front end: what is recorded, what its decoders give, what it costs, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ground_conversation import conversation, ground_scene
from sheber import StationError
from sheber.diagrams import Bars, svg
from sheber.ground.coding.bits import from_bytes
from sheber.ground.coding.cadu import Cadu
from sheber.ground.coding.convolutional import Convolutional
from sheber.ground.coding.randomiser import randomised_bytes
from sheber.ground.coding.reed_solomon import E16
from sheber.ground.drawn import drawn
from sheber.ground.equipment import ArchiveSpec, Field, Form, FrontEndSpec
from sheber.ground.equipment.front_end import recorded

FRAMES = tuple(np.random.default_rng(seed).bytes(223) for seed in range(3))
LINK = Cadu(223, convolutional=Convolutional())
CLEAN = FrontEndSpec(FRAMES, interleaving=1, esn0_db=20.0, rate=10_000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.trace"


def hard(spec: FrontEndSpec) -> np.ndarray:
    return (recorded(spec, np.random.default_rng(2)) > 0).astype(np.uint8)


def changed(**harm: object) -> FrontEndSpec:
    return FrontEndSpec(FRAMES, interleaving=1, esn0_db=20.0, **harm)  # type: ignore[arg-type]


def test_the_recording_is_the_link_of_the_books() -> None:
    symbols = recorded(CLEAN, np.random.default_rng(2))
    assert symbols.dtype == np.int8
    assert np.array_equal(symbols > 0, LINK.encode(FRAMES) == 1)
    assert np.abs(symbols).mean() == pytest.approx(32.0, abs=0.3)


def test_harms_are_where_the_scene_says() -> None:
    sent = LINK.encode(FRAMES)
    assert np.array_equal(hard(changed(turns=(100, 200))), np.concatenate((sent[:100], 1 - sent[100:200], sent[200:])))
    assert np.array_equal(
        hard(changed(lost=(100,), twice=(300,))), np.concatenate((sent[:100], sent[101:301], sent[300:]))
    )
    faded = recorded(changed(fades=((100, 400),)), np.random.default_rng(2))
    assert np.abs(faded[100:400]).max() < 16 < np.abs(faded[:100]).min()
    led = recorded(changed(lead=50), np.random.default_rng(2))
    assert led.size == sent.size + 100
    assert np.array_equal(led[50:-50] > 0, sent == 1)


def test_the_noise_is_what_its_number_says() -> None:
    symbols = recorded(FrontEndSpec(FRAMES, 1, esn0_db=0.0), np.random.default_rng(2)) / 32.0
    away = symbols * np.where(LINK.encode(FRAMES), 1, -1) - 1.0
    assert away.var() == pytest.approx(0.5, rel=0.05)


def test_a_program_decodes_what_it_points_at(path: Path) -> None:
    with conversation(ground_scene(CLEAN), path) as talk:
        front = talk.station.front_end
        assert repr(front) == f"FrontEnd({LINK.encode(FRAMES).size} symbols, 10000 a second)"
        symbols = front.read(10, 100)
        assert np.array_equal(symbols > 0, LINK.encode(FRAMES)[10:110] == 1)
        bits = front.viterbi(0, front.symbols)
        assert bits.size == front.symbols // 2
        assert np.array_equal(bits, from_bytes(LINK.units(FRAMES)))
        block = randomised_bytes(np.packbits(bits[32 : 32 + 2040]).tobytes())
        word = front.reed_solomon(block)
        assert (word.data, word.mended, word.good) == (FRAMES[0], 0, True)


def test_words_are_mended_and_hopeless_ones_are_told(path: Path) -> None:
    word = bytearray(E16.encode(FRAMES[0]))
    with conversation(ground_scene(CLEAN), path) as talk:
        word[:16] = bytes(16)
        assert talk.station.front_end.reed_solomon(bytes(word)).data == FRAMES[0]
        assert talk.station.front_end.reed_solomon(bytes(word)).mended == 16
        word[100:140] = bytes(40)
        out = talk.station.front_end.reed_solomon(memoryview(word))
        assert (out.good, out.mended, out.data) == (False, -1, bytes(word[:223]))
        assert talk.station.clock.time == 0.0


def test_reading_and_decoding_take_time_and_are_on_the_record(path: Path) -> None:
    with conversation(ground_scene(CLEAN), path) as talk:
        talk.station.front_end.viterbi(1, 5000)
        assert talk.station.clock.time == pytest.approx(0.5)
        talk.station.front_end.read(0, 1000)
        assert talk.station.clock.time == pytest.approx(0.6)
    events = [(one.kind, one.data["first"], one.data["count"]) for one in talk.trace.events if "first" in one.data]
    assert events == [("viterbi", 1, 5000), ("read_symbols", 0, 1000)]
    place = talk.trace["front_end_place"] * 16 * 259
    assert place[:6] == pytest.approx([0, 1001, 2001, 3001, 4001, 5001])
    assert place[6] == pytest.approx(1000)


@pytest.mark.parametrize(("beyond", "count"), [(0, 2), (1, 1), (10**9, 5)])
def test_what_was_not_recorded_is_refused_in_words(beyond: int, count: int, path: Path) -> None:
    with conversation(ground_scene(CLEAN), path) as talk:
        last = talk.station.front_end.symbols - 1
        talk.station.front_end.read(last, 1)
        for what in (talk.station.front_end.read, talk.station.front_end.viterbi):
            with pytest.raises(StationError, match=f"the symbols 0 to {last}"):
                what(last + beyond, count)


def test_wrong_arguments_are_told(path: Path) -> None:
    with conversation(ground_scene(CLEAN), path) as talk:
        front = talk.station.front_end
        with pytest.raises(StationError, match=r"has 255 bytes\. The program sent 254"):
            front.reed_solomon(bytes(254))
        with pytest.raises(StationError, match=r"The program sent 256"):
            front.reed_solomon(bytes(3000))
        with pytest.raises(TypeError, match=r"A word must be bytes\. You gave str"):
            front.reed_solomon("text")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="count"):
            front.read(0, 0)
        with pytest.raises(TypeError, match="first"):
            front.read("start", 5)  # type: ignore[arg-type]


def test_the_report_shows_which_frames_were_handed_in_and_what_happened(path: Path) -> None:
    spec = changed(turns=(16 * 259, 32 * 259), lost=(8 * 259,), fades=((0, 2 * 259),))
    archive = ArchiveSpec((Form("frame", (Field("data", "bytes"),)),))
    with conversation(ground_scene(spec, archive), path) as talk:
        talk.station.archive.store("frame", data=FRAMES[1])
    (diagram,) = drawn(talk.trace)
    assert isinstance(diagram, Bars)
    frames, turned, slipped, faded = diagram.lanes
    assert [one.owner for one in frames.bars] == ["not handed in", "handed in", "not handed in"]
    assert [(one.start, one.end) for one in frames.bars] == [(0, 1), (1, 2), (2, 3)]
    assert [(one.start, one.end) for one in turned.bars] == [(1.0, 2.0)]
    assert [(one.start, one.end) for one in slipped.bars] == [(0.5, 3.0)]
    assert [(one.start, one.end) for one in faded.bars] == [(0.0, 0.125)]
    assert "<svg" in svg(diagram)


def test_what_was_sent_is_not_told(path: Path) -> None:
    with conversation(ground_scene(CLEAN), path) as talk:
        assert set(talk.controller.given()["parts"]["front_end"]) == {"symbols", "rate"}
