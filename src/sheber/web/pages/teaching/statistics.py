"""Statistics: where a class loses points in an assignment, as charts with tables; and what was handed in alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import Response

from sheber.i18n import _, ngettext
from sheber.judge.report import words
from sheber.school.courses import courses
from sheber.school.gradebook.statistics import CheckLoss, assignment_statistics
from sheber.web.pages.teaching.charts import bars
from sheber.web.pages.teaching.frame import frame_of, shown
from sheber.web.visit import Id, Known, page_router

__all__ = ["router"]

router = page_router()


@router.get("/assignments/{assignment_id}/statistics")
def statistics(visit: Known, assignment_id: Id, group: str = "") -> Response:
    """The statistics of one assignment."""
    group_id = int(group) if group.isascii() and group.isdigit() and len(group) < 10 else None
    with visit.school.reading() as session:
        around = frame_of(session, visit, assignment_id, "statistics.see")
        groups = courses.groups(session, visit.actor, around.id)
        found = assignment_statistics(session, visit.actor, assignment_id, group_id=group_id)
    content: dict[str, Any] = {
        "found": found,
        "groups": groups,
        "group_id": group_id,
        "histogram": bars([(_range(one.low, one.high), one.students) for one in found.histogram]),
        "tries": bars([(str(number), students) for number, students in found.attempts]),
        "lost": [(one, _part(one), words.group_title(one.group)) for one in found.checks if one.mean_lost],
        "kept": sum(1 for one in found.checks if not one.mean_lost),
        "kinds": _kinds(found.checks),
        "students": ngettext("{n} student", "{n} students", found.students).format(n=found.students),
    }
    return shown(visit, "statistics", around, **content)


def _part(one: CheckLoss) -> float:
    """What was lost of all that the check gives: 0 to 1."""
    return min(1.0, one.mean_lost / one.maximum) if one.maximum else 0.0


def _range(low: float, high: float) -> str:
    return _("{low:.0f} to {high:.0f}").format(low=low, high=high)


def _kinds(checks: Sequence[CheckLoss]) -> bool:
    """Whether more than one group of students is told of."""
    return any(len(one.groups) > 1 for one in checks)
