"""Students: one person in a course, each grade with its reasons."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from sheber.judge.report.moments import visible
from sheber.school.gradebook import printing
from sheber.school.gradebook.printing import Explained
from sheber.web.api.caller import Asks, api_router
from sheber.web.api.forms import Answer, Id
from sheber.web.api.gradebook import CellAnswer

router = api_router("students")


class AttemptAnswer(Answer):
    """One graded attempt."""

    submission_id: int
    number: int
    state: str
    created: datetime
    late_days: int
    points: float | None = Field(description="less lateness")
    final: float | None = Field(description="before lateness")
    counts: bool = Field(description="it is the one that counts")
    comments: int = Field(description="that the student can read")
    requests: int = Field(description="for another look, that are open")


class GroupAnswer(Answer):
    """Points of one group of checks, on the mean of the scenes."""

    group: str = Field(description="quality, cycle, safety or procedure")
    earned: float
    maximum: float


class LossAnswer(Answer):
    """Points that one check took, on the mean of the scenes."""

    key: str
    name: str
    group: str
    lost: float
    maximum: float


class ExplainedAnswer(Answer):
    """An assignment of the student."""

    exercise: str
    weight: float
    visible: bool = Field(description="to students")
    cell: CellAnswer
    attempts: list[AttemptAnswer] = Field(description="the oldest first")
    practice_runs: int
    scenes: list[float] = Field(description="points of each scene of the attempt that counts")
    groups: list[GroupAnswer]
    losses: list[LossAnswer] = Field(description="the largest first, five at most")

    @classmethod
    def explaining(cls, found: Explained) -> Self:
        """An answer from a grade and its reasons."""
        one = found.assignment
        return cls(
            exercise=one.column.exercise,
            weight=one.column.weight,
            visible=one.column.visible,
            cell=CellAnswer.of(one.cell),
            attempts=AttemptAnswer.all_of(one.attempts),
            practice_runs=one.practice_runs,
            scenes=list(found.scenes),
            groups=[
                GroupAnswer(group=name, earned=earned, maximum=maximum)
                for name, (earned, maximum) in found.groups.items()
            ],
            losses=[
                LossAnswer(
                    key=loss.key, name=visible(str(loss.title)), group=loss.group, lost=loss.lost, maximum=loss.maximum
                )
                for loss in found.losses
            ],
        )


class MeanAnswer(Answer):
    """The mean of the best points so far, after a judged attempt."""

    at: datetime
    points: float


class StudentAnswer(Answer):
    """One student in one course."""

    course_id: int
    course: str
    person_id: int
    login: str
    name: str
    group: str
    left: bool = Field(description="no longer in the course")
    total: float | None = Field(description="null: nothing counts yet")
    passed: bool
    assignments: list[ExplainedAnswer]
    progress: list[MeanAnswer]


@router.get("/courses/{course_id}/students/{person_id}", summary="A student")
def read_student(caller: Asks, course_id: Id, person_id: Id) -> StudentAnswer:
    """Every assignment and attempt, each grade with its reasons. For the staff, and for the student."""
    with caller.school.reading() as session:
        found = printing.student_report(session, caller.actor, course_id, person_id)
        return StudentAnswer(
            **{name: getattr(found.student, name) for name in _PLAIN},
            assignments=[ExplainedAnswer.explaining(one) for one in found.assignments],
            progress=[MeanAnswer(at=at, points=points) for at, points in found.student.progress],
        )


_PLAIN = ("course_id", "course", "person_id", "login", "name", "group", "left", "total", "passed")
