"""Interpolator: moves in, joint targets out, one every physics step, as a robot's controller does it.

Theory of operation. `add` works a move out as a leg (joints along its whole way) and refuses it
there if it cannot be made. Legs queue up. A leg that blends is joined to the next one by a
corner; a leg that does not ends at rest. The row of legs and corners is one path, and one
profile (how far along at which time) runs over it up to rest at its end. When a leg joins while
the robot moves, the path behind the robot is dropped and the profile is made anew from where it
is and as fast as it is, so it does not brake in a corner that it now knows. Joint targets are
sampled from the profile a stretch of time at once; a tick only takes a slice of them.

A last move that blends is open: the corner it asks for is not known. It is not begun until
another move is added or `close_corner` makes it a fine point.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.arms import Arm
from sheber.robot.clock import STEP_S
from sheber.robot.motion import kinematics
from sheber.robot.motion.curve import JointCurve
from sheber.robot.motion.errors import MotionError
from sheber.robot.motion.legs import Bend, Leg, Planner, SelfCollides, Span
from sheber.robot.motion.moves import Move
from sheber.robot.motion.profile import Block, Profile, brake, plan

__all__ = ["SLOWEST", "Interpolator"]

Array = NDArray[np.float64]

SLOWEST = 0.01  # smallest speed override; a program that wants to stand stops
_CHUNK = 500  # steps that are sampled at once
_SHORTEST_ZONE = 1e-4  # m or rad: a corner smaller than this is a fine point
_AFTER = 1e-10  # s: just behind a border, where the state belongs to what comes next


@dataclass(slots=True, eq=False)
class _Entry:
    """A leg in the queue, with the corner at its end once that is known."""

    leg: Leg
    blends: bool
    zone_in: float = 0.0  # what the corner before it took
    corner: Bend | None = None
    settled: bool = False  # whether the corner at its end has been decided


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    """What is run in one go: a part of a leg, or a corner."""

    curve: JointCurve
    spans: tuple[Span, ...]
    first: float  # the curve's parameter at its start
    last: float
    of: _Entry
    corner: Bend | None  # None: a part of the leg itself
    stop: bool  # at rest at its end


@dataclass(frozen=True, slots=True)
class _State:
    """Where on which stretch, how fast, and how much faster (along the stretch's parameter)."""

    stretch: _Stretch
    position: float
    speed: float
    acceleration: float


class Interpolator:
    """Joint targets for one arm with one tool, from rest at `q_start`.

    `self_collides(q (n, 6))` gives the index of the first joints at which the arm touches itself, or -1.
    """

    every_tick = False  # it looks at no sensor: two ticks may be taken at once
    fault: MotionError | None = None  # what it cannot do, it refuses before it moves

    def __init__(
        self,
        arm: Arm,
        T_flange_tcp: Pose,
        q_start: Array,
        self_collides: SelfCollides | None = None,
    ) -> None:
        self.arm = arm
        self.joints: Array = np.array(q_start, dtype=np.float64)  # (6,) the last target given out
        self.moving = False  # released motion is under way
        self.pending = 0  # moves that are not finished; a corner's middle finishes the move before it
        self._planner = Planner(arm, T_flange_tcp, self_collides)
        self._queue: deque[_Entry] = deque()
        self._open = False
        self._override = 1.0
        self._stopping = False
        self._planned: _Entry | None = None  # the last move that the profile covers
        self._fresh: _Entry | None = None  # the move whose corner was decided last
        self._stretches: list[_Stretch] = []
        self._done: deque[tuple[int, _Entry]] = deque()  # at which step which move is finished
        self._stands: Array | None = None  # the target that `_still` repeats
        self._still: Array = np.empty((0, len(self.joints)))
        self._rest()

    # --- moves in ---------------------------------------------------------------------------

    def add(self, move: Move) -> None:
        """Check the whole way of a move and queue it.

        Raises Unreachable, JointLimit, Singularity, SpeedLimit or SelfCollision; then nothing is queued.
        """
        leg = self._planner.leg(move, self._end(), self._queue[-1].leg.goal if self._queue else None)
        self._queue.append(_Entry(leg, move.blend > 0.0))
        self._open = move.blend > 0.0
        self.pending += 1
        self._release()

    def use_tool(self, T_flange_tcp: Pose) -> None:
        """Plan with another TCP from now on; only at rest."""
        self._planner = Planner(self.arm, T_flange_tcp, self._planner.self_collides)

    def close_corner(self) -> None:
        """Make the last move in the queue a fine point: no other move will follow in a corner."""
        if self._open:
            self._open = False
            if self._queue:
                self._queue[-1].blends = False
            self._release()

    def stop(self) -> None:
        """Brake on the path as hard as the arm can, whatever the moves asked for, and forget those in the queue."""
        state = self._state()
        self._queue.clear()
        self._open = False
        self.pending = 0
        if state is None:
            self._rest()
        elif not self._stopping:
            stretches = self._ahead(state)
            try:
                profile, places = self._plan(stretches, state, braking=True)
                self._start(stretches, places, profile)
            except ArithmeticError:  # a hair before its end: it may as well end
                pass
            self._done.clear()
            self._stopping = True
            block, position, _, _ = self._profile.state(self._profile.duration)
            stretch, start = self._places[block]
            self._stop_point = stretch.curve.at(np.array([start + position]))[0]

    @property
    def speed_override(self) -> float:
        """Factor on all speeds, from `SLOWEST` to 1; raises ValueError for another one."""
        return self._override

    @speed_override.setter
    def speed_override(self, factor: float) -> None:
        if not SLOWEST <= factor <= 1.0:
            raise ValueError(f"a speed override is from {SLOWEST:g} to 1, got {factor:g}")
        self._override = float(factor)
        state = self._state()
        if state is not None and not self._stopping:
            stretches = self._ahead(state)
            try:
                profile, places = self._plan(stretches, state)
            except ArithmeticError:  # too near to the end to change anything
                return
            self._start(stretches, places, profile)

    def _ahead(self, state: _State) -> list[_Stretch]:
        """The planned stretches from where the robot is."""
        here = self._stretches.index(state.stretch)
        return [replace(state.stretch, first=state.position), *self._stretches[here + 1 :]]

    def over(self) -> None:
        """Nobody takes the arm from it for good."""

    def start_from(self, q: Array) -> None:
        """Something else moved the arm to these joints (6,): forget every move, and go on from there, at rest."""
        self._queue.clear()
        self._open = False
        self.pending = 0
        self.joints = np.array(q, dtype=np.float64)
        self._rest()

    # --- targets out ------------------------------------------------------------------------

    def next(self, n: int, cell: object = None) -> Array:
        """Joint targets (n, 6) for the next n physics steps; where nothing moves, the last one again.

        `cell`: where a motion can read sensors. This one needs none: its path is known before it starts.
        """
        if not self.moving:
            return self._standing(n)
        if self._cursor + n > len(self._rows):
            self._sample(n)
        rows = self._rows[self._cursor : self._cursor + n]
        self._cursor += n
        self._at += n
        self.joints = rows[-1]
        while self._done and self._at >= self._done[0][0]:
            self._finish(self._done.popleft()[1])
        if self._at >= self._steps:
            self._rest()
            self._release()
        return rows

    def _standing(self, n: int) -> Array:
        """The last target n times (n, 6); made anew only where it is another one."""
        if self._stands is not self.joints or len(self._still) != n:
            self._stands, self._still = self.joints, np.tile(self.joints, (n, 1))
        return self._still

    @property
    def target(self) -> Pose:
        """T_base_tcp of the last joint target."""
        pose: Pose = kinematics.forward(self.arm, self.joints) @ self._planner.T_flange_tcp
        return pose

    def remaining_steps(self) -> int:
        """Physics steps until all released motion is at rest."""
        return max(0, self._steps - self._at) if self.moving else 0

    # --- the queue --------------------------------------------------------------------------

    def _end(self) -> Array:
        """Joints (6,) where the queue ends."""
        if self._queue:
            return self._queue[-1].leg.end
        return self._stop_point if self._stopping else self.joints

    def _held(self, entry: _Entry) -> bool:
        """Whether a move has to wait for its corner: it is open and nothing leads into it on the fly."""
        if not self._open or entry is not self._queue[-1]:
            return False
        return len(self._queue) == 1 or not self._queue[-2].blends

    def _finish(self, entry: _Entry) -> None:
        """Take a finished move from the queue, and those behind it that had nothing to do."""
        while self._queue and self._queue[0] is entry:
            self._queue.popleft()
            self.pending -= 1
            if self._queue and self._queue[0].leg.length == 0.0 and not self._held(self._queue[0]):
                entry = self._queue[0]

    def _release(self) -> None:
        """Plan what may run and is not planned yet."""
        if self._stopping:
            return
        if not self.moving and self._queue and self._queue[0].leg.length == 0.0 and not self._held(self._queue[0]):
            self._finish(self._queue[0])
        runnable = [entry for entry in self._queue if not self._held(entry)]
        if not runnable or runnable[-1] is self._planned:
            return
        state = self._state()
        for _ in range(2):  # with the new corner; without it
            stretches = self._lay_out(runnable, state)
            try:
                profile, blocks = self._plan(stretches, state)
            except ArithmeticError:
                profile = None
            if profile is not None and not (profile.overrun and self._fresh):
                self._start(stretches, blocks, profile)
                self._planned = runnable[-1]
                return
            if self._fresh is not None:
                self._fresh.corner = None
        # The new move waits for rest: `next` comes back here.

    # --- the path ---------------------------------------------------------------------------

    def _lay_out(self, runnable: list[_Entry], state: _State | None) -> list[_Stretch]:
        """The stretches of the moves that may run, from where the robot is."""
        self._fresh = None
        stretches: list[_Stretch] = []
        first, start = 0, runnable[0].zone_in
        if state is not None:
            here = state.stretch
            first = runnable.index(here.of) if here.of in runnable else -1
            start = state.position
            if here.corner is not None:
                stretches.append(replace(here, first=state.position))
                first += 1
                start = here.corner.zone_second
        for entry, after in zip(runnable[first:], [*runnable[first + 1 :], None], strict=True):
            if entry.leg.length > 0.0:
                corner = self._corner(entry, after, start)
                end = entry.leg.length - (corner.zone_first if corner else 0.0)
                stretches.append(_Stretch(entry.leg.curve, entry.leg.spans, start, end, entry, None, corner is None))
                if corner is not None:
                    stretches.append(_Stretch(corner.curve, (corner.span,), 0.0, 1.0, entry, corner, False))
                start = corner.zone_second if corner else 0.0
        return stretches

    def _corner(self, entry: _Entry, after: _Entry | None, start: float) -> Bend | None:
        """The corner between a move, which is run from `start` on, and the one after it."""
        if entry.settled or after is None:
            return entry.corner
        entry.settled = True
        if entry.blends and after.leg.length > 0.0:
            zone_first, zone_second = self._planner.zones(entry.leg, after.leg)
            zone_first = min(zone_first, 0.95 * (entry.leg.length - start))
            if min(zone_first, zone_second) > _SHORTEST_ZONE:
                entry.corner = self._planner.bend(entry.leg, after.leg, zone_first, zone_second)
                self._fresh = entry
        return entry.corner

    def _plan(
        self, stretches: list[_Stretch], state: _State | None, braking: bool = False
    ) -> tuple[Profile, list[tuple[_Stretch, float]]]:
        """The profile over the stretches, and for each of its blocks the stretch and where on it it starts."""
        blocks: list[Block] = []
        places: list[tuple[_Stretch, float]] = []
        for stretch in stretches:
            spans = [span for span in stretch.spans if span.end > stretch.first + 1e-12 and span.start < stretch.last]
            for span in spans:
                start, end = max(span.start, stretch.first), min(span.end, stretch.last)
                corner = stretch.corner
                acceleration = span.braking if braking else span.acceleration
                blocks.append(
                    Block(
                        end - start,
                        span.speed * self._override,
                        acceleration,
                        acceleration / self.arm.ramp_s,
                        2.0 * corner.zone_first if corner else 1.0,
                        2.0 * corner.zone_second if corner else 1.0,
                        stretch.stop and span is spans[-1],
                    )
                )
                places.append((stretch, start))
        if not blocks:
            raise ArithmeticError("nothing of the path is left")
        if state is None:
            return plan(blocks), places
        before = self._profile.rest_of_block(self._at * STEP_S + _AFTER)
        return (brake if braking else plan)(blocks, state.speed, state.acceleration, before), places

    def _start(self, stretches: list[_Stretch], places: list[tuple[_Stretch, float]], profile: Profile) -> None:
        """Run this profile from the next step on."""
        self._stretches, self._places, self._profile = stretches, places, profile
        self._starts = np.array([start for _, start in places])
        self._at = self._cursor = 0
        self._rows = np.empty((0, len(self.joints)))
        self._steps = math.ceil(profile.duration / STEP_S - 1e-9)
        self._done = deque(self._finishing(profile, places))
        self.moving = True

    def _finishing(self, profile: Profile, places: list[tuple[_Stretch, float]]) -> list[tuple[int, _Entry]]:
        """At which step which move is finished."""
        done = []
        for k, (end, (stretch, start)) in enumerate(zip(profile.ends, places, strict=False)):
            last = k + 1 == len(places) or places[k + 1][0] is not stretch
            if stretch.corner is not None:
                end = profile.when(k, 0.5 - start) if start < 0.5 else 0.0
            elif not (stretch.stop and last):
                continue
            done.append((math.ceil(end / STEP_S - 1e-9), stretch.of))
        return done

    def _sample(self, n: int) -> None:
        """Fill the rows with the targets of the coming steps, at least n."""
        count = max(n, min(_CHUNK, self._steps - self._at))
        times: Array = (self._at + np.arange(1.0, count + 1.0)) * STEP_S
        block, position = self._profile.at(times)
        position += self._starts[block]
        self._rows = np.empty((count, len(self.joints)))
        low = 0
        while low < count:  # one curve after the other
            curve = self._places[block[low]][0].curve
            last = int(block[low])
            while last + 1 < len(self._places) and self._places[last + 1][0].curve is curve:
                last += 1
            high = int(block.searchsorted(last, side="right"))
            self._rows[low:high] = curve.at(position[low:high])
            low = high
        self._cursor = 0

    def _state(self) -> _State | None:
        """Where the last target was on its stretch; None at rest."""
        if not self.moving:
            return None
        block, position, speed, acceleration = self._profile.state(self._at * STEP_S + _AFTER)
        stretch, start = self._places[block]
        if abs(acceleration) < 1e-9:
            acceleration = 0.0
        return _State(stretch, start + position, max(speed, 0.0), acceleration)

    def _rest(self) -> None:
        """Nothing is under way."""
        self.moving = False
        self._stopping = False
        self._stop_point = self.joints
        self._planned = None
        self._stretches = []
        self._done = deque()
        self._rows = np.empty((0, len(self.joints)))
        self._at = self._cursor = self._steps = 0
