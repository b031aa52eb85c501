"""Submissions: hand in or practise, follow the judging, and read the explained score."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from sheber.exercises import Exercise
from sheber.i18n import _
from sheber.judge.report.moments import visible
from sheber.school.courses.assignments import assignment
from sheber.school.courses.exercises import exercise_of
from sheber.school.errors import Refused
from sheber.school.submissions import handing_in, reading, sharing
from sheber.school.submissions.checkwise import CheckChange
from sheber.school.submissions.reading import Progress, SubmissionPage, submission_page
from sheber.school.submissions.seeing import who_may_see
from sheber.web.api.caller import V1, Asks, Caller, api_router
from sheber.web.api.forms import MOST_ID, Answer, Done, Form, Id, Made
from sheber.web.api.scenes import LostAnswer, SceneAnswer, scenes_of
from sheber.web.crowd import Streams
from sheber.web.downloads import program_file
from sheber.web.live.board import ENDED, Board
from sheber.web.live.encoding import framed
from sheber.web.live.hall import SILENT_S
from sheber.web.progress import place_words, progress_words
from sheber.web.scenes import lost_over_all, whole

router = api_router("submissions")

Kind = Literal["graded", "practice"]

_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events: `progress` at each change, and `ended` at last, each with a Progress as "
        "its data. A line that begins with a colon says that the connection lives.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
_PROGRAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The program as it was handed in.",
        "content": {"text/x-python": {"schema": {"type": "string"}}},
    }
}


class ProgramForm(Form):
    """A program to judge."""

    source: str = Field(description="the text of the program; at most 256 KiB", examples=["print('hello')\n"])
    file_name: str = Field("program.py", max_length=400)
    kind: Kind = Field("graded", description="practice: on one scene, which is shown whole, and does not count")
    seed: str | None = Field(
        None, pattern=r"^[0-9]{1,80}$", description="of a practice scene, as digits; left out: a new scene"
    )
    token: str = Field(
        "", max_length=40, description="made by you: the same again is the same submission", examples=["a1"]
    )


class MadeSubmission(Made):
    """A submission that was taken."""

    address: str = Field(description="where it is read", examples=["/api/v1/submissions/12"])
    events: str = Field(description="where its progress is followed", examples=["/api/v1/submissions/12/events"])
    page: str = Field(description="where people read it", examples=["/submissions/12"])


class PlaceAnswer(Answer):
    """Where a submission stands in the queue."""

    position: int = Field(description="1: its next scene is the next one; 0: nothing of it waits")
    scenes_before: int
    low_s: float | None = Field(description="expected until its last scene is judged [s]; null: nobody judges now")
    high_s: float | None
    words: str = Field(description="the same as a sentence")


class SubmissionAnswer(Answer):
    """A submission, with all of it that you may see."""

    id: int = Field(examples=[12])
    course_id: int
    course: str
    assignment_id: int
    exercise: str
    title: str = Field(description="of the exercise, in your language")
    person_id: int
    person: str
    own: bool = Field(description="whether it is yours")
    kind: str
    number: int = Field(description="the how-many-th of this person, exercise and kind")
    file_name: str
    program_sha256: str
    created: datetime
    finished: datetime | None
    late_days: int
    state: str = Field(description="queued, running, done, replaced, cancelled or fault (ours: never a zero)")
    final: float | None = Field(description="0.7 of the mean and 0.3 of the worst scene, before what lateness takes")
    points: float | None = Field(description="what counts")
    made_of: str = Field(description="what the final points are made of, as a sentence")
    lost_most: list[LostAnswer] = Field(
        description="what cost points over all scenes: lateness, causes, what only follows; all that is missing of 100"
    )
    shared: bool
    place: PlaceAnswer | None = Field(description="in the queue; null: it has ended")
    scenes: list[SceneAnswer]


class AttemptAnswer(Answer):
    """One line of a history."""

    id: int
    number: int
    kind: str
    state: str
    created: datetime
    late_days: int
    points: float | None
    gained: float | None = Field(description="more than the last one that has points")
    lines: int
    added: int
    removed: int


class CheckChangeAnswer(Answer):
    """What two attempts lost in one check."""

    key: str
    name: str
    maximum: float
    before: float | None = Field(description="points a scene that the older one lost; null: it has no such check")
    after: float | None = Field(description="the same of the newer one")
    gained: float = Field(description="points that are no longer lost")


class ChangeAnswer(Answer):
    """What changed between two attempts."""

    older: int
    newer: int
    gained: float | None
    lines: list[str] = Field(description="unified differences, without the head")
    too_long: bool = Field(description="the programs are too long to be compared")
    checks: list[CheckChangeAnswer] = Field(description="where one of them lost something, the largest change first")


class JudgedAnswer(Answer):
    """A judged scene."""

    place: int
    points: float


class ProgressAnswer(Answer):
    """How far a submission is."""

    id: int
    state: str
    scenes: int
    points: float | None
    judged: list[JudgedAnswer] = Field(description="by place")
    running: list[int] = Field(description="places")
    words: str


class ShareForm(Form):
    """Whether the course may open a practice result by its link."""

    shared: bool


# --- hand in ----------------------------------------------------------------------------------------


@router.post("/assignments/{assignment_id}/submissions", status_code=201, summary="Hand in, or practise")
def submit(caller: Asks, assignment_id: Id, form: ProgramForm) -> MadeSubmission:
    """Hand a program in, or try it on a practice scene.

    A newer one replaces an older one that still waits, unless the assignment judges every attempt. One person may send
    20 programs in a minute (429), however many others share their address.
    """
    if form.seed is not None and form.kind != "practice":
        raise Refused(_("Only a practice run has a seed of your own: the scenes of a hand-in are hidden."), "seed")
    with caller.school.writing() as session:
        made = handing_in.submit(
            caller.school.secret,
            session,
            caller.actor,
            assignment_id,
            form.source.encode(),
            form.file_name,
            kind=form.kind,
            seed=None if form.seed is None else int(form.seed),
            token=form.token,
            language=caller.language,
        )
    here = f"{V1}/submissions/{made}"
    return MadeSubmission(id=made, address=here, events=f"{here}/events", page=f"/submissions/{made}")


@router.post("/submissions/{submission_id}/cancel", summary="Cancel a submission")
def cancel_submission(caller: Asks, submission_id: Id) -> Done:
    """End one that waits or runs: your own, or as a teacher any of the course."""
    with caller.school.writing() as session:
        handing_in.cancel(session, caller.actor, submission_id)
    return Done()


@router.post("/submissions/{submission_id}/judge-again", summary="Judge again after a fault of ours")
def judge_again(caller: Asks, submission_id: Id) -> Done:
    """For teachers: the scenes that were not judged are tried again."""
    with caller.school.writing() as session:
        handing_in.judge_again(session, caller.actor, submission_id)
    return Done()


@router.put("/submissions/{submission_id}/shared", summary="Share a practice result")
def share_submission(caller: Asks, submission_id: Id, form: ShareForm) -> Done:
    """Let the course open your practice result by its link, or end that. The program is not shared."""
    with caller.school.writing() as session:
        sharing.share(session, caller.actor, submission_id, form.shared)
    return Done()


# --- read ----------------------------------------------------------------------------------------------


@router.get("/assignments/{assignment_id}/submissions", summary="History of attempts")
async def list_submissions(
    caller: Asks,
    assignment_id: Id,
    kind: Kind = "graded",
    person_id: Annotated[int | None, Query(ge=1, le=MOST_ID, description="left out: you")] = None,
) -> list[AttemptAnswer]:
    """The newest 100 attempts of one person, the oldest of them first; another's for the staff of the course."""
    wanted = person_id or caller.actor.id
    return await caller.heavy.run(caller.actor.id, _attempts, caller, assignment_id, wanted, kind)


@router.get("/submissions/{submission_id}", summary="One submission, with its explained score")
def read_submission(caller: Asks, submission_id: Id) -> SubmissionAnswer:
    """State, place in the queue, and each scene in words, in your language.

    Of a hidden scene a student has the points, what was measured and wanted, and the words. A scene that is shown whole
    (a practice scene, or one that was released) also has its seed and the hash of its recording.
    """
    with caller.school.reading() as session:
        found = submission_page(session, caller.actor, submission_id)
        exercise = exercise_of(session, assignment(session, caller.actor, found.assignment_id))
    return _shown(caller, found, exercise)


@router.get(
    "/submissions/{submission_id}/program",
    response_class=Response,
    responses=_PROGRAM,
    summary="Download the program",
)
def download_program(caller: Asks, submission_id: Id) -> Response:
    """The program as it was handed in: its owner's and the staff's."""
    with caller.school.reading() as session:
        name, source = reading.program(session, caller.actor, submission_id)
    return program_file(source, name)


@router.get("/submissions/{submission_id}/changes", summary="What changed since another attempt")
async def compare(caller: Asks, submission_id: Id, older: Annotated[int, Query(ge=1, le=MOST_ID)]) -> ChangeAnswer:
    """What changed in program and points since an older attempt of the same person."""
    return await caller.heavy.run(caller.actor.id, _change, caller, older, submission_id)


def _attempts(caller: Caller, assignment_id: int, person_id: int, kind: str) -> list[AttemptAnswer]:
    with caller.school.reading() as session:
        return AttemptAnswer.all_of(reading.attempts(session, caller.actor, assignment_id, person_id, kind=kind))


def _change(caller: Caller, older: int, submission_id: int) -> ChangeAnswer:
    with caller.school.reading() as session:
        found = reading.difference(session, caller.actor, older, submission_id)
    plain = {name: getattr(found, name) for name in ("older", "newer", "gained", "lines", "too_long")}
    return ChangeAnswer(**plain, checks=[_check_change(one) for one in found.checks])


def _check_change(one: CheckChange) -> CheckChangeAnswer:
    plain = {name: getattr(one, name) for name in ("key", "maximum", "before", "after", "gained")}
    return CheckChangeAnswer(**plain, name=visible(str(one.title)))


@router.get("/submissions/{submission_id}/progress", summary="How far a submission is")
def read_progress(caller: Asks, submission_id: Id) -> ProgressAnswer:
    """Which scenes are judged and which run, now."""
    with caller.school.reading() as session:
        who_may_see(session, caller.actor, submission_id)
        return _progress(reading.progress(session, [submission_id])[submission_id])


@router.get(
    "/submissions/{submission_id}/events",
    response_class=StreamingResponse,
    responses=_STREAM,
    summary="Follow a submission",
)
async def follow(caller: Asks, submission_id: Id) -> Response:
    """Server-sent events while it waits and is judged; the stream ends with it."""
    await asyncio.to_thread(_require, caller, submission_id)
    board: Board = caller.request.app.state.board
    streams: Streams = caller.request.app.state.streams
    content = streams.begin(caller.actor.id, _events(board, submission_id))
    return StreamingResponse(content, media_type="text/event-stream", headers=_UNBUFFERED)


_UNBUFFERED: Final = {"X-Accel-Buffering": "no"}


async def _events(board: Board, submission_id: int) -> AsyncGenerator[bytes, None]:
    yield b"retry: 2000\n\n"
    async for now in board.changes(submission_id, SILENT_S):
        if now is None:
            yield b": still here\n\n"
        else:
            kind = "ended" if now.state in ENDED else "progress"
            yield framed(kind, len(now.judged), _progress(now).model_dump())


def _require(caller: Caller, submission_id: int) -> None:
    with caller.school.reading() as session:
        who_may_see(session, caller.actor, submission_id)


def _shown(caller: Caller, found: SubmissionPage, exercise: Exercise) -> SubmissionAnswer:
    over = found.state in ENDED
    own = {name: getattr(found, name) for name in SubmissionAnswer.model_fields if hasattr(found, name)}
    own |= {"title": exercise.title, "made_of": whole(found), "scenes": scenes_of(found)}
    own["lost_most"] = LostAnswer.all_of(lost_over_all(found)) if over and len(found.scenes) > 1 else []
    own["place"] = None if over else _place(caller, found)
    return SubmissionAnswer(**own)


def _place(caller: Caller, found: SubmissionPage) -> PlaceAnswer:
    board: Board = caller.request.app.state.board
    place = board.place(found.id)
    return PlaceAnswer(
        position=place.position,
        scenes_before=place.scenes_before,
        low_s=place.low_s,
        high_s=place.high_s,
        words=place_words(place, found.state),
    )


def _progress(now: Progress) -> ProgressAnswer:
    return ProgressAnswer(
        id=now.id,
        state=now.state,
        scenes=now.scenes,
        points=now.points,
        judged=[JudgedAnswer(place=place, points=points) for place, points in now.judged],
        running=list(now.running),
        words=progress_words(now),
    )
