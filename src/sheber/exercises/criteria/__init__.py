"""Criteria: what exercises measure, by family; each criterion reads the trace alone and gives `Check`s.

`common` is for every kind of station; `way` (of the tool), `calibration` (of its centre), `parts` (that were moved),
`insertion` (into holes), `orders` (what comes first, what people are told), `bead` (of glue), `changing` (of tools),
`handshake` (with a PLC), `safety` and `closing` are for robot cells; `passes` (a timetable) is for ground stations.
`measure` has the numbers beneath them. A new criterion is one more function beside those of its family.
"""

from sheber.exercises.criteria.bead import Bead, Contour, bead_checks, bead_on, bead_only_there, touched_gently
from sheber.exercises.criteria.calibration import (
    first_stops,
    pivot_drift,
    points_held,
    scatter_told,
    slow_touches,
    touch_spread,
)
from sheber.exercises.criteria.changing import FORBIDDEN, Docking, docking_checks, dockings, forbidden
from sheber.exercises.criteria.closing import CLOSING_TITLES, closing
from sheber.exercises.criteria.common import Worth, cut_off, cycle_time, worst, worth
from sheber.exercises.criteria.handshake import Asked, asked
from sheber.exercises.criteria.insertion import Pressed, deepest, hardest, pressed_in, went_in
from sheber.exercises.criteria.measure import output_at
from sheber.exercises.criteria.orders import fault_told, matched, taken_first, told_at
from sheber.exercises.criteria.parts import (
    Placed,
    gripped_nothing,
    held_at,
    last_release,
    let_go,
    lies,
    placements,
    pushed,
    set_down,
    stands_in,
    where,
)
from sheber.exercises.criteria.safety import Incident, falls, safety
from sheber.exercises.criteria.way import (
    Leg,
    arc_driven,
    finished_at_home,
    leg_between,
    line_driven,
    off_by,
    poses_reached,
    speed_kept,
)

__all__ = [
    "CLOSING_TITLES",
    "FORBIDDEN",
    "Asked",
    "Bead",
    "Contour",
    "Docking",
    "Incident",
    "Leg",
    "Placed",
    "Pressed",
    "Worth",
    "arc_driven",
    "asked",
    "bead_checks",
    "bead_on",
    "bead_only_there",
    "closing",
    "cut_off",
    "cycle_time",
    "deepest",
    "docking_checks",
    "dockings",
    "falls",
    "fault_told",
    "finished_at_home",
    "first_stops",
    "forbidden",
    "gripped_nothing",
    "hardest",
    "held_at",
    "last_release",
    "leg_between",
    "let_go",
    "lies",
    "line_driven",
    "matched",
    "off_by",
    "output_at",
    "pivot_drift",
    "placements",
    "points_held",
    "poses_reached",
    "pressed_in",
    "pushed",
    "safety",
    "scatter_told",
    "set_down",
    "slow_touches",
    "speed_kept",
    "stands_in",
    "taken_first",
    "told_at",
    "touch_spread",
    "touched_gently",
    "went_in",
    "where",
    "worst",
    "worth",
]
