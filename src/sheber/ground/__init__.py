"""Ground: a satellite ground station, as a library and as a station of the workshop.

The library half needs no judge. What most programs want of it is here, loaded when it is first asked for:

    from sheber import ground

    satellites = ground.read_elements("amateur.txt")
    almaty = ground.Site("Almaty", 43.222, 76.851, 850.0, ground.Skyline.flat(5.0))
    passes = ground.find_passes(satellites, almaty, start, end)

The rest is in its parts: `elements`, `orbit`, `passes`, `mount`, `link`, `signals`, `coding`, `packets`, `recordings`,
`chains`, `schedule`, `protocols`. The station half (`kind`, `controller` and what stands below them) makes of it
equipment that a program drives.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sheber.ground.errors import GroundError

if TYPE_CHECKING:
    from sheber.ground.chains import decode, satellite
    from sheber.ground.elements import Elements
    from sheber.ground.elements import read as read_elements
    from sheber.ground.instants import parse as instant
    from sheber.ground.link import budget
    from sheber.ground.orbit import doppler, look
    from sheber.ground.passes import Pass, find_passes, sky_plot
    from sheber.ground.recordings import Recording
    from sheber.ground.recordings import read as read_recording
    from sheber.ground.schedule import Plan, Problem, refusals, solve
    from sheber.ground.site import Site, Skyline

__all__ = [
    "Elements",
    "GroundError",
    "Pass",
    "Plan",
    "Problem",
    "Recording",
    "Site",
    "Skyline",
    "budget",
    "decode",
    "doppler",
    "find_passes",
    "instant",
    "look",
    "read_elements",
    "read_recording",
    "refusals",
    "satellite",
    "sky_plot",
    "solve",
]

_THERE: Final = {
    "Elements": ("elements", "Elements"),
    "Pass": ("passes", "Pass"),
    "Plan": ("schedule", "Plan"),
    "Problem": ("schedule", "Problem"),
    "Recording": ("recordings", "Recording"),
    "Site": ("site", "Site"),
    "Skyline": ("site", "Skyline"),
    "budget": ("link", "budget"),
    "decode": ("chains", "decode"),
    "doppler": ("orbit", "doppler"),
    "find_passes": ("passes", "find_passes"),
    "instant": ("instants", "parse"),
    "look": ("orbit", "look"),
    "read_elements": ("elements", "read"),
    "read_recording": ("recordings", "read"),
    "refusals": ("schedule", "refusals"),
    "satellite": ("chains", "satellite"),
    "sky_plot": ("passes", "sky_plot"),
    "solve": ("schedule", "solve"),
}
"""Where each public name is: a part, and what it is called there."""


def __getattr__(name: str) -> Any:
    """Load the part of a public name when it is first asked for: importing the package stays light."""
    if name not in _THERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    part, there = _THERE[name]
    found = globals()[name] = getattr(import_module(f"{__name__}.{part}"), there)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
