"""Drafts: what somebody is writing, saved while they write. Two open tabs notice each other, and nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school import clock
from sheber.school.courses.assignments import require_assignment
from sheber.school.errors import Conflict, Refused
from sheber.school.people.policy import Actor
from sheber.school.submissions.handing_in import LARGEST_BYTES
from sheber.school.submissions.models import Draft

__all__ = ["Newer", "Saved", "load", "save"]


@dataclass(frozen=True, slots=True)
class Saved:
    """A draft as it is stored."""

    source: str
    edition: int
    saved: datetime


class Newer(Conflict):
    """Another tab, or another machine, saved another text in the meantime."""

    def __init__(self, other: Saved) -> None:
        super().__init__(_("This draft was changed in another window. Choose which text stays."))
        self.other = other


def load(session: Session, actor: Actor, assignment_id: int) -> Saved | None:
    """One's own draft; None where there is none yet. Raises NotFound."""
    require_assignment(session, actor, "work.submit", assignment_id)
    row = session.scalars(select(Draft).where(*_mine(actor, assignment_id))).one_or_none()
    return Saved(row.source, row.edition, row.saved) if row else None


def save(session: Session, actor: Actor, assignment_id: int, source: str, edition: int) -> int:
    """Save a draft; gives its new edition. edition: of the text that the writer saw; 0: none was there.

    Raises NotFound, Refused for what is too long to be handed in, and Newer with the other text. The same text again
    is no conflict: an answer may have been lost on its way.
    """
    require_assignment(session, actor, "work.submit", assignment_id)
    source = source.replace("\0", "\ufffd")
    if len(source.encode("utf-8", "replace")) > LARGEST_BYTES:
        text = _("The program is longer than {most} kB. It is not saved until it is shorter.")
        raise Refused(text.format(most=LARGEST_BYTES >> 10), "source")
    source = source.encode("utf-8", "replace").decode()  # lone surrogates
    changed = {"source": source, "edition": edition + 1, "saved": clock.now()}
    query = update(Draft).where(*_mine(actor, assignment_id), Draft.edition == edition).values(**changed)
    if session.execute(query.returning(Draft.id)).all() or (edition == 0 and _first(session, actor, assignment_id, changed)):
        return edition + 1
    other = session.scalars(select(Draft).where(*_mine(actor, assignment_id))).one()
    if other.source == source:
        return other.edition
    raise Newer(Saved(other.source, other.edition, other.saved))


def _first(session: Session, actor: Actor, assignment_id: int, values: dict[str, object]) -> bool:
    """Store the first draft; False where another tab was quicker."""
    try:
        with session.begin_nested():
            session.add(Draft(assignment_id=assignment_id, person_id=actor.id, **values))
    except IntegrityError:
        return False
    return True


def _mine(actor: Actor, assignment_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (Draft.assignment_id == assignment_id, Draft.person_id == actor.id)
