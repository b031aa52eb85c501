"""Profile: how far along a path at which time, within speed, acceleration and jerk.

A path is a row of blocks, each with its own limits and its own unit. At the borders of blocks
the acceleration along the path is zero; the speeds there are found by a pass backward (no
faster than can be braked for what follows) and a pass forward (no faster than can be reached).
Each block is then one time-optimal, jerk-limited move in one dimension, by ruckig.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ruckig import ControlInterface, InputParameter, Result, Ruckig, RuckigError, Trajectory

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


class Profile:
    """Cubic pieces in time over blocks: which block, and how far in it."""

    def __init__(self, rows: Sequence[tuple[float, int, float, float, float, float]], ends: list[float], overrun: bool):
        """Rows (start [s], block, then position, speed, acceleration, jerk at the start); ends of the blocks [s]."""
        self.rows = rows
        self.starts = [row[0] for row in rows]
        self.ends = ends
        self.duration = ends[-1]  # s
        self.overrun = overrun  # a border was too near to brake for: it is passed faster than its limit
        self._table = np.array(rows)

    def at(self, times: Array) -> tuple[NDArray[np.intp], Array]:
        """The block (n,) and the position in it (n,) at times (n,) s."""
        times = np.minimum(times, self.duration)
        k = self._table[:, 0].searchsorted(times, side="right") - 1
        start, block, p, v, a, j = self._table.take(k, axis=0).T
        w = times - start
        return block.astype(np.intp), p + w * (v + w * (a / 2.0 + w * j / 6.0))

    def state(self, time: float) -> tuple[int, float, float, float]:
        """Block, position, speed and acceleration at a time [s]."""
        time = min(time, self.duration)
        start, block, p, v, a, j = self.rows[bisect_right(self.starts, time) - 1]
        w = time - start
        return block, p + w * (v + w * (a / 2 + w * j / 6)), v + w * (a + w * j / 2), a + w * j

    def when(self, block: int, position: float) -> float:
        """The time [s] at which a position in a block is passed."""
        low = self.ends[block - 1] if block else 0.0
        high = self.ends[block]
        while high - low > 1e-7:
            middle = 0.5 * (low + high)
            if self.state(middle)[1] < position:
                low = middle
            else:
                high = middle
        return high

    def rest_of_block(self, time: float) -> list[Section]:
        """What follows in the block that is run at a time, with positions from where it is then."""
        time = min(time, self.duration)
        block, here, speed, acceleration = self.state(time)
        k = bisect_right(self.starts, time) - 1
        ends = [*self.starts[1:], self.duration]
        sections = [(ends[k] - time, 0.0, speed, acceleration, self.rows[k][5])]
        for n in range(k + 1, len(ends)):
            start, of, p, v, a, j = self.rows[n]
            if of != block:
                break
            sections.append((ends[n] - start, p - here, v, a, j))
        return sections


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


def _slow(v: float, block: Block, wanted: float) -> float:
    """The speed to which v is braked within the block: the wanted one, else rest, else the lowest there is."""
    for goal in (wanted, 0.0):
        if _way(v, goal, block) <= block.length:
            return goal
    # The way grows with the change of speed up to this change; beyond it the slow end of the braking saves more.
    change = v - 0.5 * block.acceleration**2 / block.jerk
    if change * block.jerk < block.acceleration**2:
        change = min(2.0 * v / 3.0, block.acceleration**2 / block.jerk)
    low, high = v - change, v
    for _ in range(48):
        middle = 0.5 * (low + high)
        if _way(v, middle, block) <= block.length * _JUST_LESS:
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
        return Profile(self.rows or [(0.0, 0, 0.0, 0.0, 0.0, 0.0)], self.ends, self.overrun)


def _sections(
    v0: float, a0: float, v1: float, block: Block, brake_only: bool = False, no_brake: bool = False
) -> list[Section]:
    """The cubic sections (duration, p, v, a, j) from a state to the block's end, or to rest; [] if ruckig has none."""
    asked = InputParameter(1)
    asked.current_position, asked.current_velocity, asked.current_acceleration = [0.0], [v0], [a0]
    asked.target_velocity, asked.target_acceleration = [v1], [0.0]
    asked.max_velocity = [max(block.speed, v1, v0 if no_brake else 0.0)]
    asked.max_acceleration, asked.max_jerk = [block.acceleration], [block.jerk]
    if brake_only:
        asked.control_interface = ControlInterface.Velocity
    else:
        asked.target_position = [block.length]
    found = Trajectory(1)
    try:
        if _ruckig.calculate(asked, found) not in (Result.Working, Result.Finished):
            return []
    except RuckigError:
        return []
    profile = found.profiles[0][0]
    return [
        section
        for part in (profile.brake, profile, profile.accel)
        for section in zip(part.t, part.p, part.v, part.a, part.j, strict=False)
        if section[0] > 0.0
    ]


def _forward_only(sections: Sequence[Section], length: float) -> bool:
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


def _crossing(v0: float, a0: float, v1: float, block: Block) -> list[Section]:
    """The sections that cross a block without turning back; [] where there are none.

    Above the block's speed ruckig brakes to it first, even where there is just room for the whole
    way down; so a second time it is given the speed that there is.
    """
    for no_brake in (False, True):
        sections = _sections(v0, a0, v1, block, no_brake=no_brake)
        if _forward_only(sections, block.length):
            return sections
        if v0 <= block.speed:
            break
    return []


def plan(
    blocks: Sequence[Block], speed: float = 0.0, acceleration: float = 0.0, before: Sequence[Section] = ()
) -> Profile:
    """The fastest profile over the blocks, from a state at the start of the first to rest at the end of the last.

    A state in motion must come from an earlier profile over the same path; `before` is what that one had
    in mind for the rest of the block. Raises ArithmeticError where the path cannot be braked for.
    """
    wanted = _border_speeds(blocks)
    pieces = _Pieces()
    for k, block in enumerate(blocks):
        goal, sections = _cross(block, speed, acceleration, wanted[k], before if k == 0 else ())
        if goal > 1e-6 and (block.stop or k + 1 == len(blocks)):
            raise ArithmeticError(f"no rest at the end of {block} from speed {speed}, acceleration {acceleration}")
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


def _cross(
    block: Block, v0: float, a0: float, wanted: float, before: Sequence[Section]
) -> tuple[float, Sequence[Section]]:
    """The end speed nearest to `wanted` with which a block can be crossed without turning back, and its sections."""
    if a0 == 0.0:
        wanted = _reach(v0, block, wanted) if v0 <= wanted else _slow(v0, block, wanted)
    sections: Sequence[Section] = _crossing(v0, a0, wanted, block)
    if sections:
        return wanted, sections
    goal = math.inf
    held = v0 + 0.5 * a0 * abs(a0) / block.jerk  # the speed when the acceleration has been taken back
    sections = _crossing(v0, a0, held, block) if held >= 0.0 else []
    if sections:
        goal, sections = _toward(block, v0, a0, held, wanted, sections)
    if goal > wanted and before and abs(_end(before)[0] - block.length) < 1e-9 and _end(before)[1] < goal + 1e-9:
        return max(_end(before)[1], 0.0), before
    if goal == math.inf:
        raise ArithmeticError(f"no profile from speed {v0}, acceleration {a0} over {block}")
    return goal, sections


def _toward(
    block: Block, v0: float, a0: float, good: float, wanted: float, sections: Sequence[Section]
) -> tuple[float, Sequence[Section]]:
    """Bisection from an end speed that can be had to one that cannot."""
    for _ in range(16):
        middle = 0.5 * (good + wanted)
        tried = _crossing(v0, a0, middle, block)
        if tried:
            good, sections = middle, tried
        else:
            wanted = middle
    return good, sections


def brake(blocks: Sequence[Block], speed: float, acceleration: float, before: Sequence[Section] = ()) -> Profile:
    """Come to rest on the path as soon as the limits allow; see `plan`."""
    pieces = _Pieces()
    for k, block in enumerate(blocks):
        sections: Sequence[Section] = _sections(speed, acceleration, 0.0, block, brake_only=True)
        goal = 0.0
        stops = _forward_only(sections, block.length) and _end(sections)[0] <= block.length * (1.0 + 1e-7)
        if not stops:
            goal, sections = _cross(block, speed, acceleration, 0.0, before if k == 0 else ())
            stops = goal <= 1e-6
        pieces.add(k, sections)
        pieces.end()
        if stops:
            return pieces.profile()
        if k + 1 < len(blocks):
            speed, acceleration = goal * block.scale_out / blocks[k + 1].scale_in, 0.0
    raise ArithmeticError(f"no rest within {len(blocks)} blocks from speed {speed}")


def _end(sections: Sequence[Section]) -> tuple[float, float]:
    """Position and speed at the end of sections."""
    t, p, v, a, j = sections[-1]
    return p + t * (v + t * (a / 2.0 + t * j / 6.0)), v + t * (a + t * j / 2.0)
