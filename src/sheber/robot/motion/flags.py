"""Flags: how makers write beside a pose which of its postures is meant.

KUKA writes Status and Turn, ABB confdata, Universal Robots nothing. Status and confdata count the three choices of a
spherical wrist, one of them otherwise: they ask whether the wrist is in front of the upper arm, not whether the elbow
is up. For an arm that reaches back over itself the one is the opposite of the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sheber.robot.arms import Arm

__all__ = ["flag", "flags"]

Array = NDArray[np.float64]


class _Choices(NamedTuple):
    """The three choices of a posture, each as a bit."""

    behind: int  # the wrist is behind axis 1
    in_front: int  # the wrist is in front of the upper arm
    flip: int  # joint 5 is negative


def flag(arm: Arm, name: str) -> str:
    """What the maker calls the configuration of this name in one word ("S2", "cfx0"); "" where it has no word."""
    return _WORDS[arm.flags][0](_choices(name)) if arm.flags else ""


def flags(arm: Arm, name: str, q: Array) -> str:
    """What the maker writes beside a pose for joints (6,) [rad] in the configuration of this name; "" for nothing."""
    return _WORDS[arm.flags][1](_choices(name), np.degrees(q)) if arm.flags else ""


def _choices(name: str) -> _Choices:
    words = name.split()
    front, up = "front" in words, "up" in words
    return _Choices(int(not front), int(up == front), int("flip" in words))


def _status(choices: _Choices) -> str:
    """Bit 0: overhead area; bit 1: A3 bends the wrist to the front; bit 2: A5 is negative."""
    return f"S{choices.behind + 2 * choices.in_front + 4 * choices.flip}"


def _status_turn(choices: _Choices, degrees: Array) -> str:
    """Turn has one bit an axis, set where its angle is negative."""
    turn = sum(1 << k for k, angle in enumerate(degrees.tolist()) if angle < 0.0)
    return f"{_status(choices)} T{turn}"


def _cfx(choices: _Choices) -> str:
    return f"cfx{4 * choices.behind + 2 * (1 - choices.in_front) + choices.flip}"


def _confdata(choices: _Choices, degrees: Array) -> str:
    """The quadrants of axes 1, 4 and 6 (0 is from 0 to 90 deg, -1 from -90 to 0), then cfx."""
    quadrants = [math.floor(degrees[axis] / 90.0) for axis in (0, 3, 5)]
    return f"confdata [{', '.join(map(str, quadrants))}, {_cfx(choices).removeprefix('cfx')}]"


_WORDS: dict[str, tuple[Callable[[_Choices], str], Callable[[_Choices, Array], str]]] = {
    "status-turn": (_status, _status_turn),
    "confdata": (_cfx, _confdata),
}
