"""Comments: what the staff says of a submission, a line or a moment; and what the program printed, for the staff."""

from __future__ import annotations

from fastapi import Response

from sheber.i18n import _
from sheber.judge.report.moments import printed_lines
from sheber.school.errors import NotFound
from sheber.school.submissions import comments
from sheber.school.submissions.reading import submission_page
from sheber.trace import TraceError, read
from sheber.web.posted import Posted, number_of, quantity_of
from sheber.web.rendering import go_to, page
from sheber.web.visit import Id, Known, page_router

__all__ = ["router"]

router = page_router()


@router.post("/submissions/{submission_id}/comments")
def comment(visit: Known, submission_id: Id, sent: Posted) -> Response:
    """Say something."""
    line, place = quantity_of(sent["line"], "line"), quantity_of(sent["place"], "place")
    time_s = number_of(sent["time"], "time") if sent["time"].strip() else None
    with visit.school.writing() as session:
        made = comments.comment(
            session, visit.actor, submission_id, sent["text"], line=line, place=place, time_s=time_s
        )
    where = f"/scenes/{place}" if sent["back"] == "scene" and place else ""
    return go_to(f"/submissions/{submission_id}{where}#comment-{made}")


@router.post("/submissions/{submission_id}/comments/{comment_id}/remove")
def remove(visit: Known, submission_id: Id, comment_id: Id) -> Response:
    """Take a comment from the student's page."""
    with visit.school.writing() as session:
        comments.remove_comment(session, visit.actor, comment_id)
    return go_to(f"/submissions/{submission_id}#comments")


@router.get("/submissions/{submission_id}/scenes/{place}/printed")
def printed(visit: Known, submission_id: Id, place: Id) -> Response:
    """What the program printed in a scene that the reader may see whole."""
    with visit.school.reading() as session:
        found = submission_page(session, visit.actor, submission_id)
    scene = next((one for one in found.scenes if one.place == place and one.everything and one.trace), None)
    if scene is None:
        raise NotFound(_("There is no such report, or it is not open to you."))
    try:
        lines = printed_lines(read(visit.school.traces / scene.trace).printed)
    except TraceError as error:
        raise NotFound(_("The recording of this scene is no longer kept. Its points and words are.")) from error
    return page(visit, "teaching/printed.html.j2", found=found, place=place, lines=lines)
