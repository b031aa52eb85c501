"""Work: the page of one exercise, where a program is written, tried on a practice scene, and handed in."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Annotated, Any

from fastapi import Form, Query, Response, UploadFile

from sheber.client.connection import CLIENTS
from sheber.exercises import Exercise
from sheber.i18n import _
from sheber.school.courses.assignments import AssignmentLine, assignment, course_page
from sheber.school.courses.exercises import exercise_of, starter_of
from sheber.school.errors import NotFound
from sheber.school.submissions import drafts, handing_in, reading
from sheber.school.submissions.mine import NOTHING_YET, mine
from sheber.web import names
from sheber.web.api.caller import V1
from sheber.web.assets import address
from sheber.web.downloads import program_file
from sheber.web.looking import look_at
from sheber.web.pages.courses import mark
from sheber.web.prose import prose
from sheber.web.reference import place_of
from sheber.web.rendering import go_to, page
from sheber.web.visit import Asked, Id, Known, Visit, page_router
from sheber.web.words import work_words

router = page_router()

FILE = "program.py"

Seed = Annotated[str, Query(pattern=r"^[0-9]{0,78}$")]


@router.get("/assignments/{assignment_id}")
def work(visit: Known, assignment_id: Id, scene: Seed = "") -> Response:
    """The page of one exercise. scene: the seed of a practice scene to run again."""
    with visit.school.reading() as session:
        line = assignment(session, visit.actor, assignment_id)
        course = course_page(session, visit.actor, line.course_id)
        exercise = exercise_of(session, line)
        draft = drafts.load(session, visit.actor, assignment_id)
        reached = mine(session, visit.actor, line.course_id).get(assignment_id, NOTHING_YET)
        running = reading.running_practice(session, visit.actor, assignment_id)
        last = reading.last_practice(session, visit.actor, assignment_id)
    look_at(visit, dates_of=assignment_id)
    told: dict[str, Any] = {
        "line": line,
        "course": course,
        "title": exercise.title,
        "mine": reached,
        "mark": mark(line),
        "last": last,
    }
    if course.role == "student" and not line.begun:
        return page(visit, "not_open.html.j2", **told)
    starter = starter_of(exercise)
    source = draft.source if draft.edition else starter
    told |= {
        "prose": prose(exercise.text(visit.language)),
        "limits": exercise.limits,
        "token": secrets.token_urlsafe(24),
        "reference": place_of(exercise.station.name),
        "seed": scene,
    }
    told |= {"source": source, "takes": _takes(line, course.archived, course.role, reached.attempts)}
    block = _block(visit, line, exercise, starter, draft.edition, running)
    return page(visit, "work.html.j2", block=block, **told)


@router.post("/assignments/{assignment_id}/submit")
def submit(
    visit: Known,
    assignment_id: Id,
    source: Annotated[str, Form(max_length=2 * handing_in.LARGEST_BYTES)] = "",
    token: Annotated[str, Form(max_length=40)] = "",
    program: UploadFile | None = None,
) -> Response:
    """Hand a program in: the text of the page, or a file where the browser has no scripts."""
    file = program.file.read(handing_in.LARGEST_BYTES + 1) if program and program.filename else b""
    content = file or source.replace("\r\n", "\n").encode("utf-8", "replace")
    name = (program.filename if program and file else None) or FILE
    with visit.school.writing() as session:
        submission = handing_in.submit(
            visit.school.secret,
            session,
            visit.actor,
            assignment_id,
            content,
            name,
            token=token,
            language=visit.language,
        )
        if not file:
            drafts.handed_in(session, visit.actor, assignment_id, content.decode())
    return go_to(f"/submissions/{submission}")


@router.get("/assignments/{assignment_id}/draft.py")
def download_draft(visit: Known, assignment_id: Id) -> Response:
    """One's own draft as a file."""
    with visit.school.reading() as session:
        draft = drafts.load(session, visit.actor, assignment_id)
    if not draft.edition:
        raise NotFound(_("You have no draft of this exercise yet."))
    return program_file(draft.source.encode(), FILE)


@router.get("/names/{edition}/{station}.json")
def library_names(_visit: Asked, edition: str, station: str) -> Response:
    """The client library's names at a station, for the editor."""
    if station != _library(station) or edition != _edition(station):
        raise NotFound(_("There is no such file. Load the page again."))
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(names.names(station), media_type="application/json", headers=headers)


def _takes(line: AssignmentLine, archived: bool, role: str, used: int) -> str:
    """Why nothing can be handed in now, in words; "" where it can. The school itself decides when it is handed in."""
    if archived:
        return _("This course has ended. It takes no more programs.")
    if role != "student":
        return ""
    if line.over:
        return _("This exercise is closed. You can still practise.")
    attempts = line.dates.attempts
    if attempts is not None and used >= attempts:
        return _("You have used all {count} attempts. You can still practise.").format(count=attempts)
    return ""


def _block(
    visit: Visit, line: AssignmentLine, exercise: Exercise, starter: str, edition: int, running: int | None
) -> str:
    """What the page's scripts must know, as JSON that can stand inside a page."""
    here = f"{V1}/assignments/{line.id}"
    content = {
        "assignment": line.id,
        "person": visit.actor.id,
        "draft": f"{here}/draft",
        "runs": f"{here}/submissions",
        "api": V1,
        "edition": edition,
        "running": f"/submissions/{running}" if running else "",
        "starter": starter,
        "file": f"{exercise.name}.py",
        "largest": handing_in.LARGEST_BYTES,
        "assets": {
            "editor": address("editor.js"),
            "live": address("live.js"),
            "names": _names_of(exercise.station.name),
        },
        "words": work_words(),
    }
    return json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")


def _names_of(station: str) -> str:
    """The address of the names that a program at a station can say."""
    library = _library(station)
    return f"/names/{_edition(library)}/{library}.json"


def _library(station: str) -> str:
    """Which client library a station has: its own, or the plain one."""
    return station if station in CLIENTS else "plain"


def _edition(station: str) -> str:
    return hashlib.sha256(names.names(station).encode()).hexdigest()[:12]
