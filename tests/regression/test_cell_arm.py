"""The arm and its servo, with numbers: it is where kinematics says, holds, follows, is as imperfect as told."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from cell_driver import Driver, scene
from sheber.geometry import DOWN, Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.scene import Imperfections
from sheber.robot.motion import kinematics

pytestmark = pytest.mark.physics


def test_tcp_is_where_the_makers_kinematics_says() -> None:
    cell = build(scene(stock.pointer()))
    rng = np.random.default_rng(1)
    for _ in range(200):
        cell.joints[:] = rng.uniform(-3.0, 3.0, 6)
        cell.step += 1
        expected = kinematics.forward(cell.arm, cell.joints) @ cell.scene.tool.pose
        assert np.abs(cell.T_base_tcp.matrix - expected.matrix).max() < 1e-9


def test_engines_link_frames_are_the_makers() -> None:
    cell = build(scene(stock.pointer()))
    q = np.array([0.3, -1.2, 1.4, -0.7, 0.9, 2.0])
    cell.joints[:] = q
    cell.step += 1
    frames = kinematics.frames(cell.arm, q[None])[0]
    for link, frame in zip(cell.arm.links, frames, strict=True):
        assert np.abs(cell.body_pose(link.name).matrix - frame).max() < 1e-12


def test_gravity_is_compensated_to_a_micrometre() -> None:
    cell = build(scene(stock.gripper()))
    driver = Driver(cell)
    start = cell.T_base_tcp
    driver.wait(2.0)
    assert cell.T_base_tcp.distance(start) < 1e-6
    assert np.abs(cell.joint_torques[1:3]).min() > 10.0  # it is the drives that carry it


def test_fast_joint_move_is_followed_within_thirty_micrometres() -> None:
    cell = build(scene(stock.pointer()))
    driver = Driver(cell)
    errors, speeds = [], []

    def look() -> None:
        ideal = kinematics.forward(cell.arm, path[len(errors) * 5 + 4]) @ cell.scene.tool.pose
        errors.append(ideal.distance(cell.T_base_tcp))
        speeds.append(np.abs(cell.joint_speeds).max())

    t = np.linspace(0.0, 1.0, 501)[1:, None]
    path = driver.q + t**3 * (10.0 - 15.0 * t + 6.0 * t * t) * np.array([1.2, 0.4, -0.5, 0.6, -0.7, 1.5])
    driver.each_tick = look
    driver.follow(path)
    assert max(speeds) > 2.7  # rad/s
    assert max(errors) < 30e-6
    assert errors[-1] < 3e-6


def test_straight_line_stays_straight() -> None:
    cell = build(scene(stock.pointer()))
    driver = Driver(cell)
    a, b = Pose((0.45, -0.25, 0.2)) @ DOWN, Pose((0.45, 0.25, 0.2)) @ DOWN
    driver.to(a)
    off = []
    driver.each_tick = lambda: off.append(np.abs((cell.T_base_tcp.position - a.position)[[0, 2]]).max())
    driver.line(b, 0.8)  # up to 1.2 m/s
    assert max(off) < 30e-6


def test_unknown_payload_is_taken_over_by_the_integral() -> None:
    cell = build(scene(stock.pointer()))
    driver = Driver(cell)
    start = cell.T_base_tcp
    cell.world.data.xfrc_applied[cell.world.body("tool"), 2] = -20.0
    driver.wait(0.05)
    assert start.distance(cell.T_base_tcp) > 100e-6
    driver.wait(3.0)
    assert start.distance(cell.T_base_tcp) < 20e-6


def test_torque_limits_hold() -> None:
    cell = build(scene(stock.pointer()))
    driver = Driver(cell)
    peaks = np.zeros(6)
    driver.each_tick = lambda: np.maximum(peaks, np.abs(cell.joint_torques), out=peaks)
    driver.follow(driver.q + np.linspace(0.0, 1.5, 20)[:, None] * np.ones(6))  # 37 rad/s: no drive can
    driver.wait(0.5)
    assert (peaks <= np.array([joint.torque for joint in cell.arm.joints]) + 1e-9).all()
    assert peaks.max() == pytest.approx(150.0)
    assert np.isfinite(cell.joints).all()


def test_joint_zero_moves_the_tool_but_not_the_encoders() -> None:
    zero = (2e-4, -1e-4, 1e-4, 2e-4, -1e-4, 0.0)
    cell = build(scene(stock.pointer(), imperfections=Imperfections(joint_zero=zero)))
    driver = Driver(cell)
    driver.wait(0.2)
    ideal = kinematics.forward(cell.arm, driver.q) @ cell.scene.tool.pose
    assert np.allclose(cell.measured_joints, cell.arm.home, atol=1e-9)
    assert np.allclose(cell.joints - cell.measured_joints, zero, atol=1e-12)
    assert 20e-6 < ideal.distance(cell.T_base_tcp) < 300e-6


def test_repeatability_is_drawn_anew_for_each_move_and_by_seed() -> None:
    def visits(seed: int) -> np.ndarray:
        cell = build(scene(stock.pointer(), imperfections=Imperfections(repeatability=20e-6), noise_seed=seed))
        driver = Driver(cell)
        places = []
        for _ in range(25):
            cell.new_move()
            driver.wait(1.0)
            places.append(cell.T_base_tcp.position)
        return np.array(places)

    one = visits(1)
    spread = np.sqrt(((one - one.mean(axis=0)) ** 2).sum(axis=1).mean() / 3.0)
    assert 8e-6 < spread < 40e-6
    assert np.array_equal(one, visits(1))
    assert not np.array_equal(one, visits(2))


def test_wrench_is_felt_at_the_tcp_in_its_axes() -> None:
    cell = build(scene(stock.pointer()))
    driver = Driver(cell)
    down = Pose((0.5, 0.1, 0.001)) @ DOWN
    driver.to(down.offset(z=0.05))
    assert np.array_equal(cell.wrench, np.zeros(6))
    driver.line(down.offset(z=-0.0012), 1.0)
    assert cell.wrench[2] < -5.0  # the table pushes against the tool's z, which points down
    assert np.hypot(*cell.wrench[:2]) <= 0.6 * -cell.wrench[2] + 1e-6  # what is across is friction


def test_what_is_kept_is_what_was_there() -> None:
    cell = build(scene(stock.pointer(), imperfections=Imperfections(wrench_noise=1.0)))
    driver = Driver(cell)
    down = Pose((0.5, 0.1, 0.001)) @ DOWN
    driver.to(down.offset(z=0.05))
    seen: list[list[np.ndarray]] = []

    def look() -> None:
        cell.keep()
        seen.append([cell.joints.copy(), cell.joint_speeds.copy(), cell.refresh().copy(), cell.wrench.copy()])

    driver.each_tick = look
    driver.line(down.offset(z=-0.0012), 1.0)  # in the air, then on the table
    measured, changes = cell.kept()
    assert len(changes.ends) == len(seen) + 1 > 100
    for name, one in zip(("joints", "joint_speeds", "tcp", "wrench"), zip(*seen, strict=True), strict=True):
        assert np.array_equal(measured[name], np.array(one)), name
    assert cell.kept()[1].ends == [0]


def test_same_input_same_bits_however_often_it_is_looked_at() -> None:
    def run(curious: bool) -> bytes:
        cell = build(scene(stock.pointer()))
        driver = Driver(cell)
        if curious:
            driver.each_tick = lambda: (cell.changed_bodies(), cell.wrench, cell.self_collides(driver.q[None]))
        driver.to(Pose((0.5, -0.2, 0.3)) @ DOWN)
        return cell.world.data.qpos.tobytes() + cell.world.data.qvel.tobytes()

    assert run(False) == run(True)


def test_engine_writes_no_log_into_the_working_folder(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cell = build(scene(stock.pointer()))
    cell.world.data.qvel[0] = np.nan
    mujoco.mj_step(cell.world.model, cell.world.data)
    assert list(tmp_path.iterdir()) == []


def test_the_wrench_is_as_noisy_as_it_is_told() -> None:
    cell = build(scene(stock.pointer(), imperfections=Imperfections(wrench_noise=0.5), noise_seed=3))
    driver = Driver(cell)
    felt = []
    driver.each_tick = lambda: felt.append(cell.wrench.copy())
    driver.wait(6.0)
    spread = np.std(felt, axis=0)
    assert spread[:3] == pytest.approx(0.5, rel=0.15)
    assert spread[3:] == pytest.approx(0.05, rel=0.15)
    assert np.array_equal(cell.wrench, cell.wrench)  # of one moment there is one
