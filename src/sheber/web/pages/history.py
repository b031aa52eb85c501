"""History: the attempts of one student, with what changed between them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response

from sheber.school.courses.assignments import assignment, course_page
from sheber.school.courses.exercises import exercise_of
from sheber.school.gradebook.overrides import override_history
from sheber.school.submissions.reading import attempts, difference
from sheber.web.looking import look_at, unread
from sheber.web.rendering import page
from sheber.web.visit import Id, Known, Visit, page_router

router = page_router()

Number = Annotated[int, Query(ge=1, le=2**31 - 1)]


@router.get("/assignments/{assignment_id}/attempts")
async def history(visit: Known, assignment_id: Id) -> Response:
    """One's own attempts."""
    return await visit.heavy.run(visit.actor.id, _history, visit, assignment_id)


def _history(visit: Visit, assignment_id: int) -> Response:
    with visit.school.reading() as session:
        line = assignment(session, visit.actor, assignment_id)
        course = course_page(session, visit.actor, line.course_id)
        exercise = exercise_of(session, line)
        graded = attempts(session, visit.actor, assignment_id, visit.actor.id)
        decided = override_history(session, visit.actor, assignment_id, visit.actor.id)
        practice = attempts(session, visit.actor, assignment_id, visit.actor.id, kind="practice", most=20)
    told: dict[str, Any] = {"line": line, "course": course, "title": exercise.title, "decided": decided}
    told["fresh"] = {one.submission_id for one in unread(visit) if one.assignment_id == assignment_id}
    look_at(visit, attempts_of=assignment_id)
    return page(visit, "history.html.j2", graded=graded[::-1], practice=practice[::-1], curve=_curve(graded), **told)


@router.get("/compare")
async def compare(visit: Known, older: Number, newer: Number) -> Response:
    """What changed in program and points between two attempts."""
    return await visit.heavy.run(visit.actor.id, _compare, visit, older, newer)


def _compare(visit: Visit, older: int, newer: int) -> Response:
    with visit.school.reading() as session:
        change = difference(session, visit.actor, older, newer)
        line = assignment(session, visit.actor, change.assignment_id)
        course = course_page(session, visit.actor, line.course_id)
        exercise = exercise_of(session, line)
    return page(visit, "compare.html.j2", change=change, line=line, course=course, title=exercise.title)


def _curve(graded: list[Any]) -> str:
    """The points over the attempts as a line within 1000 × 100; "" for fewer than two."""
    points = [one.points for one in graded if one.points is not None]
    if len(points) < 2:
        return ""
    step = 1000 / (len(points) - 1)
    return " ".join(f"{n * step:.1f},{100 - value:.1f}" for n, value in enumerate(points))
