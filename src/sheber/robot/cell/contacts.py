"""Contacts: who touches whom, how hard, and whether it was meant.

Looked at once a tick, whole arrays at a time. A pair is followed if it is not meant, or if the
robot is in it; loose parts that rest where they may make no events. A pair that parts for less
than `RELEASE_S` is still the same contact. Parts that sleep lose their contacts in the engine;
their episodes stay open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from sheber.robot.cell.world import World
from sheber.robot.clock import STEP_S

__all__ = ["Contact", "Contacts"]

RELEASE_S = 0.1  # s without touching until an episode is over
MEASURE_STEPS = 20  # between two measurements of contacts that stay and are meant
NONE: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that began or ended in the last advance."""

    a: str  # names of the two bodies; the robot's side first where there is one
    b: str
    force_N: float  # normal force now; at the end 0
    meant: bool
    ended: bool = False
    peak_N: float = 0.0  # the largest normal force of the episode so far
    duration_s: float = 0.0


@dataclass(slots=True)
class _Episode:
    began: int  # step
    seen: int  # step it was last seen
    peak: float  # N


class Contacts:
    """Follows the contacts of one world."""

    def __init__(self, world: World, meant: Sequence[tuple[str, str]], robot: Sequence[str]) -> None:
        """`meant`: pairs of name patterns; `robot`: names of the robot's bodies, the moving ones and the base."""
        self.world = world
        self.events: tuple[Contact, ...] = NONE  # of the last update
        self.forces: dict[int, float] = {}  # pair -> normal force [N], of the followed pairs that touch now
        self.collision_N = 0.0  # the largest force of a pair that was not meant, in the last update
        self.collision: tuple[str, str] = ("", "")
        self._names = world.bodies
        self._n = int(world.model.nbody)
        self._meant = _meant_table(world, meant)
        self._robot = np.array([False, *(name in robot for name in world.bodies)])
        self._code = self._pair_codes()  # (ngeom, ngeom) pair of bodies, -1: not followed
        self._episodes: dict[int, _Episode] = {}
        self._key = b""
        self._where = np.zeros(0, dtype=np.intp)
        self._pairs: list[int] = []
        self._measured = 0  # step
        self._release = round(RELEASE_S / STEP_S)

    def pair(self, a: int, b: int) -> int:
        """The key in `forces` of two of the engine's bodies."""
        return a * self._n + b if a < b else b * self._n + a

    def bodies(self, pair: int) -> tuple[int, int]:
        """The engine's bodies of a key in `forces`, the smaller number first: the robot's side where there is one."""
        return divmod(pair, self._n)

    def _pair_codes(self) -> NDArray[np.int32]:
        model = self.world.model
        body = model.geom_bodyid
        a, b = np.minimum.outer(body, body), np.maximum.outer(body, body)
        robot = self._robot[a] | self._robot[b]
        follow = robot | ~self._meant[a, b]
        codes: NDArray[np.int32] = np.where(follow, a * self._n + b, -1).astype(np.int32)
        return codes

    def update(self, step: int) -> None:
        """Read the engine's contacts after a tick that ended at `step`."""
        data = self.world.data
        self.events = NONE
        changed = False
        if data.ncon == 0:
            if self._key:
                self._key, self._pairs = b"", []
        else:
            geoms = data.contact.geom  # (ncon, 2)
            key = geoms.tobytes()
            if key != self._key:
                changed = True
                self._key = key
                codes = self._code[geoms[:, 0], geoms[:, 1]]
                self._where = np.flatnonzero(codes >= 0)
                self._pairs = codes[self._where].tolist()
        if self._pairs:
            # what stays as it was and is meant is measured now and then, the rest at once
            if changed or self.collision_N > 0.0 or step - self._measured >= MEASURE_STEPS:
                self._measure(step)
        elif self.forces:
            self.forces = {}
            self.collision_N = 0.0
        if self._episodes and step - self._measured >= MEASURE_STEPS:
            self._end(step)

    def _measure(self, step: int) -> None:
        """Normal forces of the followed pairs; opens episodes."""
        data = self.world.data
        self._measured = step
        rows = data.contact.efc_address[self._where].tolist()
        efc_force = data.efc_force
        forces: dict[int, float] = {}
        for pair, row in zip(self._pairs, rows, strict=True):
            if row >= 0:  # -1: within the gap, no force. With elliptic cones a contact's first row is its normal
                forces[pair] = forces.get(pair, 0.0) + float(efc_force[row])
        self.forces = forces
        self.collision_N = 0.0
        for pair, force in forces.items():
            episode = self._episodes.get(pair)
            if episode is None:
                self._episodes[pair] = _Episode(step, step, force)
                self.events += (self._contact(pair, force, ended=False),)
            else:
                episode.seen = step
                if force > episode.peak:
                    episode.peak = force
            if force > self.collision_N and not self._pair_meant(pair):
                self.collision_N = force
                self.collision = self._pair_names(pair)

    def _end(self, step: int) -> None:
        late = step - self._release
        over = [pair for pair, episode in self._episodes.items() if episode.seen < late and not self._asleep(pair)]
        for pair in over:
            self.events += (self._contact(pair, 0.0, ended=True),)
            del self._episodes[pair]

    def _asleep(self, pair: int) -> bool:
        """Whether no body of the pair is awake: the engine drops such contacts."""
        data, model = self.world.data, self.world.model
        trees = [int(model.body_treeid[body]) for body in divmod(pair, self._n)]
        return all(tree < 0 or data.tree_asleep[tree] >= 0 for tree in trees)

    def _pair_meant(self, pair: int) -> bool:
        return bool(self._meant[divmod(pair, self._n)])

    def _pair_names(self, pair: int) -> tuple[str, str]:
        a, b = divmod(pair, self._n)
        if self._robot[b] and not self._robot[a]:
            a, b = b, a
        return self._names[a - 1], self._names[b - 1]

    def _contact(self, pair: int, force: float, ended: bool) -> Contact:
        episode = self._episodes[pair]
        names = self._pair_names(pair)
        duration = (episode.seen - episode.began) * STEP_S
        return Contact(*names, force, self._pair_meant(pair), ended, episode.peak, duration)


def _meant_table(world: World, meant: Sequence[tuple[str, str]]) -> NDArray[np.bool_]:
    """(nbody, nbody): whether a contact of two bodies is meant; the world itself (0) is."""
    names = ("", *world.bodies)
    table = np.zeros((len(names), len(names)), dtype=bool)
    for one, other in meant:
        a = np.array([fnmatchcase(name, one) for name in names])
        b = np.array([fnmatchcase(name, other) for name in names])
        table |= np.outer(a, b) | np.outer(b, a)
    table[0, :] = table[:, 0] = True
    return table
