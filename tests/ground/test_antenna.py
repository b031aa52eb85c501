"""The antenna at the station: what a program asks of the mount, what it is told, what is on the record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground_conversation import ALMATY, START, conversation, ground_scene
from ground_scenes import al_farabi
from sheber import MountLimit, StationError, Timeout
from sheber.ground.equipment import Aim, Antenna, AntennaSpec, OrbitsSpec
from sheber.ground.mount import DISH, EncoderFault, Flaws, Wind, pointing_error_deg
from sheber.ground.orbit import look
from sheber.ground.passes import find_passes
from sheber.ground.scene import Satellite, Scene
from sheber.station import Limits
from sheber.trace import OutcomeKind

FLAWS = Flaws((0.1, 0.0), Wind(0.05), (EncoderFault("azimuth", "slips", 50.0, slip_deg=1.0),))
PLAIN = ground_scene(AntennaSpec(DISH, 0.5))


LONG = Limits(simulated_s=1e5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.trace"


def aimed(**changes: Any) -> tuple[Scene, float, float]:
    """A station whose antenna should look at the first pass of a satellite; when that is."""
    elements = al_farabi()
    first = find_passes(elements, ALMATY, START, START + 86_400.0)[0]
    aim = Aim("AL-FARABI-2", round(first.aos - START, 1), round(first.los - START, 1))
    satellite = Satellite("AL-FARABI-2", elements, elements)
    scene = ground_scene(
        OrbitsSpec(), AntennaSpec(DISH, 0.5, Flaws((0.2, 0.0)), (aim,)), satellites=(satellite,), **changes
    )
    return scene, aim.from_s, aim.until_s


def test_a_program_knows_the_data_sheet_and_nothing_of_the_flaws(path: Path) -> None:
    with conversation(ground_scene(AntennaSpec(DISH, 0.5, FLAWS)), path) as talk:
        mount = talk.station.mount
        assert mount.azimuth.highest_deg == 450.0
        assert mount.elevation.speed_deg_s == 6.0
        assert (mount.beam_deg, mount.latch_deg, mount.park_deg) == (0.5, 180.0, (0.0, 90.0))
        told = str(talk.controller.given())
        assert "backlash" not in told
        assert "wind" not in told
        assert "slip" not in told


def test_the_mount_goes_where_it_is_sent_and_time_passes(path: Path) -> None:
    with conversation(PLAIN, path) as talk:
        mount = talk.station.mount
        state = mount.point(60.0, 30.0)
        assert state.moving
        assert state.time == pytest.approx(0.1)
        state = mount.wait(60.0)
        assert not state.moving
        assert (state.azimuth_deg, state.elevation_deg) == pytest.approx((60.0, 30.0), abs=0.01)
        assert 12.0 < talk.station.clock.time < 20.0
    trace = talk.trace
    assert trace["mount_true"][-1] == pytest.approx((60.0, 30.0), abs=0.01)
    assert len(trace.steps) > 100  # a sample each step while it moves


def test_what_the_mount_cannot_do_is_a_mount_limit_and_on_the_record(path: Path) -> None:
    with conversation(PLAIN, path) as talk:
        mount = talk.station.mount
        with pytest.raises(MountLimit, match=r"cannot go to elevation 91\.00 deg"):
            mount.point(10.0, 91.0)
        with pytest.raises(ValueError, match="finite number in deg"):
            mount.point(float("nan"), 10.0)
        with pytest.raises(StationError, match=r"jumps from 359\.0 to 1\.0"):
            mount.follow([10.0, 20.0], [359.0, 1.0], [10.0, 10.0])
        with pytest.raises(ValueError, match="A track table has times, azimuths and elevations of the same length"):
            mount.follow([10.0], [359.0], [10.0])
        mount.point(100.0, 10.0)
        with pytest.raises(Timeout, match=r"still moves after 1\.0 s"):
            mount.wait(1.0)
    errors = [event.data["kind"] for event in talk.trace.events if event.kind == "error"]
    assert errors == ["MountLimit", "StationError", "Timeout"]


def test_what_happens_to_the_mount_is_on_the_record(path: Path) -> None:
    with conversation(PLAIN, path) as talk:
        mount = talk.station.mount
        mount.turn(-6.0, 0.0)
        talk.station.clock.wait(2.0)
        mount.point(300.0, 45.0)
        mount.wait(120.0)
    events = [event for event in talk.trace.events if event.kind.startswith("mount_")]
    assert [event.data["what"] for event in events if event.kind == "mount_asked"] == ["turn", "point"]
    kinds = [event.kind for event in events if event.kind != "mount_asked"]
    assert kinds == ["mount_limit", "mount_latched", "mount_released"]


def test_a_deaf_mount_says_so_until_it_is_reset(path: Path) -> None:
    fault = EncoderFault("azimuth", "freezes", from_s=3.0, until_s=30.0)
    with conversation(ground_scene(AntennaSpec(DISH, 0.5, Flaws(faults=(fault,)))), path) as talk:
        mount = talk.station.mount
        mount.point(100.0, 45.0)
        talk.station.clock.wait(20.0)
        assert mount.state().deaf
        with pytest.raises(StationError, match="Reset it before the next command"):
            mount.point(10.0, 45.0)
        talk.station.clock.wait(20.0)
        mount.reset()
        mount.point(10.0, 45.0)
        mount.wait()
    told = [(event.kind, str(event.data.get("text", ""))) for event in talk.trace.events]
    assert ("fault", "The azimuth encoder stands still.") in told
    assert [kind for kind, _ in told if kind == "mount_deaf"] == ["mount_deaf"]


def test_a_satellite_is_followed_by_a_track_table_and_the_error_is_recorded(path: Path) -> None:
    scene, rises, sets = aimed()
    with conversation(scene, path, LONG) as talk:
        station = talk.station
        times = np.arange(rises, sets, 1.0)
        seen = station.elements.look("AL-FARABI-2", times)
        azimuth = np.degrees(np.unwrap(np.radians(seen.azimuth_deg)))
        station.mount.follow(times, azimuth + (360.0 if azimuth.min() < 0.0 else 0.0), seen.elevation_deg)
        station.clock.wait_until(sets + 1.0)
    trace = talk.trace
    up = trace["mount_aim"] == 1
    assert np.count_nonzero(up) == pytest.approx((sets - rises) / 0.1, abs=2)
    error = trace["mount_error"][up]
    assert 0.03 < np.quantile(error, 0.9) < 0.15  # half of the play, across the sky
    times = trace.time[up]
    truth = look(al_farabi(), ALMATY, START + times)
    again = pointing_error_deg(*trace["mount_true"][up].T, np.degrees(truth.azimuth), np.degrees(truth.elevation))
    assert again == pytest.approx(error, abs=1e-4)


def test_each_step_of_a_pass_is_recorded_though_the_mount_stands(path: Path) -> None:
    scene, rises, sets = aimed()
    with conversation(scene, path, LONG) as talk:
        talk.station.clock.wait_until(sets + 100.0)
    up = talk.trace["mount_aim"] == 1
    assert np.count_nonzero(up) == pytest.approx((sets - rises) / 0.1, abs=2)


def test_other_equipment_learns_where_the_antenna_truly_looked(path: Path) -> None:
    with conversation(ground_scene(AntennaSpec(DISH, 0.5, FLAWS)), path) as talk:
        talk.station.clock.wait(5.0)
        talk.station.mount.point(40.0, 60.0)
        talk.station.clock.wait(30.0)
        azimuth, elevation = talk.controller.part(Antenna).mount.true_deg
        assert azimuth == pytest.approx(39.95, abs=0.3)
        assert elevation == pytest.approx(60.0, abs=0.3)
        assert azimuth != pytest.approx(40.0, abs=1e-6)


def test_the_same_commands_give_the_same_trace(path: Path) -> None:
    scene = replace(ground_scene(AntennaSpec(DISH, 0.5, FLAWS)), noise_seed=7)
    hashes = []
    for number in range(2):
        with conversation(scene, path.with_name(f"{number}.trace")) as talk:
            talk.station.mount.point(40.0, 60.0)
            talk.station.clock.wait(30.0)
        hashes.append(talk.trace["mount_true"].tobytes())
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("column", [1, 2])
def test_angles_of_astronomical_size_are_refused_and_the_run_goes_on(column: int, path: Path) -> None:
    """Their difference is no number, and a number that is none cannot be put on the record."""
    table = np.array([[0.0, 10.0], [10.0, 20.0], [45.0, 45.0]])
    table[column] = 1e308, -1e308
    with conversation(PLAIN, path) as talk:
        with pytest.raises(StationError, match=r"Row 1 of the track table has the angle 1e\+308 deg"):
            talk.station.mount.follow(*table)
        assert not talk.station.mount.state().moving
    assert talk.outcome is not None
    assert talk.outcome.kind is OutcomeKind.FINISHED
