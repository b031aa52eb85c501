"""Requests: ask for another look at a grade, and answer that."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from sheber.school.submissions import requests
from sheber.web.api.caller import Asks, api_router
from sheber.web.api.forms import Answer, Done, Form, Id, Made

router = api_router("regrade requests")


class RequestAnswer(Answer):
    """A request, and what came of it."""

    id: int
    submission_id: int
    number: int = Field(description="of the attempt")
    assignment_id: int
    exercise: str
    person_id: int
    person: str
    points: float | None = Field(description="of the attempt")
    reason: str
    state: str = Field(description="open, granted, declined or withdrawn")
    answer: str
    answered_by: str = Field(description="empty: nobody yet")
    created: datetime
    answered: datetime | None


class RequestsAnswer(Answer):
    """A page of the requests of a course."""

    requests: list[RequestAnswer]
    count: int = Field(description="on all pages")


class RequestForm(Form):
    """What you think was judged wrongly."""

    reason: str = Field(max_length=20_000, examples=["Scene 3: the part was on its mark."])


class RequestReply(Form):
    """What a teacher answers."""

    granted: bool = Field(description="the teacher then changes the grade or regrades")
    text: str = Field(max_length=20_000, examples=["You are right: the mark was hidden. I regrade it."])


@router.get("/submissions/{submission_id}/requests", summary="Requests about a submission")
def list_requests(caller: Asks, submission_id: Id) -> list[RequestAnswer]:
    """The oldest first; for its student and the staff."""
    with caller.school.reading() as session:
        return RequestAnswer.all_of(requests.requests_of(session, caller.actor, submission_id))


@router.post("/submissions/{submission_id}/requests", status_code=201, summary="Ask for a regrade")
def ask(caller: Asks, submission_id: Id, form: RequestForm) -> Made:
    """Ask for another look at your own grade."""
    with caller.school.writing() as session:
        return Made(id=requests.ask(session, caller.actor, submission_id, form.reason))


@router.get("/courses/{course_id}/requests", summary="Requests in a course")
def course_requests(
    caller: Asks,
    course_id: Id,
    state: Literal["open", "granted", "declined", "withdrawn", "all"] = "open",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> RequestsAnswer:
    """For the staff: a page of 50, the oldest first."""
    with caller.school.reading() as session:
        asked = "" if state == "all" else state
        found, count = requests.requests_in(session, caller.actor, course_id, state=asked, page=page)
    return RequestsAnswer(requests=RequestAnswer.all_of(found), count=count)


@router.post("/requests/{request_id}/answer", summary="Answer a request")
def answer_request(caller: Asks, request_id: Id, form: RequestReply) -> Done:
    """For teachers, in words that the student reads."""
    with caller.school.writing() as session:
        requests.answer(session, caller.actor, request_id, form.granted, form.text)
    return Done()


@router.delete("/requests/{request_id}", summary="Take a request back")
def take_back(caller: Asks, request_id: Id) -> Done:
    """Your own, before it is answered."""
    with caller.school.writing() as session:
        requests.take_back(session, caller.actor, request_id)
    return Done()
