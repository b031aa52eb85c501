"""Exercises: what a course can ask for, and exercises of a teacher's own, which an administrator admits."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from sheber.school.courses import exercises
from sheber.web.api.caller import Asks, Caller, api_router
from sheber.web.api.forms import Answer, Done, Form, Id, Made

router = api_router("exercises")

_ARCHIVE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The folder of an exercise as ZIP, at most 32 MB. Nothing of it runs before an administrator "
        "allows it.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class ExerciseAnswer(Answer):
    """An exercise that a course can ask for."""

    name: str = Field(examples=["poses-and-moves"])
    own_exercise_id: int | None = Field(description="none: of the catalogue")
    title: str = Field(examples=["Poses and moves"])
    summary: str
    level: str = Field(examples=["elementary"])


class ProposalAnswer(Answer):
    """An exercise that a teacher uploaded."""

    id: int
    name: str
    state: str = Field(description="proposed, checking, checked, admitted or refused")
    sha256: str = Field(description="of the archive")
    findings: list[dict[str, Any]] = Field(description="of the check: {promise, broken: [sentence]}")
    uploaded_by: str
    created: datetime


class ProposalFile(Answer):
    """A file of an upload."""

    name: str
    bytes: int


class DecisionForm(Form):
    """What an administrator decides of an upload."""

    decision: Literal["check", "admit", "refuse"] = Field(
        description="check: its code may run, in a process of its own; admit: courses may ask for it; refuse"
    )
    reason: str = Field("", max_length=2000, description="of a refusal: its teacher reads it")


async def sent(request: Request) -> bytes:
    """The bytes of the archive; too many are refused while they come."""
    return await request.body()


@router.get("/exercises", summary="Exercises that a course can ask for")
def list_exercises(caller: Asks) -> list[ExerciseAnswer]:
    """The catalogue, then the newest admitted of each teacher's own."""
    with caller.school.reading() as session:
        return ExerciseAnswer.all_of(exercises.available(session))


@router.get("/own-exercises", summary="Uploaded exercises")
def list_proposals(caller: Asks) -> list[ProposalAnswer]:
    """What you uploaded, the newest first; everything for an administrator."""
    with caller.school.reading() as session:
        return ProposalAnswer.all_of(exercises.proposals(session, caller.actor))


@router.post("/own-exercises", status_code=201, openapi_extra=_ARCHIVE, summary="Upload an exercise")
async def propose(caller: Asks, content: Annotated[bytes, Depends(sent)]) -> Made:
    """Upload an exercise of your own. An administrator reads it before anything of it runs."""
    return await run_in_threadpool(_proposed, caller, content)


@router.get("/own-exercises/{own_id}/files", summary="Files of an uploaded exercise")
def proposal_files(caller: Asks, own_id: Id) -> list[ProposalFile]:
    """Name and size of what was uploaded."""
    with caller.school.reading() as session:
        found = exercises.proposal_files(session, caller.actor, own_id)
    return [ProposalFile(name=name, bytes=size) for name, size in found]


@router.get(
    "/own-exercises/{own_id}/files/{name:path}",
    summary="One file of an uploaded exercise",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The bytes of the file."}},
)
def proposal_file(caller: Asks, own_id: Id, name: str) -> Response:
    """The file as it is: a download, never a page."""
    with caller.school.reading() as session:
        content = exercises.proposal_file(session, caller.actor, own_id, name)
    return Response(content, media_type="application/octet-stream", headers={"Content-Disposition": "attachment"})


@router.post("/own-exercises/{own_id}/decision", summary="Decide of an uploaded exercise")
def decide(caller: Asks, own_id: Id, form: DecisionForm) -> Done:
    """For administrators. An admitted exercise is code that this server runs."""
    with caller.school.writing() as session:
        if form.decision == "check":
            exercises.allow_check(session, caller.actor, own_id)
        elif form.decision == "admit":
            exercises.admit(session, caller.actor, own_id)
        else:
            exercises.refuse(session, caller.actor, own_id, form.reason)
    return Done()


def _proposed(caller: Caller, content: bytes) -> Made:
    with caller.school.writing() as session:
        return Made(id=exercises.propose(session, caller.actor, content))
