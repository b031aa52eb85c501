"""People of the school: searched, added, invited, given a rank, closed."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from sheber.school.errors import NotAllowed, Refused
from sheber.school.people import accounts, invitations
from sheber.school.people.policy import require_rank
from sheber.web.posted import Posted
from sheber.web.rendering import go_to, page
from sheber.web.visit import Id, Known, Visit, page_router

__all__ = ["router"]

router = page_router()


@router.get("/school/people")
def people(visit: Known, search: str = "", page: int = 1) -> Response:
    """Everybody, a page at a time."""
    return _people(visit, search, page)


@router.post("/school/people")
def add(visit: Known, sent: Posted) -> Response:
    """A new account, and its one-time link."""
    try:
        with visit.school.writing() as session:
            made = accounts.add_person(
                session, visit.actor, sent["login"], sent["name"], email=sent["email"], rank=sent["rank"]
            )
    except Refused as error:
        return _people(visit, "", 1, error, sent.plain())
    return _invited(visit, made)


@router.get("/school/people/{person_id}")
def person(visit: Known, person_id: Id, saved: str = "") -> Response:
    """One account."""
    return _person(visit, person_id, saved=bool(saved))


@router.post("/school/people/{person_id}")
def change(visit: Known, person_id: Id, sent: Posted) -> Response:
    """Change name, address, rank, or whether it is open."""
    wanted: dict[str, Any] = {name: sent[name] for name in ("name", "email", "rank") if name in sent}
    try:
        with visit.school.writing() as session:
            disabled = sent["disabled"] == "yes"
            accounts.change_person(session, visit.actor, person_id, **wanted, disabled=disabled)
    except Refused as error:
        return _person(visit, person_id, error, typed=sent.plain() | {"disabled": sent["disabled"]})
    return go_to(f"/school/people/{person_id}?saved=yes")


@router.post("/school/people/{person_id}/invitation")
def invite(visit: Known, person_id: Id) -> Response:
    """A new one-time link, shown once."""
    try:
        return _invited(visit, person_id)
    except (Refused, NotAllowed) as error:
        return _person(visit, person_id, error)


def _people(
    visit: Visit, search: str, number: int, error: Refused | None = None, typed: dict[str, str] | None = None
) -> Response:
    with visit.school.reading() as session:
        found = accounts.list_people(session, visit.actor, number, search)
    content = {
        "found": found,
        "search": search[:200],
        "wrong": str(error or ""),
        "where": error.where if error else "",
        "typed": dict.fromkeys(("login", "name", "email"), "") | {"rank": "student"} | (typed or {}),
    }
    return page(visit, "administration/people.html.j2", status=422 if error else 200, **content)


def _person(
    visit: Visit,
    person_id: int,
    error: Refused | NotAllowed | None = None,
    *,
    typed: dict[str, str] | None = None,
    saved: bool = False,
) -> Response:
    require_rank(visit.actor, "people.change")
    with visit.school.reading() as session:
        found = accounts.person(session, visit.actor, person_id)
    stored = {
        "name": found.name,
        "email": found.email,
        "rank": found.rank,
        "disabled": "yes" if found.disabled else "",
    }
    content = {
        "one": found,
        "typed": stored | (typed or {}),
        "wrong": str(error or ""),
        "where": error.where if isinstance(error, Refused) else "",
        "saved": saved,
    }
    return page(visit, "administration/person.html.j2", status=422 if error else 200, **content)


def _invited(visit: Visit, person_id: int) -> Response:
    with visit.school.writing() as session:
        token = invitations.invite(session, visit.actor, person_id)
        found = accounts.person(session, visit.actor, person_id)
    base = visit.request.state.public_url.rstrip("/") or str(visit.request.base_url).rstrip("/")
    link = f"{base}/invitation/{token}"
    return page(visit, "administration/invited.html.j2", one=found, link=link, days=invitations.LASTS.days)
