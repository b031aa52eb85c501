"""Profile: how far along a path at which time, within speed, acceleration and jerk.

A path is a row of blocks, each with its own limits and its own unit. At the borders of blocks
the acceleration along the path is zero; the speeds there are found by a pass backward (no
faster than can be braked for what follows) and a pass forward (no faster than can be reached).
Each block is then one time-optimal, jerk-limited move in one dimension, by ruckig.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ruckig import ControlInterface, InputParameter, Result, Ruckig, Trajectory

__all__ = ["Block", "Profile", "brake", "plan"]

Array = NDArray[np.float64]
Section = tuple[float, float, float, float, float]  # duration, position, speed, acceleration, jerk at its start

_ruckig = Ruckig(1)
_JUST_LESS = 1.0 - 1e-9  # of a distance: keeps rounding from asking ruckig for the impossible


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a path with limits of its own. Speeds along it are in its unit a second."""

    length: float  # in the block's unit
    speed: float  # limit
    acceleration: float  # limit
    jerk: float  # limit
    scale_in: float = 1.0  # what one unit is worth at the start, and ...
    scale_out: float = 1.0  # ... at the end, so that speeds agree across a border
    stop: bool = False  # comes to rest at its end


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Cubic pieces in time: position in block `block[k]` from time `start[k]` on."""

    start: Array  # (k,) s
    block: NDArray[np.intp]  # (k,)
    pieces: Array  # (k, 4): position, speed, acceleration, jerk at the piece's start
    ends: Array  # (blocks,) s at which each block that was planned ends
    duration: float  # s
    overrun: bool  # a border was too near to brake for: it is passed faster than its limit

    def at(self, times: Array) -> tuple[NDArray[np.intp], Array]:
        """The block (n,) and the position in it (n,) at times (n,) s."""
        times = np.minimum(times, self.duration)
        k = np.searchsorted(self.start, times, side="right") - 1
        w = times - self.start[k]
        p, v, a, j = self.pieces[k].T
        return self.block[k], p + w * (v + w * (a / 2.0 + w * j / 6.0))

    def state(self, time: float) -> tuple[int, float, float, float]:
        """Block, position, speed and acceleration at a time [s]."""
        time = min(time, self.duration)
        k = int(np.searchsorted(self.start, time, side="right")) - 1
        w = time - float(self.start[k])
        p, v, a, j = self.pieces[k].tolist()
        return int(self.block[k]), p + w * (v + w * (a / 2 + w * j / 6)), v + w * (a + w * j / 2), a + w * j


def _way(v0: float, v1: float, block: Block) -> float:
    """The way [unit] that the change from one speed to another takes, accelerations zero at both ends."""
    change, a, j = abs(v1 - v0), block.acceleration, block.jerk
    time = change / a + a / j if change * j >= a * a else 2.0 * math.sqrt(change / j)
    return 0.5 * (v0 + v1) * time


def _reach(v: float, block: Block, wanted: float) -> float:
    """The largest speed up to `wanted` that is reached from v (or braked to v from) within the block."""
    length = block.length * _JUST_LESS
    if wanted <= v or _way(v, wanted, block) <= length:
        return wanted
    low, high = v, wanted
    for _ in range(48):
        middle = 0.5 * (low + high)
        if _way(v, middle, block) <= length:
            low = middle
        else:
            high = middle
    return low


def _slow(v: float, block: Block) -> float:
    """The lowest speed that v can be braked to within the block."""
    length = block.length * _JUST_LESS
    if _way(v, 0.0, block) <= length:
        return 0.0
    low, high = 0.0, v
    for _ in range(48):
        middle = 0.5 * (low + high)
        if _way(v, middle, block) <= length:
            high = middle
        else:
            low = middle
    return high


class _Pieces:
    """Gathers the cubic pieces of the blocks."""

    def __init__(self) -> None:
        self.time = 0.0
        self.rows: list[tuple[float, int, float, float, float, float]] = []
        self.ends: list[float] = []
        self.overrun = False

    def add(self, block: int, sections: Sequence[Section]) -> None:
        for t, p, v, a, j in sections:
            if t > 1e-12:
                self.rows.append((self.time, block, p, v, a, j))
                self.time += t

    def end(self) -> None:
        self.ends.append(self.time)

    def profile(self) -> Profile:
        if not self.rows:
            self.rows.append((0.0, 0, 0.0, 0.0, 0.0, 0.0))
        rows = np.array(self.rows)
        return Profile(rows[:, 0], rows[:, 1].astype(np.intp), rows[:, 2:], np.array(self.ends), self.time, self.overrun)


def _sections(v0: float, a0: float, v1: float, block: Block, brake_only: bool = False) -> list[Section]:
    """The cubic sections (duration, p, v, a, j) from a state to the block's end, or to rest; [] if ruckig has none."""
    asked = InputParameter(1)
    asked.current_position, asked.current_velocity, asked.current_acceleration = [0.0], [v0], [a0]
    asked.target_velocity, asked.target_acceleration = [v1], [0.0]
    asked.max_velocity = [max(block.speed, v1)]
    asked.max_acceleration, asked.max_jerk = [block.acceleration], [block.jerk]
    if brake_only:
        asked.control_interface = ControlInterface.Velocity
    else:
        asked.target_position = [block.length]
    found = Trajectory(1)
    if _ruckig.calculate(asked, found) not in (Result.Working, Result.Finished):
        return []
    profile = found.profiles[0][0]
    return [
        section
        for part in (profile.brake, profile, profile.accel)
        for section in zip(part.t, part.p, part.v, part.a, part.j, strict=False)
        if section[0] > 0.0
    ]


def _forward_only(sections: list[Section], length: float) -> bool:
    """Whether the motion never turns back: such a profile would leave its block and return."""
    if not sections:
        return False
    slack = 1e-6 * length
    for t, p, v, a, j in sections:
        end = v + t * (a + 0.5 * t * j)
        lowest = min(v, end)
        if j != 0.0 and 0.0 < -a / j < t:
            lowest = min(lowest, v - 0.5 * a * a / j)
        if lowest < -1e-7 * max(1.0, abs(v)) or p > length + slack:
            return False
    return True


def plan(blocks: Sequence[Block], speed: float = 0.0, acceleration: float = 0.0) -> Profile:
    """The fastest profile over the blocks, from a state at the start of the first to rest at the end of the last.

    The state must come from an earlier plan over the same path (or be at rest), so that it can be
    braked; raises ArithmeticError where it cannot.
    """
    wanted = _border_speeds(blocks)
    pieces = _Pieces()
    for k, block in enumerate(blocks):
        goal = wanted[k]
        if acceleration == 0.0:
            goal = _reach(speed, block, goal) if speed <= goal else max(goal, _slow(speed, block))
        goal, sections = _search(speed, acceleration, goal, block)
        pieces.add(k, sections)
        pieces.end()
        pieces.overrun |= goal > wanted[k] * (1.0 + 1e-6) + 1e-9
        if k + 1 < len(blocks):
            speed = goal * block.scale_out / blocks[k + 1].scale_in
        acceleration = 0.0
    return pieces.profile()


def _border_speeds(blocks: Sequence[Block]) -> list[float]:
    """The largest speed at the end of each block, in its own unit, that all that follows can be braked for."""
    ends = [0.0] * len(blocks)
    for k in range(len(blocks) - 1, 0, -1):
        block, before = blocks[k], blocks[k - 1]
        if before.stop:
            continue
        start = _reach(min(ends[k], block.speed), block, block.speed)
        ends[k - 1] = min(before.speed, start * block.scale_in / before.scale_out)
    return ends


def _search(v0: float, a0: float, wanted: float, block: Block) -> tuple[float, list[Section]]:
    """The end speed nearest to `wanted` for which the block is crossed without turning back, and its sections."""
    sections = _sections(v0, a0, wanted, block)
    if _forward_only(sections, block.length):
        return wanted, sections
    tries = [wanted + (v0 - wanted) * n / 64.0 for n in range(1, 65)] + [v0 * (1.0 + n / 32.0) for n in range(1, 33)]
    for goal in sorted(tries, key=lambda value: abs(value - wanted)):
        if goal >= 0.0:
            sections = _sections(v0, a0, goal, block)
            if _forward_only(sections, block.length):
                return goal, sections
    raise ArithmeticError(f"no profile from speed {v0}, acceleration {a0} over {block}")


def brake(blocks: Sequence[Block], speed: float, acceleration: float) -> Profile:
    """Come to rest as soon as the limits allow, on the path; raises ArithmeticError where it cannot."""
    pieces = _Pieces()
    for k, block in enumerate(blocks):
        sections = _sections(speed, acceleration, 0.0, block, brake_only=True)
        goal = 0.0
        stops = _forward_only(sections, block.length) and _last_position(sections) <= block.length
        if not stops:
            goal, sections = _search(speed, acceleration, 0.0, block)
        pieces.add(k, sections)
        pieces.end()
        if stops or k + 1 == len(blocks):
            break
        speed, acceleration = goal * block.scale_out / blocks[k + 1].scale_in, 0.0
    return pieces.profile()


def _last_position(sections: Sequence[Section]) -> float:
    t, p, v, a, j = sections[-1]
    return p + t * (v + t * (a / 2.0 + t * j / 6.0))
