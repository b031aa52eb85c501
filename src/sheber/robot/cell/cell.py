"""Cell: a scene come alive. It takes joint targets and moves time; the controller alone calls `advance`.

One advance is k physics steps (a tick: 5). Its order: belts and tool write their drives by what
was sensed before; the servo gets a target for every step; then light barriers, contacts and the
tool are read. Poses are brought up to date only when somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import mujoco
import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.arms import load
from sheber.robot.cell.arm import Servo
from sheber.robot.cell.contacts import Contact, Contacts
from sheber.robot.cell.fixtures import Barriers, Conveyor, Waker
from sheber.robot.cell.scene import Scene
from sheber.robot.cell.tool import Tool, make_tool
from sheber.robot.cell.world import build_world
from sheber.station import Visual

if TYPE_CHECKING:
    from sheber.robot.cell.eyes import Eye
    from sheber.robot.cell.planning import CollisionChecker
    from sheber.robot.vision.camera import CameraImage

__all__ = ["Cell"]

Array = NDArray[np.float64]

STILL_JOINTS = 1e-14  # rad2: a robot that has moved less, a tenth of a micrometre, is not told again
HIDDEN = ("tcp",)  # bodies of the engine's model that nobody sees


class Cell:
    """A robot cell alive, for one run. Truth, not what a program may know: the controller decides that."""

    def __init__(self, scene: Scene, rng: np.random.Generator | None = None) -> None:
        """Bring `scene` to life; `rng` seeds what the scene leaves to chance (default: the scene's own seed)."""
        self.scene = scene
        self.arm = load(scene.arm)
        self.step = 0  # physics steps since the start
        self.inputs: dict[str, bool] = {}  # digital inputs by name
        self.outputs: dict[str, bool] = dict.fromkeys(_output_names(scene), False)
        self._rng = rng if rng is not None else np.random.default_rng(scene.noise_seed)
        world = self.world = build_world(scene, self.arm)
        imperfect = scene.imperfections
        self._servo = Servo(world, self.arm, imperfect.joint_zero, imperfect.repeatability)
        robot = [*(link.name for link in self.arm.links), "tool_adapter", "tool", "finger_left", "finger_right"]
        self._contacts = Contacts(world, scene.meant_contacts, robot)
        self.tool: Tool = make_tool(world, self._contacts, scene.tool)
        self._waker = Waker(world)
        self._belts = [Conveyor(world, belt, self._waker) for belt in scene.belts]
        self._barriers = Barriers(world, scene.barriers, self.inputs)
        self._watch_bodies()
        mujoco.mj_forward(world.model, world.data)
        self._barriers.update()
        self._eyes: dict[str, Eye] = {}
        self._checker: CollisionChecker | None = None
        self._fresh = 0  # the step that the engine's poses belong to

    def _watch_bodies(self) -> None:
        world = self.world
        ids = [i for i, name in enumerate(world.bodies, start=1) if name not in HIDDEN]
        self.bodies: tuple[str, ...] = tuple(world.bodies[i - 1] for i in ids)  # in the order of `changed_bodies`
        self._named_ids = list(zip(self.bodies, ids, strict=True))
        self._body_ids = np.array(ids, dtype=np.intp)
        self._tcp = world.body("tcp")
        self._tool_bodies = [world.body(n) for n in world.bodies if n.startswith(("tool", "finger_"))]
        trees = world.model.body_treeid[self._body_ids]  # -1: what never moves
        rows = np.arange(len(ids))
        loose = rows >= len(ids) - len(world.parts)
        self._robot_rows, self._part_rows = rows[(trees >= 0) & ~loose], rows[loose]
        self._part_trees = trees[loose]
        self._awake = np.ones(len(world.parts), dtype=bool)
        self._untold = True
        self._told_joints = np.full(world.qpos_parts, np.inf)  # of the robot, its tool's too, as last told
        self.tcp7 = np.empty(7)  # see `refresh`
        self._wrench = np.zeros(6)
        self._wrench_step = -1

    # --- time -----------------------------------------------------------------------------------

    def advance(self, targets: Array) -> None:
        """Move time by k physics steps; `targets` (k, 6): encoders [rad] as they shall be after each."""
        model, data, step = self.world.model, self.world.data, mujoco.mj_step
        for belt in self._belts:
            belt.update(self.inputs, self.outputs)
        self.tool.before()
        controls = self._servo.controls
        waker = self._waker
        for row in self._servo.rows(targets):
            controls[:] = row
            step(model, data)
            if waker.pending:
                waker.clear()
        self.step += len(targets)
        self._barriers.update()
        self._contacts.update(self.step)
        self.tool.after()

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
    def measured_joints(self) -> Array:
        """Joint angles (6,) rad as the encoders show them."""
        return self._servo.measured()

    @property
    def T_base_tcp(self) -> Pose:
        """True pose of the TCP."""
        self.refresh()
        return Pose.from_list(self.tcp7)

    def refresh(self) -> Array:
        """Bring `tcp7` (x, y, z, then the quaternion wxyz; true, base frame) and all poses up to date; returns it."""
        if self._fresh != self.step:
            # mj_step leaves the poses of the step's start behind
            mujoco.mj_kinematics(self.world.model, self.world.data)
            self._fresh = self.step
        data, tcp = self.world.data, self._tcp
        self.tcp7[:3] = data.xpos[tcp]
        self.tcp7[3:] = data.xquat[tcp]
        return self.tcp7

    @property
    def wrench(self) -> Array:
        """What the surroundings do to the tool, as the wrist senses it (6,): N and Nm, at the TCP, in its axes."""
        if self._wrench_step != self.step:
            self._wrench_step = self.step
            self._measure_wrench()
        return self._wrench

    def _measure_wrench(self) -> None:
        wrench = self._wrench
        wrench[:] = 0.0
        if self._contacts.forces:
            model, data = self.world.model, self.world.data
            mujoco.mj_rnePostConstraint(model, data)
            # torque, force about the centre of mass of the whole arm, base axes
            total = data.cfrc_ext[self._tool_bodies].sum(axis=0)
            lever = data.subtree_com[model.body_rootid[self._tcp]] - data.xpos[self._tcp]
            turn = data.xmat[self._tcp].reshape(3, 3)  # R_base_tcp
            wrench[:3] = total[3:] @ turn
            wrench[3:] = (total[:3] + np.cross(lever, total[3:])) @ turn
            if self.tool.holding:
                wrench[2] += self.tool.pull()  # the drive that draws the part is no contact force
        noise = self.scene.imperfections.wrench_noise
        if noise > 0.0:
            wrench += noise * _WRENCH_NOISE * self._rng.standard_normal(6)

    # --- contacts -------------------------------------------------------------------------------

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Contacts that began or ended in the last advance."""
        return self._contacts.events

    @property
    def collision_N(self) -> float:
        """The largest force of a contact that was not meant, at the end of the last advance [N]."""
        return self._contacts.collision_N

    @property
    def collision_pair(self) -> tuple[str, str]:
        """The two bodies of `collision_N`."""
        return self._contacts.collision

    # --- what it looks like ---------------------------------------------------------------------

    def changed_bodies(self) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
        """What moved since the last call (at first all): indices (k,) in `bodies` and poses (k, 7), base frame."""
        self.refresh()
        data = self.world.data
        awake = data.tree_asleep[self._part_trees] < 0
        joints = data.qpos[: self.world.qpos_parts]
        apart = joints - self._told_joints
        rows = self._part_rows[awake | self._awake]  # what fell asleep since is told once more
        if apart.dot(apart) > STILL_JOINTS:
            self._told_joints[:] = joints
            rows = np.concatenate((self._robot_rows, rows)) if len(rows) else self._robot_rows
        if self._untold:
            rows, self._untold = np.arange(len(self.bodies)), False
        self._awake = awake
        ids = self._body_ids[rows]
        poses = np.empty((len(rows), 7), dtype=np.float32)
        poses[:, :3] = data.xpos[ids]
        poses[:, 3:] = data.xquat[ids]
        return rows.astype(np.uint16), poses

    def body_pose(self, name: str) -> Pose:
        """True pose of a body in the base frame; raises KeyError that lists what exists."""
        if name not in self.bodies:
            raise KeyError(f"no body {name!r}; there are: {', '.join(self.bodies)}")
        self.refresh()
        number = self.world.body(name)
        return Pose(self.world.data.xpos[number], self.world.data.xquat[number])

    def visuals(self) -> Sequence[Visual]:
        """What the cell looks like: shapes fixed to its bodies."""
        from sheber.robot.cell.looks import cell_visuals

        return cell_visuals(self.scene, self.arm)

    def capture(self, camera: str) -> CameraImage:
        """A picture by the camera of this name, of this moment; raises KeyError that lists what exists."""
        self.refresh()
        seen = {name: (self.world.data.xpos[i], self.world.data.xquat[i]) for name, i in self._named_ids}
        return self._eye(camera).look(seen, self._rng)

    def camera_bodies(self, camera: str) -> tuple[str, ...]:
        """Names behind the numbers of this camera's segmentation; raises KeyError that lists what exists."""
        return self._eye(camera).bodies

    def _eye(self, camera: str) -> Eye:
        eye = self._eyes.get(camera)
        if eye is None:
            from sheber.robot.cell.eyes import Eye

            eye = self._eyes[camera] = Eye(self.scene, self.arm, camera)
        return eye

    def settled(self, seconds: float = 0.0) -> bool:
        """Whether every loose part lies still (slower than 1 mm/s)."""
        world = self.world
        speeds = np.abs(world.data.qvel[world.dof_parts :])
        return bool((speeds < _STILL).all())

    # --- planning -------------------------------------------------------------------------------

    def self_collides(self, q: Array) -> int:
        """Index of the first of the joint positions (n, 6) at which the robot would touch itself, or -1."""
        if self._checker is None:
            from sheber.robot.cell.planning import CollisionChecker

            self._checker = CollisionChecker(self.scene, self.arm)
        return self._checker.first(q)


_STILL = 1e-3
_WRENCH_NOISE = np.array([1.0, 1.0, 1.0, 0.1, 0.1, 0.1])


def _output_names(scene: Scene) -> list[str]:
    names = list(scene.outputs)
    names += [belt.output for belt in scene.belts if belt.output and belt.output not in names]
    return names
