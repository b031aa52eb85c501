"""Fixtures that do something: belts that carry, light barriers that see, and the one way to wake what sleeps."""

from __future__ import annotations

import math

import mujoco
import numpy as np
from numpy.typing import NDArray

from sheber.robot.cell.scene import Belt, LightBarrier
from sheber.robot.cell.wires import Wires
from sheber.robot.cell.world import LOOSE, ROBOT, World
from sheber.robot.clock import STEP_S

__all__ = ["Barriers", "Conveyor", "Waker"]

WAKE_EVERY = 50  # steps between two looks for parts that fell asleep on a running belt
SELDOM_LOOK = 10  # steps between two looks along the light barriers where nothing quick is near
QUICK = 0.006  # m between two advances: a tool that goes farther may cross a beam and be gone again
NEAR = 0.25  # m from a beam: a tool within this may cross it, with what it holds
SUNK = 0.002  # m below the surface: a part whose origin is the middle of its foot stands on a belt that gives way
ABOVE = 0.5  # m over a belt within which a part counts as carried by it


class Waker:
    """Wakes sleeping parts; everything that acts on them from outside the engine must call it."""

    def __init__(self, world: World) -> None:
        self._force = world.data.xfrc_applied  # (nbody, 6)
        self.pending: list[int] = []  # bodies marked since the last step

    def wake(self, bodies: list[int]) -> None:
        """Wake these of the engine's bodies with the next step, with no other effect on them."""
        # the engine compares bytes: -0.0 wakes and pushes nothing; left there, it would keep them awake for ever
        for body in bodies:
            self._force[body, 0] = -0.0
        self.pending.extend(bodies)

    def clear(self) -> None:
        """To be called after the step that woke them."""
        for body in self.pending:
            self._force[body, 0] = 0.0
        self.pending.clear()


class Conveyor:
    """One belt, alive: a surface that moves while the belt's body stands still."""

    def __init__(self, world: World, belt: Belt, waker: Waker, wires: Wires) -> None:
        self.belt = belt
        self.running = False  # it moves, or shall
        self.blocked = False  # a fault: it stands, whatever it is told
        self._world = world
        self._waker, self._wires = waker, wires
        geom = int(world.model.body_geomadr[world.body(belt.name)])
        self._velocity = world.model.geom_surfacevel[geom]  # (6,), a view
        self._velocity[:] = 0.0
        inverse = belt.pose.inverse()
        self._rotation, self._origin = inverse.rotation, inverse.position
        self._sleep_check = 0
        self._asleep, self._tree = world.data.tree_asleep, world.model.body_treeid
        self._sleepers = b""  # who slept when none of them was carried
        self._delay = round(belt.delay / STEP_S)  # steps
        self._wait = 0
        self._gain = abs(belt.speed) * STEP_S / belt.ramp if belt.ramp else math.inf  # m/s, in a step at most
        self._way = 0.0  # m, that the surface has gone

    def block(self, blocked: bool, _value: float) -> None:
        """A fault: stand, whatever it is told; or go on."""
        self.blocked = blocked

    def update(self, steps: int) -> None:
        """Run or stop by the light barrier or the output that the belt obeys, for the next `steps`."""
        wanted = self._wanted(steps) and not self.blocked
        goal, speed = self.belt.speed if wanted else 0.0, float(self._velocity[0])
        if speed != goal:
            most = self._gain * steps
            self._velocity[0] = goal if abs(goal - speed) <= most else speed + math.copysign(most, goal - speed)
        if wanted is not self.running:
            self.running = wanted
            self._waker.wake(self.carried())
            self._sleep_check, self._sleepers = WAKE_EVERY, b""
        elif self._velocity[0]:
            self._sleep_check -= steps
            if self._sleep_check <= 0:
                self._sleep_check = WAKE_EVERY
                self._wake_sleepers()
        if self.belt.encoder:
            self._way += float(self._velocity[0]) * steps * STEP_S
            self._wires.analog_inputs[self.belt.encoder] = float(math.floor(self._way * self.belt.counts_per_m))

    def _wanted(self, steps: int) -> bool:
        """Whether the belt shall run; one that obeys neither a light barrier nor an output always does."""
        if self.belt.until:
            return self._free(self._wires.inputs[self.belt.until], steps)
        return self._wires.outputs[self.belt.output] if self.belt.output else True

    def _free(self, covered: bool, steps: int) -> bool:
        """Whether the barrier has been free for long enough."""
        if covered:
            self._wait = self._delay
        elif self._wait > 0:
            self._wait -= steps
        return not covered and self._wait <= 0

    def carried(self) -> list[int]:
        """The engine's bodies of the loose parts that are over the belt."""
        world = self._world
        count = len(world.parts)
        if count == 0:
            return []
        places = world.data.qpos[world.qpos_parts :].reshape(count, 7)[:, :3]
        x, y, z = (places @ self._rotation.T + self._origin).T
        over = (np.abs(x) < self.belt.length / 2 + 0.05) & (np.abs(y) < self.belt.width / 2 + 0.05)
        over &= (z > -SUNK) & (z < ABOVE)
        return [world.first_part + 1 + int(i) for i in np.flatnonzero(over)]

    def _wake_sleepers(self) -> None:
        """A part that is held up on a running belt falls asleep; it must go on when its way is free."""
        asleep = self._asleep
        now = asleep.tobytes()
        if now == self._sleepers:
            return  # nobody fell asleep or woke since, and who sleeps stays where he is
        sleepers = [body for body in self.carried() if asleep[self._tree[body]] >= 0]
        self._waker.wake(sleepers)
        self._sleepers = b"" if sleepers else now


Beam = tuple[str, NDArray[np.float64], NDArray[np.float64]]
"""Name of the input, start (3,) and start to end (3,) [m], base frame."""


class Barriers:
    """All light barriers of a cell: digital inputs that are True while something stands in their beam.

    A free beam near which the tool goes quickly is looked at after every step, the others now and then: on a belt a
    part stays in its beam for much longer. An input that changed keeps its new value to the end of the advance, so
    that no crossing is too short to be seen.
    """

    def __init__(self, world: World, barriers: tuple[LightBarrier, ...], inputs: dict[str, bool]) -> None:
        """`inputs` has an entry a barrier."""
        self.next_look: float = 0 if barriers else math.inf  # step
        self._world, self._inputs = world, inputs
        groups = np.zeros((6, 1), dtype=np.uint8)
        groups[[ROBOT, LOOSE]] = 1
        self._groups = groups
        self._beams: list[Beam] = [(b.name, np.array(b.start), np.array(b.end) - np.array(b.start)) for b in barriers]
        self._middles = [
            (name, (start + along / 2.0).tolist(), NEAR + float(np.linalg.norm(along)) / 2.0)
            for name, start, along in self._beams
        ]
        self._changed: set[str] = set()  # inputs that changed in this advance
        self._stuck: set[str] = set()  # faults: inputs that say one thing whatever stands there
        self._tool: list[float] = [0.0, 0.0, 0.0]  # m, where the TCP was when the last advance began
        self._crossed: list[Beam] = []  # those that the tool may cross in this advance
        self._look_all: float = self.next_look  # step from which all are looked at

    def stick(self, name: str, stuck: bool, value: float) -> None:
        """A fault: a barrier says `value` (0 or 1), whatever stands in its beam; or it works again."""
        if stuck:
            self._stuck.add(name)
            self._inputs[name] = bool(value)
        else:
            self._stuck.discard(name)

    def begin(self, step: int, steps: int, tool: NDArray[np.float64]) -> None:
        """An advance of `steps` begins at this step, with the TCP at `tool` (3,) [m]: say when to look next.

        All beams are looked at in its last step where the tool may cross some, and in its first one after that.
        """
        place = tool.tolist()
        before, quick = self._crossed, math.dist(place, self._tool) > QUICK
        self._crossed = self._ahead_of(place) if quick else []
        self._tool = place
        if self._crossed:
            self.next_look, self._look_all = step + 1, step + steps
        elif before or self._changed:
            self.next_look = self._look_all = step + 1
        self._changed.clear()

    def _ahead_of(self, place: list[float]) -> list[Beam]:
        """The free beams that a quick tool at this place [m] may cross."""
        beams = zip(self._beams, self._middles, strict=True)
        free = ((beam, middle, near) for beam, (name, middle, near) in beams if not self._inputs[name])
        return [beam for beam, middle, near in free if math.dist(place, middle) < near]

    def look(self, step: int) -> None:
        """Look along every beam that it is time for, and whose input did not change in this advance yet."""
        model, data, inputs, beams = self._world.model, self._world.data, self._inputs, self._crossed
        if step >= self._look_all:
            beams, self._look_all = self._beams, step + SELDOM_LOOK
        for name, start, along in beams:
            if name in self._changed or name in self._stuck:
                continue
            # the length of `along` is the unit, so 1.0 is the receiver; -1: nothing met
            distance = mujoco.mj_ray(model, data, start, along, self._groups, 0, -1, None)
            covered = 0.0 <= distance <= 1.0
            if covered is not inputs[name]:
                inputs[name] = covered
                self._changed.add(name)
        self.next_look = step + 1 if self._crossed else self._look_all
