"""Grip: keeps what a tool holds by friction from creeping.

Theory of operation. The engine's friction acts on velocities alone, and it leaves out that a
contact turns while the arm swings (the derivative of its Jacobian), so that a held part creeps
outwards by about a * h each second, a its acceleration and h the step: millimetres in an
ordinary swing, where real rubber creeps by nothing. Friction's force is right, its zero is not.

So the tool's holding surfaces are given a small surface velocity against what has crept and what
will creep, judged by the last interval: friction drives the part back to where it was gripped.
Nothing is pulled by other forces than friction: a part that slips because friction is too weak is
farther off than `SLIP`, and its grip moves along.
"""

from __future__ import annotations

from sheber.geometry import quaternion_product
from sheber.robot.cell.world import World
from sheber.robot.clock import STEP_S

__all__ = ["Grip"]

EVERY = 20  # steps between two corrections
EVERY_S = EVERY * STEP_S
FOLLOW_S = 0.08  # s in which creep is undone
SLIP = 0.3e-3  # m, what is farther off has slipped and stays so
TURN = 0.01  # rad, likewise

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


class Grip:
    """The hold of one tool on one part at a time."""

    def __init__(self, world: World, tool: int, geoms: list[int], normal: int) -> None:
        """`tool`: the engine's body whose axes the surfaces share; `geoms`: these; `normal`: their axis, 0..2."""
        data, model = world.data, world.model
        self._positions, self._quaternions = data.xpos, data.xquat
        self._place, self._attitude = data.xpos[tool], data.xquat[tool]  # of the tool, alive
        self._surfaces = model.geom_surfacevel
        self._geoms, self._normal = geoms, normal
        self._centre = [model.geom_pos[geom].tolist() for geom in geoms]
        self._part, self._next = 0, 0
        self._anchor: Vector = (0.0, 0.0, 0.0)
        self._turn: Quaternion = (1.0, 0.0, 0.0, 0.0)
        self._across = ((normal + 1) % 3, (normal + 2) % 3)
        self._last, self._run_last = (0.0, 0.0, 0.0), [0.0, 0.0, 0.0]  # creep; speeds of the surfaces: m and rad
        self._start()

    def update(self, part: int, step: int) -> None:
        """Hold the engine's body `part` where it is (0: nothing is held)."""
        if part != self._part:
            self._part, self._next = part, step + EVERY
            self._start()
            if part:
                self._anchor, self._turn = self._relative()
        elif part and step >= self._next:
            self._next = step + EVERY
            self._oppose()

    def _relative(self) -> tuple[Vector, Quaternion]:
        """Position and orientation of the part in the tool's frame."""
        tx, ty, tz = self._place.tolist()
        px, py, pz = self._positions[self._part].tolist()
        inverse = _conjugate(self._attitude.tolist())
        away = quaternion_product(quaternion_product(inverse, (0.0, px - tx, py - ty, pz - tz)), _conjugate(inverse))
        return away[1:], quaternion_product(inverse, self._quaternions[self._part].tolist())

    def _oppose(self) -> None:
        place, turn = self._relative()
        creep = (place[0] - self._anchor[0], place[1] - self._anchor[1], place[2] - self._anchor[2])
        angle = 2.0 * _component(turn, self._turn, self._normal)
        i, j = self._across
        if creep[i] ** 2 + creep[j] ** 2 > SLIP**2 or abs(angle) > TURN:
            self._anchor, self._turn = place, turn
            self._start()
            return
        now = (creep[i], creep[j], angle)
        # how fast it creeps by itself: what it did, less what the surfaces did
        own = [(a - b) / EVERY_S - c for a, b, c in zip(now, self._last, self._run_last, strict=True)]
        run = [-a / FOLLOW_S - d for a, d in zip(now, own, strict=True)]
        self._last, self._run_last = now, run
        self._run(run[0], run[1], run[2], place)

    def _start(self) -> None:
        """Nothing has crept yet, the surfaces stand."""
        self._last, self._run_last = (0.0, 0.0, 0.0), [0.0, 0.0, 0.0]
        for geom in self._geoms:
            self._surfaces[geom] = 0.0

    def _run(self, along: float, across: float, spin: float, place: Vector) -> None:
        """Let the surfaces carry the part's origin in their plane, and turn it with `spin` about their normal."""
        i, j = self._across
        for geom, centre in zip(self._geoms, self._centre, strict=True):
            row = [0.0] * 6
            row[i] = along + spin * (place[j] - centre[j])
            row[j] = across - spin * (place[i] - centre[i])
            row[3 + self._normal] = spin
            self._surfaces[geom] = row


def _component(p: Quaternion, q: Quaternion, axis: int) -> float:
    """One of the last three components of p times the conjugate of q, with the sign of the smaller turn."""
    pw, px, py, pz = p
    qw, qx, qy, qz = q
    w = pw * qw + px * qx + py * qy + pz * qz
    if axis == 0:
        v = -pw * qx + px * qw - py * qz + pz * qy
    elif axis == 1:
        v = -pw * qy + px * qz + py * qw - pz * qx
    else:
        v = -pw * qz - px * qy + py * qx + pz * qw
    return v if w >= 0.0 else -v


def _conjugate(q: Quaternion | list[float]) -> Quaternion:
    return (q[0], -q[1], -q[2], -q[3])
