"""The moves a program can ask for. Poses are T_base_tcp; None means the arm's default."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose

__all__ = ["Move", "MoveCircular", "MoveJoints", "MoveLinear", "MoveTo"]


@dataclass(frozen=True, slots=True, eq=False)
class MoveJoints:
    """MoveJ to joints: all joints start and stop together."""

    q: NDArray[np.float64]  # (6,) rad
    speed: float | None = None  # rad/s of the joint that turns farthest
    acceleration: float | None = None  # rad/s2 of the same joint
    blend: float = 0.0  # m, distance of the TCP from the end at which the corner begins; 0: stop there


@dataclass(frozen=True, slots=True, eq=False)
class MoveTo:
    """MoveJ to a pose, in the configuration that the arm is in, where that reaches it."""

    pose: Pose  # T_base_tcp
    speed: float | None = None  # rad/s
    acceleration: float | None = None  # rad/s2
    blend: float = 0.0  # m
    configuration: str = ""  # words such as "left up flip"; "" keeps the arm's


@dataclass(frozen=True, slots=True, eq=False)
class MoveLinear:
    """MoveL: the TCP goes straight, the orientation turns evenly."""

    pose: Pose  # T_base_tcp
    speed: float | None = None  # m/s of the TCP
    acceleration: float | None = None  # m/s2 of the TCP
    blend: float = 0.0  # m


@dataclass(frozen=True, slots=True, eq=False)
class MoveCircular:
    """MoveC: the TCP goes on a circle through `via` to `to`; the orientation turns evenly from start to end."""

    via: Pose  # T_base_tcp; its orientation is not used
    to: Pose  # T_base_tcp
    speed: float | None = None  # m/s
    acceleration: float | None = None  # m/s2
    blend: float = 0.0  # m


Move = MoveJoints | MoveTo | MoveLinear | MoveCircular
