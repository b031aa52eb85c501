"""Waiting: how long the queue is, for a student who waits and for the administrator.

A `Snapshot` is read with a few queries, whatever waits; from it the place of every submission follows. So a page that a
thousand students look at reads one snapshot a second for all of them, and not a thousand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from sheber.school.clock import now
from sheber.school.courses.models import Course, Member
from sheber.school.database import EPOCH
from sheber.school.people import policy
from sheber.school.people.policy import Actor
from sheber.school.queue.claiming import LEASE_S
from sheber.school.queue.models import CLASSES, Job, Worker
from sheber.school.queue.turns import served_lately
from sheber.school.submissions.models import SceneResult, Submission

__all__ = ["Line", "Overview", "Place", "Snapshot", "Trouble", "WorkerLine", "overview", "place", "snapshot"]

MEASURED: Final = 200  # results that an expectation is made of, the newest
USUAL_S: Final = (5.0, 60.0)  # that a scene takes where nothing was measured yet [s]
CONGESTED_S: Final = 900.0  # a queue that takes longer to drain is worth a warning [s]


@dataclass(frozen=True, slots=True)
class Line:
    """What one student has waiting in one course and class."""

    rank: int
    course_id: int
    person_id: int
    jobs: int
    turn: tuple[datetime, int]  # of the student in the course: least lately served, then the oldest job
    course_turn: tuple[datetime, int]  # of the course


@dataclass(frozen=True, slots=True)
class Place:
    """Where a submission stands."""

    position: int  # 1: its next scene is the next one; 0: nothing of it waits
    scenes_before: int  # of all that wait, those that begin before its last one
    low_s: float | None  # expected until its last scene is judged [s]; None: nobody judges now
    high_s: float | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The queue at one moment."""

    at: datetime
    lines: tuple[Line, ...]
    running: int  # scenes
    places: int  # scenes that all living workers judge at a time
    seconds: tuple[float, float]  # that a scene takes: a quick one and a slow one [s]

    @property
    def waiting(self) -> int:
        """Scenes that wait."""
        return sum(line.jobs for line in self.lines)

    @property
    def drain_s(self) -> float | None:
        """Until nothing waits, with scenes of middling length [s]; None where nobody judges."""
        return self._time(self.waiting + self.running, sum(self.seconds) / 2.0)

    @property
    def congested(self) -> bool:
        """Whether those who wait should be told that it takes long."""
        return bool(self.waiting) and (self.drain_s is None or self.drain_s > CONGESTED_S)

    def place(self, rank: int, course_id: int, person_id: int, first: int, last: int) -> Place:
        """Where a submission stands, by the rule of the turns.

        first, last: of the scenes that this student has waiting in this course and class, those of the submission.
        For who is not in the course (an administrator) it is about right.
        """
        before = sum(line.jobs for line in self.lines if line.rank < rank)
        here = [line for line in self.lines if line.rank == rank]
        position = before + _begun_before(here, course_id, person_id, first) + 1
        scenes = before + _begun_before(here, course_id, person_id, last)
        low, high = (self._time(scenes + 1 + self.running, one) for one in self.seconds)
        return Place(position, scenes, low, high)

    def running_out(self) -> Place:
        """Of a submission of which nothing waits: it may have a scene that runs."""
        low, high = (self._time(1, one) for one in self.seconds)
        return Place(0, 0, low, high)

    def _time(self, scenes: int, seconds: float) -> float | None:
        return None if not self.places else -(-scenes // self.places) * seconds


def _begun_before(here: Sequence[Line], course_id: int, person_id: int, nth: int) -> int:
    """Scenes of one class that begin before the nth one of a student: a student with an earlier turn has had nth turns
    in the course then, one with a later turn one less; and so have the other courses, for each turn of this one."""
    mine = next(line for line in here if (line.course_id, line.person_id) == (course_id, person_id))
    turns = nth - 1
    others: dict[tuple[datetime, int], int] = defaultdict(int)
    for line in here:
        if line.course_id != course_id:
            others[line.course_turn] += line.jobs
        elif line is not mine:
            turns += min(line.jobs, nth if line.turn < mine.turn else nth - 1)
    return turns + sum(min(jobs, turns + (turn < mine.course_turn)) for turn, jobs in others.items())


def snapshot(session: Session) -> Snapshot:
    """The queue now. Four queries, whatever waits."""
    return Snapshot(now(), _lines(session), _running(session), _places(session), _seconds(session))


def place(session: Session, submission_id: int, queue: Snapshot | None = None) -> Place:
    """Where a submission stands, and how long it may take. queue: a snapshot that is at hand.

    The caller has asked whether the reader may see it. Raises no error for one that has ended: its position is 0.
    """
    queue = queue or snapshot(session)
    waits = (Job.state == "queued", Job.campaign_id.is_(None), Job.submission_id == submission_id)
    mine = select(Job.rank, Job.course_id, Job.person_id, func.min(Job.id), func.max(Job.id)).where(*waits)
    row = session.execute(mine.group_by(Job.rank, Job.course_id, Job.person_id)).one_or_none()
    if row is None:
        return queue.running_out()
    rank, course, person, first, last = row
    same = (Job.state == "queued", Job.rank == rank, Job.course_id == course, Job.person_id == person)
    earlier = case((Job.id < first, 1), else_=0)
    counted = select(func.sum(earlier), func.count(Job.id)).where(*same, Job.id <= last)
    before, until = session.execute(counted).one()
    return queue.place(rank, course, person, int(before) + 1, until)


def _lines(session: Session) -> tuple[Line, ...]:
    first = func.min(Job.id)
    counted = (
        select(Job.rank, Job.course_id, Job.person_id, func.count(Job.id), served_lately(), first, Course.served)
        .join(Course, Course.id == Job.course_id)
        .outerjoin(Member, (Member.course_id == Job.course_id) & (Member.person_id == Job.person_id))
        .where(Job.state == "queued")
        .group_by(Job.rank, Job.course_id, Job.person_id, Member.id, Member.served, Course.served)
    )
    return tuple(
        Line(rank, course, person, jobs, (served, oldest), (of_course or EPOCH, course))
        for rank, course, person, jobs, served, oldest, of_course in session.execute(counted)
    )


def _running(session: Session) -> int:
    return session.scalar(select(func.count(Job.id)).where(Job.state == "leased")) or 0


def _places(session: Session) -> int:
    """Of the workers that have said lately that they live."""
    lately = now() - timedelta(seconds=LEASE_S)
    return session.scalar(select(func.sum(Worker.places)).where(Worker.seen > lately)) or 0


def _seconds(session: Session) -> tuple[float, float]:
    """How long the newest scenes took: the lower and the upper of five parts."""
    newest = select(SceneResult.seconds).order_by(SceneResult.id.desc()).limit(MEASURED)
    measured = sorted(session.scalars(newest))
    if not measured:
        return USUAL_S
    return measured[len(measured) // 5], measured[len(measured) - 1 - len(measured) // 5]


# --- for the administrator --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """One worker, as it last said of itself."""

    name: str
    executor: str
    places: int
    level: str
    processor: str
    started: datetime
    seen: datetime
    lives: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """A try that failed, for the operator."""

    submission_id: int
    place: int
    tries: int
    state: str
    kind: str
    why: str
    worker: str
    at: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The queue for the administrator."""

    queue: Snapshot
    waiting: dict[str, int]  # scenes by class
    oldest: datetime | None  # of the jobs that wait
    courses: tuple[tuple[int, str, int], ...]  # id, title, scenes that wait
    workers: tuple[WorkerLine, ...]
    troubles: tuple[Trouble, ...]  # of the jobs that last failed
    faults: int  # submissions that ended by our fault


def overview(session: Session, actor: Actor, most: int = 50) -> Overview:
    """Queue, workers and troubles. For administrators. Raises NotAllowed."""
    policy.require_rank(actor, "school.see")
    queue = snapshot(session)
    waiting: dict[str, int] = dict.fromkeys(CLASSES, 0)
    of_course: dict[int, int] = defaultdict(int)
    for line in queue.lines:
        waiting[CLASSES[line.rank]] += line.jobs
        of_course[line.course_id] += line.jobs
    titles = session.execute(select(Course.id, Course.title).where(Course.id.in_(of_course))).all()
    return Overview(
        queue=queue,
        waiting=waiting,
        oldest=session.scalar(select(func.min(Job.created)).where(Job.state == "queued")),
        courses=tuple((row.id, row.title, of_course[row.id]) for row in titles),
        workers=_workers(session),
        troubles=_troubles(session, most),
        faults=session.scalar(select(func.count(Submission.id)).where(Submission.state == "fault")) or 0,
    )


def _workers(session: Session) -> tuple[WorkerLine, ...]:
    lately = now() - timedelta(seconds=LEASE_S)
    return tuple(
        WorkerLine(
            one.name,
            one.executor,
            one.places,
            one.level,
            one.processor,
            one.started,
            one.seen,
            one.seen > lately,
        )
        for one in session.scalars(select(Worker).order_by(Worker.name))
    )


def _troubles(session: Session, most: int) -> tuple[Trouble, ...]:
    failed = select(Job).where(Job.trouble.is_not(None), Job.state != "done").order_by(Job.id.desc()).limit(most)
    return tuple(
        Trouble(
            one.submission_id,
            one.place,
            one.tries,
            one.state,
            str(told.get("kind", "")),
            str(told.get("why", "")),
            str(told.get("worker", "")),
            str(told.get("at", "")),
        )
        for one in session.scalars(failed)
        if (told := one.trouble) is not None
    )
