"""A town in which something was handed in and judged, with marks in everything that a student may not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from town import Browser, Town

from sheber.exercises.score import Check, Score
from sheber.i18n import message
from sheber.judge.forms import stored_outcome, stored_score
from sheber.school.courses import assignments, courses
from sheber.school.people import tokens
from sheber.school.people.policy import Actor
from sheber.school.queue.claiming import Found, claim, finish
from sheber.school.submissions import comments, drafts, handing_in, reading, requests
from sheber.trace import Outcome, OutcomeKind

OFF = message("judged.off", "The {part} is {off:.1f} mm away.")
PART = message("judged.part", "part {number}")
SAID = message("run.program_error", "{said}")
SCORE = Score(
    (
        Check(
            OFF(part=PART(number=1), off=1.0),
            "quality",
            20.0,
            60.0,
            1.5,
            0.5,
            "mm",
            7.253,
            OFF(part=PART(number=1), off=1.5),
            "placed",
        ),
    )
)
PRINTED = "I saw a box at 0.1237"
TRACE = "2026-11/graded-scene.trace"
HASH = "ab" * 32
PROGRAM = "secret_program_of_aigul = 1\n"
DRAFT = "secret_draft_of_aigul = 2\n"
REASON = "secret reason of aigul"
COMMENT = "secret words to aigul"


@dataclass(frozen=True)
class Work:
    """What there is of one student."""

    graded: int
    practice: int
    waiting: int
    seeds: tuple[int, ...]  # of the graded scenes
    comment: int
    request: int
    group: int
    token: int  # its id


def judge(town: Town, count: int = 32, **columns: Any) -> None:
    """Judge what waits, each with an error that tells of the scene."""
    told = SAID(said=f'File "program.py", line 3: Exception: {PRINTED}')
    usual: dict[str, Any] = {
        "points": 20.0,
        "outcome": stored_outcome(Outcome(OutcomeKind.PROGRAM_ERROR, told, 3)),
        "score": stored_score(SCORE),
        "trace": TRACE,
        "trace_sha256": HASH,
        "trace_bytes": 100,
        "level": "A",
        "processor": "x86_64-avx2",
        "versions": {},
        "seconds": 2.0,
        "exercise_sha256": "e" * 64,
    }
    with town.school.writing() as session:
        for job in claim(session, "w", count):
            finish(session, "w", job.job_id, Found(**(usual | columns)))


def hand_in(town: Town, who: Actor, source: str = PROGRAM, **how: Any) -> int:
    """Hand a program in."""
    with town.school.writing() as session:
        return handing_in.submit(town.school.secret, session, who, town.assignment, source.encode(), "aigul.py", **how)


def work_of(town: Town) -> Work:
    """A student with one of everything: judged and waiting, draft, comment, request, group, token."""
    graded, practice = hand_in(town, town.student), hand_in(town, town.student, kind="practice", seed=4711)
    judge(town)
    waiting = hand_in(town, town.student)
    with town.school.writing() as session:
        drafts.save(session, town.student, town.assignment, DRAFT, 0)
        comment = comments.comment(session, town.teacher, graded, COMMENT, place=1, time_s=7.253)
        request = requests.ask(session, town.student, graded, REASON)
        group = courses.make_group(session, town.teacher, town.course, "secret group")
        courses.put_in_group(session, town.teacher, town.course, [town.student.id], group)
        tokens.make_token(session, town.student, "laptop of aigul", 30)
    with town.school.reading() as session:
        page = reading.submission_page(session, town.teacher, graded)
        token = tokens.list_tokens(session, town.student)[0].id
    seeds = tuple(scene.seed for scene in page.scenes if scene.seed is not None)
    assert len(seeds) == 3
    return Work(graded, practice, waiting, seeds, comment, request, group, token)


def script(town: Town, who: Actor, **headers: str) -> Browser:
    """A client with somebody's token and without cookies."""
    with town.school.writing() as session:
        token = tokens.make_token(session, who, "script", 30)
    found = Browser(town.school)
    found.headers.update({"Authorization": f"Bearer {token}", **headers})
    return found


def release(town: Town, place: int) -> None:
    """Show a scene to students."""
    with town.school.writing() as session:
        assignments.release_scene(session, town.teacher, town.assignment, place)
