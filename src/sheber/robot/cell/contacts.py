"""Contacts: who touches whom, how hard, and whether it was meant.

A pair is followed if it is not meant, or if the robot is in it; loose parts that rest where they
may make no events. A pair that parts for less than `RELEASE_S` is still the same contact. Parts
that sleep lose their contacts in the engine; their episodes stay open.

`glance` looks after every physics step and costs a comparison where nothing changed: it measures
who touches newly, and at every step what is not meant, so that no touch is too short and every
peak is true. `update` looks at the end of an advance, whole arrays at a time, and closes what is over.
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
MOST_KNOWN = 5000  # lists of contacts that are kept sorted out
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


@dataclass(frozen=True, slots=True)
class _Listed:
    """What is followed of one list of the engine's contacts."""

    where: NDArray[np.intp]  # (k,) index in the list of each followed contact
    each: tuple[int, ...]  # its pair
    pairs: frozenset[int]  # the same, once each
    unmeant: frozenset[int]  # those of them that are not meant
    every_step: bool  # it is measured: one of the pairs is not meant, or its force is wanted


NOBODY = _Listed(np.zeros(0, np.intp), (), frozenset(), frozenset(), every_step=False)


class Contacts:
    """Follows the contacts of one world."""

    def __init__(
        self,
        world: World,
        meant: Sequence[tuple[str, str]],
        robot: Sequence[str],
        wanted: Sequence[tuple[str, str]] = (),
    ) -> None:
        """`meant`: pairs of name patterns; `robot`: names of the robot's bodies, the moving ones and the base.

        `wanted`: pairs of name patterns that are followed and measured at every step, although meant.
        """
        self.world = world
        self.events: tuple[Contact, ...] = NONE  # of the last advance
        self.forces: dict[int, float] = {}  # pair -> normal force [N], of the followed pairs that touch now
        self.collision_N = 0.0  # the largest force that robot or load met unmeant, in the last advance
        self.collision: tuple[str, str] = ("", "")
        self.load = 0  # the engine's body that the tool holds; 0: none
        self._names = world.bodies
        self._n = int(world.model.nbody)
        self._meant = _meant_table(world, meant)
        self._wanted = _table(world, wanted)
        self._closely = False
        self._always = frozenset(robot)
        self._robot = self._of_robot(())
        self._code = self._pair_codes()  # (ngeom, ngeom) pair of bodies, -1: not followed
        self._episodes: dict[int, _Episode] = {}
        self._contact_list = world.data.contact  # alive
        self.listed = b""  # the engine's list of contacts when it was looked at last
        self._known: dict[bytes, _Listed] = {b"": NOBODY}
        self._listed = NOBODY
        self._changed = False  # the list, since the last update
        self._measured = self._closed = 0  # step of the last measurement, and of the last look for what is over
        self._release = round(RELEASE_S / STEP_S)

    def robot(self, more: Sequence[str]) -> None:
        """From now on the robot has these bodies too, beside those that it always has: a tool that was locked."""
        self._robot = self._of_robot(more)
        self._code = self._pair_codes()
        self._forget()

    def _of_robot(self, more: Sequence[str]) -> NDArray[np.bool_]:
        return np.array([False, *(name in self._always or name in more for name in self.world.bodies)])

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
        follow = robot | ~self._meant[a, b] | self._wanted[a, b]
        codes: NDArray[np.int32] = np.where(follow, a * self._n + b, -1).astype(np.int32)
        return codes

    def begin(self) -> None:
        """An advance begins: forget the events and the collision of the one before."""
        self.events, self.collision_N = NONE, 0.0

    def glance(self, step: int) -> None:
        """Look after one physics step; nothing happens where the engine lists no contact, now and before."""
        key = self._contact_list.geom.tobytes()
        if key != self.listed:
            self._follow(key)
            if not self._listed.pairs <= self._episodes.keys():
                self._measure(step)
                return
        if self._listed.every_step:
            self._measure(step)

    def update(self, step: int) -> None:
        """Look at the end of an advance, after the `glance` at its last step."""
        if self._listed.pairs:
            # what stays as it was and is meant is measured now and then, the rest at once
            if self._measured != step and (self._changed or step - self._measured >= MEASURE_STEPS):
                self._measure(step)
        elif self.forces:
            self.forces = {}
        self._changed = False
        if self._episodes and step - self._closed >= MEASURE_STEPS:
            self._end(step)

    def closely(self, on: bool) -> None:
        """Whether all that is followed is measured at every step, so that the peaks of meant contacts are true too."""
        self._closely = on
        self._forget()

    def _forget(self) -> None:
        """Let the next glance sort out anew what is followed."""
        self._known = {b"": NOBODY}
        self.listed, self._listed = b"", NOBODY

    def _follow(self, key: bytes) -> None:
        """The engine's list of contacts is another one."""
        self.listed, self._changed = key, True
        listed = self._known.get(key)
        if listed is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            listed = self._known[key] = self._sorted_out(np.frombuffer(key, np.int32).reshape(-1, 2))
        self._listed = listed

    def _sorted_out(self, geoms: NDArray[np.int32]) -> _Listed:
        """What is followed of the contacts between these geoms (n, 2)."""
        codes = self._code[geoms[:, 0], geoms[:, 1]]
        where = np.flatnonzero(codes >= 0)
        each = tuple(codes[where].tolist())
        pairs = frozenset(each)
        unmeant = frozenset(pair for pair in pairs if not self._pair_meant(pair))
        wanted = self._closely or any(self._wanted[divmod(pair, self._n)] for pair in pairs)
        return _Listed(where, each, pairs, unmeant, every_step=wanted or bool(unmeant))

    def _measure(self, step: int) -> None:
        """Normal forces of the followed pairs; opens episodes."""
        data, listed = self.world.data, self._listed
        self._measured = step
        rows = self._contact_list.efc_address[listed.where].tolist()
        efc_force = data.efc_force.tolist()
        forces: dict[int, float] = {}
        for pair, row in zip(listed.each, rows, strict=True):
            if row >= 0:  # -1: within the gap, no force. With elliptic cones a contact's first row is its normal
                forces[pair] = forces.get(pair, 0.0) + efc_force[row]
        self.forces = forces
        for pair, force in forces.items():
            episode = self._episodes.get(pair)
            if episode is None:
                self._episodes[pair] = _Episode(step, step, force)
                self.events += (self._contact(pair, force, ended=False),)
            else:
                episode.seen = step
                if force > episode.peak:
                    episode.peak = force
            if force > self.collision_N and pair in listed.unmeant and self._robots(pair):
                self.collision_N = force
                self.collision = self._pair_names(pair)

    def finish(self, step: int) -> None:
        """The run ends at this step, and every contact that lasts with it: their peaks and durations become known."""
        self._end(step)
        for pair, episode in self._episodes.items():
            episode.seen = step
            self.events += (self._contact(pair, 0.0, ended=True),)
        self._episodes.clear()

    def hardest(self) -> tuple[tuple[str, str], float]:
        """What robot and load press on hardest now, meant or not: two bodies and N; ("", "") and 0 for nothing.

        What presses on something else counts before what the tool holds: that is pressed only because of it.
        """
        body, rows = self.world.model.geom_bodyid, self._contact_list.efc_address
        forces: dict[int, float] = {}
        for (a, b), row in zip(body[self._contact_list.geom].tolist(), rows.tolist(), strict=True):
            if row >= 0 and self._robots(pair := self.pair(a, b)):
                forces[pair] = forces.get(pair, 0.0) + float(self.world.data.efc_force[row])
        outside = [pair for pair in forces if not all(map(self._carried, divmod(pair, self._n)))]
        pairs = outside or list(forces)
        if not pairs:
            return ("", ""), 0.0
        pair = max(pairs, key=lambda one: forces[one])
        return self._pair_names(pair), forces[pair]

    def _carried(self, body: int) -> bool:
        """Whether a body is the robot's, or what its tool holds."""
        return bool(self._robot[body]) or body == self.load

    def _end(self, step: int) -> None:
        self._closed = step
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

    def _robots(self, pair: int) -> bool:
        """Whether the robot, or what its tool holds, is in a pair."""
        a, b = divmod(pair, self._n)
        return bool(self._robot[a] or self._robot[b]) or (self.load > 0 and self.load in (a, b))

    def _pair_names(self, pair: int) -> tuple[str, str]:
        a, b = divmod(pair, self._n)
        if self._robot[b] and not self._robot[a]:
            a, b = b, a
        return self._names[a - 1], self._names[b - 1]

    def _contact(self, pair: int, force: float, ended: bool) -> Contact:
        episode = self._episodes[pair]
        names = self._pair_names(pair)
        duration = (episode.seen - episode.began + 1) * STEP_S
        return Contact(*names, force, self._pair_meant(pair), ended, episode.peak, duration)


def _meant_table(world: World, meant: Sequence[tuple[str, str]]) -> NDArray[np.bool_]:
    """(nbody, nbody): whether a contact of two bodies is meant; the world itself (0) is."""
    table = _table(world, meant)
    table[0, :] = table[:, 0] = True
    return table


def _table(world: World, pairs: Sequence[tuple[str, str]]) -> NDArray[np.bool_]:
    """(nbody, nbody): whether two bodies are one of these pairs of name patterns, in any order."""
    names = ("", *world.bodies)
    table = np.zeros((len(names), len(names)), dtype=bool)
    for one, other in pairs:
        a = np.array([fnmatchcase(name, one) for name in names])
        b = np.array([fnmatchcase(name, other) for name in names])
        table |= np.outer(a, b) | np.outer(b, a)
    return table
