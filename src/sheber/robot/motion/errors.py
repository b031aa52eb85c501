"""Why a move is refused: the kinds of reasons, and their sentences for the student."""

from __future__ import annotations

from typing import Final

from sheber.i18n import Message, Worded, message

__all__ = ["JointLimit", "MotionError", "NoContact", "SelfCollision", "Singularity", "SpeedLimit", "Unreachable"]


class MotionError(Worded):
    """A move that cannot be made; its text is for the student."""

    @property
    def kind(self) -> str:
        """Its name, under which the client raises it (sheber.client.errors.KINDS)."""
        return type(self).__name__


class Unreachable(MotionError):
    """No joint angles bring the tool there."""


class JointLimit(MotionError):
    """A joint would have to turn beyond its range."""


class Singularity(MotionError):
    """A Cartesian path comes too near to a place where joints would have to turn at any speed."""


class SpeedLimit(MotionError):
    """A speed or an acceleration that the arm does not have."""


class SelfCollision(MotionError):
    """The arm or its tool would touch the arm itself on the way."""


class NoContact(MotionError):
    """The arm went to the end of its way and met nothing."""


# --- sentences; poses, places and joints come in words (`words.py`), in mm and degrees ------------------

NO_CONFIGURATION: Final = message(
    "motion.no_configuration", "There is no configuration {asked!r}. The configurations of this arm are: {names}."
)
OTHER_CONFIGURATION: Final = message(
    "motion.other_configuration",
    "The configuration {asked!r} was asked for. It does not reach {pose}. These configurations reach it: {names}.",
)
TOO_FAR: Final = message(
    "motion.too_far",
    "{pose} is out of reach. No joint angles bring the tool there: the wrist would be {far:.0f} mm from the shoulder, "
    "and the arm reaches about {reach:.0f} mm.",
)
TOO_NEAR: Final = message(
    "motion.too_near",
    "{pose} is out of reach. No joint angles bring the tool there: the wrist would be {far:.0f} mm from the axis of "
    "joint 1, which is too close.",
)
LEAVES_REACH: Final = message(
    "motion.leaves_reach",
    "The path (line or arc) to {pose} leaves the robot's reach after {percent:.0f} % of its length, at {place}. "
    "A joint move (move_to) can take another way.",
)
NO_CIRCLE: Final = message(
    "motion.no_circle",
    "No circle goes from {start} through {via} to {to}: the three points lie on one line, or two of them are the same.",
)
RANGE_AT_POSE: Final = message(
    "motion.range_at_pose",
    "To reach {pose}, joint {number} ({name}) would have to turn to {angle:.1f} deg. Its range is from {low:.0f} to "
    "{high:.0f} deg.",
)
RANGE_ON_PATH: Final = message(
    "motion.range_on_path",
    "On the path to {pose}, after {percent:.0f} % of its length, joint {number} ({name}) would have to turn to "
    "{angle:.1f} deg. Its range is from {low:.0f} to {high:.0f} deg.",
)
RANGE_OF_JOINTS: Final = message(
    "motion.range_of_joints",
    "The joint angles {joints} were asked for. Joint {number} ({name}) cannot turn to {angle:.1f} deg: its range is "
    "from {low:.0f} to {high:.0f} deg.",
)
SINGULAR: Final = message(
    "motion.singular",
    "The path (line or arc) to {pose} meets a singularity after {percent:.0f} % of its length, at {place}. {why} "
    "Go around this place, or use a joint move (move_joints, move_to).",
)
WHY_SINGULAR: Final[dict[str, Message]] = {
    "wrist": message(
        "motion.singular_wrist",
        "At this place, joints 4 and 6 turn about the same axis (wrist singularity: joint 5 is at 0 or 180 deg).",
    ),
    "elbow": message(
        "motion.singular_elbow",
        "At this place, the arm is stretched out or folded (elbow singularity: joint 3 is at {stretched:.0f} or "
        "{folded:.0f} deg).",
    ),
    "shoulder": message(
        "motion.singular_shoulder",
        "At this place, the wrist is too close to the axis of joint 1 (shoulder singularity).",
    ),
    "": message("motion.singular_other", "At this place, a joint would have to jump."),
}
CALLED: Final = message("motion.singular_called", "{why} {maker} calls it the {called}.")
HITS_ITSELF: Final = message(
    "motion.hits_itself",
    "The robot would touch itself on the path to {pose}, after {percent:.0f} % of the path, at the joint angles "
    "{joints}.",
)
TOO_FAST: Final = message(
    "motion.too_fast",
    "A speed of {asked:.4g} {unit} was asked for. This robot takes a speed above 0 and up to {most:.4g} {unit}.",
)
TOO_SUDDEN: Final = message(
    "motion.too_sudden",
    "An acceleration of {asked:.4g} {unit} was asked for. This robot takes an acceleration above 0 and up to "
    "{most:.4g} {unit}.",
)
GAVE_WAY_TOO_FAR: Final = message(
    "motion.gave_way_too_far",
    "The compliant motion led the arm to {place}. Beyond this place, no joint angles bring the tool on. "
    "The robot stands.",
)
GAVE_WAY_TO_LIMIT: Final = message(
    "motion.gave_way_to_limit",
    "The compliant motion led the arm to {place}. There, joint {number} ({name}) is at the end of its range. "
    "The robot stands.",
)
GAVE_WAY_TO_SINGULARITY: Final = message(
    "motion.gave_way_to_singularity",
    "The compliant motion led the arm to {place}. There, a joint would have to turn faster than it can. "
    "The robot stands.",
)
GAVE_WAY_TO_THE_END: Final = message(
    "motion.gave_way_to_the_end",
    "The compliant motion led the arm to {place}, {travel:.0f} mm from where it began, and did not meet the force. "
    "It goes no further than this (travel). The robot stands.",
)
