"""Errors: what goes wrong becomes a page, in plain words, with the way on."""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sheber.i18n import _
from sheber.school import errors
from sheber.web.invalid import invalid
from sheber.web.rendering import go_to, page, part
from sheber.web.visit import LogInFirst, Visit
from sheber.web.visit import visit as visitor

__all__ = ["Faults", "add_handlers", "status_of"]

_log = logging.getLogger("sheber.web")
API: Final = "/api/"

_STATUS: Final[Mapping[type[errors.SchoolError], int]] = {
    errors.Refused: 422,
    errors.NotFound: 404,
    errors.NotAllowed: 403,
    errors.Conflict: 409,
    errors.TooMany: 429,
    errors.DatabaseAway: 503,
}


def status_of(error: errors.SchoolError) -> int:
    """The number that goes with an error of the school."""
    return next((number for kind, number in _STATUS.items() if isinstance(error, kind)), 400)


def add_handlers(app: FastAPI) -> None:
    """Let every error of the application become an answer of ours."""
    app.add_exception_handler(LogInFirst, _log_in_first)
    app.add_exception_handler(errors.SchoolError, _of_school)
    app.add_exception_handler(StarletteHTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_form)


class Faults:
    """Inside the guard: a fault of ours becomes a page like any other, with the same headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            await _of_ours(Request(scope), error)(scope, receive, send)


def _log_in_first(request: Request, _error: Exception) -> Response:
    gone = _("You are no longer logged in. Log in again in another tab, then go on here.")
    if request.url.path.startswith(API):
        sentence = _("Please log in first, or send a token. A token may also have expired, or be revoked.")
        of_a_page = "x-csrf-token" in request.headers
        return _answer(request, 401, gone if of_a_page else sentence, {"WWW-Authenticate": "Bearer"})
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = "/log-in" if here == "/" or request.method != "GET" else f"/log-in?next={quote(here)}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=200, headers={"HX-Redirect": "/log-in"})
    if request.headers.get("accept", "").startswith("application/json"):
        return _answer(request, 401, gone)
    return go_to(target)


def _of_school(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.SchoolError)
    headers = {"Retry-After": "60"} if isinstance(error, errors.DatabaseAway) else {}
    if isinstance(error, errors.TooMany):
        headers["Retry-After"] = str(max(1, round(error.wait_s)))
    where = error.where if isinstance(error, errors.Refused) else ""
    sentence = str(error)
    if isinstance(error, errors.DatabaseAway):  # its reason may name a server and an account: for the operator only
        _log.warning("%s", sentence)
        sentence = _("The database does not answer. Nothing was changed. Please try again in a minute.")
    return _answer(request, status_of(error), sentence, headers, where)


def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    usual = error.status_code == 400 or error.detail == HTTPStatus(error.status_code).phrase  # the framework's words
    return _answer(request, error.status_code, "" if usual else str(error.detail), error.headers or {})


def _of_form(request: Request, error: Exception) -> Response:
    """What a form or an address lacks. An address that makes no sense is no page of ours."""
    assert isinstance(error, RequestValidationError)
    if request.url.path.startswith(API):
        status, sentence, where = invalid(error.errors())
        return _answer(request, status, sentence, where=where)
    places = [one["loc"] for one in error.errors()]
    if any(place and place[0] == "path" for place in places):
        return _answer(request, 404, "")
    names = ", ".join(sorted({str(place[-1]) for place in places}))
    return _answer(request, 422, _("The form was not complete or not readable: {names}.").format(names=names))


def _of_ours(request: Request, error: Exception) -> Response:
    """A fault of ours: the page names a number, and the log has it with the whole story."""
    number = secrets.token_hex(4)
    route = getattr(request.scope.get("route"), "path", request.url.path)  # the pattern: a path may be a one-time link
    _log.error("fault %s at %s %s", number, request.method, route, exc_info=error)
    text = _("Something went wrong on our side. Nothing that you did caused it. The fault has the number {number}.")
    return _answer(request, 500, text.format(number=number))


def _answer(
    request: Request, status: int, sentence: str, headers: Mapping[str, str] | None = None, where: str = ""
) -> Response:
    """The same sentence as a page, as a piece of one, or as JSON: whatever asked."""
    sentence = sentence or _usual(status)
    wants = request.headers.get("accept", "")
    if request.url.path.startswith(API) or wants.startswith("application/json"):
        response: Response = JSONResponse({"error": sentence, "where": where}, status)
    else:
        visit = _visitor(request, status)
        if visit.partial:
            response = part(visit, "part_error.html.j2", status=status, sentence=sentence)
            response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#notice", "innerHTML"
        else:
            response = page(
                visit, "error.html.j2", status=status, code=status, sentence=sentence, title=_title(request, status)
            )
    response.headers.update(headers or {})
    return response


def _visitor(request: Request, status: int) -> Visit:
    """Who asked, as far as that can be found out now."""
    if status < 500:
        with contextlib.suppress(errors.SchoolError):
            return visitor(request)
    return Visit(request, request.app.state.school, None, "")


def _title(request: Request, status: int) -> str:
    if status == 404 and request.url.path.startswith("/invitation/"):
        return _("This link works no longer")
    titles = {
        403: _("This is not for you"),
        404: _("There is no such page"),
        409: _("Somebody was faster"),
        413: _("Too large"),
        422: _("This cannot be taken"),
        429: _("A moment, please"),
        500: _("A fault of ours"),
        503: _("Back in a moment"),
    }
    return titles.get(status, _("This did not work"))


def _usual(status: int) -> str:
    sentences = {
        400: _("The request cannot be read."),
        403: _("You may not see this page. If you think you should, ask the teacher of the course."),
        404: _("The address may be wrong, or the page is not open to you."),
        405: _("This address does not take such a request."),
    }
    return sentences.get(status, _("The request could not be carried out."))
