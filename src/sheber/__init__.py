"""Sheberkhana: a student's program imports this package. It needs only numpy and the standard library.

>>> from sheber import DOWN, Pose, connect
"""

from sheber.client import (
    Collision,
    ElementsTooOld,
    JointLimit,
    MountLimit,
    NoContact,
    NotGiven,
    RobotError,
    SelfCollision,
    SheberError,
    Singularity,
    SpeedLimit,
    StationError,
    Timeout,
    ToolError,
    Unreachable,
    connect,
)
from sheber.client.robot_cell.force import Contact, Signal
from sheber.geometry import DOWN, Pose

__all__ = [
    "DOWN",
    "Collision",
    "Contact",
    "ElementsTooOld",
    "JointLimit",
    "MountLimit",
    "NoContact",
    "NotGiven",
    "Pose",
    "RobotError",
    "SelfCollision",
    "SheberError",
    "Signal",
    "Singularity",
    "SpeedLimit",
    "StationError",
    "Timeout",
    "ToolError",
    "Unreachable",
    "connect",
]
