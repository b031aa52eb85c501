"""Comments: what the staff says of a submission, of a line of its program, or of a moment of a scene's replay.

The student reads them. The moment of a hidden scene is kept from the student until the scene is released, as every
moment of it. A removed comment stays in the database, and the staff still reads it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school import audit, clock
from sheber.school.courses.courses import require_open
from sheber.school.courses.models import ReleasedScene
from sheber.school.errors import NotAllowed, NotFound, Refused
from sheber.school.people.models import Person, storable
from sheber.school.people.policy import Actor, Standing
from sheber.school.submissions.models import Comment, SceneResult, Submission
from sheber.school.submissions.seeing import who_may_see

__all__ = ["CommentLine", "comment", "comments", "remove_comment"]

LONGEST: Final = 4000  # characters
MOST: Final = 500  # on one submission


@dataclass(frozen=True, slots=True)
class CommentLine:
    """One comment."""

    id: int
    author_id: int
    author: str
    text: str  # plain text: always escaped
    line: int | None  # 1, 2, ... of the program
    place: int | None  # of a scene
    time_s: float | None  # simulated [s]; None also where the reader may not know it yet
    created: datetime
    removed: datetime | None  # only the staff sees a removed one
    may_remove: bool  # the reader


def comment(
    session: Session,
    actor: Actor,
    submission_id: int,
    text: str,
    *,
    line: int | None = None,
    place: int | None = None,
    time_s: float | None = None,
) -> int:
    """Say something of a submission, of a line of its program, of a scene, or of a moment of it; gives its id.

    Raises NotFound, NotAllowed, Refused.
    """
    _owner, standing = who_may_see(session, actor, submission_id)
    require_open(session, actor, "comment.write", standing.course.id)
    text = storable(text.strip())
    if not 1 <= len(text) <= LONGEST:
        raise Refused(_("A comment has 1 to {most} characters.").format(most=LONGEST), "text")
    _check_line(session, submission_id, line)
    _check_moment(session, submission_id, place, time_s)
    if line is not None and place is not None:
        raise Refused(_("A comment is about a line or about a scene, not about both."), "line")
    if len(session.scalars(select(Comment.id).where(Comment.submission_id == submission_id)).all()) >= MOST:
        raise Refused(_("This submission has {most} comments. It takes no more.").format(most=MOST), "text")
    row = Comment(
        submission_id=submission_id,
        author_id=actor.id,
        text=text,
        line=line,
        place=place,
        time_s=None if time_s is None else round(float(time_s), 3),
        created=clock.now(),
    )
    session.add(row)
    session.flush()
    _note(session, actor, standing, "comment.written", row)
    return row.id


def comments(session: Session, actor: Actor, submission_id: int) -> tuple[CommentLine, ...]:
    """The comments on a submission, the oldest first: for its student and the staff. Raises NotFound."""
    owner, standing = who_may_see(session, actor, submission_id)
    staff = standing.may("work.see-all")
    if owner != actor.id and not staff:  # a shared practice result shows the run, and not what was said of it
        raise _unknown()
    open_places = None if staff else _open_places(session, submission_id)
    query = select(Comment, Person.name).join(Person, Person.id == Comment.author_id)
    query = query.where(Comment.submission_id == submission_id)
    if not staff:
        query = query.where(Comment.removed.is_(None))
    rows = session.execute(query.order_by(Comment.id))
    return tuple(
        CommentLine(
            one.id,
            one.author_id,
            name,
            one.text,
            one.line,
            one.place,
            one.time_s if open_places is None or one.place in open_places else None,
            one.created,
            one.removed,
            one.removed is None and _may_remove(actor, standing, one),
        )
        for one, name in rows
    )


def remove_comment(session: Session, actor: Actor, comment_id: int) -> None:
    """Take a comment away from the student's page: one's own, or, as a teacher, anybody's. Its row stays.

    Raises NotFound, NotAllowed.
    """
    row = session.get(Comment, comment_id, with_for_update={"key_share": True})
    if row is None:
        raise _unknown()
    _owner, standing = who_may_see(session, actor, row.submission_id)
    if row.removed is not None and not standing.may("work.see-all"):
        raise _unknown()
    if not _may_remove(actor, standing, row):
        raise NotAllowed(_("Only who wrote a comment, or a teacher of the course, can remove it."))
    if row.removed is None:
        row.removed = clock.now()
        _note(session, actor, standing, "comment.removed", row)


def _may_remove(actor: Actor, standing: Standing, row: Comment) -> bool:
    return standing.may("comment.remove") or (row.author_id == actor.id and standing.may("comment.write"))


def _open_places(session: Session, submission_id: int) -> set[int]:
    """The scenes of a submission whose moments its student may know: practice, or released."""
    released = (ReleasedScene.assignment_id == Submission.assignment_id) & (ReleasedScene.place == SceneResult.place)
    query = (
        select(SceneResult.place, Submission.kind, ReleasedScene.id.is_not(None))
        .join(Submission, Submission.id == SceneResult.submission_id)
        .outerjoin(ReleasedScene, released & (ReleasedScene.round == SceneResult.round))
        .where(SceneResult.submission_id == submission_id)
    )
    return {place for place, kind, shown in session.execute(query) if kind == "practice" or shown}


def _check_line(session: Session, submission_id: int, line: int | None) -> None:
    """Raises Refused."""
    if line is None:
        return
    source = session.scalars(select(Submission.source).where(Submission.id == submission_id)).one()
    lines = source.count(b"\n") + 1
    if not 1 <= line <= lines:
        text = _("There is no line {line}. This program has the lines 1 to {lines}.")
        raise Refused(text.format(line=line, lines=lines), "line")


def _check_moment(session: Session, submission_id: int, place: int | None, time_s: float | None) -> None:
    """Raises Refused."""
    if place is None:
        if time_s is not None:
            raise Refused(_("A moment needs its scene."), "place")
        return
    scenes = session.scalars(select(Submission.scenes).where(Submission.id == submission_id)).one()
    if not 1 <= place <= scenes:
        text = _("There is no scene {place}. This submission has the scenes 1 to {scenes}.")
        raise Refused(text.format(place=place, scenes=scenes), "place")
    if time_s is not None and not (math.isfinite(time_s) and 0.0 <= time_s <= 1e6):
        raise Refused(_("The moment {time} is not in a run. It is counted from its start.").format(time=time_s), "time")


def _unknown() -> NotFound:
    return NotFound(_("There is no such comment."))


def _note(session: Session, actor: Actor, standing: Standing, action: str, row: Comment) -> None:
    thing, course = f"submission {row.submission_id}", standing.course.id
    audit.record(session, actor.id, action, thing, course_id=course, comment=row.id)
