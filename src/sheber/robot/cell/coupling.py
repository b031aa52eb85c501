"""Coupling: what holds a tool on the changer, as physics: a weld, and a body that is lent the tool's weight.

Theory of operation. Two things make the weld as good as a tool that is screwed on. Its stiffness is nearly the largest
that the step allows: an error is gone after two steps. And what the tool weighs is lent to a body fixed to the flange,
but for a fiftieth: then the servos know the inertia that they move, and carry the weight, as those of a controller that
is told the payload. The tool's own body stays for contacts and the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.cell.docks import CHANGER, T_flange_tool
from sheber.robot.cell.every_tool import Tool
from sheber.robot.cell.fixtures import Waker
from sheber.robot.cell.scene import ToolSpec
from sheber.robot.cell.world import World
from sheber.robot.clock import STEP_S

__all__ = ["PAYLOAD", "Coupling", "DockTool", "add_payload", "add_weld"]

Array = NDArray[np.float64]

PAYLOAD = "payload"  # the body that is lent the weight of a locked tool; nobody sees it
# stiffness [s^-2] and damping [s^-1] of the weld: one over the step squared, and one over the step, would take an error
# away in one step; a little more makes the engine diverge
WELD_SOLREF = (-0.8 / STEP_S**2, -1.0 / STEP_S)
WELD_SOLIMP = (0.9999, 0.9999, 0.001, 0.5, 2.0)
KEPT = 0.02  # share of its mass that a locked tool keeps


def add_payload(flange: Any) -> None:
    """Add the body that is lent the weight of tools to the flange."""
    payload = flange.add_body(name=PAYLOAD)
    payload.explicitinertial, payload.gravcomp = True, 1.0
    # neither zero nor along the axes: the engine must not leave out what is so when compiled
    payload.mass, payload.ipos, payload.iquat = 1e-6, (1e-3, 2e-3, 3e-3), (0.8, 0.36, 0.48, 0.0)
    payload.inertia = (1e-9, 1.1e-9, 1.2e-9)


def add_weld(spec: Any, tool: str) -> None:
    """Add what can weld the body of a tool to the changer; off at first."""
    weld = spec.add_equality(
        name=tool, type=mujoco.mjtEq.mjEQ_WELD, objtype=mujoco.mjtObj.mjOBJ_BODY, name1=CHANGER, name2=tool
    )
    weld.active, weld.solref, weld.solimp = False, WELD_SOLREF, WELD_SOLIMP
    weld.data[:11] = [0.0, 0.0, 0.0, *_seven(T_flange_tool), 1.0]


@dataclass(slots=True)
class DockTool:
    """A tool that has a place in a dock, alive, wherever it is now."""

    number: int  # that it tells as its identification: 1, 2, ...
    name: str
    dock: str  # where it stands at first
    spec: ToolSpec  # as the arm has it
    tool: Tool
    bodies: slice  # the engine's
    weld: int  # the engine's equality
    masses: Array  # (n,) kg
    inertias: Array  # (n, 3)
    subtrees: Array  # (n,) kg

    @property
    def body(self) -> int:
        """The engine's body of its plate."""
        return int(self.bodies.start)


class Coupling:
    """The weld and the payload of one changer, alive."""

    def __init__(self, world: World, waker: Waker) -> None:
        self._model, self._data, self._waker = world.model, world.data, waker
        self._body, self._payload = world.body(CHANGER), world.body(PAYLOAD)
        self._above = self._ancestors()

    def bring(self, tool: DockTool) -> None:
        """Put a tool to its place on the changer and weld it there, before the first step."""
        model, data = self._model, self._data
        mujoco.mj_kinematics(model, data)
        pose = Pose(data.xpos[self._body], data.xquat[self._body]) @ T_flange_tool
        address = int(model.jnt_qposadr[model.body_jntadr[tool.body]])
        data.qpos[address : address + 7] = _seven(pose)
        mujoco.mj_kinematics(model, data)
        self.weld(tool, T_flange_tool)

    def weld(self, tool: DockTool, pose: Pose) -> None:
        """Weld the tool at this pose; its weight is the servos', which know it."""
        self._model.eq_data[tool.weld, 3:10] = _seven(pose)
        self._model.body_gravcomp[tool.bodies] = 1.0
        self._data.eq_active[tool.weld] = 1

    def unweld(self, tool: DockTool) -> None:
        """Let it fall. It may have been still for long enough to sleep at once, in the air."""
        self._data.eq_active[tool.weld] = 0
        self._model.body_gravcomp[tool.bodies] = 0.0
        self._waker.wake([tool.body])

    def lend(self, tool: DockTool) -> None:
        """Let the body at the flange have the tool's mass and inertia, but for what the tool keeps."""
        model, data, bodies = self._model, self._data, tool.bodies
        mujoco.mj_kinematics(model, data)
        lent = (1.0 - KEPT) * tool.masses
        place, turn = data.xpos[self._body], data.xmat[self._body].reshape(3, 3)
        centres = (data.xipos[bodies] - place) @ turn  # (n, 3) in the flange's frame
        mass = float(lent.sum())
        centre = lent @ centres / mass
        inertia = np.zeros((3, 3))
        for m, at, own, axes in zip(lent, centres - centre, tool.inertias, data.ximat[bodies], strict=True):
            R = turn.T @ axes.reshape(3, 3)
            inertia += R @ np.diag((1.0 - KEPT) * own) @ R.T + m * (at @ at * np.eye(3) - np.outer(at, at))
        model.body_mass[bodies] = KEPT * tool.masses
        model.body_inertia[bodies] = KEPT * tool.inertias
        model.body_subtreemass[bodies] = KEPT * tool.subtrees
        self._carry(mass, centre, inertia)

    def take_back(self, tool: DockTool) -> None:
        """Let the tool have its own mass and inertia again."""
        self._model.body_mass[tool.bodies] = tool.masses
        self._model.body_inertia[tool.bodies] = tool.inertias
        self._model.body_subtreemass[tool.bodies] = tool.subtrees
        self._carry(0.0)

    def _carry(self, mass: float, centre: Array | None = None, inertia: Array | None = None) -> None:
        """The mass [kg], centre (3,) [m] and inertia (3, 3) about it of the body at the flange."""
        model, body = self._model, self._payload
        model.body_subtreemass[self._above] += mass - model.body_mass[body]
        model.body_mass[body] = mass
        model.body_inertia[body] = 0.0
        if centre is None or inertia is None:
            return
        moments, axes = np.linalg.eigh(inertia)
        axes[:, 0] *= np.sign(np.linalg.det(axes))
        quaternion = np.zeros(4)
        mujoco.mju_mat2Quat(quaternion, axes.reshape(9))
        model.body_ipos[body], model.body_iquat[body], model.body_inertia[body] = centre, quaternion, moments

    def _ancestors(self) -> list[int]:
        """The engine's bodies that carry the payload, and itself; the world too."""
        found, body = [self._payload], self._payload
        while body:
            body = int(self._model.body_parentid[body])
            found.append(body)
        return found


def _seven(pose: Pose) -> list[float]:
    return [*pose.position.tolist(), *pose.quaternion.tolist()]
