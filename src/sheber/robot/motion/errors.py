"""Why a move is refused: what was asked, what was wrong, what exists, in words for a student."""

from __future__ import annotations

from sheber.i18n import Text, Worded, message

__all__ = ["JointLimit", "MotionError", "SelfCollision", "Singularity", "SpeedLimit", "Unreachable"]


REFUSED = message("motion.refused", "{why}")


class MotionError(Worded):
    """A move that cannot be made; its text is for the student."""

    def __init__(self, text: Text | str) -> None:
        super().__init__(text if isinstance(text, Text) else REFUSED(why=text))


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
