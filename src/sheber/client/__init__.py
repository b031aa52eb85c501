"""The program's side of the wire: what a student's program imports. Standard library and numpy only.

What all stations share lies here; the client of each station has a folder, which is imported when a program connects
to such a station.
"""

from sheber.client.connection import connect
from sheber.client.errors import (
    Collision,
    JointLimit,
    NotGiven,
    RobotError,
    RunOver,
    SelfCollision,
    SheberError,
    Singularity,
    SpeedLimit,
    Timeout,
    ToolError,
    Unreachable,
)
from sheber.client.named import Inputs, Named, Outputs
from sheber.client.station import Connected, Station

__all__ = [
    "Collision",
    "Connected",
    "Inputs",
    "JointLimit",
    "Named",
    "NotGiven",
    "Outputs",
    "RobotError",
    "RunOver",
    "SelfCollision",
    "SheberError",
    "Singularity",
    "SpeedLimit",
    "Station",
    "Timeout",
    "ToolError",
    "Unreachable",
    "connect",
]
