"""Drafts: what somebody writes, saved as they type."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import Field

from sheber.school.submissions import drafts
from sheber.school.submissions.drafts import DraftConflict
from sheber.web.api.assignments import Edition
from sheber.web.api.caller import Asks, api_router
from sheber.web.api.forms import Answer, Form, Id, Refusal, Whole

router = api_router("drafts")


class DraftAnswer(Answer):
    """A draft as it was last saved."""

    source: str
    edition: int = Field(description="0: nothing was saved yet")
    saved: datetime | None


class DraftForm(Form):
    """A draft to save."""

    source: str = Field(examples=["from sheber import connect\n"])
    edition: Whole = Field(ge=0, le=2**31 - 2, description="that which was changed; 0 for the first", examples=[0])


class DraftRefusal(Refusal):
    """Another window has saved since: this is what it saved. Nothing was changed."""

    source: str
    edition: int


_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": DraftRefusal, "description": "Another window has saved since. Choose which text stays."}
}


@router.get("/assignments/{assignment_id}/draft", summary="Your draft")
def read_draft(caller: Asks, assignment_id: Id) -> DraftAnswer:
    """Your own draft for an assignment."""
    with caller.school.reading() as session:
        return DraftAnswer.of(drafts.load(session, caller.actor, assignment_id))


@router.put(
    "/assignments/{assignment_id}/draft", response_model=Edition, responses=_CONFLICT, summary="Save your draft"
)
def save_draft(caller: Asks, assignment_id: Id, form: DraftForm) -> Edition | Response:
    """Save what is being written; gives its new edition."""
    try:
        with caller.school.writing() as session:
            return Edition(edition=drafts.save(session, caller.actor, assignment_id, form.source, form.edition))
    except DraftConflict as error:
        other = DraftRefusal(error=str(error), where="edition", source=error.other.source, edition=error.other.edition)
        return JSONResponse(other.model_dump(), 409)
