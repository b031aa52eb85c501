"""Scene: a frozen description of one run at the ground station: when, where, which satellites, which equipment.

Nothing here is alive. What stands at the station is a tuple of specifications, one for each piece of equipment; the
table in `sheber.ground.equipment` says which piece is made of which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sheber.ground.elements import Elements
    from sheber.ground.site import Site

__all__ = ["Satellite", "Scene"]


@dataclass(frozen=True, slots=True)
class Satellite:
    """A satellite: where it truly is, and what the program is told of it."""

    name: str
    true: Elements  # the truth that the simulation follows
    told: Elements  # what the program gets: the same, older, or none that should be used


@dataclass(frozen=True, slots=True)
class Scene:
    """What one run finds. Times are seconds after `start`."""

    start: float  # UTC [s since 1970-01-01]: the instant of simulated time 0
    site: Site
    satellites: tuple[Satellite, ...] = ()
    equipment: tuple[Any, ...] = ()  # specifications: MountSpec, ReceiverSpec, ScheduleSpec, ArchiveSpec, ...
    step_s: float = 0.1  # s; one step of the station
    sample_steps: int = 1  # one sample of the trace in so many steps while something is under way
    idle_steps: int = 100  # as above, while a program waits and no equipment is busy
    sheet: tuple[tuple[str, Any], ...] = ()  # job data that the program is told: plain values
    facts: tuple[tuple[str, Any], ...] = ()  # the truth for the checks: plain JSON values, never told
    noise_seed: int = 0
