"""Sheberkhana: a student's program imports this package. It needs only numpy and the standard library.

>>> from sheber import DOWN, Pose, connect
"""

from sheber.client import (
    Collision,
    JointLimit,
    NotGiven,
    RobotError,
    SelfCollision,
    SheberError,
    Singularity,
    SpeedLimit,
    Timeout,
    ToolError,
    Unreachable,
    connect,
)
from sheber.geometry import DOWN, Pose

__all__ = [
    "DOWN",
    "Collision",
    "JointLimit",
    "NotGiven",
    "Pose",
    "RobotError",
    "SelfCollision",
    "SheberError",
    "Singularity",
    "SpeedLimit",
    "Timeout",
    "ToolError",
    "Unreachable",
    "connect",
]
