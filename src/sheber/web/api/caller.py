"""Caller: who asks by the API: a script with its token, or a page with its log-in and the token of its forms.

A token that is sent counts alone: where it is wrong, a log-in in the same browser does not stand in for it. A request
with a log-in that changes something must carry the header `X-CSRF-Token`, as every page of ours has it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.concurrency import run_in_threadpool

from sheber.i18n import current, language
from sheber.school.opening import School
from sheber.school.people import logins, tokens
from sheber.school.people.policy import Actor
from sheber.web import security
from sheber.web.api.forms import refusals
from sheber.web.crowd import Crowd
from sheber.web.language import asked, wished
from sheber.web.visit import LogInFirst

__all__ = ["V1", "Asks", "Caller", "api_router"]

V1: Final = "/api/v1"

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="A token that you made at /account (or by POST /api/v1/me/tokens): `Authorization: Bearer sheber_…`",
)
_cookie = APIKeyCookie(
    name="login",
    auto_error=False,
    scheme_name="session",
    description="The log-in of a browser. Requests that change something also need the header `X-CSRF-Token`.",
)


@dataclass(frozen=True, slots=True)
class Caller:
    """One request."""

    request: Request
    school: School
    actor: Actor
    by_token: bool  # a script; else a page

    @property
    def language(self) -> str:
        """The language in force."""
        return current()

    @property
    def heavy(self) -> Crowd:
        """The line of those who ask for what takes long to compute."""
        found: Crowd = self.request.app.state.heavy
        return found


async def caller(
    request: Request, sent: Annotated[object, Security(_bearer)], _page: Annotated[object, Security(_cookie)]
) -> AsyncIterator[Caller]:
    """Who asks; what is said to them is said in their language. Raises LogInFirst."""
    school: School = request.app.state.school
    by_token = "authorization" in request.headers
    if by_token:
        key = str(getattr(sent, "credentials", ""))
        actor = await run_in_threadpool(tokens.known_by_token, school, key) if key else None
    else:
        key = request.cookies.get(security.cookie_name(request, "login"), "")
        actor = await run_in_threadpool(logins.known, school, key)
    if actor is None:
        raise LogInFirst
    if not by_token:
        await security.checked(request)
    with language(wished(request) or actor.language or asked(request)):
        yield Caller(request, school, actor, by_token)


Asks = Annotated[Caller, Depends(caller)]
"""Somebody who is known."""


def api_router(tag: str) -> APIRouter:
    """Routes of one subject."""
    return APIRouter(prefix=V1, tags=[tag], responses=refusals(), generate_unique_id_function=_named)


def _named(route: APIRoute) -> str:
    return route.name
