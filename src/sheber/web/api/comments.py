"""Comments: what the staff says of a submission, of a line of its program, or of a moment of a scene."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from sheber.school.submissions import comments
from sheber.web.api.caller import Asks, api_router
from sheber.web.api.forms import Answer, Done, Form, Id, Made, Whole

router = api_router("comments")


class CommentAnswer(Answer):
    """One comment."""

    id: int
    author_id: int
    author: str
    text: str = Field(description="plain text")
    line: int | None = Field(description="of the program, from 1")
    place: int | None = Field(description="of a scene")
    time_s: float | None = Field(description="simulated [s]; null also where you may not know it yet")
    created: datetime
    removed: datetime | None = Field(description="only the staff sees a removed one")
    may_remove: bool


class CommentForm(Form):
    """What to say, and of what: the whole, a line, a scene, or a moment of it."""

    text: str = Field(max_length=10_000, examples=["Read the sensor again before you grip."])
    line: Whole | None = Field(None, ge=1, le=1_000_000)
    place: Whole | None = Field(None, ge=1, le=1000)
    time_s: float | None = Field(None, ge=0, le=1e6)


@router.get("/submissions/{submission_id}/comments", summary="Comments on a submission")
def list_comments(caller: Asks, submission_id: Id) -> list[CommentAnswer]:
    """The oldest first; for its student and the staff."""
    with caller.school.reading() as session:
        return CommentAnswer.all_of(comments.comments(session, caller.actor, submission_id))


@router.post("/submissions/{submission_id}/comments", status_code=201, summary="Comment on a submission")
def write_comment(caller: Asks, submission_id: Id, form: CommentForm) -> Made:
    """For the staff of the course; the student reads it."""
    with caller.school.writing() as session:
        made = comments.comment(
            session, caller.actor, submission_id, form.text, line=form.line, place=form.place, time_s=form.time_s
        )
    return Made(id=made)


@router.delete("/comments/{comment_id}", summary="Remove a comment")
def remove_comment(caller: Asks, comment_id: Id) -> Done:
    """Your own, or as a teacher anybody's. The staff still reads it."""
    with caller.school.writing() as session:
        comments.remove_comment(session, caller.actor, comment_id)
    return Done()
