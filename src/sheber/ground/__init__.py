"""Ground: a satellite ground station, as a library and as a station of the workshop.

The library half needs no judge: elements and orbits, passes, the mount, the link, signals, decoding, schedules. The
station half (`kind`, `controller` and what stands below them) makes of it equipment that a program drives.
"""

from sheber.ground.errors import GroundError

__all__ = ["GroundError"]
