"""The modem: what arrives follows from the link, and a program sees readings, never the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground_conversation import ALMATY, START, Conversation, conversation, ground_scene
from ground_scenes import al_farabi, modem
from sheber import NotGiven, StationError
from sheber.diagrams import Lines, standalone
from sheber.ground.drawn import drawn
from sheber.ground.equipment import AntennaSpec, OrbitsSpec, Weather
from sheber.ground.link import ModeLaw, carrier_at, eb_n0_db, mode, volume
from sheber.ground.mount import DISH
from sheber.ground.orbit import look
from sheber.ground.passes import find_passes
from sheber.ground.scene import Satellite, Scene
from sheber.station import Limits

PASS = max(find_passes(al_farabi(), ALMATY, START, START + 86_400.0), key=lambda one: one.elevation_max_deg)
BEFORE = 20.0  # s from the start of the run to the rise
SATELLITE = Satellite("AL-FARABI-2", al_farabi(), al_farabi())
LENGTH = PASS.los - PASS.aos


def scene(*others: Any, step_s: float = 0.5, noise_seed: int = 0, **changes: Any) -> Scene:
    about = {"until_s": LENGTH + 60.0} | changes
    return ground_scene(
        OrbitsSpec(),
        *others,
        modem(**about),
        start=PASS.aos - BEFORE,
        satellites=(SATELLITE,),
        step_s=step_s,
        noise_seed=noise_seed,
    )


def downlink(talk: Conversation) -> dict[str, Any]:
    (event,) = [event for event in talk.trace.events if event.kind == "downlink"]
    return event.data


def levels(times: np.ndarray) -> np.ndarray:
    """True C/N0 in the statistics of the link."""
    seen = look(al_farabi(), ALMATY, PASS.aos - BEFORE + times)
    return carrier_at(modem().link, seen.elevation, seen.range).cn0_dbhz


def test_a_pass_in_one_mode_delivers_what_the_link_says(tmp_path: Path) -> None:
    with conversation(scene(), tmp_path / "run.trace", Limits(simulated_s=2000.0)) as talk:
        talk.station.modem.use("qpsk-1/2-rs")
        talk.station.clock.wait_until(BEFORE + LENGTH + 10.0)
        reading = talk.station.modem.read()
    times = np.arange(np.ceil(BEFORE / 0.5), np.floor((BEFORE + LENGTH) / 0.5) + 1) * 0.5
    wanted = volume(times, levels(times), ModeLaw(((0.0, "qpsk-1/2-rs"),)), (mode("qpsk-1/2-rs"),), 25e6)
    assert reading.cn0_dbhz is None
    assert reading.sent == pytest.approx(wanted.sent_frames - 25e6 * mode("qpsk-1/2-rs").bits_a_symbol / 8920, rel=2e-3)
    assert downlink(talk)["sent"] == reading.sent
    assert reading.bits == (reading.sent - reading.lost) * 8920


def test_the_best_law_of_the_record_is_the_best_one_and_can_be_flown(tmp_path: Path) -> None:
    with conversation(scene(), tmp_path / "a.trace", Limits(simulated_s=2000.0)) as talk:
        talk.station.clock.wait(1.0)
    best = downlink(talk)
    assert best["bits"] == 0
    assert len(best["best_law"]) > 5
    with conversation(scene(), tmp_path / "b.trace", Limits(simulated_s=2000.0)) as talk:
        talk.station.modem.plan([(time, name) for time, name in best["best_law"]])
        talk.station.clock.wait_until(BEFORE + LENGTH + 10.0)
    flown = downlink(talk)
    assert flown["bits"] == pytest.approx(best["best_bits"], rel=2e-3)
    assert flown["lost"] <= 1e-3 * flown["sent"]
    assert flown["best_bits"] == best["best_bits"]


def test_frames_are_lost_as_often_as_the_mode_says(tmp_path: Path) -> None:
    with conversation(scene(), tmp_path / "run.trace", Limits(simulated_s=2000.0)) as talk:
        talk.station.modem.use("qpsk-rs")
        talk.station.clock.wait_until(BEFORE + LENGTH)
    trace, one = talk.trace, mode("qpsk-rs")
    sent, lost = (np.diff(trace[name].astype(float)) for name in ("modem_sent", "modem_lost"))
    level = np.nan_to_num(trace["modem_cn0"][:-1].astype(float), nan=-100.0)  # no signal before the rise
    rates = one.frame_error_rate(eb_n0_db(level, one.bit_rate(25e6)))
    for low, high in ((0.02, 0.3), (0.3, 0.9)):
        chosen = (sent > 0) & (rates > low) & (rates < high)
        assert chosen.sum() >= 2
        assert lost[chosen].sum() / sent[chosen].sum() == pytest.approx(
            (rates * sent)[chosen].sum() / sent[chosen].sum(), abs=0.05
        )


def test_a_change_and_a_rise_cost_the_gap(tmp_path: Path) -> None:
    middle = BEFORE + LENGTH / 2
    with conversation(scene(gap_s=2.0), tmp_path / "run.trace", Limits(simulated_s=2000.0)) as talk:
        station = talk.station
        station.modem.use("bpsk-1/2-rs")
        station.clock.wait_until(BEFORE + 1.0)
        assert not station.modem.read().locked
        station.clock.wait_until(middle)
        before = station.modem.read()
        assert before.locked
        station.modem.use("qpsk-1/2-rs")
        station.clock.wait(1.0)
        after = station.modem.read()
        assert after.mode == "qpsk-1/2-rs"
        assert not after.locked
        assert after.sent == before.sent
        station.clock.wait(1.0)
        assert station.modem.read().sent > before.sent
        station.modem.use("")
        silent = station.modem.read()
        assert silent.mode == ""
        assert not silent.locked
        assert silent.cn0_dbhz is not None


def test_changes_that_come_at_once_are_one_change(tmp_path: Path) -> None:
    """A plan holds 500 changes and costs no time: thousands of plans must not flood the record."""
    with conversation(scene(), tmp_path / "run.trace", Limits(simulated_s=2000.0)) as talk:
        names = ["qpsk-1/2-rs", "bpsk-1/2-rs"] * 250
        for _plan in range(3):
            now = talk.station.clock.time
            talk.station.modem.plan([(now - 9e-7 + n * 1e-9, name) for n, name in enumerate(names)])
            talk.station.modem.plan([(now + 0.2 + n * 1e-4, name) for n, name in enumerate(names[:-1])])
            talk.station.clock.wait(1.0)
        assert talk.station.modem.read().mode == "qpsk-1/2-rs"
    used = [event.data["mode"] for event in talk.trace.events_of("modem_mode")]
    assert used == ["bpsk-1/2-rs", "qpsk-1/2-rs"] * 3


def test_readings_have_an_error_and_are_right_in_the_mean(tmp_path: Path) -> None:
    with conversation(scene(step_s=0.1, reading_db=0.5), tmp_path / "run.trace", Limits(simulated_s=2000.0)) as talk:
        talk.station.clock.wait_until(BEFORE + LENGTH / 2)
        found = [talk.station.modem.read() for _number in range(200)]
    errors = np.array([one.cn0_dbhz for one in found]) - levels(np.array([one.time for one in found]))
    assert errors.mean() == pytest.approx(0.0, abs=0.12)
    assert errors.std() == pytest.approx(0.5, abs=0.1)


def test_rain_and_flicker_are_drawn_by_the_seed(tmp_path: Path) -> None:
    found = []
    for name, seed, percent in (("a", 1, 0.1), ("b", 1, 0.1), ("c", 2, 0.1), ("d", 1, 5.0)):
        drawn = scene(weather=Weather(percent), noise_seed=seed)
        with conversation(drawn, tmp_path / f"{name}.trace", Limits(simulated_s=2000.0)) as talk:
            talk.station.clock.wait_until(BEFORE + LENGTH)
        level = talk.trace["modem_cn0"]
        found.append(level[level > 0.0])
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    assert found[3].mean() > found[0].mean() + 0.3  # drizzle takes less than a cloudburst
    assert np.diff(found[0])[:40].std() > 0.05


def test_a_mount_that_looks_beside_the_satellite_hears_nothing(tmp_path: Path) -> None:
    drawn = scene(AntennaSpec(DISH, 0.7))
    with conversation(drawn, tmp_path / "run.trace", Limits(simulated_s=2000.0)) as talk:
        station = talk.station
        station.modem.use("bpsk-1/2-rs")
        station.clock.wait_until(BEFORE + LENGTH / 3)
        lost = station.modem.read()
        assert lost.sent > 0
        assert lost.lost == lost.sent
        times = station.clock.time + np.arange(0.0, 120.0)
        seen = station.elements.look("AL-FARABI-2", times)
        station.mount.follow(times, np.degrees(np.unwrap(np.radians(seen.azimuth_deg))), seen.elevation_deg)
        station.clock.wait(60.0)
        one = station.modem.read()
        station.clock.wait(20.0)
        two = station.modem.read()
    assert two.cn0_dbhz is not None
    assert lost.cn0_dbhz is not None
    assert two.cn0_dbhz > lost.cn0_dbhz + 20.0
    assert two.lost == one.lost
    assert two.sent > one.sent


@pytest.mark.parametrize(
    ("what", "error", "words"),
    [
        (lambda modem: modem.use("fm"), NotGiven, "mode 'fm' here. These exist: bpsk-1/2-rs"),
        (lambda modem: modem.plan([(10.0, "fm")]), NotGiven, "mode 'fm'"),
        (lambda modem: modem.plan([(10.0, "qpsk-rs"), (10.0, "")]), StationError, "Change 2 does not"),
        (lambda modem: modem.plan([(-5.0, "qpsk-rs")]), StationError, "Change 1 does not"),
        (lambda modem: modem.plan([(float("nan"), "qpsk-rs")]), ValueError, "time must be a finite number"),
        (lambda modem: modem.plan([10.0]), ValueError, "list of pairs"),
        (lambda modem: modem.plan([(float(t), "") for t in range(501)]), ValueError, "You gave 501"),
        (lambda modem: modem.use(3), TypeError, "mode must be"),
    ],
)
def test_what_cannot_be_is_told_in_words(what: Any, error: type[Exception], words: str, tmp_path: Path) -> None:
    with conversation(scene(), tmp_path / "run.trace") as talk, pytest.raises(error, match=words):
        what(talk.station.modem)


def test_no_truth_is_given(tmp_path: Path) -> None:
    with conversation(scene(weather=Weather(0.1)), tmp_path / "run.trace") as talk:
        told = talk.controller.given()["parts"]["modem"]
    assert set(told) == {"satellite", "modes", "symbol_rate", "gap", "implementation_db", "frame_bits"}


def test_the_carrier_is_drawn_beside_what_each_mode_needs(tmp_path: Path) -> None:
    with conversation(scene(), tmp_path / "run.trace", Limits(simulated_s=2000.0)) as talk:
        talk.station.modem.use("qpsk-1/2-rs")
        talk.station.clock.wait_until(BEFORE + LENGTH + 30.0)
    trace = talk.trace
    seen = look(al_farabi(), ALMATY, PASS.aos - BEFORE + trace.time)
    assert np.array_equal(np.isfinite(trace["modem_cn0"]), seen.elevation > 0.0)  # a gap where nothing is received
    assert [str(getattr(one, "title", one)) for one in drawn(trace)] == ["Carrier and modes", "Modes of the downlink"]
    carrier = next(one for one in drawn(trace) if isinstance(one, Lines))
    needed = {str(series.label): series.y[0] for series in carrier.series[1:]}
    rate = mode("qpsk-rs").bit_rate(25e6)
    assert needed["qpsk-rs"] == pytest.approx(mode("qpsk-rs").required_db() + 10 * np.log10(rate))
    for diagram in drawn(trace):
        assert "<svg" in standalone(diagram)
