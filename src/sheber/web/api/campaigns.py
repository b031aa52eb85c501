"""Campaigns: judge an assignment anew, look at what would change, publish it as one."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from sheber.judge.report.moments import visible
from sheber.school.gradebook import campaigns, differences
from sheber.school.gradebook.differences import CheckChange, StudentChange, SubmissionChange
from sheber.web.api.caller import Asks, api_router
from sheber.web.api.forms import Answer, Done, Form, Id, Made

router = api_router("campaigns")


class CampaignAnswer(Answer):
    """A campaign, as far as it is."""

    id: int
    assignment_id: int
    chosen: str = Field(description="latest, best or all: which submissions of each student")
    reason: str
    state: str = Field(description="running, ready, published or withdrawn")
    made_by: str
    created: datetime
    finished: datetime | None
    jobs: int = Field(description="scenes to judge")
    judged: int
    failed: int


class CampaignForm(Form):
    """What to judge anew, and why."""

    chosen: Literal["latest", "best", "all"] = "latest"
    reason: str = Field(max_length=4000, examples=["The tolerance of the marks was wrong."])


class PublishForm(Form):
    """What you looked at."""

    digest: str = Field(max_length=200, description="of the preview; another one is refused (409)")


class PublishedAnswer(Answer):
    """What was published."""

    submissions: int = Field(description="that have other results now")


class CheckChangeAnswer(Answer):
    """A check whose points differ."""

    key: str
    name: str
    group: str
    maximum: float
    before: float | None = Field(description="null: the exercise had no such check")
    after: float | None


class SubmissionChangeAnswer(Answer):
    """A submission whose points differ."""

    submission_id: int
    number: int
    before: float | None
    after: float
    checks: list[CheckChangeAnswer]
    other_exercise: bool = Field(description="it is judged with another edition of the exercise")


class StudentChangeAnswer(Answer):
    """A student whose points differ."""

    person_id: int
    login: str
    name: str
    before: float | None
    after: float | None
    gained: float
    by_hand: float | None = Field(description="points that a teacher gave: they count, whatever is published")
    submissions: list[SubmissionChangeAnswer]


class CampaignPreview(Answer):
    """What a campaign would change; of a published one, what it changed."""

    campaign: CampaignAnswer
    students: list[StudentChangeAnswer] = Field(description="the largest change first")
    same: int = Field(description="students for whom nothing changes")
    not_judged: list[int] = Field(description="submissions that stay as they are: a scene was not judged")
    digest: str = Field(description="to send along when you publish")


@router.get("/assignments/{assignment_id}/campaigns", summary="Regrade campaigns")
def list_campaigns(caller: Asks, assignment_id: Id) -> list[CampaignAnswer]:
    """The newest first; for the staff."""
    with caller.school.reading() as session:
        return CampaignAnswer.all_of(campaigns.campaigns(session, caller.actor, assignment_id))


@router.post("/assignments/{assignment_id}/campaigns", status_code=201, summary="Begin a campaign")
def begin_campaign(caller: Asks, assignment_id: Id, form: CampaignForm) -> Made:
    """Judge submissions anew, after all other work of the queue. Nothing that students see changes yet."""
    with caller.school.writing() as session:
        return Made(id=campaigns.start_campaign(session, caller.actor, assignment_id, form.chosen, form.reason))


@router.get("/campaigns/{campaign_id}", summary="What a campaign would change")
def preview_campaign(caller: Asks, campaign_id: Id) -> CampaignPreview:
    """Before and after, by student and check."""
    with caller.school.reading() as session:
        found = differences.preview(session, caller.actor, campaign_id)
    return CampaignPreview(
        campaign=CampaignAnswer.of(found.campaign),
        students=[_student(one) for one in found.students],
        same=found.same,
        not_judged=list(found.not_judged),
        digest=found.digest,
    )


@router.post("/campaigns/{campaign_id}/publish", summary="Publish a campaign")
def publish_campaign(caller: Asks, campaign_id: Id, form: PublishForm) -> PublishedAnswer:
    """Let what was found count, all of it at once."""
    with caller.school.writing() as session:
        changed = campaigns.publish(session, caller.actor, campaign_id, form.digest)
    return PublishedAnswer(submissions=changed)


@router.post("/campaigns/{campaign_id}/withdraw", summary="Withdraw a campaign")
def withdraw_campaign(caller: Asks, campaign_id: Id) -> Done:
    """End one that was not published, or take a published one back: what it replaced counts again."""
    with caller.school.writing() as session:
        campaigns.withdraw(session, caller.actor, campaign_id)
    return Done()


def _student(one: StudentChange) -> StudentChangeAnswer:
    return StudentChangeAnswer(
        person_id=one.person_id,
        login=one.login,
        name=one.name,
        before=one.before,
        after=one.after,
        gained=one.gained,
        by_hand=one.by_hand,
        submissions=[_submission(sub) for sub in one.submissions],
    )


def _submission(one: SubmissionChange) -> SubmissionChangeAnswer:
    return SubmissionChangeAnswer(
        submission_id=one.submission_id,
        number=one.number,
        before=one.before,
        after=one.after,
        checks=[_check(check) for check in one.checks],
        other_exercise=one.other_exercise,
    )


def _check(one: CheckChange) -> CheckChangeAnswer:
    name = visible(str(one.title))
    return CheckChangeAnswer(
        key=one.key, name=name, group=one.group, maximum=one.maximum, before=one.before, after=one.after
    )
