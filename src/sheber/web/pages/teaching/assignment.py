"""One assignment beside its settings: who handed in, who has more time, which scenes are hidden or shown."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import Response

from sheber.school.courses import assignments, courses
from sheber.school.errors import Conflict, Refused
from sheber.school.gradebook.book import column
from sheber.web.pages.teaching.frame import frame_of, shown
from sheber.web.paging import paged
from sheber.web.posted import Posted, integer, moment_of, quantity_of
from sheber.web.rendering import go_to
from sheber.web.visit import Id, Known, Visit, page_router

__all__ = ["router"]

router = page_router()


@router.get("/assignments/{assignment_id}/handed-in")
def handed_in(visit: Known, assignment_id: Id, state: str = "", page: str = "1") -> Response:
    """What each student has handed in for one assignment, a page at a time."""
    with visit.school.reading() as session:
        around = frame_of(session, visit, assignment_id, "work.see-all")
        rows = column(session, visit.actor, assignment_id)
    counts = Counter(row.cells[0].state for row in rows)
    chosen = state if state in counts else ""
    fit = [row for row in rows if not chosen or row.cells[0].state == chosen]
    address = f"?state={chosen}&" if chosen else "?"
    content: dict[str, Any] = {"counts": counts, "chosen": chosen, "address": address, "found": paged(fit, page)}
    return shown(visit, "handed_in", around, **content)


@router.get("/assignments/{assignment_id}/extensions")
def extensions(visit: Known, assignment_id: Id, student: str = "") -> Response:
    """Who has more time or attempts, and the form that gives them."""
    return _extensions(visit, assignment_id, typed={"person": student})


@router.post("/assignments/{assignment_id}/extensions")
def extend(visit: Known, assignment_id: Id, sent: Posted) -> Response:
    """Give one student more time or attempts."""
    try:
        with visit.school.writing() as session:
            assignments.require_assignment(session, visit.actor, "extension.give", assignment_id)  # its zone, for dates
            assignments.give_extension(
                session,
                visit.actor,
                assignment_id,
                integer(sent["person"] or "0", "person"),
                due=moment_of(sent["due"], "due"),
                closes=moment_of(sent["closes"], "closes"),
                attempts=quantity_of(sent["attempts"], "attempts"),
                reason=sent["reason"],
            )
    except (Refused, Conflict) as error:
        return _extensions(visit, assignment_id, error, typed=sent.plain())
    return go_to(f"/assignments/{assignment_id}/extensions")


@router.post("/assignments/{assignment_id}/extensions/{person_id}/end")
def end(visit: Known, assignment_id: Id, person_id: Id) -> Response:
    """Take an extension back."""
    with visit.school.writing() as session:
        assignments.end_extension(session, visit.actor, assignment_id, person_id)
    return go_to(f"/assignments/{assignment_id}/extensions")


@router.get("/assignments/{assignment_id}/hidden-scenes")
def scenes(visit: Known, assignment_id: Id) -> Response:
    """The hidden scenes, and what releasing one means."""
    with visit.school.reading() as session:
        around = frame_of(session, visit, assignment_id, "scene.release")
        found, _standing = assignments.require_assignment(session, visit.actor, "scene.release", assignment_id)
        hidden = assignments.hidden_scenes(session, visit.school.secret, found)
        released = assignments.released_scenes(session, visit.actor, visit.school.secret, assignment_id)
    return shown(visit, "scenes", around, hidden=hidden, released=released)


@router.post("/assignments/{assignment_id}/hidden-scenes")
def release(visit: Known, assignment_id: Id, sent: Posted) -> Response:
    """Show one scene to the students; its place is drawn anew."""
    with visit.school.writing() as session:
        assignments.release_scene(session, visit.actor, assignment_id, integer(sent["place"], "place"))
    return go_to(f"/assignments/{assignment_id}/hidden-scenes#released")


def _extensions(
    visit: Visit, assignment_id: int, error: Refused | Conflict | None = None, *, typed: dict[str, str]
) -> Response:
    with visit.school.reading() as session:
        around = frame_of(session, visit, assignment_id, "extension.give")
        found = assignments.extensions(session, visit.actor, assignment_id)
        people = [one for one in courses.members(session, visit.actor, around.id) if one.role == "student"]
    content: dict[str, Any] = {
        "found": found,
        "people": people,
        "typed": dict.fromkeys(("person", "due", "closes", "attempts", "reason"), "") | typed,
        "wrong": str(error or ""),
        "where": error.where if isinstance(error, Refused) else "",
    }
    return shown(visit, "extensions", around, status=422 if error else 200, **content)
