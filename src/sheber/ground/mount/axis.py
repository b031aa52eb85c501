"""One axis of a mount: a drive with inertia that goes to a goal, or follows a goal that moves.

Theory of operation. The drive knows the reading of its encoder, its own speed, and where the goal is and how fast it
moves at the end of the step. It looks at the error that would be left then if it kept its speed, and adds to the goal's
speed what this error deserves:

    far away    sqrt(2 a (|error| − d/2))    the speed from which braking at the acceleration a ends at the goal
    near        k |error|                    where |error| < d = a/k²: the last bit is exponential

Both forms and their slopes agree at d, so the braking has no jerk at its end and does not overshoot. Then the limits of
acceleration and speed cut what was wanted. Between drive and antenna there is play: the antenna moves only when the
drive has taken up the play on that side.
"""

from __future__ import annotations

import math

from sheber.ground.mount.spec import AxisSpec

__all__ = ["Axis"]

_STIFFNESS_PER_S = 2.0  # k: the last bit of a move dies out with a time constant of 0.5 s
_ARRIVED_DEG = 0.002  # a move ends here, or at a tenth of the dead band where that is more
_STANDS_STILL_DEG = 1e-6  # an encoder that changes by less does not move
_PATIENCE_S = 1.0  # how long a drive turns against an encoder that stands still


class Axis:
    """The drive of one axis: `towards` or `turn` sets what it is to do, `step` does a bit of it."""

    def __init__(self, spec: AxisSpec, angle_deg: float, step_s: float, backlash_deg: float = 0.0) -> None:
        self.spec = spec
        self.drive_deg = angle_deg  # of the drive
        self.antenna_deg = angle_deg  # behind the play of the gears
        self.reading_deg = angle_deg  # what the encoder says
        self.speed_deg_s = 0.0
        self.goal_deg = angle_deg
        self.goal_speed_deg_s = 0.0
        self.rate_deg_s: float | None = None  # turning at this speed, to no goal; 0 is braking
        self.direction = 0.0  # the sign of its last motion
        self.reversals = 0
        self.deaf = False  # its encoder stood still while the drive turned: it brakes and does nothing more
        self._step_s = step_s
        self._play_deg = backlash_deg / 2.0
        self._near_deg = spec.acceleration_deg_s2 / _STIFFNESS_PER_S**2
        self._arrived_deg = max(_ARRIVED_DEG, spec.dead_band_deg / 10.0)
        self._still_s = 0.0

    @property
    def error_deg(self) -> float:
        """From the encoder's reading to the goal."""
        return self.goal_deg - self.reading_deg

    @property
    def at_rest(self) -> bool:
        """Whether the drive stands."""
        return self.speed_deg_s == 0.0

    @property
    def content(self) -> bool:
        """Whether the drive stands and will not start by itself."""
        turning = self.rate_deg_s not in (None, 0.0)
        within = self.rate_deg_s is not None or abs(self.error_deg) <= max(self.spec.dead_band_deg, self._arrived_deg)
        return self.at_rest and (self.deaf or (within and not turning))

    def towards(self, goal_deg: float, goal_speed_deg_s: float = 0.0) -> None:
        """Set where the goal is at the end of the next step, and how fast it moves."""
        self.goal_deg, self.goal_speed_deg_s, self.rate_deg_s = goal_deg, goal_speed_deg_s, None

    def turn(self, rate_deg_s: float) -> None:
        """Turn at a speed until something else is asked; 0 brakes."""
        self.rate_deg_s = max(-self.spec.speed_deg_s, min(self.spec.speed_deg_s, rate_deg_s))

    def step(self, slip_deg: float = 0.0, frozen: bool = False) -> bool:
        """Move for one step; gives whether the axis ran against an end of its travel.

        `slip_deg` and `frozen` say how its encoder fails in this step.
        """
        before, reading = self.speed_deg_s, self.reading_deg
        most = self.spec.acceleration_deg_s2 * self._step_s
        wanted = max(before - most, min(before + most, self._wanted_speed()))
        self.speed_deg_s = max(-self.spec.speed_deg_s, min(self.spec.speed_deg_s, wanted))
        self.drive_deg += 0.5 * (before + self.speed_deg_s) * self._step_s
        hit = self._stopped_at_the_end()
        self.antenna_deg = max(self.drive_deg - self._play_deg, min(self.drive_deg + self._play_deg, self.antenna_deg))
        if not frozen:
            self.reading_deg = self.drive_deg + slip_deg
        self._count_reversals()
        self._watch_encoder(abs(self.reading_deg - reading) < _STANDS_STILL_DEG)
        return hit

    def _wanted_speed(self) -> float:
        """The speed at the end of this step, before the limits."""
        if self.rate_deg_s is not None or self.deaf:
            return 0.0 if self.deaf else self.rate_deg_s or 0.0
        error = self.error_deg
        if self.speed_deg_s == 0.0 and abs(error) <= self.spec.dead_band_deg:
            return 0.0
        left = error - self.speed_deg_s * self._step_s
        if self.goal_speed_deg_s == 0.0 and abs(error) < self._arrived_deg and abs(left) < self._arrived_deg:
            return 0.0
        return self.goal_speed_deg_s + self._deserved_speed(left)

    def _deserved_speed(self, error_deg: float) -> float:
        """The speed towards the goal that an error deserves: see the theory of operation."""
        distance = abs(error_deg)
        if distance <= self._near_deg:
            return _STIFFNESS_PER_S * error_deg
        fast = math.sqrt(2.0 * self.spec.acceleration_deg_s2 * (distance - 0.5 * self._near_deg))
        return math.copysign(fast, error_deg)

    def _stopped_at_the_end(self) -> bool:
        """Whether an end of the travel stopped the axis in this step, faster than its brakes could."""
        end = max(self.spec.lowest_deg, min(self.spec.highest_deg, self.drive_deg))
        if end == self.drive_deg:
            return False
        hard = abs(self.speed_deg_s) > 2.0 * self.spec.acceleration_deg_s2 * self._step_s
        turned = self.rate_deg_s not in (None, 0.0)
        self.drive_deg, self.speed_deg_s = end, 0.0
        self.rate_deg_s = 0.0 if turned else self.rate_deg_s  # the switch at the end cuts the drive
        return hard or turned

    def _count_reversals(self) -> None:
        """Count changes of direction."""
        if self.speed_deg_s == 0.0:
            return
        direction = math.copysign(1.0, self.speed_deg_s)
        self.reversals += direction == -self.direction
        self.direction = direction

    def _watch_encoder(self, still: bool) -> None:
        """Brake for good where the drive turns and the encoder stands still."""
        turning = abs(self.speed_deg_s) > 0.05 * self.spec.speed_deg_s
        self._still_s = self._still_s + self._step_s if still and turning else 0.0
        self.deaf = self.deaf or self._still_s >= _PATIENCE_S
