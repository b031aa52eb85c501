"""Requests of students for another look, and regrade campaigns: looked at before anything counts."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from sheber.school.errors import Conflict, Refused
from sheber.school.gradebook import campaigns
from sheber.school.gradebook.differences import preview
from sheber.school.submissions import requests
from sheber.web.pages.teaching.frame import frame, frame_of, shown
from sheber.web.posted import Posted
from sheber.web.rendering import go_to, part
from sheber.web.visit import Id, Known, Visit, page_router

__all__ = ["router"]

router = page_router()


@router.get("/courses/{course_id}/requests")
def listed(visit: Known, course_id: Id, state: str = "open", page: int = 1) -> Response:
    """The requests of a course."""
    return _listed(visit, course_id, state, page)


@router.post("/courses/{course_id}/requests/{request_id}")
def answer(visit: Known, course_id: Id, request_id: Id, sent: Posted) -> Response:
    """Answer one request."""
    try:
        with visit.school.writing() as session:
            requests.answer(session, visit.actor, request_id, sent["granted"] == "yes", sent["answer"])
    except (Refused, Conflict) as error:
        return _listed(visit, course_id, "open", 1, error, request_id, sent["answer"])
    return go_to(f"/courses/{course_id}/requests")


@router.get("/assignments/{assignment_id}/regrades")
def regrades(visit: Known, assignment_id: Id) -> Response:
    """The regrades of an assignment, and the form of a new one."""
    return _regrades(visit, assignment_id)


@router.post("/assignments/{assignment_id}/regrades")
def start(visit: Known, assignment_id: Id, sent: Posted) -> Response:
    """Judge anew, aside."""
    try:
        with visit.school.writing() as session:
            made = campaigns.start_campaign(session, visit.actor, assignment_id, sent["chosen"], sent["reason"])
    except Refused as error:
        return _regrades(visit, assignment_id, error, typed=sent.plain())
    return go_to(f"/regrades/{made}")


@router.get("/regrades/{campaign_id}")
def regrade(visit: Known, campaign_id: Id) -> Response:
    """One regrade: its progress, and what it would change."""
    return _regrade(visit, campaign_id)


@router.post("/regrades/{campaign_id}/publish")
def publish(visit: Known, campaign_id: Id, sent: Posted) -> Response:
    """Make it count."""
    try:
        with visit.school.writing() as session:
            campaigns.publish(session, visit.actor, campaign_id, sent["seen"])
    except (Refused, Conflict) as error:
        return _regrade(visit, campaign_id, error)
    return go_to(f"/regrades/{campaign_id}")


@router.post("/regrades/{campaign_id}/withdraw")
def withdraw(visit: Known, campaign_id: Id) -> Response:
    """End it, or take it back."""
    try:
        with visit.school.writing() as session:
            campaigns.withdraw(session, visit.actor, campaign_id)
    except (Refused, Conflict) as error:
        return _regrade(visit, campaign_id, error)
    return go_to(f"/regrades/{campaign_id}")


def _listed(
    visit: Visit,
    course_id: int,
    state: str,
    page: int,
    error: Refused | Conflict | None = None,
    request_id: int = 0,
    typed: str = "",
) -> Response:
    state = state if state in ("open", "granted", "declined", "withdrawn") else ""
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "work.see-all")
        found, count = requests.requests_in(session, visit.actor, course_id, state=state, page=page)
    content: dict[str, Any] = {
        "found": found,
        "count": count,
        "state": state,
        "page_number": max(page, 1),
        "pages": max(1, -(-count // requests.PAGE)),
        "wrong": str(error or ""),
        "wrong_id": request_id,
        "typed": typed,
    }
    status = 409 if isinstance(error, Conflict) else 422 if error else 200
    return shown(visit, "requests", around, status=status, **content)


def _regrades(
    visit: Visit, assignment_id: int, error: Refused | None = None, *, typed: dict[str, str] | None = None
) -> Response:
    with visit.school.reading() as session:
        around = frame_of(session, visit, assignment_id, "regrade")
        found = campaigns.campaigns(session, visit.actor, assignment_id)
    content: dict[str, Any] = {
        "found": found,
        "typed": {"chosen": "best", "reason": ""} | (typed or {}),
        "wrong": str(error or ""),
        "where": error.where if error else "",
    }
    return shown(visit, "regrades", around, status=422 if error else 200, **content)


def _regrade(visit: Visit, campaign_id: int, error: Refused | Conflict | None = None) -> Response:
    with visit.school.reading() as session:
        line = campaigns.campaign(session, visit.actor, campaign_id)
        around = frame_of(session, visit, line.assignment_id, "regrade")
        found = preview(session, visit.actor, campaign_id)
    content: dict[str, Any] = {"found": found, "one": found.campaign, "wrong": str(error or "")}
    if visit.partial:
        return part(visit, "teaching/part_regrade.html.j2", frame=around, course=around.course, **content)
    status = 409 if isinstance(error, Conflict) else 422 if error else 200
    return shown(visit, "regrade", around, status=status, **content)
