"""The client of a robot cell: cell, robot, tools and cameras as a program sees them."""

from sheber.client.robot_cell.camera import Camera, Image
from sheber.client.robot_cell.cell import Cell, State
from sheber.client.robot_cell.changer import Changer, DockedTool
from sheber.client.robot_cell.dispenser import Dispenser
from sheber.client.robot_cell.force import Compliance, Contact, Signal, Touch
from sheber.client.robot_cell.gripper import Gripper
from sheber.client.robot_cell.positioner import Positioner
from sheber.client.robot_cell.robot import Robot, RobotLimits, Tool
from sheber.client.robot_cell.suction import Suction

__all__ = [
    "Camera",
    "Cell",
    "Changer",
    "Compliance",
    "Contact",
    "Dispenser",
    "DockedTool",
    "Gripper",
    "Image",
    "Positioner",
    "Robot",
    "RobotLimits",
    "Signal",
    "State",
    "Suction",
    "Tool",
    "Touch",
]
