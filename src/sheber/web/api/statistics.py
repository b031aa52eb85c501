"""Statistics: where a class loses points."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from sheber.judge.report.moments import visible
from sheber.school.gradebook import statistics
from sheber.school.gradebook.statistics import CheckLoss
from sheber.web.api.caller import Asks, api_router
from sheber.web.api.forms import MOST_ID, Answer, Id

router = api_router("statistics")


class BinAnswer(Answer):
    """Students whose points lie here."""

    low: float
    high: float
    students: int


class GroupLossAnswer(Answer):
    """What one group lost by a check."""

    group_id: int | None = Field(description="null: students without a group")
    group: str
    students: int
    lost_by: int
    mean_lost: float


class CheckLossAnswer(Answer):
    """What students lost by one check."""

    key: str
    name: str
    group: str = Field(description="quality, cycle, safety or procedure")
    maximum: float
    students: int = Field(description="whose program has this check")
    lost_by: int = Field(description="of them: lost something in at least one scene")
    mean_lost: float = Field(description="points a scene")
    share: float = Field(description="of all the points that were lost, 0 to 1")
    groups: list[GroupLossAnswer]


class TriesAnswer(Answer):
    """How many students made so many judged attempts."""

    attempts: int
    students: int


class StatisticsAnswer(Answer):
    """An assignment over a class."""

    assignment_id: int
    students: int
    graded: int = Field(description="of them have an attempt that is judged")
    passed: int
    mean: float | None = Field(description="of the final points before lateness")
    median: float | None
    histogram: list[BinAnswer]
    attempts: list[TriesAnswer]
    checks: list[CheckLossAnswer] = Field(description="the most lost points first")
    rule_lost: float = Field(description="points a scene that the rule of the groups took")


@router.get("/assignments/{assignment_id}/statistics", summary="Where points are lost")
def read_statistics(
    caller: Asks, assignment_id: Id, group_id: Annotated[int | None, Query(ge=1, le=MOST_ID)] = None
) -> StatisticsAnswer:
    """Of a whole course or one group, check by check. For the staff."""
    with caller.school.reading() as session:
        found = statistics.assignment_statistics(session, caller.actor, assignment_id, group_id=group_id)
    return StatisticsAnswer(
        assignment_id=found.assignment_id,
        students=found.students,
        graded=found.graded,
        passed=found.passed,
        mean=found.mean,
        median=found.median,
        histogram=BinAnswer.all_of(found.histogram),
        attempts=[TriesAnswer(attempts=count, students=students) for count, students in found.attempts],
        checks=[_check(one) for one in found.checks],
        rule_lost=found.rule_lost,
    )


def _check(one: CheckLoss) -> CheckLossAnswer:
    return CheckLossAnswer(
        key=one.key,
        name=visible(str(one.title)),
        group=one.group,
        maximum=one.maximum,
        students=one.students,
        lost_by=one.lost_by,
        mean_lost=one.mean_lost,
        share=one.share,
        groups=GroupLossAnswer.all_of(one.groups),
    )
