"""Wrist: the sensor of force and torque between arm and tool.

What it senses is what the surroundings do to the tool, and to what the tool holds: contacts, and the weight and the
inertia of what is held. Weight and inertia of the tool itself are compensated, as by a controller that knows its mass
and its centre. It reads noise and a bias on top of that. `now` is the reading, less what it was zeroed by; what is
recorded (`keep`, `take`) has the noise, but neither bias nor zero: a program cannot change the record.

A moment is felt by copying what the engine knows of it; the wrenches of many moments are worked out
at once, in the same numbers as each by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.cell.contacts import Contacts
from sheber.robot.cell.every_tool import Tool
from sheber.robot.cell.scene import Imperfections
from sheber.robot.cell.world import World

__all__ = ["Wrist"]

Array = NDArray[np.float64]
Number = Any  # a float, or an array (n,)
NOISE_ROWS = 256  # drawn at once: a single one costs as much
NOISE = np.array([1.0, 1.0, 1.0, 0.1, 0.1, 0.1])  # of N and Nm


class Wrist:
    """What the surroundings do to the tool: N and Nm, at the TCP, in its axes."""

    def __init__(
        self,
        world: World,
        contacts: Contacts,
        tool: Tool,
        bodies: slice,
        imperfect: Imperfections,
        rng: np.random.Generator,
        T_flange_tcp: Pose,
    ) -> None:
        """`bodies`: the engine's bodies of the tool; `imperfect`: noise, and bias at `T_flange_tcp`."""
        model, data = world.model, world.data
        self._model, self._data, self._contacts, self._tool = model, data, contacts, tool
        tcp = world.body("tcp")
        self._count = bodies.stop - bodies.start
        # torque and force on each body about the arm's centre of mass, that centre, the TCP, R_base_tcp row by row
        self._sources = (
            data.cfrc_ext[bodies].reshape(-1),
            data.subtree_com[int(model.body_rootid[tcp])],
            data.xpos[tcp],
            data.xmat[tcp],
        )
        self._own = self._sources[0]
        self._locked: tuple[Array, Array, Array] | None = None  # of a tool that is locked: see `lock`
        self._sigma, self._rng = imperfect.wrench_noise, rng
        self._offset: Array | None = np.array(imperfect.wrench_bias) if imperfect.wrench_bias else None  # bias - zero
        self._told = T_flange_tcp  # where it reads, as a program says; bias and zero are kept there
        self._elsewhere: Array | None = None  # (6, 6) from the true TCP's wrench to that of `refer`
        self._noise: list[Array] = []  # rows that are not used yet, the next one last
        self._step = -1  # of the moment that was felt last
        self._last: tuple[Array | None, float, Array | None] = (None, 0.0, None)  # its raw numbers, pull [N], noise
        self._kept: list[tuple[Array | None, float, Array | None]] = []

    def lock(self, bodies: slice | None) -> None:
        """From now on sense what is done to the engine's bodies of a locked tool too; None: it is off.

        What the weld does to the tool, and the tool to the changer, cancels out in the sum.
        """
        self._locked = None
        self._sources = (self._own, *self._sources[1:])
        if bodies is not None:
            centre = self._data.subtree_com[int(self._model.body_rootid[bodies.start])]
            self._locked = (self._data.cfrc_ext[bodies], centre, self._sources[1])
            self._sources = (np.zeros(6), *self._sources[1:])

    def _add_locked(self, forces: Array, centre: Array, here: Array) -> None:
        """Sum up what acts on changer and tool, about the arm's centre of mass as all else."""
        tx, ty, tz, fx, fy, fz = forces.sum(axis=0).tolist()
        x, y, z = (centre - here).tolist()
        turned = (tx + (y * fz - z * fy), ty + (z * fx - x * fz), tz + (x * fy - y * fx))
        np.add(self._own, (*turned, fx, fy, fz), self._sources[0])

    def _draw(self) -> None:
        self._noise = list(self._sigma * NOISE * self._rng.standard_normal((NOISE_ROWS, 6)))[::-1]

    def _feel(self, step: int) -> None:
        """Note the raw numbers of this moment; of one moment there is one measurement."""
        if step == self._step:
            return
        self._step = step
        raw, pull = None, 0.0
        if self._contacts.forces:
            mujoco.mj_rnePostConstraint(self._model, self._data)
            if self._locked is not None:
                self._add_locked(*self._locked)
            raw = np.concatenate(self._sources)
            if self._tool.holding:
                pull = self._tool.pull()  # the drive that draws the part is no contact force
        noise = None
        if self._sigma > 0.0:
            if not self._noise:
                self._draw()
            noise = self._noise.pop()
        self._last = (raw, pull, noise)

    def now(self, step: int) -> Array:
        """What the sensor reads (6,) at this step."""
        self._feel(step)
        wrench = self._worked_out_one(*self._last)
        if self._elsewhere is not None:
            wrench = self._elsewhere @ wrench
        return wrench if self._offset is None else wrench + self._offset

    def zero(self, reading: Array) -> None:
        """From now on read 0 where it read this (6,)."""
        self._offset = -reading if self._offset is None else self._offset - reading

    def refer(self, T_flange_told: Pose, T_flange_tcp: Pose) -> None:
        """From now on read at another point, in its axes: where a program says that its TCP is; and where it truly is.

        Bias and zero are of the sensor, which stays at the flange: they move with the point, not with the tool.
        """
        before, self._told = self._told, T_flange_told
        self._elsewhere = _at(T_flange_tcp.inverse() @ T_flange_told)
        if self._offset is not None:
            self._offset = _at(before.inverse() @ T_flange_told) @ self._offset

    def keep(self, step: int) -> None:
        """Note this moment for `take`."""
        self._feel(step)
        self._kept.append(self._last)

    def take(self) -> Array:
        """The wrenches (n, 6) of the kept moments, which are forgotten; without bias and zero."""
        kept, self._kept = self._kept, []
        return self._worked_out(kept)

    def _worked_out(self, felt: list[tuple[Array | None, float, Array | None]]) -> Array:
        wrenches = np.zeros((len(felt), 6))
        touched = [index for index, one in enumerate(felt) if one[0] is not None]
        if touched:
            pulls = np.array([felt[index][1] for index in touched])
            wrenches[touched] = self._sums(np.array([felt[index][0] for index in touched]), pulls)
        if felt and felt[0][2] is not None:
            wrenches += np.array([one[2] for one in felt])
        return wrenches

    def _worked_out_one(self, raw: Array | None, pull: float, noise: Array | None) -> Array:
        """The wrench (6,) of one moment: the same numbers as among many, in a fifth of the time."""
        wrench = np.zeros(6)
        if raw is not None:
            wide = 6 * self._count
            forces = raw[:wide].reshape(self._count, 6).sum(axis=0).tolist()
            wrench[:] = _resultant([*forces, *raw[wide:].tolist()], pull)
        if noise is not None:
            wrench += noise
        return wrench

    def _sums(self, raw: Array, pulls: Array) -> Array:
        """Sums of the forces on the tool (n, 6), at the TCP and in its axes."""
        wide = 6 * self._count
        forces = raw[:, :wide].reshape(len(raw), self._count, 6).sum(axis=1)
        return np.stack(_resultant([*forces.T, *raw[:, wide:].T], pulls), axis=1)


def _resultant(raw: Sequence[Number], pull: Number) -> tuple[Number, ...]:
    """Force and torque at the TCP, in its axes, of one moment or of many.

    `raw`: torque and force about a centre, that centre, the TCP, R_base_tcp row by row; `pull` draws along the tool.
    """
    tx, ty, tz, fx, fy, fz, cx, cy, cz, px, py, pz, a, b, c, d, e, f, g, h, i = raw
    dx, dy, dz = cx - px, cy - py, cz - pz
    tx, ty, tz = tx + dy * fz - dz * fy, ty + dz * fx - dx * fz, tz + dx * fy - dy * fx
    return (
        a * fx + d * fy + g * fz,
        b * fx + e * fy + h * fz,
        c * fx + f * fy + i * fz + pull,
        a * tx + d * ty + g * tz,
        b * tx + e * ty + h * tz,
        c * tx + f * ty + i * tz,
    )


def _at(T_a_b: Pose) -> Array:
    """(6, 6): takes a wrench at the origin of a, in its axes, to the same wrench at the origin of b, in its axes."""
    turn, (x, y, z) = T_a_b.rotation.T, T_a_b.position
    lever = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.block([[turn, np.zeros((3, 3))], [-turn @ lever, turn]])
