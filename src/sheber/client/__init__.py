"""The part of sheber that a student's program imports. It needs only the standard library and numpy.

The modules here are for all stations. The client of each station has its own folder. A program imports this folder
when it connects to such a station.
"""

from sheber.client.connection import connect
from sheber.client.errors import (
    Collision,
    ElementsTooOld,
    JointLimit,
    MountLimit,
    NoContact,
    NotGiven,
    RobotError,
    RunOver,
    SelfCollision,
    SheberError,
    Singularity,
    SpeedLimit,
    StationError,
    Timeout,
    ToolError,
    Unreachable,
)
from sheber.client.named import Inputs, Named, Outputs
from sheber.client.station import Connected, Station

__all__ = [
    "Collision",
    "Connected",
    "ElementsTooOld",
    "Inputs",
    "JointLimit",
    "MountLimit",
    "Named",
    "NoContact",
    "NotGiven",
    "Outputs",
    "RobotError",
    "RunOver",
    "SelfCollision",
    "SheberError",
    "Singularity",
    "SpeedLimit",
    "Station",
    "StationError",
    "Timeout",
    "ToolError",
    "Unreachable",
    "connect",
]
