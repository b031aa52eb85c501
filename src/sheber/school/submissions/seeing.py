"""Seeing: who may know of a submission. All that reads or changes one asks here first."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school.courses.models import Assignment
from sheber.school.errors import NotFound
from sheber.school.people import policy
from sheber.school.people.policy import Actor, Standing
from sheber.school.submissions.models import Submission

__all__ = ["who_may_see"]


def who_may_see(session: Session, actor: Actor, submission_id: int) -> tuple[int, Standing]:
    """The person whose submission it is, and what the one who asks is in its course.

    Its owner may know of it, the staff of the course, and the course where its practice result is shared. Raises
    NotFound, in the same words whether there is none or it is not theirs.
    """
    nothing = NotFound(_("There is no such submission."))
    about = select(Submission.person_id, Submission.kind, Submission.shared, Assignment.course_id).join(Assignment)
    row = session.execute(about.where(Submission.id == submission_id)).one_or_none()
    if row is None:
        raise nothing
    try:
        standing = policy.standing(session, actor, row.course_id)
    except NotFound as error:
        raise nothing from error
    shared = row.shared and row.kind == "practice"
    if row.person_id != actor.id and not shared and not standing.may("work.see-all"):
        raise nothing
    return row.person_id, standing
