"""Visit: who asks, in which language, from which page. What every page function is given."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response

from sheber.i18n import current
from sheber.school.opening import School
from sheber.school.people import logins
from sheber.school.people.policy import Actor
from sheber.web import security
from sheber.web.crowd import Crowd

__all__ = ["Asked", "Id", "Known", "LogInFirst", "Visit", "forget", "page_router", "remember"]

THEMES: Final = ("light", "dark")


class LogInFirst(Exception):
    """This page is for those who have logged in."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page."""

    request: Request
    school: School
    guest: Actor | None  # who has logged in; None: nobody
    token: str  # of the log-in; "": none
    fresh: str = ""  # a new visit's name, for its cookie

    @property
    def actor(self) -> Actor:
        """Who has logged in. Raises LogInFirst."""
        if self.guest is None:
            raise LogInFirst
        return self.guest

    @property
    def language(self) -> str:
        """The language in force."""
        return current()

    @property
    def nonce(self) -> str:
        """Of this answer's policy."""
        return str(self.request.state.nonce)

    @property
    def csrf(self) -> str:
        """The token that this page's forms carry."""
        return security.mask(security.page_token(self.request))

    @property
    def theme(self) -> str:
        """light, dark, or "" for as the system says."""
        chosen = self.request.cookies.get("theme", "")
        return chosen if chosen in THEMES else ""

    @property
    def partial(self) -> bool:
        """Whether a part of a page asks, and not the browser for a whole one."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return self.request.client.host if self.request.client else ""

    @property
    def hashing(self) -> Crowd:
        """The line of those who have a password hashed."""
        found: Crowd = self.request.app.state.hashing
        return found

    @property
    def heavy(self) -> Crowd:
        """The line of those who ask for what takes long to compute."""
        found: Crowd = self.request.app.state.heavy
        return found

    @property
    def here(self) -> str:
        """Path and query of this page: where to come back to."""
        url = self.request.url
        return f"{url.path}?{url.query}" if url.query else url.path


def visit(request: Request) -> Visit:
    """Who asks: somebody who has logged in, or nobody."""
    school: School = request.app.state.school
    token = request.cookies.get(security.cookie_name(request, "login"), "")
    guest = logins.known(school, token)
    return Visit(request, school, guest, token if guest else "", _fresh(request))


async def known(asked: Annotated[Visit, Depends(visit)]) -> Visit:
    """Who asks, where only those who have logged in may. Raises LogInFirst. No thread is needed for that."""
    if asked.guest is None:
        raise LogInFirst
    return asked


Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""An id in an address: what no database could hold is no page of ours."""

Asked = Annotated[Visit, Depends(visit)]
"""A page that everybody may see."""

Known = Annotated[Visit, Depends(known)]
"""A page for those who have logged in."""


def page_router() -> APIRouter:
    """Routes of pages: what changes something must come from a page of ours."""
    return APIRouter(dependencies=[Depends(security.checked)], include_in_schema=False)


def remember(asked: Visit, response: Response, name: str, value: str, *, private: bool = True) -> None:
    """Put a cookie on an answer. private: scripts cannot read it."""
    response.set_cookie(
        security.cookie_name(asked.request, name) if private else name,
        value,
        max_age=security.COOKIE_S,
        secure=security.is_secure(asked.request.scope),
        httponly=private,
        samesite="lax",
    )


def forget(asked: Visit, response: Response, name: str) -> None:
    """Take a private cookie back."""
    secure = security.is_secure(asked.request.scope)
    response.delete_cookie(security.cookie_name(asked.request, name), secure=secure, httponly=True, samesite="lax")


def _fresh(request: Request) -> str:
    """The name of a visit that has none yet; the request's pages are bound to it at once."""
    if request.cookies.get(security.cookie_name(request, "visit")):
        return ""
    name = secrets.token_urlsafe(24)
    request.scope["state"]["visit"] = name
    return name
