"""Tables of submissions: programs, results scene by scene, drafts, comments, requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sheber.school.database import Base

__all__ = ["KINDS", "STATES", "Comment", "Draft", "Look", "RegradeRequest", "SceneResult", "Submission"]

KINDS: Final = ("graded", "practice")

STATES: Final = ("queued", "running", "done", "replaced", "cancelled", "fault")
"""A submission waits, is judged, is done. `fault`: three tries failed by our own fault; it is never a zero."""


COUNTING: Final = ("state", "number", "points", "final", "late_days", "id")
"""What the gradebook reads of every attempt: all of it in an index, since that is far shorter than the rows."""


class Submission(Base):
    """One program of one student for one assignment: handed in, or tried on a practice scene."""

    __tablename__ = "submissions"
    __table_args__ = (
        Index("ix_submissions_counting", "assignment_id", "person_id", "kind", *COUNTING),
        UniqueConstraint("assignment_id", "person_id", "kind", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    number: Mapped[int]  # 1, 2, ... of this student, assignment and kind
    file_name: Mapped[str] = mapped_column(String(200), default="program.py")
    source_sha256: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(10), default="en")  # of what the program is told while it runs
    created: Mapped[datetime] = mapped_column(index=True)
    late_days: Mapped[int] = mapped_column(default=0)  # begun after the student's own due date
    state: Mapped[str] = mapped_column(String(10), default="queued", index=True)
    scenes: Mapped[int]  # how many are to be judged
    final: Mapped[float | None]  # 0.7 mean + 0.3 worst, before what lateness takes; None until every scene is judged
    points: Mapped[float | None]  # what counts: final less lateness
    exercise_sha256: Mapped[str] = mapped_column(String(64), default="")  # of the exercise that it was judged with
    finished: Mapped[datetime | None]
    shared: Mapped[bool] = mapped_column(Boolean, default=False)  # a practice result that the course may open
    token: Mapped[str] = mapped_column(String(40), default="")  # made by who submits: the same again is no second one
    # The last column: SQLite reads a row from its beginning, page by page, and a program may have 64 pages.
    source: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class SceneResult(Base):
    """What one scene gave. The score is kept as ids and values, so that each reader has it in their language."""

    __tablename__ = "scene_results"
    __table_args__ = (UniqueConstraint("submission_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    place: Mapped[int]  # 1, 2, ... among the scenes of the submission
    round: Mapped[int] = mapped_column(default=0)  # of the hidden scene's place when it was judged
    seed: Mapped[str] = mapped_column(String(80))  # decimal digits, up to 256 bits
    points: Mapped[float]
    trace_sha256: Mapped[str] = mapped_column(String(64))
    trace: Mapped[str] = mapped_column(String(200), default="")  # file below the folder of traces; "": removed by rule
    trace_bytes: Mapped[int] = mapped_column(default=0)
    level: Mapped[str] = mapped_column(String(1))  # of the sandbox
    processor: Mapped[str] = mapped_column(String(80))  # class of processor that it was judged on
    versions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seconds: Mapped[float]  # that judging took
    judged: Mapped[datetime] = mapped_column(index=True)
    losses: Mapped[dict[str, Any]]  # school.losses, always those of `score`
    # The long columns are the last ones: SQLite reads a row from its beginning.
    outcome: Mapped[dict[str, Any]]  # as in a trace: kind, text, line, connected
    score: Mapped[dict[str, Any]]  # judge.forms.stored_score


class Draft(Base):
    """What a student is writing, saved as they type. `edition` tells two open tabs apart."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("assignment_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    source: Mapped[str] = mapped_column(Text)
    edition: Mapped[int] = mapped_column(default=1)
    saved: Mapped[datetime]


class Comment(Base):
    """What somebody says of a submission: as a whole, of a line of its program, or of a moment of a scene's replay."""

    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    text: Mapped[str] = mapped_column(Text)
    line: Mapped[int | None]
    place: Mapped[int | None]  # of the scene, with `time_s`
    time_s: Mapped[float | None]  # simulated [s]
    created: Mapped[datetime]
    removed: Mapped[datetime | None]


class RegradeRequest(Base):
    """A student asks for another look at a grade."""

    __tablename__ = "regrade_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="open")  # open, granted, declined, withdrawn
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created: Mapped[datetime]
    answered: Mapped[datetime | None]


class Look(Base):
    """Until when somebody has looked at a place where news of their work stand."""

    __tablename__ = "looks"
    __table_args__ = (UniqueConstraint("person_id", "thing"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    thing: Mapped[str] = mapped_column(String(40))  # "submission 7", "assignment 3", "dates 3", "everything"
    looked: Mapped[datetime]
