"""Pass: one stretch of time in which a satellite is above the mask of a site."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Pass"]


@dataclass(frozen=True, slots=True)
class Pass:
    """A satellite is up, without a gap, from AOS to LOS. It may culminate several times between."""

    satellite: str
    norad_id: int
    aos: float
    """Acquisition of signal: the instant at which it comes over the mask; see `rises`."""
    tca: float
    """The instant of its largest elevation: near the closest approach."""
    los: float
    """Loss of signal: the instant at which it goes below the mask; see `sets`."""
    azimuth_aos_deg: float
    azimuth_tca_deg: float
    azimuth_los_deg: float
    elevation_max_deg: float
    rises: bool = True
    """False: it was up already as long before the window as was searched; then `aos` is the window's beginning."""
    sets: bool = True
    """False: it is still up as long after the window as was searched; then `los` is the window's end."""

    @property
    def duration(self) -> float:
        """Seconds from AOS to LOS."""
        return self.los - self.aos
