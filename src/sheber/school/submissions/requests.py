"""Requests: a student asks for another look at a grade."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school import clock
from sheber.school.errors import NotFound, Refused
from sheber.school.people.policy import Actor
from sheber.school.submissions.models import RegradeRequest, Submission
from sheber.school.submissions.seeing import who_may_see

__all__ = ["Asked", "ask", "asked"]

LONGEST = 2000  # characters of a reason


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what came of it."""

    id: int
    reason: str  # text of a student
    state: str  # open, granted, declined
    answer: str
    created: datetime
    answered: datetime | None


def ask(session: Session, actor: Actor, submission_id: int, reason: str) -> int:
    """Ask for another look at one's own grade; gives the request's id. Raises NotFound, Refused."""
    owner, _standing = who_may_see(session, actor, submission_id)
    if owner != actor.id:
        raise NotFound(_("There is no such submission."))
    submission = session.get_one(Submission, submission_id)
    if submission.kind != "graded" or submission.state != "done":
        raise Refused(_("Only a hand-in that was judged can be looked at again."), "reason")
    words = reason.strip().replace("\0", "\ufffd")
    if not 1 <= len(words) <= LONGEST:
        text = _("Say in 1 to {most} characters what you think was judged wrongly.")
        raise Refused(text.format(most=LONGEST), "reason")
    if any(one.state == "open" for one in asked(session, actor, submission_id)):
        raise Refused(_("You have asked already. Your teacher will answer."), "reason")
    row = RegradeRequest(submission_id=submission_id, person_id=actor.id, reason=words, created=clock.now())
    session.add(row)
    session.flush()
    return row.id


def asked(session: Session, actor: Actor, submission_id: int) -> tuple[Asked, ...]:
    """What was asked of a submission, the oldest first; for its owner and the staff. Raises NotFound."""
    owner, standing = who_may_see(session, actor, submission_id)
    if owner != actor.id and not standing.may("work.see-all"):
        raise NotFound(_("There is no such submission."))
    query = select(RegradeRequest).where(RegradeRequest.submission_id == submission_id).order_by(RegradeRequest.id)
    return tuple(
        Asked(one.id, one.reason, one.state, one.answer, one.created, one.answered) for one in session.scalars(query)
    )
