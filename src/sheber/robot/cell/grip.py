"""Grip: keeps what a tool holds by friction from creeping.

Theory of operation. The engine's friction acts on velocities alone, and it leaves out that a
contact turns while the arm swings (the derivative of its Jacobian), so that a held part creeps
outwards by about a * h each second, a its acceleration and h the step: millimetres in an
ordinary swing, where real rubber creeps by nothing. Friction's force is right, its zero is not.

So the tool's holding surfaces are given a small surface velocity against what has crept: friction
drives the part back to where it was gripped. Nothing is pulled by other forces than friction: a
part that slips because friction is too weak is farther off than `SLIP`, and its grip moves along.
"""

from __future__ import annotations

import math

from sheber.robot.cell.world import World

__all__ = ["Grip"]

EVERY = 10  # steps between two corrections
FOLLOW_S = 0.035  # s in which creep is undone
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
        self._surfaces = model.geom_surfacevel
        self._geoms, self._normal = geoms, normal
        self._centre = [model.geom_pos[geom].tolist() for geom in geoms]
        self._tool, self._part, self._next = tool, 0, 0
        self._anchor: Vector = (0.0, 0.0, 0.0)
        self._turn: Quaternion = (1.0, 0.0, 0.0, 0.0)
        for geom in geoms:
            self._surfaces[geom] = 0.0

    def update(self, part: int, step: int) -> None:
        """Hold the engine's body `part` where it is (0: nothing is held)."""
        if part != self._part:
            self._part, self._next = part, step + EVERY
            for geom in self._geoms:
                self._surfaces[geom] = 0.0
            if part:
                self._anchor, self._turn = self._relative()
        elif part and step >= self._next:
            self._next = step + EVERY
            self._oppose()

    def _relative(self) -> tuple[Vector, Quaternion]:
        """Position and orientation of the part in the tool's frame."""
        tx, ty, tz = self._positions[self._tool].tolist()
        px, py, pz = self._positions[self._part].tolist()
        inverse = _conjugate(self._quaternions[self._tool].tolist())
        away = _product(_product(inverse, (0.0, px - tx, py - ty, pz - tz)), _conjugate(inverse))
        return away[1:], _product(inverse, self._quaternions[self._part].tolist())

    def _oppose(self) -> None:
        place, turn = self._relative()
        creep = tuple(now - then for now, then in zip(place, self._anchor, strict=True))
        twist = _product(turn, _conjugate(self._turn))
        angle = 2.0 * twist[1 + self._normal] * (1.0 if twist[0] >= 0.0 else -1.0)
        across = math.sqrt(sum(c * c for axis, c in enumerate(creep) if axis != self._normal))
        if across > SLIP or abs(angle) > TURN:
            self._anchor, self._turn = place, turn
            return
        self._run([-c / FOLLOW_S for c in creep], -angle / FOLLOW_S, place)

    def _run(self, velocity: list[float], spin: float, place: Vector) -> None:
        """Let the surfaces carry the part's origin with `velocity` and turn it with `spin` about the normal."""
        i, j = (self._normal + 1) % 3, (self._normal + 2) % 3
        for geom, centre in zip(self._geoms, self._centre, strict=True):
            row = [0.0] * 6
            row[i] = velocity[i] + spin * (place[j] - centre[j])
            row[j] = velocity[j] - spin * (place[i] - centre[i])
            row[3 + self._normal] = spin
            self._surfaces[geom] = row


def _conjugate(q: Quaternion | list[float]) -> Quaternion:
    return (q[0], -q[1], -q[2], -q[3])


def _product(p: Quaternion, q: Quaternion | list[float]) -> Quaternion:
    pw, px, py, pz = p
    qw, qx, qy, qz = q
    return (
        pw * qw - px * qx - py * qy - pz * qz,
        pw * qx + px * qw + py * qz - pz * qy,
        pw * qy - px * qz + py * qw + pz * qx,
        pw * qz + px * qy - py * qx + pz * qw,
    )
