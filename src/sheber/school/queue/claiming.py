"""Claiming: a worker takes jobs, says that it lives, and hands over what it found. Every job ends exactly once.

A job that a worker takes is leased: it is the worker's until the lease runs out, and each heartbeat makes the lease
longer. What a worker finds is stored only while the job is its own, so of two workers that judged the same scene one is
too late, and is told so. A worker that is lost lets its leases run out; the job is then taken by another. Three tries
that failed make the submission a fault of ours, which is never a zero.

Order of locks, so that no two transactions wait for each other: the submission, then its jobs by their ids, then the
campaign. Workers take turns at claiming: on PostgreSQL one lock of the database lets one of them choose at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from sheber.exercises.score import final
from sheber.school.clock import now
from sheber.school.courses.dates import less_lateness
from sheber.school.courses.models import Assignment
from sheber.school.gradebook.models import Campaign, CampaignResult
from sheber.school.grades import recount
from sheber.school.losses import losses_of
from sheber.school.queue.models import Job, Worker
from sheber.school.queue.turns import Turn, mark_served, next_turn
from sheber.school.submissions.models import SceneResult, Submission

__all__ = [
    "LEASE_S",
    "TRIES",
    "About",
    "Claimed",
    "Found",
    "cancel_jobs",
    "claim",
    "expire",
    "fail",
    "finish",
    "heartbeat",
    "leave",
    "lock_submission",
    "register",
]

LEASE_S: Final = 60.0
"""How long a job is a worker's after its last heartbeat [s]."""

TRIES: Final = 3
"""How often a scene is tried before it is a fault of ours."""

_LOST: Final = {"kind": "lost", "why": "The worker did not say that it lives."}
_CLAIM_LOCK: Final = 0x5EBE4  # any number that no other lock of the database has
_DAY: Final = timedelta(days=1)
_MOST_LAPSED: Final = 200  # leases that one call of `expire` looks at


@dataclass(frozen=True, slots=True)
class About:
    """What a worker says of itself."""

    name: str
    executor: str  # local, ray
    places: int  # scenes at a time
    level: str  # of the sandbox
    processor: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job as its worker gets it."""

    job_id: int
    tries: int  # this one counted
    submission_id: int
    campaign_id: int | None
    kind: str  # graded, practice
    place: int
    round: int
    seed: int
    assignment_id: int
    exercise: str
    own_exercise_id: int | None
    numbers: Mapping[str, Any]
    source: bytes
    file_name: str
    language: str


@dataclass(frozen=True, slots=True)
class Found:
    """What judging a scene gave: the columns of a SceneResult that the job does not know."""

    points: float
    outcome: dict[str, Any]  # judge.forms.stored_outcome
    score: dict[str, Any]  # judge.forms.stored_score
    trace_sha256: str
    trace: str  # file below the folder of traces
    trace_bytes: int
    level: str
    processor: str
    versions: dict[str, Any]
    seconds: float
    exercise_sha256: str


# --- workers -------------------------------------------------------------------------------


def register(session: Session, about: About) -> None:
    """A worker begins, or says again what it is."""
    session.merge(Worker(**asdict(about), started=now(), seen=now()))
    session.execute(delete(Worker).where(Worker.seen < now() - _DAY))


def leave(session: Session, worker: str) -> None:
    """A worker ends in good order: what it had goes back into the queue, as if it had not been tried."""
    rows = session.execute(select(Job.id, Job.submission_id).where(*_of(worker))).all()
    for row in sorted(rows, key=lambda row: (row.submission_id, row.id)):
        job = _ours(session, worker, row.id, row.submission_id)
        if job is not None:
            job.tries -= 1
            _release(job)
    session.execute(delete(Worker).where(Worker.name == worker))


def claim(session: Session, worker: str, count: int) -> list[Claimed]:
    """Take up to `count` jobs for a worker, in the order of the turns."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({_CLAIM_LOCK})"))
    taken: list[Claimed] = []
    while len(taken) < count and (turn := next_turn(session)) is not None:
        job = _lock(session, turn.job_id, turn.submission_id)
        if job.state == "queued":  # nobody cancelled it in this moment
            taken.append(_lease(session, worker, job, turn))
    return taken


def _lease(session: Session, worker: str, job: Job, turn: Turn) -> Claimed:
    job.state, job.worker, job.tries = "leased", worker, job.tries + 1
    job.started, job.lease_until = now(), now() + timedelta(seconds=LEASE_S)
    mark_served(session, turn)
    submission = session.get_one(Submission, job.submission_id)
    if submission.state == "queued":
        submission.state = "running"
    session.flush()
    return _claimed(job, submission, session.get_one(Assignment, submission.assignment_id))


def _claimed(job: Job, submission: Submission, assignment: Assignment) -> Claimed:
    return Claimed(
        job_id=job.id,
        tries=job.tries,
        submission_id=submission.id,
        campaign_id=job.campaign_id,
        kind=submission.kind,
        place=job.place,
        round=job.round,
        seed=int(job.seed),
        assignment_id=assignment.id,
        exercise=assignment.exercise,
        own_exercise_id=assignment.own_exercise_id,
        numbers=dict(assignment.numbers),
        source=submission.source,
        file_name=submission.file_name,
        language=submission.language,
    )


def heartbeat(session: Session, worker: str, ids: Collection[int]) -> set[int]:
    """The worker lives and judges these jobs. Gives those that it must end: cancelled, or no longer its own."""
    session.execute(update(Worker).where(Worker.name == worker).values(seen=now()))
    held = (Job.id.in_(ids), *_of(worker))
    jobs = session.scalars(select(Job).where(*held).order_by(Job.id).with_for_update(key_share=True)).all()
    until = now() + timedelta(seconds=LEASE_S)
    for job in jobs:
        if job.cancelled:
            _end(job, "cancelled")
        else:
            job.lease_until = until
    return set(ids) - {job.id for job in jobs if job.state == "leased"}


def expire(session: Session) -> int:
    """Take back the jobs whose leases have run out; gives how many.

    A lease that ends later than a new one would was given before the clock was set back; it is made shorter.
    """
    longest = now() + timedelta(seconds=LEASE_S)
    early = (Job.state == "leased", Job.lease_until > longest)
    session.execute(update(Job).where(*early).values(lease_until=longest))
    lapsed = (Job.state == "leased", Job.lease_until < now())
    rows = session.execute(select(Job.id, Job.submission_id).where(*lapsed).limit(_MOST_LAPSED)).all()
    count = 0
    for row in sorted(rows, key=lambda row: (row.submission_id, row.id)):
        job = _lock(session, row.id, row.submission_id)
        if job.state == "leased" and job.lease_until is not None and job.lease_until < now():
            _failed(session, job, {**_LOST, "worker": job.worker})
            count += 1
    return count


# --- how a job ends ------------------------------------------------------------------------


def finish(session: Session, worker: str, job_id: int, found: Found) -> bool:
    """Store what a worker found. False where the job is no longer its own, or was cancelled: nothing is stored."""
    job = _ours(session, worker, job_id)
    if job is None or job.cancelled:
        if job is not None:
            _end(job, "cancelled")
        return False
    _end(job, "done")
    columns = asdict(found) | {"place": job.place, "round": job.round, "seed": job.seed}
    exercise_sha256 = columns.pop("exercise_sha256")
    if job.campaign_id is not None:
        columns |= {"exercise_sha256": exercise_sha256, "judged": now().isoformat()}
        session.add(_campaign_result(job, columns))
        session.flush()
        _settle_campaign(session, job.campaign_id)
    else:
        columns |= {"losses": losses_of(found.score), "judged": now()}
        session.add(SceneResult(submission_id=job.submission_id, **columns))
        session.flush()
        _settle(session, job.submission_id, exercise_sha256)
    return True


def fail(session: Session, worker: str, job_id: int, trouble: Mapping[str, str], *, counts: bool = True) -> bool:
    """A try that failed by our own fault. trouble: kind, why. False where the job is no longer the worker's.

    counts: False where the machine is at fault, not the job (a full disk): such a try does not count towards TRIES.
    """
    job = _ours(session, worker, job_id)
    if job is None:
        return False
    if not counts:
        job.tries -= 1
    _failed(session, job, {**trouble, "worker": worker})
    return True


def _failed(session: Session, job: Job, trouble: Mapping[str, str]) -> None:
    """Another try, or the end of tries."""
    job.trouble = {**trouble, "at": now().isoformat()}
    if job.tries < TRIES or job.cancelled:
        _release(job)
    elif job.campaign_id is not None:
        _end(job, "failed")
        session.flush()
        _settle_campaign(session, job.campaign_id)
    else:
        _end(job, "failed")
        submission = session.get_one(Submission, job.submission_id)
        submission.state, submission.finished = "fault", now()
        session.flush()
        cancel_jobs(session, job.submission_id)


def cancel_jobs(session: Session, submission_id: int) -> None:
    """End the jobs of a submission that have not ended: those that wait now, those that run at their next heartbeat.

    The submission must be locked.
    """
    unfinished = (
        Job.submission_id == submission_id,
        Job.campaign_id.is_(None),
        Job.state.in_(("queued", "leased")),
    )
    for job in session.scalars(select(Job).where(*unfinished).order_by(Job.id).with_for_update(key_share=True)):
        job.cancelled = True
        if job.state == "queued":
            _end(job, "cancelled")


def _release(job: Job) -> None:
    """Back into the queue; a job that was cancelled ends."""
    job.state, job.worker, job.lease_until = "queued", "", None
    if job.cancelled:
        _end(job, "cancelled")


def _end(job: Job, state: str) -> None:
    job.state, job.finished, job.lease_until = state, now(), None


def _campaign_result(job: Job, columns: dict[str, Any]) -> CampaignResult:
    place = {"campaign_id": job.campaign_id, "submission_id": job.submission_id, "place": job.place}
    return CampaignResult(**place, result=columns)


def _settle(session: Session, submission_id: int, exercise_sha256: str) -> None:
    """Where every scene is judged, the submission is done. It is locked."""
    submission = session.get_one(Submission, submission_id)
    submission.exercise_sha256 = exercise_sha256
    points = session.scalars(select(SceneResult.points).where(SceneResult.submission_id == submission_id)).all()
    if len(points) == submission.scenes:
        percent = session.get_one(Assignment, submission.assignment_id).late_percent
        submission.final = final(points)
        submission.points = less_lateness(submission.final, submission.late_days, percent)
        submission.state, submission.finished = "done", now()
        if submission.kind == "graded":
            recount(session, submission.assignment_id, [submission.person_id])


def _settle_campaign(session: Session, campaign_id: int) -> None:
    """Where no job of a campaign is left, it is ready to be looked at."""
    mine = select(Campaign).where(Campaign.id == campaign_id).with_for_update(key_share=True)
    campaign = session.scalars(mine.execution_options(populate_existing=True)).one()
    left = (Job.campaign_id == campaign_id, Job.state.in_(("queued", "leased")))
    if campaign.state == "running" and not session.scalar(select(func.count(Job.id)).where(*left)):
        campaign.state, campaign.finished = "ready", now()


# --- locks ---------------------------------------------------------------------------------


def _of(worker: str) -> tuple[Any, ...]:
    return (Job.worker == worker, Job.state == "leased")


def _ours(session: Session, worker: str, job_id: int, submission_id: int | None = None) -> Job | None:
    """The job, locked with its submission, where it is this worker's."""
    if submission_id is None:
        submission_id = session.scalar(select(Job.submission_id).where(Job.id == job_id))
    if submission_id is None:
        return None
    job = _lock(session, job_id, submission_id)
    return job if job.state == "leased" and job.worker == worker else None


def _lock(session: Session, job_id: int, submission_id: int) -> Job:
    """The job as it is now; nobody else changes it or its submission until this transaction ends."""
    lock_submission(session, submission_id)
    job = select(Job).where(Job.id == job_id).with_for_update(key_share=True)
    return session.scalars(job.execution_options(populate_existing=True)).one()


def lock_submission(session: Session, submission_id: int) -> Submission:
    """The submission as it is now; nobody else changes it until this transaction ends."""
    found = select(Submission).where(Submission.id == submission_id).with_for_update(key_share=True)
    return session.scalars(found.execution_options(populate_existing=True)).one()
