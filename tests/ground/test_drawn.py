"""Drawn: a run of real equipment has its diagrams, each from what was recorded, and a wild record costs one alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground_conversation import ALMATY, START, conversation, ground_scene
from ground_scenes import al_farabi
from sheber.diagrams import Bars, Lines, Missing, Points, Raster, Sky, svg
from sheber.geometry import Pose
from sheber.ground.chains import satellite
from sheber.ground.coding.ax25 import Address, Frame
from sheber.ground.drawn import drawn
from sheber.ground.equipment import Aim, AntennaSpec, ArchiveSpec, FollowingSpec, OrbitsSpec, ReceiverSpec
from sheber.ground.kind import GROUND
from sheber.ground.link import Link, StatedNoise, Transmitter, Yagi
from sheber.ground.mount import DISH, direction
from sheber.ground.orbit import look
from sheber.ground.passes import find_passes
from sheber.ground.reception import Burst, Emitter
from sheber.ground.scene import Satellite, Scene
from sheber.station import Limits
from sheber.trace import Channel, Event, Trace

LINK = Link(Transmitter(1.0, 0.0, 436.5e6), Yagi(14.0), StatedNoise(400.0))
DATA = Frame(Address("CQ"), Address("UN1GWA"), bytes(40)).encoded()
SENT = tuple(Burst(2.0 * n, DATA) for n in range(60))


def overhead() -> Scene:
    """A scene that starts a minute before the highest point of a good pass."""
    elements = al_farabi()
    best = max(find_passes(elements, ALMATY, START, START + 86_400.0), key=lambda one: one.elevation_max_deg)
    emitter = Emitter("AL-FARABI-2", satellite("Al-Farabi-2").downlinks[0], LINK, SENT, 700.0)
    equipment = (
        OrbitsSpec(),
        AntennaSpec(DISH, 20.0, aims=(Aim("AL-FARABI-2", 20.0, 100.0),)),
        ReceiverSpec((emitter,)),
    )
    known = (Satellite("AL-FARABI-2", elements, elements),)
    return ground_scene(*equipment, satellites=known, start=best.tca - 60.0)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """The antenna follows what the orbit says, and the receiver listens twice meanwhile."""
    path = tmp_path_factory.mktemp("drawn") / "run.trace"
    with conversation(overhead(), path, Limits(simulated_s=1e5)) as talk:
        station = talk.station
        times = np.arange(0.0, 110.0, 1.0)
        seen = station.elements.look("AL-FARABI-2", times)
        station.mount.follow(times, seen.azimuth_deg, seen.elevation_deg)
        station.clock.wait(40.0)
        station.receiver.read(5.0)
        station.clock.wait(15.0)
        station.receiver.read(20.0)
        station.clock.wait(25.0)
    return talk.trace


def of(trace: Trace, kind: type) -> Any:
    (found,) = (one for one in drawn(trace) if isinstance(one, kind))
    return found


def test_a_run_with_antenna_and_receiver_has_its_diagrams(trace: Trace) -> None:
    found = drawn(trace)
    assert [type(one) for one in found] == [Sky, Lines, Lines, Raster, Lines, Points]
    assert [str(one.title) for one in found] == [
        "Sky", "Pointing error", "Doppler shift", "Waterfall", "Eye", "Constellation",
    ]  # fmt: skip
    assert sum(len(svg(one)) for one in found) < 300_000
    assert GROUND.diagrams(trace)[0].title == "Sky"


def test_the_sky_has_the_way_of_the_satellite_and_of_the_antenna(trace: Trace) -> None:
    sky = of(trace, Sky)
    wanted, antenna = sky.tracks
    assert str(wanted.label) == "AL-FARABI-2, pass 1"
    assert antenna.beam_deg == 20.0
    assert float(np.min(wanted.times)) >= 20.0
    assert float(np.max(wanted.times)) <= 100.2
    highest = trace["mount_wanted"][:, 1].max()
    assert np.max(np.asarray(wanted.elevation_deg)) == highest > 40.0


def test_the_carrier_falls_through_the_middle_as_the_satellite_passes(trace: Trace) -> None:
    shift = next(one for one in drawn(trace) if str(one.title) == "Doppler shift")
    assert isinstance(shift, Lines)
    heard = np.asarray(shift.series[0].y)
    heard = heard[np.isfinite(heard)]
    assert len(heard) > 200  # 25 s, ten samples a second
    assert (np.diff(heard) < 0.0).all()
    assert 4.0 < heard[0] - heard[-1] < 12.0  # kHz in the 40 s about the highest point
    carrier = trace["receiver_carrier"][np.isfinite(trace["receiver_carrier"])]
    assert abs(float(carrier.mean()) - 436.5e6 - 700.0) < 8000.0


def test_the_waterfall_shows_the_carrier_where_it_was(trace: Trace) -> None:
    fall = of(trace, Raster)
    rows = np.asarray(fall.values)
    assert (fall.y.low, fall.y.high) == (pytest.approx(40.0, abs=0.11), pytest.approx(80.0, abs=0.11))
    spoken = np.isfinite(rows).all(axis=1)
    assert spoken.sum() == 250
    assert not spoken[50:200].any()  # nobody listened for 15 s
    row = int(np.flatnonzero(rows.max(axis=1, initial=-99.0, where=np.isfinite(rows)) > 10.0)[0])
    at = float(fall.y.low + (row + 0.5) * (fall.y.high - fall.y.low) / len(rows))
    heard = trace["receiver_carrier"][int(np.argmin(np.abs(trace.time - at - 0.05)))] - 436.5e6
    column = -24.0 + 48.0 * (float(np.argmax(rows[row])) + 0.5) / rows.shape[1]
    assert column == pytest.approx(heard / 1e3, abs=2.0)  # FSK: at one of two shifts of 1.2 kHz


def test_the_eye_is_open_and_symbols_lie_on_both_sides(trace: Trace) -> None:
    eye = next(one for one in drawn(trace) if str(one.title) == "Eye")
    assert isinstance(eye, Lines)
    rows = np.asarray(eye.series[0].y)
    assert len(rows) > 80
    widest = max(float(np.abs(column).min()) for column in rows.T)
    assert widest > 0.08  # a shift of a quarter of the baud, less noise
    assert (rows > 0.1).any()
    assert (rows < -0.1).any()


def test_a_strong_signal_is_kept_and_no_later_weaker_one(trace: Trace) -> None:
    (told,) = trace.events_of("strongest")
    strengths = [event.data["cn0_dbhz"] for event in trace.events_of("transmission") if event.data["read"] == 1.0]
    assert told.data["cn0_dbhz"] == pytest.approx(max(strengths), abs=0.3)
    assert len(told.data["iq"]) < 5000


def test_a_station_without_them_has_none(tmp_path: Path) -> None:
    with conversation(ground_scene(ArchiveSpec(())), tmp_path / "run.trace") as talk:
        talk.station.clock.wait(1.0)
    assert drawn(talk.trace) == ()


def test_the_satellite_and_the_dish_are_drawn_where_they_are(trace: Trace) -> None:
    assert list(trace.bodies)[:3] == ["yoke", "dish", "satellite"]
    row = int(np.argmin(np.abs(trace.time - 60.0)))
    place = trace.body("satellite")[row, :3] - (0.0, 0.0, 3.6)
    azimuth, elevation = np.radians(trace["mount_wanted"][row])
    wanted = (np.sin(azimuth) * np.cos(elevation), np.cos(azimuth) * np.cos(elevation), np.sin(elevation))
    assert place / np.linalg.norm(place) == pytest.approx(wanted, abs=0.02)


# --- records of strangers ------------------------------------------------------------------------------------


@dataclass
class Wild:
    """A trace whose records are given."""

    rows: Mapping[str, Any]
    events: tuple[Event, ...]
    time: Any
    step_s: float = 0.1
    duration: float = 10.0
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def channels(self) -> list[Channel]:
        return [Channel(name, "f8") for name in self.rows]

    def __getitem__(self, name: str) -> Any:
        return self.rows[name]

    def events_of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, -1.0, 0.0])
@pytest.mark.parametrize("shape", [(), (2,), (128,), (3, 3)])
@pytest.mark.parametrize("described", [{}, {"mount": 7}, {"mount": {"aims": [], "beam_deg": "wide"}, "receiver": None}])
def test_wild_records_are_told_and_never_raise(value: float, shape: tuple[int, ...], described: dict[str, Any]) -> None:
    names = (
        "mount_aim",
        "mount_true",
        "mount_wanted",
        "mount_error",
        "receiver_carrier",
        "receiver_frequency",
        "receiver_spectrum",
    )
    rows = {name: np.full((4, *shape), value) for name in names}
    events = (
        Event(0, "described", described),
        Event(1, "strongest", {"iq": "\u00ff", "baud": value}),
        Event(1, "downlink", {"best_law": value}),
        Event(1, "timetable", {"bookings": [[value], 3]}),
    )
    with np.errstate(all="ignore"):
        found = drawn(Wild(rows, events, np.arange(4.0)))  # type: ignore[arg-type]
    assert len(found) == 8
    assert any(isinstance(one, Missing) for one in found)


def test_one_wild_record_leaves_the_others(trace: Trace) -> None:
    rows = {channel.name: trace[channel.name] for channel in trace.channels}
    rows["mount_wanted"] = np.full((len(trace.time), 3), np.nan)
    found = drawn(Wild(rows, tuple(trace.events), trace.time))  # type: ignore[arg-type]
    assert [isinstance(one, Missing) for one in found] == [True, False, False, False, False, False]


def test_modes_and_bookings_become_bars() -> None:
    events = (
        Event(0, "modem_mode", {"mode": "QPSK"}),
        Event(40, "modem_mode", {"mode": "-"}),
        Event(100, "downlink", {"best_law": [[0.0, "QPSK"], [3.0, "8PSK"]]}),
        Event(
            100,
            "timetable",
            {"bookings": [["north", "A", 0.0, 5.0, "us", False], ["north", "B", 2.0, 6.0, "they", True]]},
        ),
    )
    modes, table = drawn(Wild({}, events, np.arange(4.0)))  # type: ignore[arg-type]
    assert isinstance(modes, Bars)
    assert [[(bar.start, bar.end, bar.label) for bar in lane.bars] for lane in modes.lanes] == [
        [(0.0, 4.0, "QPSK")],
        [(0.0, 3.0, "QPSK"), (3.0, 10.0, "8PSK")],
    ]
    assert isinstance(table, Bars)
    assert [bar.refused for bar in table.lanes[0].bars] == [False, True]
    assert replace(table, title="x").title == "x"


def test_an_antenna_that_nobody_drives_follows_by_itself(tmp_path: Path) -> None:
    scene = replace(overhead(), equipment=(OrbitsSpec(), FollowingSpec("AL-FARABI-2", 3.7)))
    with conversation(scene, tmp_path / "run.trace", Limits(simulated_s=1e5)) as talk:
        assert "following" not in talk.controller.given()["parts"]
        for _minute in range(20):
            talk.station.clock.wait(30.0)
    trace = talk.trace
    seen = look(scene.satellites[0].true, scene.site, scene.start + trace.time)
    wanted = direction(np.degrees(seen.azimuth), np.degrees(seen.elevation))
    assert np.abs(direction(*trace["following"].T) - wanted).max() < 2e-4
    turned = Pose(trace.body("dish")[0, :3], trace.body("dish")[0, 3:])
    assert turned.rotation @ (0.0, 1.0, 0.0) == pytest.approx(wanted[0], abs=1e-3)
    sky, heights_over_time = drawn(trace)
    assert isinstance(heights_over_time, Lines)
    assert "200 s" in svg(sky)  # times along the way
    assert isinstance(sky, Sky)
    heights = np.asarray(sky.tracks[0].elevation_deg)
    assert np.nanmin(heights) > 0.0
    assert np.isnan(heights[-1])  # it has set


def test_passes_that_were_handed_in_stand_beside_those_that_were_not() -> None:
    values = {"satellite": "A", "aos": 7200.0, "los": 7800.0, "elevation_max_deg": 45.0}
    events = (
        Event(0, "entry", {"form": "pass", "values": values}),
        Event(0, "entry", {"form": "sign_off", "values": {}}),
    )
    wild = Wild({}, events, np.arange(4.0))
    wild.facts = {
        "passes": {
            "A": [[7201.0, 7500.0, 7801.0, 0.8]],
            "B": [[86_000.0, 86_200.0, 90_000.0, 0.2], [90_000.0, 90_100.0, 90_200.0, 0.3]],
        }
    }
    (found,) = drawn(wild)  # type: ignore[arg-type]
    assert isinstance(found, Bars)
    assert [lane.label for lane in found.lanes] == ["A", "B"]
    first, second = (lane.bars for lane in found.lanes)
    assert [(bar.start, bar.end, bar.refused) for bar in first] == [(7200.0, 7800.0, False)]
    assert [(bar.start, bar.end, bar.refused) for bar in second] == [(86_000.0, 86_400.0, True)]  # cut at the day's end
    assert drawn(Wild({}, events[1:], np.arange(4.0))) == ()  # type: ignore[arg-type]
