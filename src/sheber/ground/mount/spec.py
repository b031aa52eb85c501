"""What a mount can do: the numbers on its data sheet, which a program may know.

Azimuth is the angle of the azimuth axis, not a bearing: a mount with overlap has two places for the same bearing (10°
and 370°), and a mount that goes over the top has two as well (azimuth 10°, elevation 30° and azimuth 190°, elevation
150°). Angles are in degrees, as on every mount and in every protocol.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["DISH", "FLIPPING", "OVERLAPPING", "AxisSpec", "MountError", "MountSpec"]

_NO_NUMBER = message("ground.mount.no_number", "The {axis} {angle} is no number of degrees.")
_OUTSIDE = message(
    "ground.mount.outside",
    "The mount cannot go to {axis} {angle:.2f} deg: this axis goes from {lowest:.1f} to {highest:.1f} deg.",
)
_BAD_AXIS = message("ground.mount.bad_axis", "The {axis} of a mount has {name} = {value}. It must be {wanted}.")


class MountError(GroundError):
    """A mount cannot do what was asked, or cannot be as it was described."""


@dataclass(frozen=True, slots=True)
class AxisSpec:
    """One axis: where it can go, how fast, and how finely."""

    lowest_deg: float  # end of its travel
    highest_deg: float  # the other end
    speed_deg_s: float = 6.0  # at most
    acceleration_deg_s2: float = 2.0  # at most, to start and to brake
    dead_band_deg: float = 0.0  # an axis at rest does not start for a smaller error than this

    def contains(self, angle_deg: float) -> bool:
        """Whether the axis can go there."""
        return self.lowest_deg <= angle_deg <= self.highest_deg

    def check(self, axis: str) -> None:
        """Raise MountError where these numbers make no axis; `axis` is its name in the sentence."""
        wanted = "a number above 0"
        for name in ("speed_deg_s", "acceleration_deg_s2"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise MountError(_BAD_AXIS(axis=axis, name=name, value=getattr(self, name), wanted=wanted))
        if not 0.0 <= self.dead_band_deg < math.inf:
            raise MountError(_BAD_AXIS(axis=axis, name="dead_band_deg", value=self.dead_band_deg, wanted="0 or more"))
        if not -math.inf < self.lowest_deg < self.highest_deg < math.inf:
            wanted = f"above lowest_deg = {self.lowest_deg}"
            raise MountError(_BAD_AXIS(axis=axis, name="highest_deg", value=self.highest_deg, wanted=wanted))


@dataclass(frozen=True, slots=True)
class MountSpec:
    """A mount of two axes, as its maker describes it. Nothing here is secret."""

    azimuth: AxisSpec
    elevation: AxisSpec
    park_deg: tuple[float, float] = (0.0, 90.0)  # azimuth, elevation: where it stands in the morning
    latch_deg: float | None = 180.0  # a longer turn in azimuth is finished before another begins; None: no such latch

    def __post_init__(self) -> None:
        """Check the axes and the park position; raises MountError."""
        self.azimuth.check("azimuth")
        self.elevation.check("elevation")
        self.check(*self.park_deg)

    def check(self, azimuth_deg: float, elevation_deg: float) -> None:
        """Raise MountError, in words, for a place that is no number or that the mount cannot reach."""
        for name, axis, angle in (("azimuth", self.azimuth, azimuth_deg), ("elevation", self.elevation, elevation_deg)):
            if not _is_angle(angle):
                raise MountError(_NO_NUMBER(axis=name, angle=str(angle)[:40]))
            if not axis.contains(angle):
                raise MountError(_OUTSIDE(axis=name, angle=angle, lowest=axis.lowest_deg, highest=axis.highest_deg))

    @property
    def flips(self) -> bool:
        """Whether the elevation goes over the top."""
        return self.elevation.highest_deg > 90.0

    @property
    def overlap_deg(self) -> float:
        """How much of the circle the azimuth can reach in two ways."""
        return max(0.0, self.azimuth.highest_deg - self.azimuth.lowest_deg - 360.0)

    def azimuths(self, bearing_deg: float) -> tuple[float, ...]:
        """All angles of the azimuth axis that look to a bearing, lowest first; empty where none does."""
        axis = self.azimuth
        first = axis.lowest_deg + (bearing_deg - axis.lowest_deg) % 360.0
        return tuple(first + turn for turn in (0.0, 360.0, 720.0) if first + turn <= axis.highest_deg)


def _is_angle(value: object) -> bool:
    """Whether something is a finite number: it may come from a program."""
    return isinstance(value, int | float) and math.isfinite(value)


OVERLAPPING = MountSpec(AxisSpec(0.0, 450.0, dead_band_deg=1.0), AxisSpec(0.0, 90.0, dead_band_deg=1.0))
"""A rotator for Yagi antennas: 450° of azimuth, 90° of elevation, 1° of dead band."""

FLIPPING = MountSpec(AxisSpec(0.0, 360.0, dead_band_deg=1.0), AxisSpec(0.0, 180.0, dead_band_deg=1.0))
"""A rotator that goes over the top: 360° of azimuth, 180° of elevation."""

DISH = MountSpec(AxisSpec(0.0, 450.0, dead_band_deg=0.01), AxisSpec(0.0, 90.0, dead_band_deg=0.01))
"""The mount of a dish with a narrow beam: as fast as the rotator, but with fine drives."""
