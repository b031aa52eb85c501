"""The glue head, with numbers: width of the bead against speed, start and stop, stand-off, and what a replay shows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cell_driver import Driver, scene
from sheber.geometry import DOWN, Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.scene import TouchProbe

pytestmark = pytest.mark.physics

FLOW = 3e-7  # m3/s
HEIGHT = 0.0025  # m, stand-off
START = Pose((0.45, -0.1, HEIGHT)) @ DOWN


class Bead:
    """What a head lays, tick by tick."""

    def __init__(self, height: float = HEIGHT, tilt: float = 0.0, **numbers: float) -> None:
        self.cell: Cell = build(scene(stock.dispenser(**numbers), meant_contacts=(("tool", "table"),)))
        self.driver = Driver(self.cell)
        self.start = (Pose((0.45, -0.1, height)) @ DOWN).rotated(x=tilt)
        self.driver.to(self.start)
        self.rows: list[tuple[float, ...]] = []
        self.driver.each_tick = self._look

    def _look(self) -> None:
        tool = self.cell.tool
        self.rows.append((self.cell.step * 0.002, tool.flow, tool.width, tool.laid, *tool.place, tool.stand_off))

    @property
    def column(self) -> dict[str, np.ndarray]:
        names = ("time", "flow", "width", "laid", "x", "y", "z", "stand_off")
        return dict(zip(names, np.array(self.rows).T, strict=True))

    def run(self, speed: float, length: float = 0.12) -> None:
        """Along base +y at a constant speed."""
        cell, arm = self.cell, self.cell.arm
        n = 5 * round(length / speed / 0.01)
        flange = np.tile((self.start @ cell.scene.tool.pose.inverse()).matrix, (n, 1, 1))
        flange[:, 1, 3] += np.linspace(0.0, length, n + 1)[1:]
        from sheber.robot.motion import kinematics

        branches = kinematics.inverse(arm, flange)
        first = kinematics.nearest(arm, branches[0], self.driver.q)
        branch = int(np.nanargmin(np.abs(first - self.driver.q).max(axis=1)))
        path = np.unwrap(branches[:, branch], axis=0)
        self.driver.follow(path + (first[branch] - path[0]))


@pytest.mark.parametrize("speed", [0.03, 0.06, 0.12])
def test_the_width_of_the_bead_is_that_of_flow_over_speed(speed: float) -> None:
    bead = Bead(height=0.004)
    bead.cell.tool.command(FLOW)
    bead.driver.wait(0.3)
    bead.run(speed)
    column = bead.column
    middle = (column["y"] > -0.07) & (column["y"] < -0.01)
    wanted = math.sqrt(8.0 * FLOW / speed / math.pi)  # 5.05, 3.57, 2.52 mm
    assert column["width"][middle] == pytest.approx(wanted, rel=0.02)
    way = float(np.ptp(column["y"][middle]))
    volume = float(np.ptp(column["laid"][middle]))
    assert volume / way == pytest.approx(FLOW / speed, rel=0.01)
    assert column["z"][middle] == pytest.approx(0.0, abs=1e-5)


def test_what_flows_out_is_what_lies() -> None:
    bead = Bead()
    bead.cell.tool.command(FLOW)
    bead.driver.wait(0.5)
    bead.run(0.06)
    bead.cell.tool.command(0.0)
    bead.driver.wait(0.5)
    column = bead.column
    assert column["laid"][-1] == pytest.approx(float(column["flow"].sum()) * 0.01, rel=1e-9)
    assert not bead.cell.tool.busy
    # open for 2.5 s, less the delay at the start, more that at the end, less what follows slowly at both
    assert column["laid"][-1] == pytest.approx(FLOW * (2.5 - 0.08 + 0.06), rel=0.01)


def test_the_valve_answers_late() -> None:
    bead = Bead()
    begin = bead.cell.step * 0.002
    bead.cell.tool.command(FLOW)
    bead.driver.wait(0.5)
    bead.cell.tool.command(0.0)
    bead.driver.wait(0.3)
    time, flow = bead.column["time"] - begin, bead.column["flow"]
    assert time[np.argmax(flow > 0.0)] == pytest.approx(0.08, abs=0.011)
    assert flow[(time > 0.2) & (time < 0.5)] == pytest.approx(FLOW, rel=0.01)
    full = time[np.flatnonzero(flow > 0.99 * FLOW)[-1]]
    assert full == pytest.approx(0.5 + 0.06, abs=0.011)
    assert time[np.flatnonzero(flow > 0.0)[-1]] == pytest.approx(0.62, abs=0.03)


def test_a_bead_that_begins_with_the_move_begins_late_by_delay_times_speed() -> None:
    bead = Bead()
    bead.cell.tool.command(FLOW)
    bead.run(0.06)
    column = bead.column
    begin = column["y"][np.argmax(column["laid"] > 0.0)] - (-0.1)
    assert begin == pytest.approx(0.06 * 0.08, abs=1e-3)  # 4.8 mm


@pytest.mark.parametrize(("height", "width"), [(0.0025, 3.57), (0.0015, 4.24), (0.001, 6.37)])
def test_a_low_nozzle_presses_the_bead_flat(height: float, width: float) -> None:
    bead = Bead(height=height)
    bead.cell.tool.command(FLOW)
    bead.driver.wait(0.3)
    bead.run(0.06)
    column = bead.column
    middle = (column["y"] > -0.07) & (column["y"] < -0.01)
    assert column["stand_off"][middle] == pytest.approx(height, abs=2e-5)
    assert column["width"][middle] * 1e3 == pytest.approx(width, rel=0.03)


def test_a_nozzle_that_touches_lets_nearly_nothing_out() -> None:
    bead = Bead(height=-0.0002)
    bead.cell.tool.command(FLOW)
    bead.driver.wait(0.5)
    assert bead.column["flow"].max() < 0.2 * FLOW
    assert any(event.b == "table" for event in bead.driver.events)


@pytest.mark.parametrize(("height", "gaps"), [(0.004, 0.0), (0.0055, 0.0), (0.009, 0.25), (0.02, 0.25)])
def test_a_high_nozzle_lays_drops_with_gaps(height: float, gaps: float) -> None:
    """The share of the way that no drop covers."""
    bead = Bead(height=height)
    bead.cell.tool.command(FLOW)
    bead.driver.wait(0.3)
    bead.run(0.06)
    column = bead.column
    laid = np.diff(column["laid"], prepend=0.0) > 0.0
    covered = np.zeros(600, dtype=bool)  # of 0.2 mm, from -0.08 to 0.04
    for x, y, width in np.stack([column["x"], column["y"], column["width"]])[:, laid].T:
        reach = math.sqrt(max(0.0, (width / 2) ** 2 - (x - 0.45) ** 2))
        first, last = (round((y + side * reach + 0.08) / 2e-4) for side in (-1.0, 1.0))
        covered[max(0, first) : max(0, last)] = True
    open_share = 1.0 - covered[:480].mean()
    assert open_share >= gaps if gaps else open_share == 0.0
    assert column["laid"][-1] == pytest.approx(float(column["flow"].sum()) * 0.01, abs=6e-8)  # but for a drop


def test_a_tilted_head_lays_along_its_axis() -> None:
    bead = Bead(height=0.004, tilt=math.radians(20.0))
    bead.cell.tool.command(FLOW)
    bead.driver.wait(0.3)
    column = bead.column
    assert column["stand_off"][-1] == pytest.approx(0.004 / math.cos(math.radians(20.0)), abs=3e-5)
    aside = abs(column["y"][-1] + 0.1)
    assert aside == pytest.approx(0.004 * math.tan(math.radians(20.0)), abs=5e-5)


def test_the_replay_gets_pieces_of_the_bead_as_wide_as_it_is() -> None:
    bead = Bead()
    cell = bead.cell
    cell.kept()
    cell.keep()
    cell.kept()
    bead.driver.each_tick = cell.keep
    cell.tool.command(FLOW)
    bead.driver.wait(0.3)
    bead.run(0.06)
    _, changes = cell.kept()
    marks = changes.indices >= cell.bodies.index("bead_1")
    assert changes.ends[-1] == len(changes.indices) == len(changes.poses)
    assert 50 <= int(marks.sum()) <= 60  # a piece for each 2 mm of 120 mm
    places = changes.poses[marks]
    assert np.diff(places[2:, 1]).max() < 0.0035
    half = np.sqrt(0.006**2 - places[10:, 2] ** 2)  # of the cap that looks out of the table
    assert 2.0 * half == pytest.approx(3.57e-3, rel=0.03)
    assert cell.body_pose("bead_1").position == pytest.approx(places[0, :3], abs=1e-6)
    assert cell.body_pose("bead_300").position[2] == pytest.approx(0.05)  # not laid yet: in the foot of the arm


@pytest.mark.parametrize("noise", [0.0, 5e-4])
def test_a_touch_probe_answers_at_the_surface_or_a_little_early(noise: float) -> None:
    cell = build(scene(stock.dispenser(), probes=(TouchProbe("contact", noise),), meant_contacts=(("tool", "table"),)))
    driver = Driver(cell)
    above = Pose((0.45, -0.1, 0.003)) @ DOWN
    driver.to(above)
    found = []
    for _touch in range(12):
        height = 0.0015
        while not cell.inputs["contact"]:
            height -= 1e-4  # 10 mm/s
            driver.line(above.offset(z=height - 0.003), 0.01)
        found.append(cell.T_base_tcp.position[2])
        driver.line(above, 0.2)
        assert not cell.inputs["contact"]
    assert min(found) > -2.5e-4  # a tick late, and another one until somebody reads it
    assert max(found) < noise + 1e-5
    assert (float(np.ptp(found)) > 1e-4) is (noise > 0.0)
