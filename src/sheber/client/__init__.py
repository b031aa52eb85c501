"""The program's side of the wire: what a student's program imports. Standard library and numpy only."""

from sheber.client.camera import Camera, Image
from sheber.client.cell import Cell, State
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
from sheber.client.robot import Robot, RobotLimits, Tool
from sheber.client.tools import Gripper, Suction

__all__ = [
    "Camera",
    "Cell",
    "Collision",
    "Gripper",
    "Image",
    "Inputs",
    "JointLimit",
    "Named",
    "NotGiven",
    "Outputs",
    "Robot",
    "RobotError",
    "RobotLimits",
    "RunOver",
    "SelfCollision",
    "SheberError",
    "Singularity",
    "SpeedLimit",
    "State",
    "Suction",
    "Timeout",
    "Tool",
    "ToolError",
    "Unreachable",
    "connect",
]
