"""Course: made, named, opened for joining, archived; its groups; and what was changed in it."""

from __future__ import annotations

from fastapi import Response

from sheber.school import clock, zones
from sheber.school.courses import courses
from sheber.school.errors import Refused
from sheber.school.people.policy import require_rank
from sheber.web.moments import moment
from sheber.web.pages.teaching.frame import frame, shown
from sheber.web.posted import Posted
from sheber.web.rendering import go_to, page
from sheber.web.visit import Id, Known, Visit, page_router

router = page_router()


@router.get("/new-course")
def new_course(visit: Known) -> Response:
    """The form of a new course."""
    require_rank(visit.actor, "course.make")
    return page(visit, "teaching/new_course.html.j2", title="", wrong="")


@router.post("/new-course")
def make_course(visit: Known, sent: Posted) -> Response:
    """Make a course, and show what comes next."""
    try:
        with visit.school.writing() as session:
            made = courses.make_course(session, visit.actor, sent["title"])
    except Refused as error:
        return page(visit, "teaching/new_course.html.j2", status=422, title=sent["title"], wrong=str(error))
    return go_to(f"/courses/{made}/settings?new=yes")


@router.get("/courses/{course_id}/settings")
def settings(visit: Known, course_id: Id, new: str = "") -> Response:
    """Title, joining, groups, archive."""
    return _settings(visit, course_id, new=bool(new))


@router.post("/courses/{course_id}/settings")
def change(visit: Known, course_id: Id, sent: Posted) -> Response:
    """Give the course another title."""
    try:
        with visit.school.writing() as session:
            courses.change_course(session, visit.actor, course_id, sent["title"])
    except Refused as error:
        return _settings(visit, course_id, error, title=sent["title"])
    return go_to(f"/courses/{course_id}/settings")


@router.post("/courses/{course_id}/zone")
def change_zone(visit: Known, course_id: Id, sent: Posted) -> Response:
    """Give the course a time zone of its own, or the school's."""
    try:
        with visit.school.writing() as session:
            courses.set_zone(session, visit.actor, course_id, sent["zone"])
    except Refused as error:
        return _settings(visit, course_id, error, zone=sent["zone"])
    return go_to(f"/courses/{course_id}/settings#zone")


@router.post("/courses/{course_id}/join-code")
def join_code(visit: Known, course_id: Id, sent: Posted) -> Response:
    """A new code for joining, or none."""
    with visit.school.writing() as session:
        if sent["end"]:
            courses.close_joining(session, visit.actor, course_id)
        else:
            courses.new_join_code(session, visit.actor, course_id)
    return go_to(f"/courses/{course_id}/settings#joining")


@router.post("/courses/{course_id}/archive")
def archive(visit: Known, course_id: Id, sent: Posted) -> Response:
    """Close the course, or open it again."""
    with visit.school.writing() as session:
        courses.archive(session, visit.actor, course_id, sent["open"] != "yes")
    return go_to(f"/courses/{course_id}/settings#archive")


@router.post("/courses/{course_id}/groups")
def make_group(visit: Known, course_id: Id, sent: Posted) -> Response:
    """A new group."""
    try:
        with visit.school.writing() as session:
            courses.make_group(session, visit.actor, course_id, sent["name"])
    except Refused as error:
        return _settings(visit, course_id, error, group_name=sent["name"], group=0)
    return go_to(f"/courses/{course_id}/settings#groups")


@router.post("/courses/{course_id}/groups/{group_id}")
def change_group(visit: Known, course_id: Id, group_id: Id, sent: Posted) -> Response:
    """Rename a group, or remove it."""
    try:
        with visit.school.writing() as session:
            if sent["remove"]:
                courses.remove_group(session, visit.actor, course_id, group_id)
            else:
                courses.rename_group(session, visit.actor, course_id, group_id, sent["name"])
    except Refused as error:
        return _settings(visit, course_id, error, group_name=sent["name"], group=group_id)
    return go_to(f"/courses/{course_id}/settings#groups")


def _settings(
    visit: Visit, course_id: int, error: Refused | None = None, *, new: bool = False, **typed: object
) -> Response:
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "course.change")
        groups = courses.groups(session, visit.actor, course_id)
        usual = zones.of_school(session)
    content = {
        "new": new,
        "groups": groups,
        "typed": {"title": around.course.title, "zone": around.course.zone, "group": -1, "group_name": ""} | typed,
        "wrong": str(error or ""),
        "where": error.where if error else "",
        "zones": zones.names(),
        "usual": usual,
        "now": moment(clock.now()),
        "code": spaced(around.course.join_code or ""),
    }
    return shown(visit, "settings", around, status=422 if error else 200, **content)


def spaced(code: str) -> str:
    """A join code as people read it aloud: ABCDE-FGHIJ."""
    return "-".join(code[n : n + 5] for n in range(0, len(code), 5))


__all__ = ["router", "spaced"]
