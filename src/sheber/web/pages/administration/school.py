"""The school as its administrator sees it: courses, queue and workers, disk, and every change."""

from __future__ import annotations

from datetime import datetime

from fastapi import Response

from sheber.school import changes
from sheber.school.courses.courses import all_courses
from sheber.school.queue.waiting import overview
from sheber.school.storage import storage
from sheber.web.pages.teaching.changes import asked_of, told, wanted
from sheber.web.rendering import page
from sheber.web.visit import Known, page_router

__all__ = ["router"]

router = page_router()

SHOWN_TROUBLES = 20


@router.get("/school")
def queue(visit: Known) -> Response:
    """The queue and those who judge."""
    with visit.school.reading() as session:
        found = overview(session, visit.actor, SHOWN_TROUBLES)
    return page(visit, "administration/queue.html.j2", found=found, moments=[_moment(one.at) for one in found.troubles])


@router.get("/school/courses")
def courses(visit: Known, page_number: int = 1) -> Response:
    """Every course."""
    with visit.school.reading() as session:
        found = all_courses(session, visit.actor, page_number)
    return page(visit, "administration/courses.html.j2", found=found, page_number=max(page_number, 1))


@router.get("/school/disk")
def disk(visit: Known) -> Response:
    """What takes room."""
    with visit.school.reading() as session:
        found = storage(session, visit.actor, visit.school.folder)
    return page(visit, "administration/disk.html.j2", found=found)


@router.get("/school/changes")
def all_changes(visit: Known, person: str = "", action: str = "", since: str = "", before: int = 0) -> Response:
    """Every change in the school."""
    asked = asked_of(person, action, since)
    with visit.school.reading() as session:
        found = changes.changes(session, visit.actor, before=max(before, 0), **wanted(asked))
    return page(visit, "administration/changes.html.j2", **told(found, asked))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
