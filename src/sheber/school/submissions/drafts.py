"""Drafts: what a student writes, saved as they type. Two tabs that write to one draft notice each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school.clock import now
from sheber.school.courses.models import Assignment
from sheber.school.errors import Conflict, NotFound, Refused
from sheber.school.people import policy
from sheber.school.people.models import Person
from sheber.school.people.policy import Actor
from sheber.school.submissions import models
from sheber.school.submissions.handing_in import LARGEST_BYTES

__all__ = ["Draft", "DraftConflict", "handed_in", "load", "save"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it was last saved."""

    source: str
    edition: int  # 0: nothing was saved yet
    saved: datetime | None


class DraftConflict(Conflict):
    """Another tab, or another device, has saved since: `other` is what it saved. Nothing was changed."""

    def __init__(self, other: Draft) -> None:
        super().__init__(_("This program was changed in another window. Choose which of the two you keep."))
        self.other = other


def load(session: Session, actor: Actor, assignment_id: int) -> Draft:
    """The person's draft for an assignment. Raises NotFound."""
    _require(session, actor, assignment_id)
    row = _row(session, actor, assignment_id)
    return Draft("", 0, None) if row is None else Draft(row.source, row.edition, row.saved)


def save(session: Session, actor: Actor, assignment_id: int, source: str, edition: int) -> int:
    """Save a draft; gives its new edition.

    edition: that which was changed; 0 for the first. The same text again is no conflict: an answer may have been lost
    on the way. Raises NotFound, Refused, DraftConflict.
    """
    _require(session, actor, assignment_id)
    _check(source)
    session.execute(select(Person.id).where(Person.id == actor.id).with_for_update(key_share=True))
    row = _row(session, actor, assignment_id)
    if row is None:
        row = models.Draft(assignment_id=assignment_id, person_id=actor.id, source=source, saved=now())
        session.add(row)
    elif row.source == source:
        return row.edition
    elif row.edition != edition:
        raise DraftConflict(Draft(row.source, row.edition, row.saved))
    else:
        row.source, row.edition, row.saved = source, edition + 1, now()
    session.flush()
    return row.edition


def handed_in(session: Session, actor: Actor, assignment_id: int, source: str) -> int:
    """The text that was handed in becomes the draft, whichever other window saved last; gives its edition.

    Called with the submission, in one transaction. Raises NotFound, Refused.
    """
    return save(session, actor, assignment_id, source, load(session, actor, assignment_id).edition)


def _require(session: Session, actor: Actor, assignment_id: int) -> None:
    nothing = NotFound(_("There is no such exercise in your courses."))
    assignment = session.get(Assignment, assignment_id)
    if assignment is None:
        raise nothing
    try:
        standing = policy.require(session, actor, "work.submit", assignment.course_id)
    except NotFound as error:
        raise nothing from error
    if not assignment.visible and standing.role == "student":
        raise nothing


def _check(source: str) -> None:
    """A draft may be anything that can be stored: empty, and no program yet."""
    try:
        size = len(source.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise Refused(_("The program has a character that cannot be saved."), "source") from error
    if "\0" in source:
        raise Refused(_("The program has a character that cannot be saved."), "source")
    if size > LARGEST_BYTES:
        text = _("The program has {size:.0f} KiB. A program may have up to {most:.0f} KiB.")
        raise Refused(text.format(size=size / 1024, most=LARGEST_BYTES / 1024), "source")


def _row(session: Session, actor: Actor, assignment_id: int) -> models.Draft | None:
    mine = (models.Draft.assignment_id == assignment_id, models.Draft.person_id == actor.id)
    return session.scalars(select(models.Draft).where(*mine)).one_or_none()
