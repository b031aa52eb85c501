"""Gripper: two parallel fingers that hold by friction alone.

Theory of operation. Each finger has a stiff drive towards one common half-opening, so that the
pair keeps its middle as a geared gripper does. Closing moves that target inwards at the finger
speed, but never further behind the fingers than the commanded force over the stiffness: against
a part the drives press with that force each, no more, and keep it when the part gives way. What
is between the pads is held by the engine's friction, and slips where that is not enough.

Numbers of the tool: `stroke` [m] widest opening, `max_force` [N] of each pad, `finger_speed`
[m/s] of each finger, `friction` of the pads.
"""

from __future__ import annotations

import math
from typing import Any

import mujoco

from sheber.geometry import Pose
from sheber.robot.cell.contacts import Contacts
from sheber.robot.cell.grip import Grip
from sheber.robot.cell.scene import Shape, ToolSpec
from sheber.robot.cell.world import COMPILED_SURFACE, FIRM_SOLIMP, ROBOT, World, add_shape, set_mass
from sheber.robot.clock import TICK_S

__all__ = ["BODIES", "Gripper", "add", "shapes"]

BODIES = ("tool", "finger_left", "finger_right")

DEFAULTS = {"stroke": 0.085, "max_force": 130.0, "finger_speed": 0.08, "friction": 0.9}
STIFFNESS = 30_000.0  # N/m, each finger
FINGER_MASS = 0.06  # kg
GEAR_INERTIA = 0.2  # kg, of the drive as the finger feels it
TIP = 0.010  # m, the pads reach this far beyond the TCP
PAD, PAD_DEPTH = 0.028, 0.006  # m, height of the pads and how thick they are
HELD_N = 2.0  # each pad must press at least so much for a part to count as held
SLACK = 2e-4  # m, by which each finger gives way without air
QUIET_TICKS = 5  # the target must rest so long until the motion counts as over
SIDES = (("finger_left", 1.0), ("finger_right", -1.0))
POSITION_SPEED = 3  # bits of the inputs of a finger's drive


def add(spec: Any, flange: Any, tool: ToolSpec) -> None:
    """Add the gripper's body (`tool`), its fingers and their drives to the flange."""
    number = tool.numbers_over(DEFAULTS)
    length = float(tool.pose.position[2])
    body = flange.add_body(name="tool")
    set_mass(body, tool.mass - 2 * FINGER_MASS, tool.centre, (0.075, 0.1, 0.6 * length))
    fingers = {name: _add_finger(spec, body, name, side, length, number) for name, side in SIDES}
    fingers["tool"] = body
    spec.add_exclude(bodyname1="finger_left", bodyname2="finger_right")  # their drives stop where the pads meet
    for name, shape in _rigid_shapes(tool):
        if shape.solid:
            add_shape(spec, fingers[name], shape, 0.4, ROBOT)
    for name, shape in _pads(tool):
        geom = add_shape(spec, fingers[name], shape, number["friction"], ROBOT)
        geom.priority, geom.condim = 1, 4
        geom.friction = (number["friction"], 0.01, 0.0001)
        geom.solimp, geom.surfacevel = FIRM_SOLIMP, COMPILED_SURFACE


def _add_finger(spec: Any, body: Any, name: str, side: float, length: float, number: dict[str, float]) -> Any:
    finger = body.add_body(name=name)
    set_mass(finger, FINGER_MASS, (0.0, side * 0.012, 0.8 * length), (0.02, 0.02, 0.06))
    joint = finger.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(0.0, side, 0.0), armature=GEAR_INERTIA)
    joint.limited, joint.range = True, (-0.002, number["stroke"] / 2 + 0.002)
    drive = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    damping = 2.0 * math.sqrt(STIFFNESS * (FINGER_MASS + GEAR_INERTIA))
    drive.set_to_pid(kp=STIFFNESS, kv=damping, ctrlspec=POSITION_SPEED)
    drive.forcelimited, drive.forcerange = True, (-number["max_force"], number["max_force"])
    return finger


BODY, RUBBER, METAL, COVER = (0.19, 0.20, 0.22), (0.10, 0.10, 0.11), (0.70, 0.72, 0.74), (0.82, 0.83, 0.84)


def shapes(tool: ToolSpec) -> tuple[tuple[str, Shape], ...]:
    """A coupling, a body with its guide rail, and two fingers with rubber pads; the fingers at opening zero."""
    return (*_rigid_shapes(tool), *_pads(tool))


def _pads(tool: ToolSpec) -> tuple[tuple[str, Shape], ...]:
    """The rubber that holds."""
    end = float(tool.pose.position[2]) + TIP
    size = (0.022, PAD_DEPTH, PAD)
    return tuple((name, Shape("box", size, _at(side * PAD_DEPTH / 2, end - PAD / 2), RUBBER)) for name, side in SIDES)


def _rigid_shapes(tool: ToolSpec) -> tuple[tuple[str, Shape], ...]:
    length = float(tool.pose.position[2])
    end, rail = length + TIP, 0.60 * length  # z of the finger tips, of the guide
    middle = (0.022 + rail) / 2
    parts = [
        ("tool", Shape("cylinder", (0.0375, 0.022), Pose((0.0, 0.0, 0.011)), METAL)),
        ("tool", Shape("box", (0.066, 0.104, rail - 0.022), Pose((0.0, 0.0, middle)), BODY)),
        ("tool", Shape("box", (0.0675, 0.070, 0.5 * rail), Pose((0.0, 0.0, middle)), COVER, solid=False)),
        ("tool", Shape("box", (0.022, 0.150, 0.010), Pose((0.0, 0.0, rail + 0.003)), METAL)),
    ]
    for name, side in SIDES:
        bar, carriage = 0.012, 0.016
        foot = rail + 0.010
        parts += [
            (name, Shape("box", (0.036, 0.026, carriage), _at(side * 0.019, foot + carriage / 2), BODY)),
            (name, Shape("box", (0.020, bar, end - foot), _at(side * (PAD_DEPTH + bar / 2), (end + foot) / 2), METAL)),
        ]
    return tuple(parts)


def _pad(model: Any, finger: int) -> int:
    """The engine's geom of a finger's pad: the one that decides about friction."""
    first, count = int(model.body_geomadr[finger]), int(model.body_geomnum[finger])
    return next(geom for geom in range(first, first + count) if model.geom_priority[geom] == 1)


def _at(y: float, z: float) -> Pose:
    return Pose((0.0, y, z))


class Gripper:
    """The gripper alive."""

    kind = "gripper"

    def __init__(self, world: World, contacts: Contacts, tool: ToolSpec) -> None:
        number = tool.numbers_over(DEFAULTS)
        self.stroke, self.max_force = number["stroke"], number["max_force"]
        self.holding = ""
        self._world, self._contacts = world, contacts
        model, data = world.model, world.data
        self._left, self._right = world.body("finger_left"), world.body("finger_right")
        pads = [_pad(model, finger) for finger in (self._left, self._right)]
        self._grip = Grip(world, world.body("tool"), pads, normal=1)
        address = int(model.jnt_qposadr[model.body_jntadr[self._left]])
        self._fingers = data.qpos[address : address + 2]  # half-openings, m
        first = world.drive("finger_left")
        self._controls = data.ctrl[first : first + 4].reshape(2, 2)  # position, speed
        self._step = number["finger_speed"] * TICK_S
        self._target = self.stroke / 2  # common half-opening of the drives
        self._goal = self._target
        self._lag = self.max_force / STIFFNESS
        self._moving, self._quiet = False, 0  # ticks without a change of the target
        self._fingers[:] = self._target
        self._controls[:, 0] = self._target

    @property
    def width(self) -> float:
        """Opening between the pads [m]."""
        return float(self._fingers[0] + self._fingers[1])

    @property
    def force(self) -> float:
        """Force [N] with which each pad presses: the mean of the two drives."""
        behind = 0.5 * self.width - self._target
        return STIFFNESS * behind if behind > 0.0 else 0.0

    @property
    def busy(self) -> bool:
        """The drives' target may move: while closing, also later, when what is held gives way."""
        return self._moving or self._goal < self._target

    @property
    def moving(self) -> bool:
        """Whether the fingers have not come to the commanded opening or force yet."""
        return self._moving

    def command(self, width: float, force: float) -> None:
        """Go to an opening [m], pressing with at most `force` [N]; both are cut to what the gripper can."""
        self._goal = 0.5 * min(max(width, 0.0), self.stroke)
        self._lag = min(max(force, 0.0), self.max_force) / STIFFNESS
        self._moving, self._quiet = True, 0

    def unplug(self) -> None:
        """Its air is cut: the fingers stay nearly where they are, and press on nothing."""
        self._target = self._goal = 0.5 * self.width + SLACK
        self._controls[:, 0], self._controls[:, 1] = self._target, 0.0
        self._moving, self.holding = False, ""
        self._grip.update(0, 0)

    def before(self) -> None:
        """Move the drives' common target by one tick."""
        target = self._target
        if self._goal > target:
            new = min(self._goal, target + self._step)
        elif self._goal < target:
            reachable = 0.5 * self.width - self._lag  # not further behind the fingers than the force allows
            new = max(self._goal, target - self._step, reachable)
            if new > target:  # pressed harder than asked: eased while it closes, held like a worm gear after
                new = min(new, target + self._step) if self._moving else target
        else:
            self._settle(0.0)
            return
        self._settle(new - target)
        self._target = new
        self._controls[0, 0] = self._controls[1, 0] = new
        self._controls[0, 1] = self._controls[1, 1] = (new - target) / TICK_S

    def _settle(self, change: float) -> None:
        if not self._moving:
            return
        self._quiet = self._quiet + 1 if abs(change) < 0.01 * self._step else 0
        if self._quiet >= QUIET_TICKS:
            self._moving = False
            self._controls[:, 1] = 0.0

    def after(self, step: int) -> None:
        """Find what both pads press."""
        forces = self._contacts.forces
        part = self._between(forces) if forces else 0
        self.holding = self._world.bodies[part - 1] if part else ""
        self._grip.update(part, step)

    def _between(self, forces: dict[int, float]) -> int:
        """The engine's body of the part that both pads press; 0 for none."""
        first, contacts = self._world.first_part + 1, self._contacts
        for pair, force in forces.items():
            a, b = contacts.bodies(pair)
            if (
                a == self._left
                and b >= first
                and force > HELD_N
                and forces.get(contacts.pair(self._right, b), 0.0) > HELD_N
            ):
                return b
        return 0

    def pull(self) -> float:
        """Friction holds, nothing is drawn."""
        return 0.0
