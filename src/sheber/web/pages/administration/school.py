"""The school as its administrator sees it: courses, queue and workers, disk, and every change."""

from __future__ import annotations

from datetime import datetime

from fastapi import Response

from sheber.school import changes, clock, preferences, zones
from sheber.school.courses.courses import all_courses
from sheber.school.errors import Refused
from sheber.school.people.policy import require_rank
from sheber.school.queue.waiting import overview
from sheber.school.storage import storage
from sheber.web.moments import moment
from sheber.web.pages.teaching.changes import asked_of, told, wanted
from sheber.web.posted import Posted
from sheber.web.rendering import go_to, page
from sheber.web.visit import Known, Visit, page_router

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
        zones.enter(session, "")
        found = changes.changes(session, visit.actor, before=max(before, 0), **wanted(asked))
    return page(visit, "administration/changes.html.j2", **told(found, asked))


@router.get("/school/settings")
def settings(visit: Known, saved: str = "") -> Response:
    """What is set for the whole school."""
    return _settings(visit, saved=bool(saved))


@router.post("/school/settings")
def change(visit: Known, sent: Posted) -> Response:
    """Choose the time zone of the school."""
    try:
        with visit.school.writing() as session:
            preferences.set_zone(session, visit.actor, sent["zone"])
    except Refused as error:
        return _settings(visit, error, typed=sent["zone"])
    return go_to("/school/settings?saved=yes")


def _settings(visit: Visit, error: Refused | None = None, *, typed: str = "", saved: bool = False) -> Response:
    require_rank(visit.actor, "school.change")
    with visit.school.reading() as session:
        zones.enter(session, "")
        chosen = zones.chosen(session)
    content = {
        "saved": saved,
        "chosen": chosen,
        "wrong": str(error or ""),
        "typed": typed or zones.in_force(),
        "names": zones.names(),
        "now": moment(clock.now()),
        "server": zones.server_zone(),
    }
    return page(visit, "administration/settings.html.j2", status=422 if error else 200, **content)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
