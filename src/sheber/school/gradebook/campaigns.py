"""Campaigns: an assignment is judged anew, aside. A teacher sees what would change, and then publishes it as one.

A campaign takes some submissions of each student and judges the same scenes again, with the exercise as it is now. What
it finds lies in `CampaignResult` and changes nothing. Publishing swaps it with the submissions' own results in one
transaction: after it, `CampaignResult` holds what was replaced, so that a published campaign can be taken back too.

A submission of which a scene could not be judged stays as it is.

Locks: whoever changes a campaign holds its assignment, so that campaigns of one assignment change one after another. A
job that a worker holds at the moment is passed over, not waited for: the worker may wait for the campaign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school import audit, clock, grades
from sheber.school.courses.assignments import require_assignment
from sheber.school.courses.courses import require_open
from sheber.school.courses.models import Assignment
from sheber.school.errors import Conflict, NotFound, Refused
from sheber.school.gradebook.models import Campaign
from sheber.school.gradebook.results import digest_of, judged_in, points_of, swap, whole_results
from sheber.school.people.models import Person, storable
from sheber.school.people.policy import Actor
from sheber.school.queue.adding import Scene, add_jobs
from sheber.school.queue.models import Job
from sheber.school.submissions.models import SceneResult, Submission

__all__ = ["CHOSEN", "CampaignLine", "campaign", "campaigns", "publish", "start_campaign", "withdraw"]

CHOSEN: Final = ("latest", "best", "all")
"""Which submissions of each student are judged anew."""

LONGEST_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A campaign, as far as it is."""

    id: int
    assignment_id: int
    chosen: str
    reason: str
    state: str  # running, ready, published, withdrawn
    made_by: str
    created: datetime
    finished: datetime | None
    jobs: int
    judged: int
    failed: int


def start_campaign(session: Session, actor: Actor, assignment_id: int, chosen: str, reason: str) -> int:
    """Judge submissions of an assignment anew, after all other work of the queue; gives the campaign's id.

    chosen: one of CHOSEN. Raises NotFound, NotAllowed, and Refused also where there is nothing to judge, or an earlier
    campaign of the assignment is neither published nor withdrawn.
    """
    found, _standing = require_assignment(session, actor, "regrade", assignment_id)
    require_open(session, actor, "regrade", found.course_id)
    reason = storable(reason.strip())
    if chosen not in CHOSEN:
        text = _("{chosen!r} cannot be chosen. It must be one of {known}.")
        raise Refused(text.format(chosen=chosen[:40], known=", ".join(CHOSEN)), "chosen")
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise Refused(_("Say why, in 1 to {most} characters.").format(most=LONGEST_REASON), "reason")
    _hold(session, assignment_id)
    _alone(session, assignment_id)
    submissions = _chosen(session, found, chosen)
    if not submissions:
        raise Refused(_("Nothing was judged for this assignment yet. There is nothing to judge anew."))
    row = Campaign(
        assignment_id=assignment_id,
        chosen=chosen,
        reason=reason,
        made_by=actor.id,
        created=clock.now(),
        state="running",
    )
    session.add(row)
    session.flush()
    for submission, scenes in submissions:
        add_jobs(session, submission, found.course_id, "regrade", scenes, row.id)
    session.flush()
    _note(session, actor, found, row, "started", chosen=chosen, reason=reason, submissions=len(submissions))
    return row.id


def campaigns(session: Session, actor: Actor, assignment_id: int) -> tuple[CampaignLine, ...]:
    """The campaigns of an assignment, the newest first. Raises NotFound, NotAllowed."""
    require_assignment(session, actor, "work.see-all", assignment_id)
    rows = session.execute(_lines().where(Campaign.assignment_id == assignment_id).order_by(Campaign.id.desc()))
    return tuple(_line(row) for row in rows)


def campaign(session: Session, actor: Actor, campaign_id: int) -> CampaignLine:
    """One campaign. Raises NotFound, NotAllowed."""
    found = session.get(Campaign, campaign_id)
    if found is None:
        raise _unknown()
    _asked_for(session, actor, "work.see-all", found)
    return _line(session.execute(_lines().where(Campaign.id == campaign_id)).one())


def publish(session: Session, actor: Actor, campaign_id: int, seen: str) -> int:
    """Make what a campaign found count, all of it at once; gives how many submissions have other results now.

    seen: `Preview.digest` of what the teacher looked at. Raises NotFound, NotAllowed, Refused where it is not ready,
    and Conflict where something changed since the teacher looked.
    """
    found, assignment = _held(session, actor, campaign_id)
    if found.state != "ready":
        text = _("This campaign is {state!r}. Only one that is 'ready' can be published.")
        raise Refused(text.format(state=found.state))
    if digest_of(whole_results(session, found.id)) != seen:
        raise Conflict(_("Something changed since you looked at this campaign. Look at it again."))
    changed = _swapped(session, found, assignment)
    found.state, found.finished = "published", clock.now()
    _note(session, actor, assignment, found, "published", points=changed)
    return len(changed)


def withdraw(session: Session, actor: Actor, campaign_id: int) -> None:
    """End a campaign that nobody published, or take a published one back: what it replaced counts again.

    Raises NotFound, NotAllowed, and Refused where it was withdrawn, or another one came after it.
    """
    found, assignment = _held(session, actor, campaign_id)
    if found.state == "withdrawn":
        raise Refused(_("This campaign was withdrawn already."))
    before, changed = found.state, {}
    if found.state == "published":
        _alone(session, found.assignment_id)
        _newest(session, found)
        changed = _swapped(session, found, assignment)
    else:
        _cancel_jobs(session, found.id)
    found.state, found.finished = "withdrawn", clock.now()
    _note(session, actor, assignment, found, "withdrawn", before=before, points=changed)


# --- what is judged anew -------------------------------------------------------------------------


def _alone(session: Session, assignment_id: int) -> None:
    """One campaign of an assignment at a time. Raises Refused."""
    unfinished = (Campaign.assignment_id == assignment_id, Campaign.state.in_(("running", "ready")))
    if session.scalar(select(Campaign.id).where(*unfinished).limit(1)) is not None:
        raise Refused(_("Another campaign of this assignment waits. Publish it or withdraw it first."))


def _newest(session: Session, found: Campaign) -> None:
    """Only the last one that was published can be taken back: a later one replaced its results. Raises Refused."""
    later = (Campaign.assignment_id == found.assignment_id, Campaign.id > found.id, Campaign.state == "published")
    if session.scalar(select(Campaign.id).where(*later).limit(1)) is not None:
        raise Refused(_("A later campaign of this assignment was published. Take that one back first."))


def _chosen(session: Session, found: Assignment, chosen: str) -> list[tuple[Submission, list[Scene]]]:
    """The chosen submissions with the scenes that each was judged on."""
    done = (Submission.assignment_id == found.id, Submission.kind == "graded", Submission.state == "done")
    every = session.scalars(select(Submission).where(*done).order_by(Submission.person_id, Submission.number)).all()
    kept = every if chosen == "all" else _one_each(every, chosen)
    scenes: dict[int, list[Scene]] = {}
    columns = select(SceneResult.submission_id, SceneResult.place, SceneResult.round, SceneResult.seed)
    columns = columns.join(Submission, Submission.id == SceneResult.submission_id).where(*done)
    for submission_id, place, round_, seed in session.execute(columns.order_by(SceneResult.place)):
        scenes.setdefault(submission_id, []).append(Scene(place, round_, int(seed)))
    return [(one, scenes[one.id]) for one in kept if one.id in scenes]


def _one_each(submissions: Sequence[Submission], chosen: str) -> list[Submission]:
    """The latest or best submission of each student. They come by number: of equal ones the first is the best."""
    kept: dict[int, Submission] = {}
    for one in submissions:
        last = kept.get(one.person_id)
        if last is None or chosen == "latest" or (one.points or 0.0) > (last.points or 0.0):
            kept[one.person_id] = one
    return list(kept.values())


# --- how it ends ---------------------------------------------------------------------------------


def _swapped(session: Session, found: Campaign, assignment: Assignment) -> dict[str, list[float | None]]:
    """Swap the results of a campaign with those of its submissions; points before and after, by submission."""
    results = whole_results(session, found.id)
    mine = select(Submission).where(Submission.id.in_(judged_in(found.id))).order_by(Submission.id)
    changed: dict[str, list[float | None]] = {}
    for submission in session.scalars(mine.with_for_update(key_share=True)):
        if submission.id not in results:
            continue
        before = submission.points
        submission.exercise_sha256 = swap(results[submission.id], submission.exercise_sha256)
        points = [one.own.points for one in results[submission.id]]
        submission.final, submission.points = points_of(points, submission.late_days, assignment.late_percent)
        changed[str(submission.id)] = [before, submission.points]
    grades.recount(session, assignment.id)
    return changed


def _cancel_jobs(session: Session, campaign_id: int) -> None:
    """Jobs that wait end now, those that run at the next heartbeat of their workers."""
    unfinished = (Job.campaign_id == campaign_id, Job.state.in_(("queued", "leased")))
    jobs = select(Job).where(*unfinished).order_by(Job.id).with_for_update(key_share=True, skip_locked=True)
    for job in session.scalars(jobs):
        job.cancelled = True
        if job.state == "queued":
            job.state, job.finished = "cancelled", clock.now()


# --- asking ----------------------------------------------------------------------------------------


def _held(session: Session, actor: Actor, campaign_id: int) -> tuple[Campaign, Assignment]:
    """A campaign that nobody else changes until this transaction ends. Raises NotFound, NotAllowed, Refused."""
    found = session.get(Campaign, campaign_id)
    if found is None:
        raise _unknown()
    assignment = _asked_for(session, actor, "regrade", found)
    require_open(session, actor, "regrade", assignment.course_id)
    _hold(session, assignment.id)
    again = select(Campaign).where(Campaign.id == campaign_id).with_for_update(key_share=True)
    return session.scalars(again.execution_options(populate_existing=True)).one(), assignment


def _hold(session: Session, assignment_id: int) -> None:
    session.execute(select(Assignment.id).where(Assignment.id == assignment_id).with_for_update(key_share=True))


def _asked_for(session: Session, actor: Actor, what: str, found: Campaign) -> Assignment:
    """The assignment of a campaign, for who may do this. Raises NotFound, NotAllowed."""
    try:
        return require_assignment(session, actor, what, found.assignment_id)[0]
    except NotFound as error:
        raise _unknown() from error


def _unknown() -> NotFound:
    return NotFound(_("There is no such campaign."))


def _lines() -> Select[*tuple[Any, ...]]:
    """Campaigns with the numbers of their jobs."""
    counts = (
        select(Job.campaign_id, func.count(Job.id).label("jobs"), _number("done"), _number("failed"))
        .where(Job.campaign_id.is_not(None))
        .group_by(Job.campaign_id)
        .subquery()
    )
    return (
        select(Campaign, Person.name, counts.c.jobs, counts.c.done, counts.c.failed)
        .join(Person, Person.id == Campaign.made_by)
        .outerjoin(counts, counts.c.campaign_id == Campaign.id)
    )


def _number(state: str) -> Any:
    return func.sum(case((Job.state == state, 1), else_=0)).label(state)


def _line(row: Any) -> CampaignLine:
    one, name, jobs, done, failed = row
    said = (one.id, one.assignment_id, one.chosen, one.reason, one.state, name, one.created, one.finished)
    return CampaignLine(*said, int(jobs or 0), int(done or 0), int(failed or 0))


def _note(
    session: Session, actor: Actor, assignment: Assignment, found: Campaign, what: str, **details: object
) -> None:
    thing = f"assignment {assignment.id}"
    course = assignment.course_id
    audit.record(session, actor.id, f"campaign.{what}", thing, course_id=course, campaign=found.id, **details)
