"""Gradebook: students times assignments, points given by hand, and the whole as a file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Query, Response
from pydantic import Field

from sheber.school.courses.assignments import course_page
from sheber.school.courses.exercises import exercise_of, headline_of
from sheber.school.gradebook import book, exporting, overrides
from sheber.web.api.caller import Asks, Caller, api_router
from sheber.web.api.forms import MOST_ID, Answer, Form, Id, Made, Whole

router = api_router("gradebook")


class ColumnAnswer(Answer):
    """An assignment."""

    assignment_id: int
    exercise: str
    own_exercise_id: int | None
    weight: float
    due: datetime | None
    visible: bool = Field(description="to students; one that is not does not count in the total")
    counts: str = Field(description="best or latest")


class CellAnswer(Answer):
    """A student in an assignment."""

    assignment_id: int
    state: str = Field(description="graded, waiting, fault, missing, late (late work is taken) or open")
    points: float | None = Field(description="what counts")
    computed: float | None = Field(description="of the attempt that counts, less lateness")
    final: float | None = Field(description="before lateness")
    submission_id: int | None
    late_days: int
    attempts: int
    waiting: bool = Field(description="another attempt waits or runs")
    broken: bool = Field(description="the newest attempt ended by a fault of ours")
    by_hand: bool
    reason: str = Field(description="of points given by hand")
    override_id: int = Field(description="0: none; to send along with a change")
    due: datetime | None
    extended: bool
    taken: bool = Field(description="work is still taken, on time or late")
    passed: bool


class StandingAnswer(Answer):
    """A total, and of how much it is one."""

    total: float | None = Field(description="null: nothing counts yet")
    graded: int = Field(description="assignments with points")
    missing: int = Field(description="assignments that count as 0: their last date has passed")
    asked: int = Field(description="assignments that students see")


class RowAnswer(Answer):
    """A student."""

    person_id: int
    login: str
    name: str
    group_id: int | None
    group: str
    left: bool = Field(description="no longer in the course")
    cells: list[CellAnswer]
    total: float | None = Field(description="null: nothing counts yet")
    standing: StandingAnswer
    passed: bool


class GradebookAnswer(Answer):
    """A page of the gradebook."""

    course_id: int
    course: str
    columns: list[ColumnAnswer]
    rows: list[RowAnswer]
    found: int = Field(description="students on all pages")
    page: int
    pages: int
    may_override: bool


class OverrideAnswer(Answer):
    """One decision of a teacher."""

    id: int
    points: float | None = Field(description="null: the one before was taken back")
    reason: str
    given_by: str
    created: datetime


class OverrideForm(Form):
    """Points to give by hand."""

    points: float | None = Field(ge=0, le=100, description="null: the computed points count again", examples=[75.0])
    reason: str = Field(max_length=4000, description="the student reads it", examples=["shown at the real robot"])
    seen: Whole | None = Field(None, ge=0, le=MOST_ID, description="the override in force that you saw; 0: none")


@router.get("/courses/{course_id}/gradebook", summary="The gradebook")
def read_gradebook(
    caller: Asks,
    course_id: Id,
    search: Annotated[str, Query(max_length=200)] = "",
    group_id: Annotated[int | None, Query(ge=1, le=MOST_ID)] = None,
    passed: Annotated[bool | None, Query(description="only those whose total passes, or does not")] = None,
    sort: Annotated[str, Query(max_length=40, description="name, login, group, total or assignment:12")] = "name",
    descending: bool = False,
    left: Annotated[bool, Query(description="also those who left the course")] = False,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> GradebookAnswer:
    """For the staff of the course: a page of 100 students."""
    with caller.school.reading() as session:
        found = book.gradebook(
            session,
            caller.actor,
            course_id,
            search=search,
            group_id=group_id,
            passed=passed,
            sort=sort,
            descending=descending,
            page=page,
            left=left,
        )
    return GradebookAnswer.of(found)


_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BINARY: Final = {"type": "string", "format": "binary"}
_CSV_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The gradebook as CSV, in UTF-8.", "content": {"text/csv": {"schema": {"type": "string"}}}}
}
_XLSX_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The gradebook as a workbook.", "content": {_XLSX: {"schema": _BINARY}}}
}


@router.get(
    "/courses/{course_id}/gradebook.csv", response_class=Response, responses=_CSV_FILE, summary="The gradebook as CSV"
)
def export_csv(
    caller: Asks,
    course_id: Id,
    delimiter: Annotated[Literal["comma", "semicolon", "tab"], Query()] = "comma",
    decimal: Annotated[Literal["point", "comma"], Query(description="what stands in a number")] = "point",
) -> Response:
    """All students. A cell that a spreadsheet would take for a formula is marked as text."""
    with caller.school.reading() as session:
        found = book.sheet(session, caller.actor, course_id)
        titles = _titles(session, caller, course_id)
    sign = {"comma": ",", "semicolon": ";", "tab": "\t"}[delimiter]
    content = exporting.csv_of(found, titles=titles, delimiter=sign, decimal="," if decimal == "comma" else ".")
    return Response(content, media_type="text/csv; charset=utf-8", headers=_named(course_id, "csv"))


@router.get(
    "/courses/{course_id}/gradebook.xlsx",
    response_class=Response,
    responses=_XLSX_FILE,
    summary="The gradebook as XLSX",
)
def export_xlsx(caller: Asks, course_id: Id) -> Response:
    """All students: a sheet of points, and one with everything known of each cell."""
    with caller.school.reading() as session:
        found = book.gradebook(session, caller.actor, course_id, page=None)
        titles = _titles(session, caller, course_id)
    content = exporting.xlsx_of(found, titles=titles)
    return Response(content, media_type=_XLSX, headers=_named(course_id, "xlsx"))


def _titles(session: Any, caller: Caller, course_id: int) -> dict[int, str]:
    """The titles of the assignments."""
    lines = course_page(session, caller.actor, course_id).assignments
    return {line.id: headline_of(exercise_of(session, line))[0] for line in lines}


def _named(course_id: int, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="gradebook-{course_id}.{ending}"'}


@router.get("/assignments/{assignment_id}/overrides/{person_id}", summary="Points given by hand")
def list_overrides(caller: Asks, assignment_id: Id, person_id: Id) -> list[OverrideAnswer]:
    """What teachers decided, the newest first: for the staff, and for the student whom it is about."""
    with caller.school.reading() as session:
        return OverrideAnswer.all_of(overrides.override_history(session, caller.actor, assignment_id, person_id))


@router.post("/assignments/{assignment_id}/overrides/{person_id}", status_code=201, summary="Give points by hand")
def give_points(caller: Asks, assignment_id: Id, person_id: Id, form: OverrideForm) -> Made:
    """Points that count instead of the computed ones, with a reason; or take them back. Nothing is overwritten."""
    with caller.school.writing() as session:
        if form.points is None:
            made = overrides.withdraw_override(
                session, caller.actor, assignment_id, person_id, form.reason, seen=form.seen
            )
        else:
            made = overrides.override(
                session, caller.actor, assignment_id, person_id, form.points, form.reason, seen=form.seen
            )
    return Made(id=made)
