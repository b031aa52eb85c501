"""Changes of a course: who changed what, and when."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import Response

from sheber.i18n import _
from sheber.school import changes
from sheber.web.pages.teaching.actions import action_words
from sheber.web.pages.teaching.details import details, thing
from sheber.web.pages.teaching.frame import frame, shown
from sheber.web.posted import moment_of
from sheber.web.visit import Id, Known, page_router

__all__ = ["asked_of", "kinds", "router", "told", "wanted"]

router = page_router()


@router.get("/courses/{course_id}/changes")
def of_course(
    visit: Known, course_id: Id, person: str = "", action: str = "", since: str = "", before: int = 0
) -> Response:
    """What was changed in one course."""
    asked = asked_of(person, action, since)
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "audit.see")
        found = changes.changes(session, visit.actor, course_id=course_id, before=max(before, 0), **wanted(asked))
    return shown(visit, "changes", around, **told(found, asked))


def asked_of(person: str, action: str, since: str) -> dict[str, str]:
    """What a list of changes is asked for."""
    return {"person": person[:200], "action": action if action in kinds() else "", "since": since[:10]}


def wanted(asked: dict[str, str]) -> dict[str, Any]:
    """The same as the school takes it. Raises Refused for what is no day."""
    return {"person": asked["person"], "action": asked["action"], "since": moment_of(asked["since"], "since")}


def told(found: changes.Changes, asked: dict[str, str]) -> dict[str, Any]:
    """What a page of changes shows."""
    older = urlencode({name: value for name, value in asked.items() if value} | {"before": str(found.older)})
    lines = [(one, action_words(one.action), details(one), thing(one)) for one in found.lines]
    return {"found": lines, "asked": asked, "kinds": kinds(), "older": f"?{older}" if found.older else ""}


def kinds() -> dict[str, str]:
    """What changes can be filtered by: the beginning of an action, in words."""
    return {
        "assignment.": _("Assignments"),
        "extension.": _("Extensions"),
        "scene.": _("Released scenes"),
        "grade.": _("Points by hand"),
        "campaign.": _("Regrades"),
        "request.": _("Requests"),
        "comment.": _("Comments"),
        "member.": _("Roles and membership"),
        "roster.": _("Enrolments from files"),
        "group.": _("Groups"),
        "course.": _("Courses"),
        "exercise.": _("Own exercises"),
        "person.": _("Accounts"),
        "school.": _("Settings of the school"),
    }
