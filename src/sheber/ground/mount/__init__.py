"""The mount: two axes with inertia, limits and flaws, what it follows, and where it really looks."""

from sheber.ground.mount.dynamics import Mount, MountDeaf, MountEvent, MountState
from sheber.ground.mount.flaws import PERFECT, EncoderFault, Flaws, Wind
from sheber.ground.mount.laws import Foreseen, SkyPath, continued, followed, look_ahead, naive
from sheber.ground.mount.pointing import direction, pointing_error_deg
from sheber.ground.mount.spec import DISH, FLIPPING, OVERLAPPING, AxisSpec, MountError, MountSpec
from sheber.ground.mount.track import TrackTable

__all__ = [
    "DISH",
    "FLIPPING",
    "OVERLAPPING",
    "PERFECT",
    "AxisSpec",
    "EncoderFault",
    "Flaws",
    "Foreseen",
    "Mount",
    "MountDeaf",
    "MountError",
    "MountEvent",
    "MountSpec",
    "MountState",
    "SkyPath",
    "TrackTable",
    "Wind",
    "continued",
    "direction",
    "followed",
    "look_ahead",
    "naive",
    "pointing_error_deg",
]
