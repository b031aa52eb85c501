"""Student: one person in a course, as the staff sees them; and printed pages of a student and of a group."""

from __future__ import annotations

from datetime import datetime

from fastapi import Response

from sheber.i18n import _
from sheber.school.courses import courses
from sheber.school.errors import NotFound
from sheber.school.gradebook.printing import group_report, student_report
from sheber.school.gradebook.student import StudentPage, student_page
from sheber.school.submissions.said import said
from sheber.web.pages.teaching.charts import bars, line_chart
from sheber.web.pages.teaching.frame import frame, shown
from sheber.web.visit import Id, Known, page_router

__all__ = ["router"]

router = page_router()


@router.get("/courses/{course_id}/students/{person_id}")
def student(visit: Known, course_id: Id, person_id: Id) -> Response:
    """One student: every assignment, attempt and decision."""
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "gradebook.see")
        found = student_page(session, visit.actor, course_id, person_id)
    return shown(visit, "student", around, student=found, curve=_curve(found), days=_days(found))


@router.get("/courses/{course_id}/students/{person_id}/report")
def printed_student(visit: Known, course_id: Id, person_id: Id) -> Response:
    """The printed page of one student."""
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "gradebook.see")
        found = student_report(session, visit.actor, course_id, person_id)
        words = said(session, visit.actor, course_id, person_id)
    curve, days = _curve(found.student), _days(found.student)
    return shown(visit, "report_student", around, report=found, said=words, curve=curve, days=days)


@router.get("/courses/{course_id}/report")
def printed_group(visit: Known, course_id: Id, group: str = "") -> Response:
    """The printed pages of a group, or of the whole course."""
    group_id = int(group) if group.isascii() and group.isdigit() and len(group) < 10 else None
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "gradebook.see")
        groups = courses.groups(session, visit.actor, course_id)
        names = {one.id: one.name for one in groups}
        if group_id is not None and group_id not in names:
            raise NotFound(_("There is no such group in this course."))
        found = group_report(session, visit.actor, course_id, group_id)
    charts = {
        one.assignment_id: bars([(f"{b.low:.0f}", b.students) for b in one.histogram]) for one in found.statistics
    }
    name = names[group_id] if group_id is not None else _("Whole course")
    return shown(
        visit, "report_group", around, report=found, charts=charts, groups=groups, group_id=group_id, name=name
    )


def _curve(found: StudentPage) -> str:
    """The points over the days as a line within 1000 × 100; "" for fewer than two."""
    return line_chart([(when.timestamp(), value) for when, value in found.progress])


def _days(found: StudentPage) -> tuple[datetime, datetime] | None:
    """The first and the last day of the curve."""
    return (found.progress[0][0], found.progress[-1][0]) if found.progress else None
