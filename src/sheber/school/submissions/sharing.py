"""Sharing: a practice result that the whole course may open by its link."""

from __future__ import annotations

from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school.errors import NotFound, Refused
from sheber.school.people.policy import Actor
from sheber.school.submissions.models import Submission
from sheber.school.submissions.seeing import who_may_see

__all__ = ["share"]


def share(session: Session, actor: Actor, submission_id: int, shared: bool) -> None:
    """Let the course open one's own practice result, or end that. The program itself is not shared.

    Raises NotFound for another's, and Refused for one that counts: its scenes are hidden.
    """
    owner, _standing = who_may_see(session, actor, submission_id)
    if owner != actor.id:
        raise NotFound(_("There is no such submission."))
    submission = session.get_one(Submission, submission_id)
    if submission.kind != "practice":
        raise Refused(_("Only a practice result can be shared: the scenes of a hand-in are hidden."))
    submission.shared = shared
