"""The simulated mount: two axes that move step by step, because somebody asked for it.

Theory of operation. Time is counted in whole steps from the start. A step takes the newest goal (a place, a row of a
track table, a speed, or nothing), moves both drives, lets the wind bend the antenna, and notes what happened. The same
spec, flaws, seed and commands give the same motion, however the steps are grouped.

The latch. A turn in azimuth of more than `MountSpec.latch_deg` is finished before the axis obeys another goal: the
newest one waits. So a command near the wrap (1° after 359°) takes the long way round, and the whole of it, where the
other name of the same bearing (361°) was two degrees away. `stop` releases the latch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sheber.ground.mount.axis import Axis
from sheber.ground.mount.flaws import PERFECT, Flaws, bending
from sheber.ground.mount.pointing import pointing_error_deg
from sheber.ground.mount.spec import MountError, MountSpec
from sheber.ground.mount.track import TrackTable
from sheber.i18n import message

__all__ = ["Mount", "MountDeaf", "MountEvent", "MountState"]

_DEAF = message(
    "ground.mount.deaf",
    "The {axis} encoder stood still while its drive turned. The mount has stopped. Reset it before the next command.",
)
_NO_SPEED = message("ground.mount.no_speed", "The mount cannot turn at {azimuth} and {elevation} deg/s: no numbers.")
_NAMES = ("azimuth", "elevation")
_BLOCK = 256  # steps of a track table that are computed at once


class MountDeaf(MountError):
    """An encoder stood still while its drive turned; `Mount.reset` mends it."""


@dataclass(frozen=True, slots=True)
class MountEvent:
    """Something that happened to the mount."""

    time_s: float
    kind: str  # "reversed", "limit", "latched", "released", "deaf"
    axis: str  # "azimuth" or "elevation"


@dataclass(frozen=True, slots=True)
class MountState:
    """What the mount says of itself: its encoders, its speeds. Not the truth."""

    time_s: float
    azimuth_deg: float
    elevation_deg: float
    azimuth_speed_deg_s: float
    elevation_speed_deg_s: float
    moving: bool
    latched: bool  # a long turn in azimuth is on its way; a newer azimuth waits for its end
    deaf: bool  # stopped for an encoder that stood still


class Mount:
    """A mount that obeys commands and moves with time; `step` moves it."""

    def __init__(
        self,
        spec: MountSpec,
        start_s: float = 0.0,
        step_s: float = 0.1,
        flaws: Flaws = PERFECT,
        rng: np.random.Generator | None = None,
    ) -> None:
        """A mount that stands at its park position; `rng` draws its wind."""
        self.spec = spec
        self.start_s, self.step_s = start_s, step_s
        self.azimuth = Axis(spec.azimuth, spec.park_deg[0], step_s, flaws.backlash_deg[0])
        self.elevation = Axis(spec.elevation, spec.park_deg[1], step_s, flaws.backlash_deg[1])
        self.latched = False
        self._steps = 0
        self._flaws = flaws
        self._wind = bending(flaws.wind, step_s, rng or np.random.default_rng(0))
        self._bent = (0.0, 0.0)
        self._waiting: float | None = None  # the azimuth that waits for the end of a latched turn
        self._table: TrackTable | None = None  # what it follows
        self._rows: list[list[float]] = []  # of the table, one a step, the next one last
        self._events: list[MountEvent] = []

    # --- what it says ---

    @property
    def time_s(self) -> float:
        """The simulated time."""
        return self.start_s + self._steps * self.step_s

    @property
    def state(self) -> MountState:
        """What it says of itself."""
        azimuth, elevation = self.azimuth, self.elevation
        return MountState(
            self.time_s,
            azimuth.reading_deg,
            elevation.reading_deg,
            azimuth.speed_deg_s,
            elevation.speed_deg_s,
            moving=not (azimuth.at_rest and elevation.at_rest),
            latched=self.latched,
            deaf=azimuth.deaf or elevation.deaf,
        )

    @property
    def true_deg(self) -> tuple[float, float]:
        """Where the antenna really looks: azimuth and elevation, with play and wind."""
        return self.azimuth.antenna_deg + self._bent[0], self.elevation.antenna_deg + self._bent[1]

    @property
    def idle(self) -> bool:
        """Whether it stands and has nothing to do."""
        axes = (self.azimuth, self.elevation)
        return self._table is None and not self.latched and all(axis.content for axis in axes)

    def error_deg(self, azimuth_deg: float, elevation_deg: float) -> float:
        """The angle between where the antenna really looks and a direction."""
        return float(pointing_error_deg(*self.true_deg, azimuth_deg, elevation_deg))

    def take_events(self) -> list[MountEvent]:
        """What happened since the last call."""
        events, self._events = self._events, []
        return events

    # --- what it obeys ---

    def point(self, azimuth_deg: float, elevation_deg: float) -> None:
        """Go to a place and stay; raises MountError where it cannot, and then nothing changes."""
        self._may_move()
        self.spec.check(azimuth_deg, elevation_deg)
        self._table = None
        self._go(azimuth_deg)
        self.elevation.towards(elevation_deg)

    def follow(self, table: TrackTable) -> None:
        """Follow a track table: wait at its first row, stay at its last; raises MountError beyond the limits."""
        self._may_move()
        table.check(self.spec)
        self._table, self._rows = table, []
        self._go(self._next_row()[0])

    def turn(self, azimuth_deg_s: float, elevation_deg_s: float) -> None:
        """Turn at speeds (cut to the limits) until something else is asked: the mount looks at no end of the travel."""
        self._may_move()
        if not (math.isfinite(azimuth_deg_s) and math.isfinite(elevation_deg_s)):
            raise MountError(_NO_SPEED(azimuth=str(azimuth_deg_s)[:40], elevation=str(elevation_deg_s)[:40]))
        self._release()
        self.azimuth.turn(azimuth_deg_s)
        self.elevation.turn(elevation_deg_s)

    def stop(self) -> None:
        """Brake, forget every goal, and release the latch."""
        self._release()
        self.azimuth.turn(0.0)
        self.elevation.turn(0.0)

    def park(self) -> None:
        """Go to the park position."""
        self.point(*self.spec.park_deg)

    def reset(self) -> None:
        """Stop, and forget that an encoder stood still."""
        self.stop()
        self.azimuth.deaf = self.elevation.deaf = False

    # --- time ---

    def step(self) -> None:
        """Move for one step."""
        self._take_goals()
        self._steps += 1
        for name, axis in zip(_NAMES, (self.azimuth, self.elevation), strict=True):
            self._move(name, axis)
        self._bent = next(self._wind)

    def skip(self, steps: int) -> None:
        """Let steps pass in which an idle mount stands; only the last one is lived through."""
        self._steps += steps - 1
        self.step()

    def advance(self, seconds: float) -> None:
        """Move for a time, in whole steps."""
        for _ in range(round(seconds / self.step_s)):
            self.step()

    def _go(self, azimuth_deg: float) -> None:
        """Set the azimuth's goal, or let it wait for the end of a latched turn."""
        latch = self.spec.latch_deg
        if self.latched:
            self._waiting = azimuth_deg
            return
        self.azimuth.towards(azimuth_deg)
        if latch is not None and abs(self.azimuth.error_deg) > latch:
            self.latched = True
            self._note("latched", "azimuth")

    def _take_goals(self) -> None:
        """The goals of this step: a row of the table, and the azimuth that waited."""
        if self.latched and self.azimuth.at_rest and abs(self.azimuth.error_deg) <= self._near_deg():
            self.latched = False
            self._note("released", "azimuth")
            waited, self._waiting = self._waiting, None
            if waited is not None and self._table is None:
                self._go(waited)
        if self._table is not None:
            azimuth, elevation, azimuth_speed, elevation_speed = self._next_row()
            self._rows.pop()
            self.elevation.towards(elevation, elevation_speed)
            if not self.latched:
                self.azimuth.towards(azimuth, azimuth_speed)

    def _next_row(self) -> list[float]:
        """The table at the end of the next step: azimuth, elevation, and their speeds."""
        if not self._rows and self._table is not None:
            steps = np.arange(self._steps + _BLOCK, self._steps, -1, dtype=np.float64)
            self._rows = self._table.sampled(self.start_s + self.step_s * steps).tolist()
        return self._rows[-1]

    def _near_deg(self) -> float:
        """How near a latched turn must come to its goal."""
        return max(self.spec.azimuth.dead_band_deg, 0.01)

    def _move(self, name: str, axis: Axis) -> None:
        """Move one axis, and note what happened to it."""
        reversals, deaf = axis.reversals, axis.deaf
        slip, frozen = self._fault(name) if self._flaws.faults else (0.0, False)
        if axis.step(slip, frozen):
            self._note("limit", name)
        if axis.reversals > reversals:
            self._note("reversed", name)
        if axis.deaf and not deaf:
            self.stop()
            self._note("deaf", name)

    def _fault(self, axis: str) -> tuple[float, bool]:
        """How the encoder of an axis fails now: by how much it slipped, and whether it is frozen."""
        after_s = self._steps * self.step_s
        faults = [fault for fault in self._flaws.faults if fault.axis == axis and fault.active(after_s)]
        slip = sum(fault.slip_deg for fault in faults if fault.kind == "slips")
        return slip, any(fault.kind == "freezes" for fault in faults)

    def _may_move(self) -> None:
        """Raise MountDeaf where an encoder stood still."""
        for name, axis in zip(_NAMES, (self.azimuth, self.elevation), strict=True):
            if axis.deaf:
                raise MountDeaf(_DEAF(axis=name))

    def _release(self) -> None:
        """Forget the latch, the table and what waits."""
        if self.latched:
            self._note("released", "azimuth")
        self.latched, self._waiting, self._table = False, None, None

    def _note(self, kind: str, axis: str) -> None:
        """Write down what happened."""
        self._events.append(MountEvent(self.time_s, kind, axis))
