"""A driver for tests of the cell: exact straight lines and joint moves with a smooth start and end, no controller."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import DOWN, Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.contacts import Contact
from sheber.robot.cell.scene import Fixture, Part, Scene, Shape, ToolSpec
from sheber.robot.motion import kinematics

Array = NDArray[np.float64]
BOX = (0.16, 0.12, 0.10)


def box(name: str = "box", mass: float = 2.0, at: tuple[float, float] = (0.5, 0.15), size: Array | tuple = BOX) -> Part:
    """A box that lies on the table."""
    return Part(name, (Shape("box", tuple(size)),), Pose((*at, size[2] / 2)), mass)


def scene(tool: ToolSpec, *parts: Part, fixtures: tuple[Fixture, ...] = (), **more: object) -> Scene:
    """A table with parts; what the tool does to parts, and parts to what carries them, is meant."""
    names = [*(part.name for part in parts)]
    meant = [("tool", n) for n in names] + [("finger_*", n) for n in names]
    meant += [(n, "table") for n in names] + [(a, b) for a in names for b in names if a != b]
    more.setdefault("meant_contacts", tuple(meant))
    return Scene(tool, parts=parts, fixtures=(stock.table(), *fixtures), **more)


def smooth(n: int) -> Array:
    """(n,) from above 0 to 1, at rest at both ends up to the acceleration."""
    t = np.linspace(0.0, 1.0, n + 1)[1:]
    return t**3 * (10.0 - 15.0 * t + 6.0 * t * t)


class Driver:
    """Moves the arm of a cell and keeps its contact events."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.q = cell.measured_joints.copy()
        self.events: list[Contact] = []
        self.each_tick: Callable[[], None] = lambda: None

    def follow(self, path: Array, at_once: int = 5) -> None:
        """Advance along joint targets (n, 6), n a multiple of 5, so many steps at once."""
        for i in range(0, len(path), at_once):
            self.cell.advance(path[i : i + at_once])
            self.events += self.cell.touches.events
            self.each_tick()
        if len(path):
            self.q = path[-1].copy()

    def wait(self, seconds: float) -> None:
        self.follow(np.tile(self.q, (5 * round(seconds / 0.01), 1)))

    def joints(self, q: Array, seconds: float) -> None:
        """A joint move."""
        self.follow(self.q + smooth(5 * round(seconds / 0.01))[:, None] * (np.asarray(q) - self.q))

    def solve(self, T_base_tcp: Pose) -> Array:
        """Joints for a pose of the TCP, nearest to where the arm is."""
        flange = T_base_tcp @ self.cell.tool_now.pose.inverse()
        branches = kinematics.nearest(self.cell.arm, kinematics.inverse_one(self.cell.arm, flange), self.q)
        return branches[np.abs(branches - self.q).max(axis=1).argmin()]

    def to(self, T_base_tcp: Pose, seconds: float = 1.0) -> None:
        """A joint move to a pose of the TCP."""
        self.joints(self.solve(T_base_tcp), seconds)

    def line(self, T_base_tcp: Pose, seconds: float = 0.5, at_once: int = 5) -> None:
        """A straight line of the TCP with the orientation of its end, so many steps at once."""
        arm, tool = self.cell.arm, self.cell.tool_now.pose
        start = (kinematics.forward(arm, self.q) @ tool).position
        part = smooth(5 * round(seconds / 0.01))[:, None]
        flange = np.tile((T_base_tcp @ tool.inverse()).matrix, (len(part), 1, 1))
        flange[:, :3, 3] += (start - T_base_tcp.position) * (1.0 - part)
        branches = kinematics.inverse(arm, flange)  # (n, 8, 6)
        first = kinematics.nearest(arm, branches[0], self.q)
        branch = int(np.nanargmin(np.abs(first - self.q).max(axis=1)))
        path = np.unwrap(branches[:, branch], axis=0)
        self.follow(path + (first[branch] - path[0]), at_once)


def picked(part: Part, height: float = BOX[2], **more: object) -> tuple[Cell, Driver, Pose]:
    """A cell in which the suction cup holds `part`, lifted by 0.2 m; the third is the pose it was picked at."""
    cell = build(scene(stock.suction(), part, **more))
    driver = Driver(cell)
    pick = Pose((*part.pose.position[:2], height)) @ DOWN
    driver.to(pick.offset(z=0.05))
    driver.line(pick)
    cell.tool.command(True)
    driver.wait(0.4)
    driver.line(pick.offset(z=0.2), 0.8)
    return cell, driver, pick


def held(cell: Cell, name: str) -> Pose:
    """T_tcp_part."""
    return cell.T_base_tcp.inverse() @ cell.body_pose(name)
