"""Roster: a class from a CSV file: looked at, enrolled as one, undone as one."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from sheber.school.courses import roster
from sheber.school.people import policy
from sheber.web.api.caller import Asks, Caller, api_router
from sheber.web.api.forms import Answer, Form, Id, IdNumber

router = api_router("roster")

_FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "A CSV file as a spreadsheet writes it, with the columns login and name, and maybe email and "
        "group. UTF-8, UTF-16, cp1251 or gb18030; comma, semicolon or tab; at most 4 MB and 10,000 rows.",
        "content": {
            "text/csv": {
                "schema": {"type": "string", "minLength": 1},
                "example": "login,name,group\ndana,Дана Оспанова,CE-21\n",
            }
        },
    }
}


class RosterRow(Answer):
    """A student of the file."""

    line: int
    login: str
    name: str
    email: str
    group: str


class RosterProblem(Answer):
    """What is wrong at one place of the file."""

    line: int = Field(description="from 1; 0: the file as a whole")
    column: str = Field(description="its title in the file; empty: none")
    sentence: str
    serious: bool = Field(description="it must be mended before anybody is enrolled")


class RosterPreview(Answer):
    """What a file would enrol."""

    usable: bool
    rows: list[RosterRow]
    problems: list[RosterProblem]
    encoding: str = Field(description="that was found", examples=["utf-8"])
    delimiter: str = Field(examples=[","])
    columns: list[str] = Field(description="titles of the file that are not used")


class OtherName(Answer):
    """A login that exists already, with another name than the file has. Nothing was changed."""

    line: int
    name: str = Field(description="of the account")
    in_file: str


class EnrolledAnswer(Answer):
    """What an enrolment did."""

    undo: int = Field(description="with which it is undone", examples=[41])
    made: int = Field(description="new accounts")
    joined: int = Field(description="people who were not in the course before")
    moved: int = Field(description="who were, and are in another group now")
    already: int
    groups: int = Field(description="new groups")
    other_names: list[OtherName]


class UndoForm(Form):
    """Which enrolment to take back."""

    undo: IdNumber


class UndoneAnswer(Answer):
    """What was taken back. Who has handed something in since stays."""

    left: int
    deleted: int = Field(description="accounts that nobody had used")
    stayed: int


Encoding = Annotated[
    str, Query(max_length=20, description="where it shall not be found by looking", examples=["cp1251"])
]


async def sent(request: Request) -> bytes:
    """The bytes of the file; too many are refused while they come."""
    return await request.body()


File = Annotated[bytes, Depends(sent)]


@router.post("/courses/{course_id}/roster/preview", openapi_extra=_FILE, summary="Look at a class file")
async def preview_roster(caller: Asks, course_id: Id, content: File, encoding: Encoding = "") -> RosterPreview:
    """What would be enrolled, and every problem with its line and column. Nothing is changed."""
    return await run_in_threadpool(_previewed, caller, course_id, content, encoding)


@router.post("/courses/{course_id}/roster", status_code=201, openapi_extra=_FILE, summary="Enrol a class")
async def enrol(caller: Asks, course_id: Id, content: File, encoding: Encoding = "") -> EnrolledAnswer:
    """Enrol everybody of the file, or nobody. Send the same file that you looked at."""
    return await run_in_threadpool(_enrolled, caller, course_id, content, encoding)


@router.post("/courses/{course_id}/roster/undo", summary="Undo an enrolment")
def undo_enrolment(caller: Asks, course_id: Id, form: UndoForm) -> UndoneAnswer:
    """Who joined by it leaves, who was moved goes back, unused accounts are deleted."""
    with caller.school.writing() as session:
        policy.require(session, caller.actor, "people.enrol", course_id)
        return UndoneAnswer.of(roster.undo(session, caller.actor, form.undo))


def _previewed(caller: Caller, course_id: int, content: bytes, encoding: str) -> RosterPreview:
    with caller.school.reading() as session:
        policy.require(session, caller.actor, "people.enrol", course_id)
    return RosterPreview.of(roster.preview(content, encoding))


def _enrolled(caller: Caller, course_id: int, content: bytes, encoding: str) -> EnrolledAnswer:
    with caller.school.reading() as session:
        policy.require(session, caller.actor, "people.enrol", course_id)
    found = roster.preview(content, encoding)  # outside of the transaction: it may take a second
    with caller.school.writing() as session:
        done = roster.enrol(session, caller.actor, course_id, found)
    others = [OtherName(line=line, name=name, in_file=other) for line, name, other in done.other_names]
    return EnrolledAnswer(
        undo=done.undo,
        made=done.made,
        joined=done.joined,
        moved=done.moved,
        already=done.already,
        groups=done.groups,
        other_names=others,
    )
