"""Every route of the application, with the numbers of a town filled in and bodies that it would take."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from fastapi.routing import APIRoute
from judged import Work
from town import Town

from sheber.web import api, assets
from sheber.web.pages import ROUTERS

BODIES: dict[str, dict[str, Any]] = {
    "change_me": {"email": "x@example.edu"},
    "make_token": {"name": "x", "days": 3},
    "add_person": {"login": "new", "name": "New"},
    "change_person": {"name": "Changed"},
    "make_course": {"title": "Mine"},
    "change_zone": {"zone": "Asia/Almaty"},
    "join_course": {"code": "AAAAAAAAAA"},
    "change_course": {"title": "Changed"},
    "change_member": {"role": "teacher"},
    "make_group": {"name": "Another"},
    "rename_group": {"name": "Renamed"},
    "fill_group": {"people": [1]},
    "empty_group": {"people": [1]},
    "undo_enrolment": {"undo": 1},
    "add_assignment": {"exercise": "poses-and-moves"},
    "change_assignment": {"edition": 1, "scenes": 4},
    "give_extension": {"due": "2027-11-22T09:00:00Z", "reason": "ill"},
    "save_draft": {"source": "x = 1\n", "edition": 0},
    "submit": {"source": "x = 1\n"},
    "share_submission": {"shared": True},
    "write_comment": {"text": "Good."},
    "ask": {"reason": "It was right."},
    "answer_request": {"granted": True, "text": "Yes."},
    "give_points": {"points": 50.0, "reason": "shown"},
    "begin_campaign": {"chosen": "latest", "reason": "the check was wrong"},
    "publish_campaign": {"digest": "x"},
    "decide": {"decision": "admit"},
}
"""By the name of a route of the API: a body that is taken from who may."""

FORMS: dict[str, str] = {
    "code": "AAAAAAAAAA",
    "language": "en",
    "login": "x",
    "password": "x",
    "reason": "It was right.",
}
"""Fields that pages of everybody declare; others get a word."""

SETTINGS = "visible=yes counts=best attempts=9 scenes=3 position=1 late_percent=0 weight=1 edition=1"

PAGES: dict[str, dict[str, str]] = {
    "/courses/{course_id}/zone": {"zone": "Asia/Almaty"},
    "/school/settings": {"zone": "Asia/Almaty"},
    "/courses/{course_id}/archive": {"open": "yes"},
    "/courses/{course_id}/groups": {"name": "Another"},
    "/courses/{course_id}/groups/{group_id}": {"name": "Renamed"},
    "/courses/{course_id}/members/{person_id}": {"role": "assistant"},
    "/courses/{course_id}/new-assignment": {"exercise": "poses-and-moves"},
    "/courses/{course_id}/people": {"login": "one-more", "name": "One More"},
    "/courses/{course_id}/people/group": {"person": "{person_id}", "group": "{group_id}"},
    "/courses/{course_id}/requests/{request_id}": {"granted": "yes", "answer": "Yes."},
    "/courses/{course_id}/roster": {"enrol": "yes"},
    "/courses/{course_id}/roster/undo": {"undo": "1"},
    "/courses/{course_id}/settings": {"title": "Changed"},
    "/assignments/{assignment_id}/extensions": {"person": "{person_id}", "attempts": "12", "reason": "ill"},
    "/assignments/{assignment_id}/grades/{person_id}": {"points": "50", "reason": "shown", "seen": "0"},
    "/assignments/{assignment_id}/hidden-scenes": {"place": "1"},
    "/assignments/{assignment_id}/regrades": {"chosen": "latest", "reason": "the check was wrong"},
    "/assignments/{assignment_id}/settings": dict(one.split("=") for one in SETTINGS.split()),
    "/regrades/{campaign_id}/publish": {"seen": "x"},
    "/submissions/{submission_id}/comments": {"text": "Good.", "place": "1"},
    "/new-course": {"title": "Mine"},
    "/own-exercises/{own_id}/decide": {"what": "refuse", "reason": "no"},
    "/school/people": {"login": "one-more-again", "name": "One More", "rank": "student"},
    "/school/people/{person_id}": {"name": "Changed"},
}
"""By the address of a form of teachers and administrators: fields that are taken from who may."""

FILES = {
    "/courses/{course_id}/roster": ("file", "class.csv", "text/csv"),
    "/own-exercises": ("archive", "own.zip", "application/zip"),
}
"""By the address of such a form: its file."""

ROSTER = "login,name\nnewcomer,Newcomer\n"


def every_route() -> list[APIRoute]:
    """Every route of the application."""
    return [
        route
        for router in (assets.router, *ROUTERS, *api.ROUTERS)
        for route in router.routes
        if isinstance(route, APIRoute)
    ]


def filled(text: str, town: Town, work: Work, **others: Any) -> str:
    """An address, or a field, with the numbers of the student's work."""
    values: dict[str, Any] = {
        "course_id": town.course,
        "assignment_id": town.assignment,
        "submission_id": work.graded,
        "older_id": work.graded,
        "newer_id": work.graded,
        "person_id": town.student.id,
        "group_id": work.group,
        "token_id": work.token,
        "comment_id": work.comment,
        "request_id": work.request,
        "own_id": 1,
        "place": 1,
        "edition": "x",
        "name": "x",
        "name:path": "exercise.toml",
        "token": "x",
    } | others
    return re.sub(r"\{([\w:]+)\}", lambda found: str(values.get(found[1], 1)), text)


def body(route: APIRoute, town: Town, work: Work) -> dict[str, Any]:
    """Arguments of a request with a body that the route takes."""
    return _body_of_api(route) if route.path.startswith("/api/") else _form_of_page(route, town, work)


def _body_of_api(route: APIRoute) -> dict[str, Any]:
    if route.path.endswith(("/roster", "/roster/preview")):
        return {"content": ROSTER, "headers": {"Content-Type": "text/csv"}}
    if route.path.endswith("/own-exercises") and "POST" in route.methods:
        return {"content": archive(), "headers": {"Content-Type": "application/zip"}}
    return {"json": BODIES[route.name]} if route.name in BODIES else {}


def _form_of_page(route: APIRoute, town: Town, work: Work) -> dict[str, Any]:
    fields = {field.alias for field in route.dependant.body_params}
    data = {field: FORMS.get(field, "x") for field in fields if field != "program"}
    data |= {field: filled(text, town, work) for field, text in PAGES.get(route.path, {}).items()}
    if route.path not in FILES:
        return {"data": data}
    field, name, kind = FILES[route.path]
    content = archive() if name.endswith(".zip") else ROSTER.encode()
    return {"data": data, "files": {field: (name, content, kind)}}


def archive() -> bytes:
    """A ZIP that is no exercise."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("exercise.toml", 'name = "own"\n')
    return stream.getvalue()
