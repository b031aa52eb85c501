"""Courses: those that somebody is in, and one of them with its exercises, dates and own points."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import Form, Response

from sheber.i18n import _
from sheber.school import clock
from sheber.school.courses import courses
from sheber.school.courses.assignments import AssignmentLine, course_page
from sheber.school.courses.exercises import exercise_of, headline_of
from sheber.school.errors import NotFound, Refused, TooMany
from sheber.school.gradebook.book import own_standing
from sheber.school.submissions.handed import handed
from sheber.school.submissions.mine import NOTHING_YET, mine
from sheber.web.looking import unread
from sheber.web.rendering import go_to, page
from sheber.web.visit import Id, Known, Visit, page_router

__all__ = ["mark", "router"]

router = page_router()


@router.get("/")
def my_courses(visit: Known) -> Response:
    """The first page: my courses."""
    return _my_courses(visit)


@router.post("/join")
def join(visit: Known, code: Annotated[str, Form(max_length=200)]) -> Response:
    """Join a course by its code."""
    try:
        with visit.school.writing() as session:
            course_id = courses.join(session, visit.actor, code)
    except (NotFound, Refused, TooMany) as error:
        return _my_courses(visit, str(error), code, 422)
    return go_to(f"/courses/{course_id}")


@router.get("/courses/{course_id}")
def course(visit: Known, course_id: Id) -> Response:
    """One course: its exercises, with dates and own points."""
    with visit.school.reading() as session:
        found = course_page(session, visit.actor, course_id)
        reached = mine(session, visit.actor, course_id)
        classes = handed(session, visit.actor, course_id) if found.role != "student" else {}
        exercises = [exercise_of(session, line) for line in found.assignments]
        standing = own_standing(session, visit.actor, course_id)
    fresh = Counter(one.assignment_id for one in unread(visit))
    rows = [
        {
            "line": line,
            "title": headline[0],
            "summary": headline[1],
            "level": exercise.level,
            "mark": mark(line),
        }
        | {"mine": reached.get(line.id, NOTHING_YET), "fresh": fresh[line.id], "handed": classes.get(line.id)}
        for line, exercise, headline in zip(found.assignments, exercises, map(headline_of, exercises), strict=True)
    ]
    return page(visit, "course.html.j2", course=found, rows=rows, standing=standing)


def mark(line: AssignmentLine) -> tuple[str, str]:
    """Words and kind of the badge that says where an assignment stands in time."""
    now, dates = clock.now(), line.dates
    if not line.begun:
        return _("not open yet"), ""
    if line.over:
        return _("closed"), ""
    if dates.due is None:
        return _("open"), "accent"
    if now > dates.due:
        return _late(line.settings.late_percent), "wait"
    return (_("due soon"), "wait") if (dates.due - now).days < 2 else (_("open"), "accent")


def _late(percent: float) -> str:
    """What handing in after the deadline costs."""
    if not percent:
        return _("past its date")
    return _("late: {percent} % off for each day begun").format(percent=f"{percent:.10g}")


def _my_courses(visit: Visit, wrong: str = "", code: str = "", status: int = 200) -> Response:
    with visit.school.reading() as session:
        found = courses.my_courses(session, visit.actor)
    current = [one for one in found if not one.archived]
    past = [one for one in found if one.archived]
    return page(visit, "courses.html.j2", status=status, current=current, past=past, wrong=wrong, code=code)
