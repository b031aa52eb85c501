"""Reading: submissions as pages show them: one, all attempts of a student, and how far those are that run.

What a reader may see of a scene is decided here for every page. A hidden scene that is not released shows to students
its points, what was measured and what was wanted, and the words; never its seed, trace, hash, moments, or what the
program could say of it. A practice scene, a released one, and the staff of the course have everything.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.exercises.score import Score
from sheber.i18n import _
from sheber.judge.forms import revived_outcome, revived_score
from sheber.judge.report.seen import seen_ending
from sheber.school.courses.models import Assignment, Course, ReleasedScene
from sheber.school.errors import NotFound, Refused
from sheber.school.people import policy
from sheber.school.people.models import Person
from sheber.school.people.policy import Actor
from sheber.school.queue.models import Job
from sheber.school.submissions.checkwise import CheckChange, changed_checks
from sheber.school.submissions.models import SceneResult, Submission
from sheber.school.submissions.seeing import who_may_see
from sheber.trace import Outcome

__all__ = [
    "Attempt",
    "Change",
    "Progress",
    "Scene",
    "SubmissionPage",
    "attempts",
    "difference",
    "last_practice",
    "program",
    "progress",
    "running_practice",
    "submission_page",
]

LONGEST_COMPARED: Final = 3000  # lines of two programs together; comparing longer ones could take minutes


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene of a submission, as its reader may see it."""

    place: int
    state: str  # queued, leased, done, failed, cancelled
    released: bool  # shown to students; also every practice scene
    points: float | None = None
    outcome: Outcome | None = None
    score: Score | None = None
    judged: datetime | None = None
    # what follows is empty where the scene is hidden from the reader
    everything: bool = False  # the trace may be opened: report, replay, printed text
    seed: int | None = None
    trace: str = ""  # file below the folder of traces; "": hidden, or removed by rule
    trace_sha256: str = ""
    level: str = ""
    processor: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SubmissionPage:
    """One submission."""

    id: int
    course_id: int
    course: str
    assignment_id: int
    exercise: str
    person_id: int
    person: str
    own: bool  # the reader's
    kind: str
    number: int
    file_name: str
    program: str  # text of a student: always escaped; "" where a shared result is another's
    program_sha256: str
    created: datetime
    finished: datetime | None
    late_days: int
    state: str
    final: float | None
    points: float | None
    shared: bool
    scenes: tuple[Scene, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of a student's history."""

    id: int
    number: int
    kind: str
    state: str
    created: datetime
    late_days: int
    points: float | None
    gained: float | None  # points more than the last one that has points; None for the first
    lines: int  # of the program
    added: int  # lines that the program before did not have
    removed: int  # lines of the program before that are gone
    seed: str = ""  # of the scene of a practice run; those of scenes that count stay hidden


@dataclass(frozen=True, slots=True)
class Change:
    """What changed between two attempts."""

    older: int
    newer: int
    assignment_id: int
    kind: str  # graded, practice
    numbers: tuple[int, int]  # which attempts they are, from 1
    points: tuple[float | None, float | None]
    gained: float | None
    lines: tuple[str, ...]  # unified diff, without its head; text of a student
    too_long: bool  # the programs are not compared line by line
    checks: tuple[CheckChange, ...]  # in which one of them lost something, the largest change first


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a submission is."""

    id: int
    state: str
    scenes: int
    points: float | None
    judged: tuple[tuple[int, float], ...]  # place and points of each judged scene
    running: tuple[int, ...]  # places


# --- one submission ------------------------------------------------------------------------------


def submission_page(session: Session, actor: Actor, submission_id: int) -> SubmissionPage:
    """A submission with all its scenes, as this reader may see them. Raises NotFound."""
    owner, standing = who_may_see(session, actor, submission_id)
    about = (
        select(Submission, Assignment.exercise, Person.name)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Person, Person.id == Submission.person_id)
    )
    submission, exercise, name = session.execute(about.where(Submission.id == submission_id)).one()
    staff = standing.may("work.see-all")
    reads = staff or owner == actor.id  # a shared practice result shows the run, and not the program
    source = session.scalars(select(Submission.source).where(Submission.id == submission_id)).one() if reads else b""
    return SubmissionPage(
        id=submission.id,
        course_id=standing.course.id,
        course=standing.course.title,
        assignment_id=submission.assignment_id,
        exercise=exercise,
        person_id=owner,
        person=name,
        own=owner == actor.id,
        kind=submission.kind,
        number=submission.number,
        file_name=submission.file_name,
        program=source.decode("utf-8", "replace"),
        program_sha256=submission.source_sha256 if reads else "",
        created=submission.created,
        finished=submission.finished,
        late_days=submission.late_days,
        state=submission.state,
        final=submission.final,
        points=submission.points,
        shared=submission.shared,
        scenes=_scenes(session, submission, staff),
    )


def _scenes(session: Session, submission: Submission, staff: bool) -> tuple[Scene, ...]:
    """The scenes by place, judged or not."""
    mine = (Job.submission_id == submission.id, Job.campaign_id.is_(None))
    states = {row.place: row.state for row in session.execute(select(Job.place, Job.state).where(*mine))}
    results = session.scalars(select(SceneResult).where(SceneResult.submission_id == submission.id)).all()
    by_place = {one.place: one for one in results}
    released = _released(session, submission)
    return tuple(
        _scene(place, states.get(place, "queued"), by_place.get(place), submission, released, staff)
        for place in range(1, submission.scenes + 1)
    )


def _released(session: Session, submission: Submission) -> set[tuple[int, int]]:
    """Place and round of the hidden scenes of an assignment that were shown to students."""
    here = ReleasedScene.assignment_id == submission.assignment_id
    rows = session.execute(select(ReleasedScene.place, ReleasedScene.round).where(here))
    return {(row.place, row.round) for row in rows}


def _scene(
    place: int,
    state: str,
    result: SceneResult | None,
    submission: Submission,
    released: set[tuple[int, int]],
    staff: bool,
) -> Scene:
    practice = submission.kind == "practice"
    if result is None:
        return Scene(place, state, practice)
    shown = practice or (place, result.round) in released
    scene = Scene(
        place,
        "done",
        shown,
        points=result.points,
        outcome=revived_outcome(result.outcome),
        score=revived_score(result.score),
        judged=result.judged,
        everything=True,
        seed=int(result.seed),
        trace=result.trace,
        trace_sha256=result.trace_sha256,
        level=result.level,
        processor=result.processor,
        seconds=result.seconds,
    )
    return scene if shown or staff else _hidden(scene)


def _hidden(scene: Scene) -> Scene:
    """What a student may see of a hidden scene. A list of what stays: a new field is left out."""
    assert scene.outcome is not None
    assert scene.score is not None
    timeless = tuple(replace(check, time=None) for check in scene.score.checks)
    return Scene(
        scene.place,
        scene.state,
        scene.released,
        points=scene.points,
        outcome=seen_ending(scene.outcome, "points"),
        score=replace(scene.score, checks=timeless),
        judged=scene.judged,
    )


def program(session: Session, actor: Actor, submission_id: int) -> tuple[str, bytes]:
    """Name and bytes of a program, for a download: its owner's and the staff's. Raises NotFound."""
    owner, standing = who_may_see(session, actor, submission_id)
    if owner != actor.id and not standing.may("work.see-all"):
        raise NotFound(_("There is no such submission."))
    mine = select(Submission.file_name, Submission.source).where(Submission.id == submission_id)
    row = session.execute(mine).one()
    return row.file_name, row.source


# --- history ------------------------------------------------------------------------------------


def running_practice(session: Session, actor: Actor, assignment_id: int) -> int | None:
    """The newest practice run of one's own that waits or runs, so that a page that is opened again can follow it."""
    here = (Submission.assignment_id == assignment_id, Submission.person_id == actor.id, Submission.kind == "practice")
    query = select(Submission.id).where(*here, Submission.state.in_(("queued", "running")))
    return session.scalar(query.order_by(Submission.number.desc()).limit(1))


def last_practice(session: Session, actor: Actor, assignment_id: int) -> tuple[int, float, datetime] | None:
    """The newest practice run of one's own that was judged: its id, its points, and when it was begun."""
    here = (Submission.assignment_id == assignment_id, Submission.person_id == actor.id, Submission.kind == "practice")
    query = select(Submission.id, Submission.points, Submission.created).where(*here, Submission.points.is_not(None))
    row = session.execute(query.order_by(Submission.number.desc()).limit(1)).one_or_none()
    return None if row is None else (row.id, row.points, row.created)


def attempts(
    session: Session, actor: Actor, assignment_id: int, person_id: int, *, kind: str = "graded", most: int = 100
) -> list[Attempt]:
    """The newest attempts of a student, the oldest of them first, with what changed from one to the next.

    Raises NotFound where the reader may not see them.
    """
    _require_history(session, actor, assignment_id, person_id)
    mine = (Submission.assignment_id == assignment_id, Submission.person_id == person_id, Submission.kind == kind)
    newest = select(Submission, Submission.source).where(*mine).order_by(Submission.number.desc()).limit(most)
    rows = session.execute(newest).all()
    seeds = _practice_seeds(session, [one.id for one, _source in rows]) if kind == "practice" else {}
    found: list[Attempt] = []
    before: Counter[bytes] = Counter()
    last: float | None = None
    for submission, source in reversed(rows):
        lines = Counter(source.splitlines())
        gained = None if submission.points is None or last is None else round(submission.points - last, 2)
        found.append(
            Attempt(
                id=submission.id,
                number=submission.number,
                kind=submission.kind,
                state=submission.state,
                created=submission.created,
                late_days=submission.late_days,
                points=submission.points,
                gained=gained,
                lines=lines.total(),
                added=(lines - before).total(),
                removed=(before - lines).total(),
                seed=seeds.get(submission.id, ""),
            )
        )
        before = lines
        last = last if submission.points is None else submission.points
    return found


def _practice_seeds(session: Session, ids: list[int]) -> dict[int, str]:
    """The seeds of practice runs, by submission."""
    practice = (Submission.kind == "practice", Job.submission_id.in_(ids))
    query = select(Job.submission_id, Job.seed).join(Submission, Submission.id == Job.submission_id).where(*practice)
    return {row.submission_id: row.seed for row in session.execute(query)}


def difference(session: Session, actor: Actor, older_id: int, newer_id: int) -> Change:
    """What changed in program and points between two attempts of one student. Raises NotFound, Refused."""
    names = [program(session, actor, one) for one in (older_id, newer_id)]
    both = select(Submission).where(Submission.id.in_((older_id, newer_id)))
    by_id = {one.id: one for one in session.scalars(both)}
    older, newer = by_id[older_id], by_id[newer_id]
    if (older.assignment_id, older.person_id) != (newer.assignment_id, newer.person_id):
        raise Refused(_("Only two attempts of one student for one exercise can be compared."))
    before, after = (source.decode("utf-8", "replace").splitlines() for _name, source in names)
    too_long = len(before) + len(after) > LONGEST_COMPARED and before != after
    lines = [] if too_long else list(difflib.unified_diff(before, after, lineterm=""))[2:]
    gained = None if older.points is None or newer.points is None else round(newer.points - older.points, 2)
    numbers, points = (older.number, newer.number), (older.points, newer.points)
    about = (older_id, newer_id, older.assignment_id, older.kind, numbers, points)
    return Change(*about, gained, tuple(lines), too_long, changed_checks(session, older_id, newer_id))


def _require_history(session: Session, actor: Actor, assignment_id: int, person_id: int) -> None:
    nothing = NotFound(_("There is no such exercise in your courses."))
    course = session.scalar(select(Course.id).join(Assignment).where(Assignment.id == assignment_id))
    if course is None:
        raise nothing
    try:
        standing = policy.standing(session, actor, course)
    except NotFound as error:
        raise nothing from error
    if person_id != actor.id and not standing.may("work.see-all"):
        raise nothing


# --- progress ---------------------------------------------------------------------------------------


def progress(session: Session, ids: Collection[int]) -> dict[int, Progress]:
    """How far submissions are, by id; three queries however many they are.

    The caller has asked whether the reader may see them (`who_may_see`); one that does not exist is left out.
    """
    wanted = list(ids)
    submissions = session.scalars(select(Submission).where(Submission.id.in_(wanted))).all()
    done = select(SceneResult.submission_id, SceneResult.place, SceneResult.points)
    judged: dict[int, list[tuple[int, float]]] = {}
    for row in session.execute(done.where(SceneResult.submission_id.in_(wanted)).order_by(SceneResult.place)):
        judged.setdefault(row.submission_id, []).append((row.place, row.points))
    leased = (Job.submission_id.in_(wanted), Job.state == "leased", Job.campaign_id.is_(None))
    running: dict[int, list[int]] = {}
    for id_, place in session.execute(select(Job.submission_id, Job.place).where(*leased).order_by(Job.place)):
        running.setdefault(id_, []).append(place)
    return {
        one.id: Progress(
            one.id, one.state, one.scenes, one.points, tuple(judged.get(one.id, ())), tuple(running.get(one.id, ()))
        )
        for one in submissions
    }
