"""Force as a program has it: the wrench and its zero, guarded moves, compliance, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conversation import Conversation, conversation, events
from sheber import DOWN, Contact, NoContact, Pose, RobotError, Signal, SpeedLimit, ToolError
from sheber.robot.cell.scene import Fixture, Imperfections, LightBarrier, Scene, Shape
from sheber.robot.cell.stock import gripper, pointer, table
from sheber.robot.devices.force import _ForceGuard
from sheber.robot.motion.compliance import rotations
from sheber.trace import OutcomeKind

pytestmark = pytest.mark.physics

BIAS = (2.0, -3.0, 1.5, 0.1, 0.2, -0.1)
TOP = Pose((0.5, 0.1, 0.075)) @ DOWN  # on the plate


def plate_scene(**changes: Any) -> Scene:
    """A pin above a plate; a light barrier 40 mm above the plate."""
    plate = Fixture("plate", (Shape("box", (0.3, 0.3, 0.05)),), Pose((0.5, 0.1, 0.05)))
    known: dict[str, Any] = {
        "tool": pointer(),
        "fixtures": (table(), plate),
        "meant_contacts": (("tool", "plate"),),
        "barriers": (LightBarrier("there", (0.4, 0.1, 0.115), (0.6, 0.1, 0.115)),),
        "imperfections": Imperfections(wrench_noise=0.3, wrench_bias=BIAS),
    }
    return Scene(**(known | changes))


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Conversation]:
    """The pin stands 60 mm above the plate."""
    with conversation(plate_scene(), tmp_path / "run.trace") as talk:
        talk.cell.robot.move_to(TOP.offset(z=0.06))
        talk.cell.wait(0.2)
        yield talk


def mean(talk: Conversation) -> np.ndarray:
    """What the wrench reads, of 30 readings."""
    return np.mean([talk.cell.robot.wrench for _ in range(30)], axis=0)


# --- the wrench -----------------------------------------------------------------------------


def test_the_wrench_has_its_bias_until_it_is_zeroed(talk: Conversation) -> None:
    assert mean(talk) == pytest.approx(BIAS, abs=0.3)
    talk.cell.robot.zero_wrench()
    assert mean(talk)[:3] == pytest.approx(0.0, abs=0.5)
    assert mean(talk)[3:] == pytest.approx(0.0, abs=0.05)


def test_the_record_is_what_the_surroundings_do(tmp_path: Path) -> None:
    with conversation(plate_scene(), tmp_path / "run.trace") as talk:
        talk.cell.wait(0.3)
        talk.cell.robot.zero_wrench()
        talk.cell.wait(0.3)
    assert np.abs(talk.trace.samples["wrench"].mean(axis=0)).max() < 0.1
    assert events(talk.trace, "wrench_zeroed")[0].data["force_N"] == pytest.approx(np.linalg.norm(BIAS[:3]), abs=0.5)


def test_a_moving_robot_does_not_zero(talk: Conversation) -> None:
    talk.cell.robot.move_linear(TOP.offset(z=0.03), wait=False)
    with pytest.raises(RobotError, match="only while the robot stands"):
        talk.cell.robot.zero_wrench()


# --- guarded moves --------------------------------------------------------------------------


def test_a_guarded_move_gives_where_and_why(talk: Conversation) -> None:
    robot = talk.cell.robot
    robot.zero_wrench()
    touch = robot.move_linear(TOP.offset(z=-0.02), speed=0.005, until=Contact(5.0, along=(0, 0, 1)))
    assert touch.reason == "force"
    assert touch.pose.distance(TOP) < 0.1e-3
    assert touch.wrench[2] < -4.5
    robot.move_linear(TOP.offset(z=0.06))  # and the moves go on


def test_a_direction_may_be_the_tools(talk: Conversation) -> None:
    robot = talk.cell.robot
    robot.zero_wrench()
    touch = robot.move_linear(TOP.offset(z=-0.02), speed=0.005, until=Contact(5.0, along=(0, 0, -1), tool=True))
    assert touch.reason == "force"


def test_the_wrong_direction_meets_nothing(talk: Conversation) -> None:
    robot = talk.cell.robot
    robot.zero_wrench()
    with pytest.raises(NoContact):
        robot.move_linear(TOP.offset(z=0.0005), speed=0.01, until=Contact(5.0, along=(0, 0, -1)))


def test_a_guarded_move_that_never_touches_says_so(talk: Conversation) -> None:
    talk.cell.robot.zero_wrench()
    with pytest.raises(NoContact) as met:
        talk.cell.robot.move_linear(TOP.offset(z=0.03), speed=0.02, until=Contact(5.0))
    assert "met nothing: the largest force was" in str(met.value)
    assert "The guard stops at 5 N." in str(met.value)


def test_a_guard_may_be_an_input(talk: Conversation) -> None:
    touch = talk.cell.robot.move_linear(TOP.offset(z=0.01), speed=0.02, until=[Signal("there"), Contact(40.0)])
    assert touch.reason == "there"
    assert touch.pose.position[2] == pytest.approx(0.115, abs=0.002)


def test_a_bias_above_the_threshold_is_told_before_the_robot_moves(talk: Conversation) -> None:
    with pytest.raises(RobotError, match=r"the sensor reads .* N before the move begins"):
        talk.cell.robot.move_linear(TOP, until=Contact(2.0))
    assert talk.cell.robot.pose.distance(TOP.offset(z=0.06)) < 1e-3


# --- compliance -----------------------------------------------------------------------------


def test_compliance_presses_and_the_other_axes_follow_the_moves(talk: Conversation) -> None:
    robot = talk.cell.robot
    robot.move_linear(TOP.offset(z=0.005))
    robot.zero_wrench()
    with robot.compliance({"z": 10.0}, speed=0.01):
        talk.cell.wait(2.0)
        assert mean(talk)[2] == pytest.approx(-10.0, abs=1.5)
        robot.move_linear(TOP.offset(x=0.02, z=0.05), speed=0.01)
        assert robot.pose.position[0] == pytest.approx(0.52, abs=1e-3)
        assert robot.pose.position[2] == pytest.approx(0.075, abs=1e-3)  # z is the force's
    robot.move_linear(TOP.offset(z=0.05))
    assert robot.pose.position[2] == pytest.approx(0.125, abs=1e-3)


def test_compliance_goes_no_faster_than_asked(talk: Conversation) -> None:
    robot = talk.cell.robot
    robot.zero_wrench()
    with robot.compliance({"z": 10.0}, speed=0.005):
        heights = [robot.pose.position[2] for _ in range(100)]
    assert np.abs(np.diff(heights)).max() < 0.005 * 0.01 * 1.3
    assert heights[0] - heights[-1] > 0.003


def test_compliance_ends_at_its_travel_with_a_sentence(talk: Conversation) -> None:
    robot = talk.cell.robot
    robot.zero_wrench()
    robot.compliance({"z": 10.0}, speed=0.02, travel=0.01)
    with pytest.raises(NoContact, match="It goes no further than this"):
        talk.cell.wait(3.0)
    robot.move_linear(TOP.offset(z=0.06))  # and the moves go on


def test_compliance_is_on_record_and_ends_with_the_run(tmp_path: Path) -> None:
    with conversation(plate_scene(), tmp_path / "run.trace") as talk:
        talk.cell.robot.compliance({"z": 0.0, "rx": 0.0})
        talk.cell.wait(0.1)
    assert events(talk.trace, "compliance")[0].data["axes"] == ["z", "rx"]
    assert len(events(talk.trace, "compliance_end")) == 1
    assert talk.outcome is not None
    assert talk.outcome.kind is OutcomeKind.FINISHED


@pytest.mark.parametrize("force", [5e-324, -1e-310])
def test_the_smallest_force_that_a_number_can_be_is_pressed_without_a_warning(talk: Conversation, force: float) -> None:
    """A warning is an error here, and would end the run as a fault of ours."""
    with talk.cell.robot.compliance({"z": force, "rx": force}, speed=0.001):
        talk.cell.wait(0.1)


def test_stop_ends_compliance(talk: Conversation) -> None:
    talk.cell.robot.compliance({"z": 10.0})
    with pytest.raises(RobotError, match="compliant already, along z"):
        talk.cell.robot.compliance({"x": 0.0})
    talk.cell.robot.stop()
    talk.cell.robot.compliance({"x": 0.0}).end()


# --- what is refused ------------------------------------------------------------------------


def test_a_force_beyond_the_tool_is_refused(talk: Conversation) -> None:
    with pytest.raises(ToolError, match=r"A force of 80 N was asked for. The limit of this tool \(pointer\) is 50 N."):
        talk.cell.robot.compliance({"z": 80.0})
    with pytest.raises(ToolError, match="50 N"):
        talk.cell.robot.move_linear(TOP, until=Contact(51.0))
    assert talk.cell.robot.tool.strength == 50.0


def test_a_force_beyond_the_arm_is_refused(tmp_path: Path) -> None:
    with conversation(plate_scene(tool=gripper()), tmp_path / "run.trace") as talk:
        assert talk.cell.robot.limits.force == 100.0  # of an UR5e, which carries 5 kg
        with pytest.raises(RobotError, match="The limit of this arm is 100 N"):
            talk.cell.robot.compliance({"z": 150.0})
        with pytest.raises(RobotError, match="The limit of this arm is 10 Nm"):
            talk.cell.robot.compliance({"rz": 11.0})


def test_speeds_and_travels_beyond_the_limit_are_refused(talk: Conversation) -> None:
    robot = talk.cell.robot
    with pytest.raises(SpeedLimit, match=r"The limit is 0.25 m/s"):
        robot.compliance({"z": 5.0}, speed=0.5)
    with pytest.raises(SpeedLimit, match="not in millimetres"):
        robot.compliance({"z": 5.0}, speed=50.0)
    with pytest.raises(RobotError, match=r"at most 0.5 m"):
        robot.compliance({"z": 5.0}, travel=2.0)


@pytest.mark.parametrize("force", [{}, {"up": 1.0}, {"z": "5"}, {"z": float("nan")}, 5.0, None])
def test_what_is_no_force_is_refused_where_it_is_written(talk: Conversation, force: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        talk.cell.robot.compliance(force)


@pytest.mark.parametrize("until", [5.0, [], "force", [Contact(5.0), 3]])
def test_what_is_no_guard_is_refused_where_it_is_written(talk: Conversation, until: Any) -> None:
    with pytest.raises(TypeError, match=r"Contact\(force\)"):
        talk.cell.robot.move_linear(TOP, until=until)


def test_a_contact_needs_its_force_and_a_direction_a_length() -> None:
    with pytest.raises(ValueError, match="force in N"):
        Contact()
    with pytest.raises(ValueError, match="direction"):
        Contact(5.0, along=(0, 0, 0))


def test_a_guarded_move_takes_no_blend_and_waits(talk: Conversation) -> None:
    for more in ({"blend": 0.01}, {"wait": False}):
        with pytest.raises(ValueError, match="no blend and no wait=False"):
            talk.cell.robot.move_linear(TOP, until=Contact(5.0), **more)


def test_an_input_that_there_is_not_is_named(talk: Conversation) -> None:
    with pytest.raises(Exception, match="there"):
        talk.cell.robot.move_linear(TOP, until=Signal("nowhere"))


def feeling(wrench: tuple[float, ...]) -> Any:
    """A station that feels this wrench."""
    return SimpleNamespace(cell=SimpleNamespace(wrench=np.array(wrench)))


def test_a_guard_tells_the_most_force_along_its_direction_of_all_looks() -> None:
    """Looks that cannot change it are skipped: those where the whole force is no more than the most so far."""
    forces = [(0.0, 3.0, 1.0), (0.0, 0.0, 2.5), (2.0, 0.0, 1.5), (1.0, 1.0, -4.0)]
    for along, most in ((None, np.sqrt(18.0)), (np.array([0.0, 0.0, 1.0]), 2.5), (np.array([1.0, 0.0, 0.0]), 2.0)):
        guard = _ForceGuard(5.0, along, tool=True)
        for force in forces:
            assert not guard.met(feeling((*force, 0.0, 0.0, 0.0)))
        assert guard.most == pytest.approx(most)
        assert guard.met(feeling((6.0,) * 6))
        assert guard.force == pytest.approx(6.0 if along is not None else 6.0 * np.sqrt(3.0))


def test_rotations_of_many_vectors_are_those_of_one_at_a_time() -> None:
    rng = np.random.default_rng(5)
    vectors = np.concatenate([np.zeros((1, 3)), 1e-9 * np.eye(3), rng.uniform(-3.0, 3.0, (20, 3))])
    one_by_one = [Pose.from_rotvec((0.0, 0.0, 0.0), vector).rotation for vector in vectors]
    assert rotations(vectors) == pytest.approx(np.array(one_by_one), abs=1e-14)
