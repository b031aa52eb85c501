"""Suction: a bellows cup that holds by vacuum.

Theory of operation. The engine's adhesion drive pulls the cup's body onto whatever it touches,
over a gap of 2 mm; the force it may use is ours: lip area times vacuum. The vacuum is a state of
ours too. How well the lip seals is seen by rays from inside the cup through its rim: the part of
them that meets a surface near the lip is the sealed part of the rim. A whole seal lets the
ejector reach its full vacuum; each twelfth of open rim costs a third of it, so that a cup over
an edge does not hold. A cup that loses what it held loses its vacuum. The bellows give way by some
millimetres when pressed, so that a place command 1 mm too low presses with newtons and not with
hundreds of them; when something hangs on the cup they are at their stop.

Numbers of the tool: `radius` [m] of the lip, `vacuum_kPa` that the ejector reaches, `bellows_kg`: the inertia
with which the bellows resist being pressed. What is not given has the defaults below.
"""

from __future__ import annotations

import math
from typing import Any

import mujoco
import numpy as np

from sheber.geometry import Pose
from sheber.robot.cell.contacts import Contacts
from sheber.robot.cell.grip import Grip
from sheber.robot.cell.scene import Shape, ToolSpec
from sheber.robot.cell.world import (
    COMPILED_SURFACE,
    CONTACT_SOLREF,
    FIRM_SOLIMP,
    LOOSE,
    ROBOT,
    SCENERY,
    World,
    add_shape,
    set_mass,
)
from sheber.robot.clock import TICK_S

__all__ = ["BODIES", "Suction", "add", "shapes"]

BODIES = ("tool_adapter", "tool")

DEFAULTS = {"radius": 0.02, "vacuum_kPa": 65.0, "held_kPa": 30.0, "rise_s": 0.06, "fall_s": 0.03, "friction": 0.9}
DEFAULTS |= {"bellows_kg": 0.05}
CUP = 0.034  # m, height of the bellows
BELLOWS_STIFFNESS = 6000.0  # N/m, against being pressed together; a load that hangs is carried by the stop
BELLOWS_DAMPING = 44.0  # N s/m, about critical, with the usual inertia
BELLOWS_STROKE = 0.008  # m
STOP_SOLIMP = (0.98, 0.9995, 0.0002, 0.5, 2.0)  # of the stop: 2 kg hang less than 0.1 mm lower
RAYS = 12  # around the rim
LEAK = 4.0  # vacuum lost per open part of the rim: nothing is left when a quarter is open
REACH = 0.0025  # m, how far the lip's rubber follows a surface
DEPTH = 0.03  # m, from where in the cup the rays start
SEAL_CHECK, HELD_CHECK = 5, 20  # ticks between two looks at a seal, while the vacuum builds up and later


def add(spec: Any, flange: Any, tool: ToolSpec) -> None:
    """Add the adapter (body `tool_adapter`), the cup (body `tool`) and its drive to the flange."""
    number = tool.numbers_over(DEFAULTS)
    length = float(tool.pose.position[2])
    adapter = flange.add_body(name="tool_adapter")
    set_mass(adapter, tool.mass - 0.03, tool.centre, (0.06, 0.06, length - CUP))
    cup = adapter.add_body(name="tool", pos=(0.0, 0.0, length))
    set_mass(cup, 0.03, (0.0, 0.0, -CUP / 2), (0.03, 0.03, CUP))
    for body, shape in shapes(tool):
        if shape.solid and body == "tool_adapter":
            add_shape(spec, adapter, shape, 0.4, ROBOT)
    bellows = cup.add_joint(name="bellows", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(0.0, 0.0, -1.0))
    inertia = number["bellows_kg"]
    damping = BELLOWS_DAMPING * math.sqrt(inertia / DEFAULTS["bellows_kg"])
    bellows.stiffness, bellows.damping = (BELLOWS_STIFFNESS, 0.0, 0.0), (damping, 0.0, 0.0)
    bellows.armature, bellows.solimp_limit = inertia, STOP_SOLIMP
    bellows.limited, bellows.range, bellows.solref_limit = True, (0.0, BELLOWS_STROKE), CONTACT_SOLREF
    lip = Shape("cylinder", (number["radius"], CUP), Pose((0.0, 0.0, -CUP / 2)))
    geom = add_shape(spec, cup, lip, number["friction"], ROBOT)
    geom.priority, geom.condim, geom.margin, geom.gap = 1, 4, 0.0, 0.002
    geom.friction = (number["friction"], 0.02, 0.0001)
    geom.solimp, geom.surfacevel = FIRM_SOLIMP, COMPILED_SURFACE
    drive = spec.add_actuator(name="suction", target="tool", trntype=mujoco.mjtTrn.mjTRN_BODY)
    drive.set_to_adhesion(gain=_most_pull(number))
    drive.ctrllimited, drive.ctrlrange = True, (0.0, 1.0)


def _most_pull(number: dict[str, float]) -> float:
    return number["vacuum_kPa"] * 1000.0 * math.pi * number["radius"] ** 2


def shapes(tool: ToolSpec) -> tuple[tuple[str, Shape], ...]:
    """A flange adapter, an ejector block with its hose fitting, and a bellows cup."""
    length, radius = float(tool.pose.position[2]), tool.numbers_over(DEFAULTS)["radius"]
    plate, aluminium, dark = 0.014, (0.80, 0.81, 0.82), (0.17, 0.18, 0.20)
    stem = length - CUP - plate
    block = Shape("box", (0.044, 0.044, 0.6 * stem), Pose((0.0, 0.0, plate + 0.3 * stem)), dark)
    fitting = Pose((0.029, 0.0, plate + 0.3 * stem), (math.sqrt(0.5), 0.0, math.sqrt(0.5), 0.0))
    return (
        ("tool_adapter", Shape("cylinder", (0.0315, plate), Pose((0.0, 0.0, plate / 2)), aluminium)),
        ("tool_adapter", block),
        ("tool_adapter", Shape("cylinder", (0.006, 0.014), fitting, (0.25, 0.55, 0.85), solid=False)),
        ("tool_adapter", Shape("cylinder", (0.011, 0.4 * stem), Pose((0.0, 0.0, plate + 0.8 * stem)), aluminium)),
        ("tool", Shape("lathe", (), Pose(), (0.13, 0.13, 0.14), _bellows(radius), solid=False)),
    )


def _bellows(radius: float) -> tuple[tuple[float, float], ...]:
    """(radius, z) of the drawn cup, lip at z = 0: a collar and two and a half folds."""
    r, h = radius, CUP
    folds = [(0.55, -1.0), (0.55, -0.82), (0.86, -0.68), (0.58, -0.54), (0.90, -0.40), (0.60, -0.26), (0.88, -0.10)]
    profile = [
        (0.0, -h),
        *((r * a, h * z) for a, z in folds),
        (r, -0.001),
        (r, 0.0),
        (0.82 * r, 0.0),
        (0.5 * r, -0.2 * h),
    ]
    return (*profile, (0.0, -0.2 * h))


class Suction:
    """The cup alive."""

    kind = "suction"

    def __init__(self, world: World, contacts: Contacts, tool: ToolSpec) -> None:
        number = tool.numbers_over(DEFAULTS)
        self.holding = ""
        self.vacuum_kPa = 0.0  # of the sensor, below the air around
        self.busy = False  # the vacuum changes
        self.sealed = False  # the sensor's switch: the vacuum is enough to hold
        self.seal = 0.0  # part of the rim that is sealed, 0..1
        self.most_pull = _most_pull(number)  # N, with a whole seal
        self.leak = 0.0  # a fault: the share 0..1 of the vacuum that is lost
        self._on = False
        self._full, self._held = number["vacuum_kPa"], number["held_kPa"]
        self._rise = 1.0 - math.exp(-TICK_S / number["rise_s"])
        self._fall = 1.0 - math.exp(-TICK_S / number["fall_s"])
        self._world, self._contacts = world, contacts
        self._cup = world.body("tool")
        self._grip = Grip(world, self._cup, [int(world.model.body_geomadr[self._cup])], normal=2)
        self._drive = world.drive("suction")
        self._next_check = 0
        self._aim(number["radius"])

    def _aim(self, radius: float) -> None:
        """Rays from a point inside the cup through the rim; a ray's length 1 is the lip."""
        angles = np.arange(RAYS) * (2.0 * np.pi / RAYS)
        r = 0.92 * radius
        rim = np.stack([r * np.cos(angles), r * np.sin(angles), np.full(RAYS, DEPTH)], axis=1)  # (RAYS, 3)
        self._length = float(np.linalg.norm(rim[0]))
        self._rays = rim / self._length
        self._distance = np.zeros((RAYS, 1))
        self._geom = np.zeros((RAYS, 1), dtype=np.int32)
        self._groups = np.zeros((6, 1), dtype=np.uint8)
        self._groups[[SCENERY, LOOSE]] = 1
        self._reach = self._length * (1.0 + REACH / DEPTH)

    def command(self, on: bool) -> None:
        """Switch the ejector on or off; takes effect with the next tick."""
        self._on = on
        self.busy = True
        self._next_check = 0

    @property
    def on(self) -> bool:
        """Whether the ejector is switched on."""
        return self._on

    def leaks(self, leak: bool, share: float) -> None:
        """A fault: lose this share 0..1 of the vacuum; or be whole again."""
        self.leak = share if leak else 0.0
        self.busy = True

    def unplug(self) -> None:
        """Its air is cut: the vacuum is gone, and what hung on it is free."""
        self._on = self.busy = False
        self.holding = ""
        self._set(0.0)
        self._grip.update(0, 0)

    def pull(self) -> float:
        """The force [N] with which the cup draws what it touches."""
        return self.most_pull * self.vacuum_kPa / self._full

    def before(self) -> None:
        """Let the vacuum follow the ejector and the seal."""
        if not self._on:
            self._vent()
            return
        self._next_check -= 1
        if self._next_check <= 0:
            self.seal = self._look()
            self._next_check = (SEAL_CHECK if self.busy else HELD_CHECK) if self.seal > 0.0 else 1
        elif not self.busy:
            return
        goal = self._full * max(0.05, 1.0 - LEAK * (1.0 - self.seal)) * (1.0 - self.leak)
        self.busy = self.seal == 0.0 or abs(goal - self.vacuum_kPa) >= 0.01
        rate = self._rise if goal > self.vacuum_kPa else self._fall
        self._set(self.vacuum_kPa + (goal - self.vacuum_kPa) * rate)

    def _vent(self) -> None:
        if self.vacuum_kPa > 0.0:
            left = self.vacuum_kPa * (1.0 - self._fall)
            self._set(left if left > 1.0 else 0.0)
        else:
            self.busy = False

    def _set(self, vacuum: float) -> None:
        self.vacuum_kPa = vacuum
        self.sealed = vacuum >= self._held
        self._world.data.ctrl[self._drive] = vacuum / self._full

    def _look(self) -> float:
        """The sealed part of the rim, 0..1."""
        model, data = self._world.model, self._world.data
        turn = data.xmat[self._cup].reshape(3, 3)  # R_base_cup
        start = data.xpos[self._cup] - DEPTH * turn[:, 2]
        rays = (self._rays @ turn.T).reshape(-1, 1)
        mujoco.mj_multiRay(
            model, data, start, rays, self._groups, 1, -1, self._geom, self._distance, None, RAYS, 2.0 * self._length
        )
        near = (self._distance >= 0.0) & (self._distance <= self._reach)
        return float(np.count_nonzero(near)) / RAYS

    def after(self, step: int) -> None:
        """Find what hangs on the cup."""
        if not self.sealed and not self.holding:
            return
        part = self._touched() if self.sealed else 0
        self.holding = self._world.bodies[part - 1] if part else ""
        self._grip.update(part, step)
        if self.sealed and not part:
            self._next_check, self.busy = 0, True  # look at once: something was lost

    def _touched(self) -> int:
        """The engine's body of the part that the cup touches; 0 for none."""
        first = self._world.first_part + 1
        for pair in self._contacts.forces:
            a, b = self._contacts.bodies(pair)
            if a == self._cup and b >= first:
                return b
        return 0
