"""Cell: a scene come alive. It takes joint targets and moves time; the controller alone calls `advance`.

One advance is k physics steps (a tick: 5). Its order: faults begin and end; machines (belts, turntables, positioner,
PLC, touch probes, people and their lamps) and the tool write their drives and answers by what was sensed before; the
servo gets a target for every step, and after every step contacts are looked at. Light barriers are looked at after
every step while something quick may cross one, and every 20 ms else. At the end the tool is read. Poses are brought
up to date only when somebody asks for them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import mujoco
import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.arms import load
from sheber.robot.cell.arm import Servo
from sheber.robot.cell.building import build_world
from sheber.robot.cell.changer import Changer
from sheber.robot.cell.checking import check_scene
from sheber.robot.cell.contacts import Contacts
from sheber.robot.cell.coupling import PAYLOAD
from sheber.robot.cell.dispenser import Dispenser
from sheber.robot.cell.dock_tools import make_dock_tools
from sheber.robot.cell.docks import meant_in_docks
from sheber.robot.cell.drives import stepping
from sheber.robot.cell.every_tool import Tool
from sheber.robot.cell.faults import Faults, Switch
from sheber.robot.cell.figures import Figures
from sheber.robot.cell.fixtures import Barriers, Conveyor, Waker
from sheber.robot.cell.lights import brightness
from sheber.robot.cell.marks import Marks
from sheber.robot.cell.operator import Operator
from sheber.robot.cell.plc import Job
from sheber.robot.cell.positioner import TiltingTable
from sheber.robot.cell.probe import Probe
from sheber.robot.cell.scene import Scene, ToolSpec
from sheber.robot.cell.snapshots import Changes, Snapshots
from sheber.robot.cell.stacks import Stacks
from sheber.robot.cell.suction import Suction
from sheber.robot.cell.tool import TOOL_BODIES, make_tool
from sheber.robot.cell.turntable import TurningTable
from sheber.robot.cell.wires import Wires, lamp_outputs
from sheber.robot.cell.wrist import Wrist
from sheber.robot.clock import TICK_STEPS
from sheber.station import Visual

if TYPE_CHECKING:
    from sheber.robot.cell.eyes import Eye
    from sheber.robot.cell.planning import CollisionChecker
    from sheber.robot.vision.camera import CameraImage

__all__ = ["Cell"]

Array = NDArray[np.float64]

HIDDEN = ("tcp", PAYLOAD)  # bodies of the engine's model that nobody sees


class _Machine(Protocol):
    """What acts by itself in the cell."""

    def update(self, steps: int) -> None:
        """Look at the wires and write them, before the engine moves on by `steps`."""
        ...


class Cell:
    """A robot cell alive, for one run. Truth, not what a program may know: the controller decides that."""

    def __init__(self, scene: Scene, rng: np.random.Generator | None = None) -> None:
        """Bring `scene` to life; `rng` seeds what the scene leaves to chance (default: the scene's own seed).

        Raises SceneError for a scene that cannot be built.
        """
        check_scene(scene)
        self.scene = scene
        self.arm = load(scene.arm)
        self.step = 0  # physics steps since the start
        wires = self.wires = Wires.of(scene)
        self.inputs, self.outputs = wires.inputs, wires.outputs  # digital, by name
        self.analog_inputs, self.analog_outputs = wires.analog_inputs, wires.analog_outputs
        self.happened: list[tuple[str, dict[str, Any]]] = []  # kinds and values of events, until somebody takes them
        self._rng = rng if rng is not None else np.random.default_rng(scene.noise_seed)
        world = self.world = build_world(scene, self.arm)
        self._model, self._data = world.model, world.data
        imperfect = scene.imperfections
        self._servo = Servo(world, self.arm, imperfect.joint_zero, imperfect.repeatability)
        self._controls = self._servo.controls
        robot = [*(link.name for link in self.arm.links), *TOOL_BODIES]
        meant = (*scene.meant_contacts, *meant_in_docks(scene))
        self.touches = Contacts(world, meant, robot, scene.measured_contacts)
        self.tool: Tool = make_tool(world, self.touches, scene.tool)
        self.tool_now: ToolSpec = scene.tool  # what is in front of the flange
        self._dock_tools = make_dock_tools(world, self.touches, scene)
        self._waker = Waker(world)
        self._belts = [Conveyor(world, belt, self._waker, wires) for belt in scene.belts]
        self._jobs = [Job(job, wires, self._clear) for job in scene.plc]
        self._tables = [TurningTable(world, table, self._waker, wires) for table in scene.turntables]
        self.positioner = (
            TiltingTable(world, scene.positioner, self._waker, wires, self._happen) if scene.positioner else None
        )
        driven: list[TurningTable | TiltingTable] = [*self._tables, *([self.positioner] if self.positioner else [])]
        drives = [machine.drive for machine in driven]
        self._engine_step = stepping(drives) if drives else mujoco.mj_step
        probes = [Probe(world, probe, scene.noise_seed, wires) for probe in scene.probes]
        self._dark: set[str] = set()  # names of lights and lamps that give none
        panel = self._panel()
        self._machines: list[_Machine] = [*self._belts, *self._jobs, *driven, *probes, *panel]
        self._barriers = Barriers(world, scene.barriers, self.inputs)
        self._faults = Faults(scene.faults, self._switches(), self._happen)
        self._watch_bodies([one.figures for one in panel])
        self._connect_changer()
        mujoco.mj_forward(world.model, world.data)
        self._barriers.look(0)
        self._eyes: dict[str, Eye] = {}
        self._checker: CollisionChecker | None = None
        self._fresh = 0  # the step that the engine's poses belong to

    def _panel(self) -> list[Operator | Stacks]:
        """What people see and touch of the cell, where it has any."""
        scene, panel = self.scene, list[Operator | Stacks]()
        if scene.stacks:
            panel.append(Stacks(scene.stacks, self.outputs, self._dark, self._happen))
        if scene.controls:
            panel.append(Operator(scene, self.wires, self._dark, self._happen))
        return panel

    def _connect_changer(self) -> None:
        """Give a changer its tools, before the first step."""
        if isinstance(self.tool, Changer):
            self.tool.connect(
                self.scene.docks, self._dock_tools, self.wires, self._waker, self._change_tool, self._happen
            )

    def _change_tool(self) -> None:
        """Another tool is in front of the flange, or none."""
        assert isinstance(self.tool, Changer)
        worn, self.tool_now = self.tool.worn, self.tool.now
        pose = self.tool_now.pose
        self._model.body_pos[self._tcp], self._model.body_quat[self._tcp] = pose.position, pose.quaternion
        self._fresh = -1
        self._wrist.lock(worn.bodies if worn else None)
        self._checker = None

    def _watch_bodies(self, figures: list[Figures]) -> None:
        world = self.world
        ids = [i for i, name in enumerate(world.bodies, start=1) if name not in HIDDEN]
        self._named_ids = [(world.bodies[i - 1], i) for i in ids]
        heads = (self.tool, *(one.tool for one in self._dock_tools.values()))
        self._drawn: list[Marks | Figures] = [*figures]  # what the engine does not know
        self._drawn += [tool.marks for tool in heads if isinstance(tool, Dispenser)]
        names = [name for name, _i in self._named_ids]
        self.bodies: tuple[str, ...] = (*names, *(name for one in self._drawn for name in one.names))  # as told of
        self._tcp = world.body("tcp")
        self._tip = world.data.xpos[self._tcp]  # (3,) m, a view
        tool = [world.body(name) for name in TOOL_BODIES if name in world.bodies]
        data = world.data
        measured = {"joints": self.joints, "joint_speeds": self.joint_speeds, "torques": self.joint_torques}
        measured |= {"place": data.xpos[self._tcp], "turn": data.xquat[self._tcp]}
        self._snapshots = Snapshots(world, ids, measured)
        self.tcp7 = np.empty(7)  # see `refresh`
        tools = slice(min(tool), max(tool) + 1)  # the tool's bodies follow each other
        imperfect, tool_pose = self.scene.imperfections, self.scene.tool.pose
        self._wrist = Wrist(world, self.touches, self.tool, tools, imperfect, self._rng, tool_pose)
        if self.scene.tool.nominal is not None:
            self.refer_wrench(self.scene.tool.nominal)

    # --- time -----------------------------------------------------------------------------------

    def advance(self, targets: Array) -> None:
        """Move time by k physics steps; `targets` (k, 6): encoder targets [rad] after each step.

        While the tool's drives change, it is looked at after every tick at the latest.
        """
        self.touches.begin()
        if self._barriers.next_look < math.inf:
            self._barriers.begin(self.step, len(targets), self._tip)
        most = TICK_STEPS if self.tool.busy else len(targets)
        for first in range(0, len(targets), most):
            self._advance(targets[first : first + most])

    def _advance(self, targets: Array) -> None:
        model, data, step = self._model, self._data, self._engine_step
        if self.step >= self._faults.next:
            self._faults.update(self.step)
        for machine in self._machines:
            machine.update(len(targets))
        self.tool.before()
        controls, waker, barriers = self._controls, self._waker, self._barriers
        touches, now = self.touches, self.step
        for row in self._servo.rows(targets):
            controls[:] = row
            step(model, data)
            now += 1
            if waker.pending:
                waker.clear()
            if data.ncon or touches.listed:
                touches.glance(now)
            if now >= barriers.next_look:
                barriers.look(now)
        self.step = now
        touches.update(now)
        self.tool.after(now)
        touches.load = self.world.body(self.tool.holding) if self.tool.holding else 0

    def _happen(self, kind: str, values: dict[str, Any]) -> None:
        self.happened.append((kind, values))

    def _switches(self) -> dict[tuple[str, str], Switch]:
        """What lets each thing fail that can; see `faults`."""
        found: dict[tuple[str, str], Switch] = {}
        for belt in self._belts:
            found["stops", belt.belt.name] = belt.block
        for table in self._tables:
            found["jams", table.table.name] = table.jam
        for barrier in self.scene.barriers:
            found["sticks", barrier.name] = partial(self._barriers.stick, barrier.name)
        if isinstance(self.tool, Suction):
            found["leaks", "tool"] = self.tool.leaks
        for name, one in self._dock_tools.items():
            if isinstance(one.tool, Suction):
                found["leaks", name] = one.tool.leaks
        for job in self._jobs:
            found["falls_silent", job.name] = job.fall_silent
        for light in self.scene.lights:
            found["goes_dark", light.name] = partial(self._darken, light.name)
        for lamp in (name for stack in self.scene.stacks for name in lamp_outputs(stack)):
            found["goes_dark", lamp] = partial(self._darken, lamp)
        return found

    def _clear(self, what: str) -> None:
        self._faults.clear(what)

    def _darken(self, light: str, fails: bool, _value: float) -> None:
        if fails:
            self._dark.add(light)
        else:
            self._dark.discard(light)

    def halt(self) -> None:
        """An emergency stop: what the program moves beside the arm comes to rest."""
        if self.positioner:
            self.positioner.stop()

    def new_move(self) -> None:
        """A move begins: draw its error of repeatability."""
        self._servo.new_move(self._rng)

    def set_output(self, name: str, value: bool) -> None:
        """Set a digital output; raises KeyError that lists what exists."""
        if name not in self.outputs:
            raise KeyError(f"no digital output {name!r}; there are: {', '.join(self.outputs) or 'none'}")
        self.outputs[name] = value

    # --- the arm --------------------------------------------------------------------------------

    @property
    def joints(self) -> Array:
        """True joint angles (6,) rad; a view."""
        return self._servo.joints

    @property
    def joint_speeds(self) -> Array:
        """True joint speeds (6,) rad/s; a view."""
        return self._servo.speeds

    @property
    def joint_torques(self) -> Array:
        """Torques of the drives (6,) Nm; a view."""
        return self._servo.torques

    @property
    def joint_stiffness(self) -> Array:
        """How stiffly the servos hold the joints (6,) Nm/rad."""
        return self._servo.stiffness

    @property
    def measured_joints(self) -> Array:
        """Joint angles (6,) rad as the encoders show them."""
        return self._servo.measured()

    @property
    def T_base_tcp(self) -> Pose:
        """True pose of the TCP."""
        self.refresh()
        return Pose.from_list(self.tcp7)

    @property
    def T_base_flange(self) -> Pose:
        """True pose of the flange."""
        flange: Pose = self.T_base_tcp @ self.tool_now.pose.inverse()
        return flange

    def refresh(self) -> Array:
        """Bring `tcp7` (x, y, z, then the quaternion wxyz; true, base frame) and all poses up to date; returns it."""
        if self._fresh != self.step:
            # mj_step leaves the poses of the step's start behind
            mujoco.mj_kinematics(self.world.model, self.world.data)
            self._fresh = self.step
        data, tcp = self.world.data, self._tcp
        self.tcp7[:3] = self._tip
        self.tcp7[3:] = data.xquat[tcp]
        return self.tcp7

    @property
    def wrench(self) -> Array:
        """What the surroundings do to the tool, as the wrist reads it (6,): N and Nm, at the TCP, in its axes."""
        return self._wrist.now(self.step)

    def refer_wrench(self, T_flange_tcp: Pose) -> None:
        """From now on read the wrench at the TCP of a tool that is said to be this one; the record stays as it is."""
        self._wrist.refer(T_flange_tcp, self.tool_now.pose)

    def zero_wrench(self, reading: Array) -> None:
        """Let the wrist read 0 where it reads this (6,) now; the record stays as it is."""
        self._wrist.zero(reading)

    # --- what it looks like ---------------------------------------------------------------------

    def keep(self) -> None:
        """Note what is measured now, and where everything is, for `kept`."""
        if self._fresh != self.step:
            mujoco.mj_kinematics(self._model, self._data)
            self._fresh = self.step
        self._snapshots.keep()
        for drawn in self._drawn:
            drawn.keep()
        self._wrist.keep(self.step)

    def kept(self) -> tuple[dict[str, Array], Changes]:
        """What was noted at n moments, and forgets it: measured values, and what moved since the moment before.

        Measured, each (n, its size) and true: `joints`, `joint_speeds`, `torques`, `tcp` (x, y, z, wxyz), `wrench`.
        The very first moment has all bodies.
        """
        measured, changes = self._snapshots.take()
        measured["tcp"] = np.concatenate((measured.pop("place"), measured.pop("turn")), axis=1)
        measured["wrench"] = self._wrist.take()
        return measured, self._with_drawn(changes)

    def _with_drawn(self, changes: Changes) -> Changes:
        first = len(self._named_ids)
        for drawn in self._drawn:
            changes = drawn.into(changes, first)
            first += len(drawn.names)
        return changes

    def changed_bodies(self) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
        """What moved since the last call (at first all): indices (k,) in `bodies` and poses (k, 7), base frame."""
        self.refresh()
        self._snapshots.keep()
        for drawn in self._drawn:
            drawn.keep()
        indices, poses, ends = self._with_drawn(self._snapshots.take()[1])
        return indices[ends[-2] :], poses[ends[-2] :]

    def body_pose(self, name: str) -> Pose:
        """True pose of a body in the base frame; raises KeyError that lists what exists."""
        if name not in self.bodies:
            raise KeyError(f"no body {name!r}; there are: {', '.join(self.bodies)}")
        self.refresh()
        for drawn in self._drawn:
            if name in drawn.names:
                return Pose.from_list(drawn.poses[drawn.names.index(name)])
        number = self.world.body(name)
        return Pose(self.world.data.xpos[number], self.world.data.xquat[number])

    @property
    def carried(self) -> set[str]:
        """Names of the parts that are over a belt."""
        first = self.world.first_part + 1
        return {self.world.parts[body - first] for belt in self._belts for body in belt.carried()}

    def visuals(self) -> Sequence[Visual]:
        """What the cell looks like: shapes fixed to its bodies."""
        from sheber.robot.cell.looks import cell_visuals

        return cell_visuals(self.scene, self.arm)

    def capture(self, camera: str) -> CameraImage:
        """A picture by the camera of this name, of this moment; raises KeyError that lists what exists."""
        self.refresh()
        seen = {name: (self.world.data.xpos[i], self.world.data.xquat[i]) for name, i in self._named_ids}
        for drawn in self._drawn:
            seen |= {name: (pose[:3], pose[3:]) for name, pose in zip(drawn.names, drawn.poses, strict=True)}
        lights = [light for light in self.scene.lights if light.name not in self._dark]
        shining = {light.name: brightness(light, self.outputs, self.analog_outputs) for light in lights}
        return self._eye(camera).look(seen, self._rng, self.T_base_flange, shining)

    def _eye(self, camera: str) -> Eye:
        eye = self._eyes.get(camera)
        if eye is None:
            from sheber.robot.cell.eyes import Eye

            eye = self._eyes[camera] = Eye(self.scene, self.arm, camera)
        return eye

    def settled(self) -> bool:
        """Whether every loose part lies still (slower than 1 mm/s)."""
        world = self.world
        speeds = np.abs(world.data.qvel[world.dof_parts :])
        return bool((speeds < _STILL).all())

    # --- planning -------------------------------------------------------------------------------

    def self_collides(self, q: Array) -> int:
        """Index of the first of the joint positions (n, 6) at which the robot would touch itself, or -1."""
        if self._checker is None:
            from sheber.robot.cell.planning import CollisionChecker

            worn = self.tool.worn if isinstance(self.tool, Changer) else None
            self._checker = CollisionChecker(self.scene, self.arm, on=worn.name if worn else "")
        return self._checker.first(q)


_STILL = 1e-3
