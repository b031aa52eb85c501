"""What the arms of different makers call things: orientations, configurations, singularities."""

from __future__ import annotations

import numpy as np
import pytest

from sheber.geometry import DOWN, Pose
from sheber.robot import arms
from sheber.robot.arms.description import FLAGS, ORIENTATIONS
from sheber.robot.motion import kinematics
from sheber.robot.motion.errors import MotionError
from sheber.robot.motion.flags import flag, flags
from sheber.robot.motion.interpolator import Interpolator
from sheber.robot.motion.moves import Move, MoveLinear, MoveTo
from sheber.robot.motion.words import in_words

TOOL = Pose((0.0, 0.0, 0.15))


def refusal(name: str, move: Move, q_deg: tuple[float, ...] = ()) -> str:
    arm = arms.load(name)
    robot = Interpolator(arm, TOOL, np.radians(q_deg) if q_deg else np.array(arm.home))
    with pytest.raises(MotionError) as caught:
        robot.add(move)
    return str(caught.value)


def test_an_orientation_is_written_as_the_maker_writes_it() -> None:
    pose = Pose.from_abc((0.4, 0.1, 0.05), np.radians((30.0, 20.0, 10.0)))
    words = [in_words(pose, orientation) for orientation in ORIENTATIONS]
    assert words == [
        "(400.0, 100.0, 50.0) mm, rotvec (4.4, 22.1, 27.9) deg",
        "(400.0, 100.0, 50.0) mm, A, B, C (30.0, 20.0, 10.0) deg",
        "(400.0, 100.0, 50.0) mm, q1 to q4 (0.9515, 0.0381, 0.1893, 0.2393)",
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ur5e", "(1500.0, 0.0, 300.0) mm, rotvec (180.0, 0.0, 0.0) deg"),
        ("kr6_r900", "(1500.0, 0.0, 300.0) mm, A, B, C (0.0, 0.0, 180.0) deg"),
        ("irb1200", "(1500.0, 0.0, 300.0) mm, q1 to q4 (0.0000, 1.0000, 0.0000, 0.0000)"),
    ],
)
def test_a_refused_move_names_its_goal_in_the_makers_words(name: str, words: str) -> None:
    assert words in refusal(name, MoveTo(Pose((1.5, 0.0, 0.3)) @ DOWN))


# Status and cfx of the same eight postures: KUKA's bits are overhead, wrist in front of A2-A3, A5 negative;
# ABB's table counts wrist behind axis 1, wrist behind the lower arm, axis 5 negative
@pytest.mark.parametrize(
    ("name", "status", "cfx"),
    [
        ("front up noflip", "S2", "cfx0"),
        ("front up flip", "S6", "cfx1"),
        ("front down noflip", "S0", "cfx2"),
        ("front down flip", "S4", "cfx3"),
        ("back down noflip", "S3", "cfx4"),
        ("back down flip", "S7", "cfx5"),
        ("back up noflip", "S1", "cfx6"),
        ("back up flip", "S5", "cfx7"),
    ],
)
def test_the_eight_configurations_have_the_makers_words(name: str, status: str, cfx: str) -> None:
    kuka, abb, ur = (arms.load(arm) for arm in ("kr6_r900", "irb1200", "ur5e"))
    assert (flag(kuka, name), flag(abb, name), flag(ur, name)) == (status, cfx, "")
    for arm, word in ((kuka, status), (abb, cfx)):
        assert [kinematics.configurations(arm)[branch] for branch in kinematics.matching(arm, word)] == [name]


def test_the_flags_beside_a_pose() -> None:
    kuka, abb = arms.load("kr6_r900"), arms.load("irb1200")
    home = np.radians((0.0, -90.0, 90.0, 0.0, 0.1, 0.0))  # KUKA's usual home: S 2, T 2
    assert flags(kuka, kinematics.configuration(kuka, home), home) == "S2 T2"
    turned = np.radians((-10.0, -90.0, 90.0, -20.0, -30.0, 40.0))
    assert flags(kuka, kinematics.configuration(kuka, turned), turned) == "S6 T27"
    posture = np.radians((-10.0, 10.0, 10.0, 100.0, -30.0, -190.0))
    assert flags(abb, kinematics.configuration(abb, posture), posture) == "confdata [-1, 1, -3, 1]"
    assert flags(arms.load("ur5e"), "left up flip", home) == ""


@pytest.mark.parametrize("name", ["kr6_r900", "irb1200"])
def test_in_front_of_the_upper_arm_is_measured(name: str) -> None:
    """The second choice against the frames: on which side of the line from axis 2 to axis 3 the wrist centre is."""
    arm = arms.load(name)
    for q in np.random.default_rng(5).uniform(arm.lower, arm.upper, (200, 6)):
        shoulder, elbow, _, wrist = kinematics.frames(arm, q[None])[0][1:5, :3, 3]
        front = np.array([np.cos(q[0]), np.sin(arm.joints[0].direction * q[0]), 0.0])
        side = np.cross(elbow - shoulder, wrist - elbow) @ np.cross((0.0, 0.0, 1.0), front)
        word = flag(arm, kinematics.configuration(arm, q))
        in_front = bool(int(word[-1]) & 2) == (arm.flags == "status-turn")
        assert in_front == (side > 0.0)


def test_an_unknown_configuration_names_both_kinds_of_words() -> None:
    told = refusal("kr6_r900", MoveTo(Pose((0.4, 0.1, 0.3)) @ DOWN, configuration="S8"))
    assert "There is no configuration 'S8'. The configurations of this arm are: front up flip (S6)" in told


@pytest.mark.parametrize(
    ("name", "where", "called"),
    [
        ("ur5e", "joint 3 is at 0 or 180 deg", ""),
        ("kr6_r900", "joint 3 is at 5 or -175 deg", "KUKA calls it the extended position singularity (a2)."),
        ("irb1200", "joint 3 is at -85 or 95 deg", "ABB calls it"),
    ],
)
def test_the_stretched_arm_is_told_in_the_makers_words(name: str, where: str, called: str) -> None:
    arm = arms.load(name)
    robot = Interpolator(arm, TOOL, np.array(arm.home))
    q = np.array(arm.home)
    q[2] = robot._planner.form.stretched(arm) + 0.2
    pose = robot._planner.tcp(q)
    frames = kinematics.frames(arm, q[None])[0][:, :3, 3]
    shoulder, elbow, wrist = frames[1], frames[2], frames[3 if arm.inverse == "ur" else 4]
    out, links = wrist - shoulder, np.linalg.norm(elbow - shoulder) + np.linalg.norm(wrist - elbow)
    way = links - np.linalg.norm(out) - 1e-5  # almost to where the arm is straight
    far = pose.offset(*(way * out / np.linalg.norm(out)))
    told = refusal(name, MoveLinear(far), tuple(np.degrees(q)))
    assert where in told
    assert called in told


def test_the_words_of_a_description_are_checked() -> None:
    from sheber.robot.arms import description

    assert FLAGS[0] == ""
    with pytest.raises(ValueError, match=r"'euler' is none of \('rotvec', 'abc', 'quaternion'\)"):
        description._one_of(ORIENTATIONS, "euler")
