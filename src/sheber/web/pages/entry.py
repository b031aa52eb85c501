"""Entry: log in, log out, the first visit by invitation, and the language of the pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Response

from sheber.i18n import LANGUAGES, _
from sheber.school.errors import Refused
from sheber.school.people import accounts, invitations, logins
from sheber.web import language
from sheber.web.rendering import go_to, page
from sheber.web.security import local
from sheber.web.visit import Asked, Visit, forget, page_router, remember

router = page_router()

Text = Annotated[str, Form(max_length=1000)]


@router.get("/log-in")
def log_in_page(visit: Asked, next: str = "/") -> Response:  # noqa: A002  (the word in the address)
    """The form; who has logged in goes on at once."""
    return go_to(local(next)) if visit.guest else _form(visit, next)


@router.post("/log-in")
async def log_in(visit: Asked, login: Text, password: Text, next: Text = "/") -> Response:  # noqa: A002
    """Log somebody in, with a new token: one that was there before is not taken over."""
    return await visit.hashing.run(visit.address, _log_in, visit, login, password, next)


def _log_in(visit: Visit, login: str, password: str, next: str) -> Response:  # noqa: A002
    try:
        with visit.school.writing() as session:
            actor, token = logins.log_in(session, login, password, address=visit.address)
    except Refused as error:
        return _form(visit, next, login, str(error), status=422)
    return _entered(visit, token, actor.language, next)


@router.post("/log-out")
def log_out(visit: Asked, everywhere: str = "") -> Response:
    """Forget this browser, or all of this person's."""
    if visit.guest:
        with visit.school.writing() as session:
            if everywhere:
                logins.log_out_everywhere(session, visit.guest.id)
            logins.log_out(session, visit.token)
    answer = go_to("/log-in")
    forget(visit, answer, "login")
    return answer


@router.get("/invitation/{token}")
def invitation_page(visit: Asked, token: str) -> Response:
    """The form of a one-time link."""
    with visit.school.reading() as session:
        login = invitations.invited(session, token)
    return page(visit, "invitation.html.j2", token=token, login=login, wrong="")


@router.post("/invitation/{token}")
async def accept(visit: Asked, token: str, password: Text, again: Text) -> Response:
    """Choose a password; the new password logs in at once."""
    return await visit.hashing.run(visit.address, _accept, visit, token, password, again)


def _accept(visit: Visit, token: str, password: str, again: str) -> Response:
    with visit.school.reading() as session:
        login = invitations.invited(session, token)
    try:
        if password != again:
            raise Refused(_("The two passwords are not the same."))
        with visit.school.writing() as session:
            actor = invitations.accept(session, token, password)
        with visit.school.writing() as session:
            _who, key = logins.log_in(session, login, password, address=visit.address)
    except Refused as error:
        return page(visit, "invitation.html.j2", status=422, token=token, login=login, wrong=str(error))
    return _entered(visit, key, actor.language, "/")


@router.post("/language")
def choose_language(visit: Asked, language_: Annotated[str, Form(alias="language")], next: Text = "/") -> Response:  # noqa: A002
    """Read the pages in another language from now on; who has logged in finds it in every browser."""
    if language_ not in LANGUAGES:
        raise Refused(_("The pages are not written in this language."), "language")
    if visit.guest:
        with visit.school.writing() as session:
            accounts.change_self(session, visit.guest, language=language_)
    answer = go_to(local(next))
    remember(visit, answer, language.COOKIE, language_, private=False)
    return answer


def _form(visit: Visit, target: str, login: str = "", wrong: str = "", status: int = 200) -> Response:
    return page(visit, "log_in.html.j2", status=status, next=local(target), login=login, wrong=wrong)


def _entered(visit: Visit, token: str, chosen: str, target: str) -> Response:
    """Send somebody who just logged in on, with their cookie and in their language."""
    answer = go_to(local(target))
    remember(visit, answer, "login", token)
    if chosen:
        remember(visit, answer, language.COOKIE, chosen, private=False)
    return answer
