"""Handing in: a program becomes a submission with its jobs, in one transaction, or is refused in words."""

from __future__ import annotations

import math
import re
import secrets
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Final, NamedTuple, NewType

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from sheber.i18n import LANGUAGES, _
from sheber.school import audit
from sheber.school.clock import now
from sheber.school.courses.assignments import hidden_scenes
from sheber.school.courses.dates import Dates, dates_of
from sheber.school.courses.models import Assignment, Course, Extension, Member
from sheber.school.errors import NotFound, Refused, TooMany
from sheber.school.people import policy
from sheber.school.people.models import Person, storable
from sheber.school.people.policy import Actor, Standing
from sheber.school.queue.adding import Scene, add_jobs
from sheber.school.queue.claiming import cancel_jobs, lock_submission
from sheber.school.queue.models import Job
from sheber.school.secret import Secret
from sheber.school.submissions.models import KINDS, SceneResult, Submission
from sheber.school.submissions.seeing import who_may_see
from sheber.school.zones import told
from sheber.seeds import checked

__all__ = [
    "LARGEST_BYTES",
    "SubmissionId",
    "attempts_used",
    "cancel",
    "check_source",
    "judge_again",
    "submit",
]

SubmissionId = NewType("SubmissionId", int)

LARGEST_BYTES: Final = 256 << 10
"""The longest program that a school takes."""

MOST_A_MINUTE: Final = 20  # submissions of one person, graded and practice together
MOST_AN_HOUR: Final = {"graded": 60, "practice": 240}  # of one person; all programs are kept, also the replaced ones
PRACTICE_SEEDS: Final = 1_000_000  # of which one is drawn where none is asked for
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_LONGEST_NAME: Final = 200
_LONGEST_TOKEN: Final = 40


def submit(
    secret: Secret,
    session: Session,
    actor: Actor,
    assignment_id: int,
    source: bytes,
    file_name: str,
    *,
    kind: str = "graded",
    seed: int | None = None,
    token: str = "",
    language: str = "en",
    paced: bool = True,
) -> SubmissionId:
    """Take a program. A newer one replaces an older one that still waits, unless every attempt is judged.

    kind: graded, on the hidden scenes; practice, on the scene of `seed` (drawn where it is left out). token: chosen by
    who submits; the same again gives the same submission. paced: refuse programs that come faster than a person writes
    them; a demo hands in many at once. Raises NotFound, NotAllowed, Refused, TooMany.
    """
    assignment, standing, dates = _asked_for(session, actor, assignment_id, kind)
    token = storable(token)
    before = _before(session, actor, assignment_id, kind, token)
    if before.known is not None:
        return SubmissionId(before.known)
    check_source(source)
    _check_dates(dates, standing, kind)
    if before.waits and (not assignment.every_attempt or kind == "practice"):
        _replace_waiting(session, actor, assignment_id, kind)  # what is replaced is no attempt
    if kind == "graded" and standing.role == "student":
        _check_attempts(session, assignment, actor, dates)
    if paced:
        _check_rate(session, actor, kind)
    scenes = list(_scenes(secret, session, assignment, kind, seed))
    submission = Submission(
        assignment_id=assignment_id,
        person_id=actor.id,
        kind=kind,
        number=before.number + 1,
        file_name=_plain_name(file_name),
        source=source,
        source_sha256=sha256(source).hexdigest(),
        language=language if language in LANGUAGES else LANGUAGES[0],
        created=now(),
        late_days=dates.late_days(now()) if kind == "graded" else 0,
        scenes=len(scenes),
        token=token,
    )
    session.add(submission)
    session.flush()
    class_ = "exam" if assignment.exam and kind == "graded" else kind
    add_jobs(session, submission, assignment.course_id, class_, scenes)
    return SubmissionId(submission.id)


def cancel(session: Session, actor: Actor, submission_id: int) -> None:
    """End a submission that waits or runs; what runs of it is killed at the next heartbeat.

    A student may cancel their own, a teacher any of the course. Raises NotFound, NotAllowed, Refused.
    """
    submission, standing = _existing(session, actor, submission_id)
    if submission.person_id != actor.id and not standing.may("regrade"):
        policy.require(session, actor, "regrade", standing.course.id)
    if submission.state not in ("queued", "running"):
        raise Refused(_("This submission has ended. Only one that waits or runs can be cancelled."))
    submission.state, submission.finished = "cancelled", now()
    cancel_jobs(session, submission_id)
    if submission.person_id != actor.id:
        _record(session, actor, standing, "submission.cancelled", submission_id)


def judge_again(session: Session, actor: Actor, submission_id: int) -> None:
    """Try a submission again that ended by a fault of ours: the scenes that were not judged. For teachers."""
    submission, standing = _existing(session, actor, submission_id)
    policy.require(session, actor, "regrade", standing.course.id)
    if submission.state != "fault":
        raise Refused(_("This submission did not end by a fault of the school. A regrade judges it anew."))
    judged = session.scalar(select(func.count(SceneResult.id)).where(SceneResult.submission_id == submission_id))
    submission.state, submission.finished = "running" if judged else "queued", None
    unfinished = (Job.submission_id == submission_id, Job.campaign_id.is_(None), Job.state != "done")
    for job in session.scalars(select(Job).where(*unfinished).order_by(Job.id).with_for_update(key_share=True)):
        job.state, job.tries, job.cancelled, job.worker, job.lease_until = "queued", 0, False, "", None
    _record(session, actor, standing, "submission.judged-again", submission_id)


# --- what is asked for -------------------------------------------------------------------------


_ASKED: Final = (
    select(Assignment, Course, Member, Extension)
    .join(Course, Course.id == Assignment.course_id)
    .join(Person, Person.id == bindparam("person"))
    .outerjoin(Member, and_(Member.course_id == Course.id, Member.person_id == Person.id, Member.left.is_(None)))
    .outerjoin(Extension, and_(Extension.assignment_id == Assignment.id, Extension.person_id == Person.id))
    .where(Assignment.id == bindparam("assignment"))
    .with_for_update(key_share=True, of=Person)
)
"""One look at what decides whether a program is taken. It locks the person: the submissions of one person come one
after another, also through several web processes."""


def _asked_for(session: Session, actor: Actor, assignment_id: int, kind: str) -> tuple[Assignment, Standing, Dates]:
    """The assignment, what the person is in its course, and the dates that hold for the person.

    A hidden assignment does not exist for students.
    """
    nothing = NotFound(_("There is no such exercise in your courses."))
    found = session.execute(_ASKED, {"person": actor.id, "assignment": assignment_id}).one_or_none()
    if found is None:
        raise nothing
    assignment, course, member, extension = found
    try:
        standing = policy.allowed(policy.placed(actor, course, member), "work.submit")
    except NotFound as error:
        raise nothing from error
    if not assignment.visible and standing.role == "student":
        raise nothing
    if course.archived:
        raise Refused(_("This course has ended. It takes no more programs."))
    if kind not in KINDS:
        text = _("There is no kind of submission {kind!r}. The kinds are: {known}.")
        raise Refused(text.format(kind=kind[:40], known=", ".join(KINDS)), "kind")
    return assignment, standing, dates_of(assignment, extension)


class _Before(NamedTuple):
    """What somebody has handed in before."""

    known: int | None  # the submission that the same token made
    number: int  # of the last one for the same assignment, of the same kind; 0: none
    waits: bool  # whether one of these is queued


def _before_of_one() -> Select[int | None, int | None, bool]:
    """All of it in one statement: a thousand may submit at one moment."""
    person = Submission.person_id == bindparam("person")
    mine = (Submission.assignment_id == bindparam("assignment"), person)
    alike = (*mine, Submission.kind == bindparam("kind"))
    return select(
        select(func.min(Submission.id)).where(*mine, Submission.token == bindparam("token")).scalar_subquery(),
        select(func.max(Submission.number)).where(*alike).scalar_subquery(),
        exists().where(*alike, Submission.state == "queued"),
    )


_BEFORE: Final = _before_of_one()


def _before(session: Session, actor: Actor, assignment_id: int, kind: str, token: str) -> _Before:
    """What the person has handed in before. The person is locked. Raises Refused."""
    if len(token) > _LONGEST_TOKEN:
        raise Refused(
            _("The token of a submission has at most {most} characters.").format(most=_LONGEST_TOKEN), "token"
        )
    values = {"person": actor.id, "assignment": assignment_id, "kind": kind, "token": token or None}
    known, number, waits = session.execute(_BEFORE, values).one()
    return _Before(known, number or 0, waits)


def _existing(session: Session, actor: Actor, submission_id: int) -> tuple[Submission, Standing]:
    """A submission that the person may know of, locked. Raises NotFound."""
    standing = who_may_see(session, actor, submission_id)[1]
    return lock_submission(session, submission_id), standing


def check_source(source: bytes) -> None:
    """Refuse what cannot be a program, in words. The bytes are not parsed. Raises Refused."""
    if len(source) > LARGEST_BYTES:
        text = _("The program has {size:.0f} KiB. A program may have up to {most:.0f} KiB.")
        raise Refused(text.format(size=len(source) / 1024, most=LARGEST_BYTES / 1024), "program")
    if not source.strip():
        raise Refused(_("The program is empty. Choose the file with your program, and save it before."), "program")
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused(_("The program is saved as UTF-16. Save it as UTF-8."), "program")
    if b"\0" in source:
        raise Refused(_("This file is no text. Choose the file with your program, which ends with .py."), "program")
    try:
        source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        text = _("Line {line} of the program is not UTF-8. Save the program as UTF-8.")
        raise Refused(text.format(line=line), "program") from error


def _plain_name(name: str) -> str:
    """The last part of a file's name, without characters that are no letters, digits or signs."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] not in "CZ" or letter == " ").strip()
    return shown[-_LONGEST_NAME:] if shown.strip(". ") else "program.py"


# --- dates and attempts ------------------------------------------------------------------------


def _check_dates(dates: Dates, standing: Standing, kind: str) -> None:
    """Students hand in between opening and closing; they may practise after it closes."""
    if standing.role != "student":
        return
    if dates.opens is not None and not dates.begun(now()):
        text = _("This exercise opens at {moment}.")
        raise Refused(text.format(moment=told(dates.opens)), "opens")
    if kind == "graded" and dates.closes is not None and dates.over(now()):
        text = _("This exercise closed at {moment}. It takes no more programs.")
        raise Refused(text.format(moment=told(dates.closes)), "closes")


def attempts_used(session: Session, assignment_id: int, person_id: int) -> int:
    """Graded submissions that count as attempts: a replaced one and a fault of ours do not. A cancelled one does where
    the student has seen a scene of it."""
    seen = exists().where(SceneResult.submission_id == Submission.id)
    counts = or_(
        Submission.state.in_(("queued", "running", "done")),
        (Submission.state == "cancelled") & seen,
    )
    mine = (Submission.assignment_id == assignment_id, Submission.person_id == person_id, Submission.kind == "graded")
    return session.scalar(select(func.count(Submission.id)).where(*mine, counts)) or 0


def _check_attempts(session: Session, assignment: Assignment, actor: Actor, dates: Dates) -> None:
    """Raise Refused where no attempt is left."""
    if dates.attempts is None:
        return
    if attempts_used(session, assignment.id, actor.id) >= dates.attempts:
        text = _("You have used all {count} attempts of this exercise. You can still practise.")
        raise Refused(text.format(count=dates.attempts), "attempts")


def _check_rate(session: Session, actor: Actor, kind: str) -> None:
    """Raise TooMany for a person whose programs come faster than a person writes them. Not by our faults."""
    moment = now()
    lately = (Submission.person_id == actor.id, Submission.created > moment - _HOUR, Submission.state != "fault")
    newest = select(Submission.created, Submission.kind).where(*lately).order_by(Submission.created.desc())
    rows = session.execute(newest.limit(sum(MOST_AN_HOUR.values()))).all()
    all_of_minute = [created for created, _kind in rows if created > moment - _MINUTE]
    if len(all_of_minute) >= MOST_A_MINUTE:
        wait = (all_of_minute[MOST_A_MINUTE - 1] + _MINUTE - moment).total_seconds()
        text = _("You have submitted {count} programs within a minute. Please wait {wait:.0f} s.")
        raise TooMany(text.format(count=MOST_A_MINUTE, wait=wait), wait)
    most, same = MOST_AN_HOUR[kind], [created for created, its_kind in rows if its_kind == kind]
    if len(same) >= most:
        wait = (same[most - 1] + _HOUR - moment).total_seconds()
        words = {
            "graded": _(
                "You have handed in {count} programs within an hour. Please wait {wait} min. You can practise."
            ),
            "practice": _("You have practised {count} times within an hour. Please wait {wait} min."),
        }
        raise TooMany(words[kind].format(count=most, wait=math.ceil(wait / 60)), wait)


# --- what is made ------------------------------------------------------------------------------


def _scenes(secret: Secret, session: Session, assignment: Assignment, kind: str, seed: int | None) -> Iterator[Scene]:
    """The scenes of a submission: one that the student chose, or the hidden ones of the assignment."""
    if kind == "practice":
        yield Scene(1, 0, _practice_seed(seed))
        return
    for hidden in hidden_scenes(session, secret, assignment):
        yield Scene(hidden.place, hidden.round, hidden.seed)


def _practice_seed(seed: int | None) -> int:
    if seed is None:
        return secrets.randbelow(PRACTICE_SEEDS)
    try:
        return checked(seed)
    except ValueError as error:
        raise Refused(str(error), "seed") from error


def _replace_waiting(session: Session, actor: Actor, assignment_id: int, kind: str) -> None:
    """End the submissions of which no scene was begun."""
    mine = (Submission.assignment_id == assignment_id, Submission.person_id == actor.id, Submission.kind == kind)
    waiting = select(Submission.id).where(*mine, Submission.state == "queued").order_by(Submission.id)
    for submission_id in session.scalars(waiting).all():
        older = lock_submission(session, submission_id)
        if older.state == "queued":  # no worker has begun it in this moment
            older.state, older.finished = "replaced", now()
            cancel_jobs(session, submission_id)


def _record(session: Session, actor: Actor, standing: Standing, action: str, submission_id: int) -> None:
    audit.record(session, actor.id, action, f"submission {submission_id}", course_id=standing.course.id)
