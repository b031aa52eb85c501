"""Exercises of a teacher's own: uploaded, read, checked, pictured, and admitted by an administrator."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from sheber.i18n import _
from sheber.school.courses import checking, exercises
from sheber.school.errors import NotFound, Refused
from sheber.school.people.policy import may, require_rank
from sheber.web.posted import Posted
from sheber.web.rendering import go_to, page
from sheber.web.visit import Id, Known, Visit, page_router

__all__ = ["router"]

router = page_router()

_LONGEST_SHOWN = 200_000  # characters of a file that a page shows


@router.get("/own-exercises")
def listed(visit: Known) -> Response:
    """What was uploaded, and the form."""
    return _listed(visit)


@router.post("/own-exercises")
def upload(visit: Known, sent: Posted) -> Response:
    """Upload a folder. Nothing of it is run."""
    try:
        with visit.school.writing() as session:
            made = exercises.propose(session, visit.actor, sent.file("archive"))
    except Refused as error:
        return _listed(visit, error)
    return go_to(f"/own-exercises/{made}")


@router.get("/own-exercises/{own_id}")
def one(visit: Known, own_id: Id) -> Response:
    """One upload: where it stands, what was found, its files and pictures."""
    return _one(visit, own_id)


@router.get("/own-exercises/{own_id}/file")
def file(visit: Known, own_id: Id, name: str) -> Response:
    """One file of an upload, as text."""
    with visit.school.reading() as session:
        found = _proposal(session, visit, own_id)
        content = exercises.proposal_file(session, visit.actor, own_id, name[:300])
    text = content.decode("utf-8", "replace")
    binary = "\0" in text or text.count("\ufffd") > len(text) // 10
    told: dict[str, Any] = {
        "own": found,
        "name": name,
        "size": len(content),
        "binary": binary,
        "text": text[:_LONGEST_SHOWN],
    }
    return page(visit, "teaching/own_file.html.j2", cut=len(text) > _LONGEST_SHOWN, **told)


@router.get("/own-exercises/{own_id}/scenes/{place}.png")
def picture(visit: Known, own_id: Id, place: Id) -> Response:
    """The picture of one public scene of a checked upload."""
    with visit.school.reading() as session:
        found = _proposal(session, visit, own_id)
    content = checking.picture(visit.school, found, place)
    return Response(content, media_type="image/png")


@router.post("/own-exercises/{own_id}/decide")
def decide(visit: Known, own_id: Id, sent: Posted) -> Response:
    """Allow the check, admit, or refuse: for administrators. A worker checks; an upload never runs beside pages."""
    what = sent["what"]
    try:
        with visit.school.writing() as session:
            if what == "check":
                exercises.allow_check(session, visit.actor, own_id)
            elif what == "admit":
                exercises.admit(session, visit.actor, own_id)
            elif what == "refuse":
                exercises.refuse(session, visit.actor, own_id, sent["reason"])
    except Refused as error:
        return _one(visit, own_id, error)
    return go_to(f"/own-exercises/{own_id}")


def _listed(visit: Visit, error: Refused | None = None) -> Response:
    require_rank(visit.actor, "exercise.propose")
    with visit.school.reading() as session:
        found = exercises.proposals(session, visit.actor)
    told = {"found": found, "wrong": str(error or "")}
    return page(visit, "teaching/own_exercises.html.j2", status=422 if error else 200, **told)


def _one(visit: Visit, own_id: int, error: Refused | None = None) -> Response:
    with visit.school.reading() as session:
        found = _proposal(session, visit, own_id)
        files = exercises.proposal_files(session, visit.actor, own_id)
    told: dict[str, Any] = {
        "own": found,
        "files": files,
        "wrong": str(error or ""),
        "where": error.where if error else "",
        "decides": may(visit.actor, "exercise.admit"),
        "scenes": range(1, 1 + _pictures(visit, found)),
    }
    return page(visit, "teaching/own_exercise.html.j2", status=422 if error else 200, **told)


def _pictures(visit: Visit, found: exercises.Proposal) -> int:
    """How many scenes of a checked upload have a picture."""
    shown = found.state in ("checked", "admitted")
    return len(checking.pictured(visit.school, found)) if shown else 0


def _proposal(session: Any, visit: Visit, own_id: int) -> exercises.Proposal:
    for found in exercises.proposals(session, visit.actor):
        if found.id == own_id:
            return found
    raise NotFound(_("There is no such exercise."))
