"""Submission: where it stands in the queue, how far it is, and its explained score; the live view of a practice run."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Form, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from sheber.exercises import Exercise
from sheber.i18n import _
from sheber.i18n import language as in_language
from sheber.judge.report import report, words
from sheber.school.courses.assignments import assignment
from sheber.school.courses.exercises import exercise_of
from sheber.school.errors import NotFound
from sheber.school.gradebook.overrides import override_history
from sheber.school.submissions import comments, handing_in, requests, sharing
from sheber.school.submissions.reading import Scene, SubmissionPage, program, submission_page
from sheber.school.submissions.watching import Watching, watching
from sheber.trace import TraceError, read
from sheber.web.crowd import Streams
from sheber.web.downloads import program_file
from sheber.web.live.board import ENDED, Board
from sheber.web.live.encoding import framed
from sheber.web.live.hall import SILENT_S, Hall, Watched
from sheber.web.live.together import together
from sheber.web.looking import look_at
from sheber.web.progress import place_words
from sheber.web.rendering import go_to, page, part
from sheber.web.scenes import is_part, lost_over_all, scene_view, weighed_over_all, whole
from sheber.web.visit import Id, Known, Visit, page_router

router = page_router()

Moment = Annotated[float | None, Query(ge=0.0, le=1e6, allow_inf_nan=False)]

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')


@router.get("/submissions/{submission_id}")
def submission(visit: Known, submission_id: Id) -> Response:
    """One submission: its place, progress or score."""
    found, exercise = _read(visit, submission_id)
    with visit.school.reading() as session:
        asked = requests.requests_of(session, visit.actor, submission_id) if found.program_sha256 else ()
        said = comments.comments(session, visit.actor, submission_id) if found.program_sha256 else ()
        whose = (found.assignment_id, found.person_id)
        decided = override_history(session, visit.actor, *whose) if found.kind == "graded" else ()
    if found.own:
        look_at(visit, attempt=found.id, attempts_of=found.assignment_id if found.kind == "graded" else None)
    told: dict[str, Any] = {
        "asked": asked,
        "most_asked": requests.MOST_ASKED,
        "comments": said,
        "decided": decided,
        "staff": _staff(found),
    }
    return page(visit, "submission.html.j2", **told, **_told(visit, found, exercise))


@router.get("/submissions/{submission_id}/part")
def submission_part(visit: Known, submission_id: Id) -> Response:
    """The part of the page that changes while it is judged."""
    found, exercise = _read(visit, submission_id)
    return part(visit, "part_submission.html.j2", **_told(visit, found, exercise))


@router.post("/submissions/{submission_id}/cancel")
def cancel(visit: Known, submission_id: Id) -> Response:
    """End a submission that waits or is being judged."""
    with visit.school.writing() as session:
        handing_in.cancel(session, visit.actor, submission_id)
    return go_to(f"/submissions/{submission_id}")


@router.post("/submissions/{submission_id}/request")
def ask(visit: Known, submission_id: Id, reason: Annotated[str, Form(max_length=20_000)]) -> Response:
    """Ask for another look at the grade."""
    with visit.school.writing() as session:
        requests.ask(session, visit.actor, submission_id, reason)
    return go_to(f"/submissions/{submission_id}#request")


@router.post("/submissions/{submission_id}/share")
def share(visit: Known, submission_id: Id, shared: Annotated[str, Form()] = "") -> Response:
    """Let the course open a practice result by its link, or end that."""
    with visit.school.writing() as session:
        sharing.share(session, visit.actor, submission_id, shared == "yes")
    return go_to(f"/submissions/{submission_id}#share")


@router.get("/submissions/{submission_id}/program.py")
def download(visit: Known, submission_id: Id) -> Response:
    """The program as it was handed in."""
    with visit.school.reading() as session:
        name, source = program(session, visit.actor, submission_id)
    return program_file(source, name)


@router.get("/submissions/{submission_id}/scenes/{place}")
def scene_page(visit: Known, submission_id: Id, place: Id, at: Moment = None) -> Response:
    """The full report of a scene that may be seen whole, in a frame of its own. at: the moment that it opens at [s]."""
    found, scene, exercise = _open_scene(visit, submission_id, place)
    with visit.school.reading() as session:
        said = comments.comments(session, visit.actor, submission_id) if found.program_sha256 else ()
    told: dict[str, Any] = {"comments": [one for one in said if one.place == place], "staff": _staff(found), "at": at}
    return page(visit, "scene.html.j2", found=found, scene=scene_view(found, scene), title=exercise.title, **told)


@router.get("/submissions/{submission_id}/scenes/{place}/report")
async def scene_report(visit: Known, submission_id: Id, place: Id) -> Response:
    """The report page itself. It runs in a sandbox: it has no origin, no cookies and no network."""
    return await visit.heavy.run(visit.actor.id, _report, visit, submission_id, place)


def _report(visit: Visit, submission_id: int, place: int) -> Response:
    found, scene, exercise = _open_scene(visit, submission_id, place)
    assert scene.score is not None
    try:
        trace = read(visit.school.traces / scene.trace)
    except TraceError as error:
        raise NotFound(_("The recording of this scene is no longer kept. Its points and words are.")) from error
    if not found.program_sha256:  # a result that somebody shared: the run, and not the program
        trace.header = replace(trace.header, source="", program="", program_sha256="")
    text = report(exercise, trace, scene.score, language=visit.language, part=is_part(found))
    return HTMLResponse(text, headers=_sandboxed(text))  # not kept: machines of a class have many users


@router.get("/submissions/{submission_id}/live")
async def live(visit: Known, submission_id: Id, request: Request) -> Response:
    """A practice run while it is computed: its state, what the judge writes, and at last its points."""
    found, exercise = await asyncio.to_thread(_watchable, visit, submission_id)
    after = request.headers.get("last-event-id", "")
    return _stream(visit, _live(visit, found, exercise, int(after) if after.isdigit() else 0))


@router.get("/submissions/{submission_id}/live/scene.glb")
def live_scene(visit: Known, submission_id: Id) -> Response:
    """The 3D scene of a practice run that is being watched."""
    _watchable(visit, submission_id)
    hall: Hall = visit.request.app.state.hall
    scene = hall.scene((submission_id, 1))
    if not scene.startswith(b"glTF"):
        raise NotFound(_("There is no 3D picture of this run."))
    return Response(scene, media_type="model/gltf-binary")


# --- what is read ---------------------------------------------------------------------------------------


def _read(visit: Visit, submission_id: int) -> tuple[SubmissionPage, Exercise]:
    """A submission as this reader may see it, with its exercise."""
    with visit.school.reading() as session:
        found = submission_page(session, visit.actor, submission_id)
        exercise = exercise_of(session, assignment(session, visit.actor, found.assignment_id))
    return found, exercise


def _open_scene(visit: Visit, submission_id: int, place: int) -> tuple[SubmissionPage, Scene, Exercise]:
    """A scene that this reader may see whole. Raises NotFound for all others, hidden ones among them."""
    found, exercise = _read(visit, submission_id)
    for scene in found.scenes:
        if scene.place == place and scene.everything and scene.trace:
            return found, scene, exercise
    raise NotFound(_("There is no such report, or it is not open to you."))


def _watchable(visit: Visit, submission_id: int) -> tuple[SubmissionPage, Exercise]:
    """A practice run of one's own, or for the staff: a hidden scene is never shown while it is computed."""
    found, exercise = _read(visit, submission_id)
    if found.kind != "practice":
        raise NotFound(_("Only practice runs can be watched."))
    return found, exercise


def _told(visit: Visit, found: SubmissionPage, exercise: Exercise) -> dict[str, Any]:
    """What the page and its part say."""
    views = [scene_view(found, scene) for scene in found.scenes]
    judged = sum(1 for view in views if view.points is not None)
    over = found.state in ENDED
    return {
        "found": found,
        "title": exercise.title,
        "scenes": views,
        "judged": judged,
        "over": over,
        "whole": whole(found),
        "why": words.why_made_of(),
        "between": words.between(),
        "lost": lost_over_all(found) if over and len(views) > 1 else [],
        "weighed": weighed_over_all(found),
        "wait": "" if over else _wait(visit, found),
        "late": None if found.points is None or found.final is None else max(0.0, found.final - found.points),
    }


def _staff(found: SubmissionPage) -> bool:
    """Whether the reader is of the staff: they see the program, and it is not their own."""
    return bool(found.program_sha256) and not found.own


def _wait(visit: Visit, found: SubmissionPage) -> str:
    """Place in the queue, and how long it may take."""
    board: Board = visit.request.app.state.board
    return place_words(board.place(found.id), found.state)


# --- streams ---------------------------------------------------------------------------------------------


async def _live(visit: Visit, found: SubmissionPage, exercise: Exercise, after: int) -> AsyncGenerator[bytes, None]:
    """State, pieces of the run, and its end."""
    hall: Hall = visit.request.app.state.hall
    board: Board = visit.request.app.state.board
    yield b"retry: 1500\n\n"
    words_now = _("Being computed …") if found.state in ENDED else await asyncio.to_thread(_wait, visit, found)
    yield framed("state", after, {"words": words_now})

    def where() -> Watching:
        with visit.school.reading() as session:
            return watching(session, visit.school.traces, found.id)

    watched = Watched((found.id, 1), exercise, where)
    states = _states(board, found.id, where, visit.language)
    async for one in together(hall.watch(watched, visit.language, after), states):
        yield one
    async for now in board.changes(found.id, SILENT_S):
        if now is not None and now.state in ENDED:
            yield await asyncio.to_thread(_end, visit, found.id)


async def _states(
    board: Board, submission_id: int, where: Callable[[], Watching], language: str
) -> AsyncGenerator[bytes, None]:
    """Tell once that the program runs, and since when: it may compute for long before its first command."""
    told = False
    async for now in board.changes(submission_id, SILENT_S):
        if told or now is None or not now.running:
            continue
        told = True
        found = await asyncio.to_thread(where)
        with in_language(language):
            yield framed("state", None, {"words": _("The program runs."), "runs_s": found.runs_s})


def _end(visit: Visit, submission_id: int) -> bytes:
    """The last message of a run: its points in words, and where all of it is."""
    with in_language(visit.language):
        found, exercise = _read(visit, submission_id)
        told = _told(visit, found, exercise)
        fragment = part(visit, "part_run.html.j2", **told).body
        said = words.number(found.scenes[0].points) if found.scenes[0].points is not None else ""
        text = _("Done: {points} of 100 points.").format(points=said) if said else _progress_ended(found.state)
        return framed("done", 1_000_000, {"words": text, "html": bytes(fragment).decode()})


def _progress_ended(state: str) -> str:
    told = {
        "cancelled": _("This run was cancelled."),
        "replaced": _("This run was replaced by a newer one."),
        "fault": _("This run failed by our own fault. Please run it again."),
    }
    return told.get(state, _("This run has ended."))


def _stream(visit: Visit, content: AsyncGenerator[bytes, None]) -> Response:
    streams: Streams = visit.request.app.state.streams
    content = streams.begin(visit.actor.id, content)
    return StreamingResponse(content, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _sandboxed(text: str) -> dict[str, str]:
    """The headers of a report page: what it allows itself, and no origin."""
    found = _POLICY.search(text, 0, 4000)
    own = html.unescape(found[1]) if found else "default-src 'none'"
    policy = f"{own}; frame-ancestors 'self'; sandbox allow-scripts"
    return {"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"}
