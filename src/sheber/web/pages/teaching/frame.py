"""Frame: what every page of a course's staff has around its content: the course, and the way to its other pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from sheber.i18n import _
from sheber.school.courses.assignments import AssignmentLine, CoursePage, course_page, require_assignment
from sheber.school.courses.exercises import exercise_of, headline_of
from sheber.school.errors import NotFound
from sheber.school.people.policy import IN_COURSE, require
from sheber.web.rendering import page
from sheber.web.visit import Visit

__all__ = ["Frame", "frame", "frame_of", "shown"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A course as its staff sees it."""

    course: CoursePage
    titles: Mapping[int, str]  # of its assignments, in the reader's language
    line: AssignmentLine | None = None  # the assignment that the page is about

    @property
    def id(self) -> int:
        """Of the course."""
        return self.course.id

    @property
    def title(self) -> str:
        """Of the assignment that the page is about; of the course where it is about none."""
        return self.titles[self.line.id] if self.line else self.course.title

    def may(self, what: str) -> bool:
        """Whether the reader may do this here; in an archived course nothing is changed."""
        return self.course.role in IN_COURSE[what]

    def changes(self, what: str) -> bool:
        """Whether the reader may do this here now: in an archived course nothing is changed."""
        return self.may(what) and not self.course.archived


def frame(session: Any, visit: Visit, course_id: int, what: str) -> Frame:
    """The frame of a page that is for who may do this in a course. Raises NotFound, NotAllowed."""
    require(session, visit.actor, what, course_id)
    found = course_page(session, visit.actor, course_id)
    titles = {line.id: headline_of(exercise_of(session, line))[0] for line in found.assignments}
    return Frame(found, _told_apart(titles))


def _told_apart(titles: Mapping[int, str]) -> dict[int, str]:
    """The titles; where a course asks for one exercise twice, with a number."""
    seen: dict[str, int] = {}
    told = {}
    for id_, title in titles.items():
        seen[title] = seen.get(title, 0) + 1
        told[id_] = title if seen[title] == 1 else f"{title} ({seen[title]})"
    return told


def frame_of(session: Any, visit: Visit, assignment_id: int, what: str) -> Frame:
    """The frame of a page about an assignment. Raises NotFound, NotAllowed."""
    found, _standing = require_assignment(session, visit.actor, what, assignment_id)
    around = frame(session, visit, found.course_id, what)
    for line in around.course.assignments:
        if line.id == assignment_id:
            return Frame(around.course, around.titles, line)
    raise NotFound(_("There is no such assignment, or you are not in its course."))


def shown(visit: Visit, template: str, around: Frame, *, status: int = 200, **content: Any) -> Response:
    """A page within its frame. Its template is in `teaching/`."""
    usual: dict[str, Any] = {"wrong": "", "where": "", "frame": around, "course": around.course, "line": around.line}
    return page(visit, f"teaching/{template}.html.j2", status=status, **(usual | content))
