"""Diagrams: what a kind of station draws of its runs, for the page and for the terminal.

The station says what there is to see (`Kind.diagrams`), `sheber.diagrams` draws it, and nothing here knows what it
shows. A recording may come from a stranger, and the station's functions read it: whatever goes wrong, in all of them
or in one, is told in the place of the diagram, and the rest of the report stays as it is. A run without diagrams does
not load what draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from sheber.i18n import N_, ngettext

if TYPE_CHECKING:
    from sheber.diagrams import Diagram, Missing
    from sheber.trace import Trace

__all__ = ["Drawn", "Shower", "drawn", "titles"]

MOST: Final = 24
"""Diagrams of one run: more are counted and not shown."""

_ALL: Final = N_("Diagrams")


class Shower(Protocol):
    """What is asked for diagrams: an exercise. Whatever comes is looked at before it is believed."""

    def diagrams(self, trace: Trace, /) -> Sequence[object]: ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """A diagram for the page."""

    svg: str  # safe to stand in a page
    wide: bool  # across the page, beside no other


def drawn(exercise: Shower, trace: Trace) -> list[Drawn]:
    """The diagrams of a run as elements of a page, in the language in force. Raises nothing."""
    return [_one(diagram, f"diagram-{number}") for number, diagram in enumerate(_made(exercise, trace))]


def titles(exercise: Shower, trace: Trace) -> list[str]:
    """What the diagrams of a run are called. Raises nothing."""
    found = _made(exercise, trace)
    if not found:
        return []
    from sheber.diagrams import said

    return [said(diagram.title) for diagram in found]


def _one(diagram: Diagram, name: str) -> Drawn:
    from sheber.diagrams import Bars, Missing, broken, svg

    wide = isinstance(diagram, Bars)
    try:
        return Drawn(svg(diagram, name), wide)
    except Exception as error:
        return Drawn(svg(Missing(diagram.title, broken(error)), name), wide)


def _no_diagram(value: object) -> Missing:
    return _failed(TypeError(value))


def _failed(error: Exception) -> Missing:
    from sheber.diagrams import Missing, broken

    return Missing(_ALL, broken(error))


def _made(exercise: Shower, trace: Trace) -> list[Diagram]:
    """The values, as many as a page shows."""
    try:
        given = list(exercise.diagrams(trace))
    except Exception as error:
        return [_failed(error)]
    if not given:
        return []
    from sheber.diagrams import Diagram, Missing

    found = [one if isinstance(one, Diagram) else _no_diagram(one) for one in given]
    if len(found) <= MOST:
        return found
    left = len(found) - MOST
    text = ngettext("{n} more diagram is not shown.", "{n} more diagrams are not shown.", left)
    return [*found[:MOST], Missing(_ALL, text.format(n=left))]
