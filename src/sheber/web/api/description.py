"""Description: the API in OpenAPI, and the same as a page. Both are made from the routes themselves."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Response
from fastapi.openapi.utils import get_openapi

from sheber.web.api.reading import Operation, operations
from sheber.web.prose import prose
from sheber.web.rendering import page
from sheber.web.visit import Asked

__all__ = ["document", "router", "written"]

router = APIRouter(include_in_schema=False)

EDITION: Final = "1.0.0"
"""Of the API: the first number changes where a script that worked would stop working."""

_ABOUT: Final = """\
Everything that the pages of a school do, for scripts.

**Who asks.** Send a token as `Authorization: Bearer sheber_…`. You make it in your browser, at *Account*; it is
shown once.

**Language.** Sentences come in the language of `Accept-Language` (en, ru, kk, zh-Hans), else in that of your account.

**Errors.** Whatever is refused is `{"error": sentence, "where": field}`. Nothing was changed then. With 429 and 503 the
header `Retry-After` says how many seconds to wait.

**What you may not see** looks as if it did not exist: 404.

**Moments** have their time zone: `2026-11-22T09:00:00Z`. **Seeds** are texts of digits: they are larger than what
JavaScript counts with.
"""

_TAGS: Final = {
    "me": "Who you are, and your tokens.",
    "people": "The accounts of the school.",
    "courses": "Courses, joining and leaving.",
    "members": "Who is in a course.",
    "groups": "Groups within a course.",
    "roster": "A class from a CSV file: look at it, enrol it, undo it.",
    "exercises": "What a course can ask for.",
    "assignments": "Exercises as a course asks them.",
    "extensions": "More time or attempts for one student.",
    "drafts": "What you are writing.",
    "submissions": "Hand in, practise, follow, and read the explained score.",
    "comments": "What the staff says of a submission.",
    "regrade requests": "Ask for another look at a grade.",
    "gradebook": "Students times assignments.",
    "campaigns": "Judge an assignment anew, and publish what changes as one.",
    "statistics": "Where a class loses points.",
    "students": "One student: every grade with its reasons.",
    "similarity": "Programs that have much in common. Never a verdict.",
    "school": "The queue and the audit log.",
}


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description of an application's API."""
    if app.openapi_schema is None:
        found = get_openapi(
            title="Sheberkhana",
            version=EDITION,
            summary="A digital workshop: programs for simulated equipment, handed in and graded.",
            description=_ABOUT,
            routes=app.routes,
            tags=[{"name": name, "description": words} for name, words in _TAGS.items()],
            license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
        )
        app.openapi_schema = _shared(found)
    return app.openapi_schema


def _shared(found: dict[str, Any]) -> dict[str, Any]:
    """The same description, with the refusals that all routes share said once."""
    shared: dict[str, dict[str, Any]] = {}
    for item in found["paths"].values():
        for told in item.values():
            for status, answer in told["responses"].items():
                if int(status) >= 400:
                    usual = shared.setdefault(f"Refused{status}", answer)
                    if answer == usual:
                        told["responses"][status] = {"$ref": f"#/components/responses/Refused{status}"}
    found["components"]["responses"] = shared
    return found


def written(app: FastAPI) -> str:
    """The description as the file `docs/openapi.json`."""
    return json.dumps(document(app), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@router.get("/api/openapi.json")
def openapi(asked: Asked) -> Response:
    """The description, for programs. It tells nothing of the school itself."""
    return Response(written(asked.request.app), media_type="application/json")


@router.get("/api")
def documentation(asked: Asked) -> Response:
    """The description, for people: one page, made here, without a script."""
    found: dict[str, list[Operation]] = _by_subject(asked.request.app)
    return page(asked, "api.html.j2", subjects=found, words=_TAGS, about=prose(_ABOUT))


@cache
def _by_subject(app: FastAPI) -> dict[str, list[Operation]]:
    found: dict[str, list[Operation]] = {name: [] for name in _TAGS}
    for one in operations(document(app)):
        found[one.subject].append(one)
    return found
