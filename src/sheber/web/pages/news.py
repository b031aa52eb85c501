"""News: what happened to one's own work since one last looked, and how pages mark it."""

from __future__ import annotations

from fastapi import Response

from sheber.school.courses.exercises import exercise_of, headline_of
from sheber.school.submissions import news
from sheber.web.rendering import page
from sheber.web.visit import Known, page_router

__all__ = ["router"]

router = page_router()


@router.get("/news")
def my_news(visit: Known) -> Response:
    """What happened, the newest first; what was not looked at yet is marked, and is looked at now."""
    with visit.school.reading() as session:
        found = news.news(session, visit.actor)
        asked = news.assignments_of(session, found)
        titles = {one.id: headline_of(exercise_of(session, one))[0] for one in asked}
    if any(one.fresh for one in found):
        with visit.school.writing() as session:
            news.looked_at(session, visit.actor)
        visit.request.state.news = ()
    return page(visit, "news.html.j2", news=[(one, titles[one.assignment_id], _address(one)) for one in found])


def _address(one: news.News) -> str:
    """Where it stands."""
    if one.kind == "extension":
        return f"/assignments/{one.assignment_id}"
    if one.submission_id is None:
        return f"/assignments/{one.assignment_id}/attempts" + ("#by-hand" if one.kind == "points" else "")
    place = {"comment": f"comment-{one.thing}", "answer": "request", "scene": f"scene-{one.thing}"}[one.kind]
    return f"/submissions/{one.submission_id}#{place}"
