"""Tables of courses: groups, members, assignments, extensions, own exercises; and the settings of the school."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sheber.school.database import Base

__all__ = [
    "COUNTS",
    "OWN_STATES",
    "ROLES",
    "Assignment",
    "Course",
    "Extension",
    "Group",
    "Member",
    "OwnExercise",
    "ReleasedScene",
    "SchoolSetting",
]

ROLES: Final = ("student", "assistant", "teacher")
"""What somebody is in one course. An assistant sees and comments, and changes no dates, numbers or grades."""

COUNTS: Final = ("best", "latest")
"""Which of a student's attempts counts."""


OWN_STATES: Final = ("proposed", "checking", "checked", "admitted", "refused")
"""An exercise of a teacher's own. Its code runs for the first time in `checking`, when an administrator allowed it."""


class Course(Base):
    """One course of one term."""

    __tablename__ = "courses"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    join_code: Mapped[str | None] = mapped_column(String(20), unique=True)  # None: nobody can join by code
    archived: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime]
    zone: Mapped[str] = mapped_column(String(64), default="")  # time zone of its dates; "": the school's
    served: Mapped[datetime | None]  # when the queue last took a job of it: whose turn it is


class SchoolSetting(Base):
    """One thing that an administrator sets for the whole school."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


class Group(Base):
    """A group of students within a course."""

    __tablename__ = "groups"
    __table_args__ = (UniqueConstraint("course_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))


class Member(Base):
    """Somebody in a course."""

    __tablename__ = "members"
    __table_args__ = (UniqueConstraint("course_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str] = mapped_column(String(20), default="student")
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"))
    joined: Mapped[datetime]
    left: Mapped[datetime | None]  # no longer in the course; the results stay
    removed: Mapped[bool] = mapped_column(default=False)  # by a teacher, who alone brings them back
    served: Mapped[datetime | None]  # when the queue last took a job of this person in this course


class OwnExercise(Base):
    """An exercise folder that a teacher uploaded. Its code runs only after an administrator has admitted it."""

    __tablename__ = "own_exercises"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    archive: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)  # ZIP, as it was uploaded
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20), default="proposed")  # one of OWN_STATES
    findings: Mapped[list[Any]] = mapped_column(default=list)  # of the check, a sentence each
    checker: Mapped[str] = mapped_column(String(80), default="")  # the worker that checks it
    check_until: Mapped[datetime | None]  # it is that worker's until then
    check_tries: Mapped[int] = mapped_column(default=0)  # checks that were begun and not ended
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created: Mapped[datetime]


class Assignment(Base):
    """An exercise as one course asks it."""

    __tablename__ = "assignments"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), index=True)
    exercise: Mapped[str] = mapped_column(String(80))  # its name in the catalogue
    own_exercise_id: Mapped[int | None] = mapped_column(ForeignKey("own_exercises.id"))  # ... or a teacher's own
    position: Mapped[int] = mapped_column(default=0)  # in the list of the course
    visible: Mapped[bool] = mapped_column(default=True)  # to students
    exam: Mapped[bool] = mapped_column(default=False)  # goes before everything else in the queue
    opens: Mapped[datetime | None]
    due: Mapped[datetime | None]
    closes: Mapped[datetime | None]  # nothing is taken after it; between due and closes it is late
    attempts: Mapped[int | None]  # at most; None: as many as one likes
    every_attempt: Mapped[bool] = mapped_column(default=False)  # judge each, also where a newer one waits
    counts: Mapped[str] = mapped_column(String(10), default="best")
    late_percent: Mapped[float] = mapped_column(default=0.0)  # of the points, off for each day begun after `due`
    scenes: Mapped[int] = mapped_column(default=8)
    weight: Mapped[float] = mapped_column(default=1.0)  # in the course's total
    numbers: Mapped[dict[str, Any]] = mapped_column(default=dict)  # own numbers: dotted key of exercise.toml → value
    edition: Mapped[int] = mapped_column(default=1)  # raised by each change, so that two editors notice each other
    created: Mapped[datetime]


class ReleasedScene(Base):
    """A hidden scene that a teacher has shown to students. From then on its place is drawn anew."""

    __tablename__ = "released_scenes"
    __table_args__ = (UniqueConstraint("assignment_id", "place", "round"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    place: Mapped[int]  # 1, 2, ... among the scenes of the assignment
    round: Mapped[int]  # the how-many-th scene of that place it was
    released: Mapped[datetime]
    released_by: Mapped[int] = mapped_column(ForeignKey("people.id"))


class Extension(Base):
    """More time or more attempts for one student."""

    __tablename__ = "extensions"
    __table_args__ = (UniqueConstraint("assignment_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    due: Mapped[datetime | None]
    closes: Mapped[datetime | None]
    attempts: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(500), default="")
    given_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created: Mapped[datetime]


Index("ix_assignments_course_position", Assignment.course_id, Assignment.position)
