"""A course with judged attempts, made straight in the database, for tests of the gradebook and what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, func, select

from sheber.exercises.score import Check, Score, final
from sheber.i18n import message
from sheber.judge.forms import stored_outcome, stored_score
from sheber.school.audit import AuditEntry
from sheber.school.clock import now
from sheber.school.courses.dates import less_lateness
from sheber.school.courses.models import Assignment, Course, Group, Member
from sheber.school.grades import recount
from sheber.school.losses import losses_of
from sheber.school.opening import School
from sheber.school.people.models import Person
from sheber.school.people.policy import Actor
from sheber.school.submissions.models import SceneResult, Submission
from sheber.trace import Outcome, OutcomeKind

PLACED = message("grading.placed", "The part is placed")
MISSED = message("grading.missed", "It lies {distance:.1f} mm off")
QUICK = message("grading.quick", "The cycle time")


def score_of(points: float) -> Score:
    """A score of these points: up to 60 for placing, the rest for cycle time."""
    quality = min(points, 60.0)
    told = {"told": MISSED(distance=60 - quality)} if quality < 60 else {}
    placed = Check(
        PLACED(), "quality", quality, 60.0, measured=60 - quality, wanted=0.0, key="placed", time=1.5, **told
    )
    cycle = Check(QUICK(), "cycle", max(0.0, points - 60.0), 40.0, key="cycle", time=9.0)
    return Score((placed, cycle))


def result_columns(points: float, seed: int = 7) -> dict[str, Any]:
    """The columns of a SceneResult that a worker gives."""
    return {
        "seed": str(seed),
        "points": score_of(points).points,
        "outcome": stored_outcome(Outcome(OutcomeKind.FINISHED)),
        "score": stored_score(score_of(points)),
        "trace_sha256": "0" * 64,
        "trace": "2026-09/1-1.trace",
        "trace_bytes": 10,
        "level": "A",
        "processor": "x86_64-avx2",
        "versions": {"sheberkhana": "0.1.0"},
        "seconds": 2.0,
    }


@dataclass
class Marks:
    """A course with a teacher, an assistant and students."""

    school: School
    course: int
    teacher: Actor
    assistant: Actor
    students: list[Actor]

    def assignment(self, **columns: Any) -> int:
        """Another assignment; its id."""
        with self.school.writing() as session:
            usual = {"exercise": "poses-and-moves", "position": 1, "scenes": 2}
            row = Assignment(course_id=self.course, created=now(), **(usual | columns))
            session.add(row)
            session.flush()
            return row.id

    def group(self, name: str, *students: int) -> int:
        """A group with these students."""
        with self.school.writing() as session:
            row = Group(course_id=self.course, name=name)
            session.add(row)
            session.flush()
            ids = [self.students[one].id for one in students]
            here = (Member.course_id == self.course, Member.person_id.in_(ids))
            for member in session.scalars(select(Member).where(*here)):
                member.group_id = row.id
            return row.id

    def attempt(self, student: int, assignment: int, *points: float, **columns: Any) -> int:
        """A judged attempt with these points in its scenes; without points one that waits. Gives its id."""
        with self.school.writing() as session:
            person = self.students[student].id
            mine = (Submission.assignment_id == assignment, Submission.person_id == person)
            number = (session.scalar(select(func.max(Submission.number)).where(*mine)) or 0) + 1
            asked = session.get_one(Assignment, assignment)
            row = Submission(**judged(asked, person, number, points, **columns))
            session.add(row)
            session.flush()
            for place, one in enumerate(points, 1):
                columns = result_columns(one) | {"losses": losses_of(stored_score(score_of(one)))}
                session.add(SceneResult(submission_id=row.id, place=place, round=1, judged=now(), **columns))
            recount(session, assignment, [person])
            return row.id

    def actions(self) -> list[str]:
        """What the audit has of the course, in order."""
        with self.school.reading() as session:
            mine = AuditEntry.course_id == self.course
            return list(session.scalars(select(AuditEntry.action).where(mine).order_by(AuditEntry.id)))


def judged(asked: Assignment, person: int, number: int, points: Sequence[float], **columns: Any) -> dict[str, Any]:
    """The columns of a submission with these points."""
    late = columns.get("late_days", 0)
    whole = final([score_of(one).points for one in points]) if points else None
    usual: dict[str, Any] = {
        "assignment_id": asked.id,
        "person_id": person,
        "kind": "graded",
        "number": number,
        "source": b"print('hello')\n",
        "source_sha256": "0" * 64,
        "created": now(),
        "state": "done" if points else "queued",
        "scenes": len(points) or asked.scenes,
        "final": whole,
        "points": None if whole is None else less_lateness(whole, late, asked.late_percent),
        "finished": now() if points else None,
    }
    return usual | columns


def make_marks(school: School, students: int = 3, title: str = "Robotics") -> Marks:
    """A course with so many students: Student 0, Student 1, ..."""
    mark = title.lower()
    with school.writing() as session:
        course = Course(title=title, created=now())
        session.add(course)
        staff = [("teacher", "teacher"), ("assistant", "student")]
        people = [Person(login=f"{mark}-{n}", name=f"{mark} {n}", rank=r, created=now()) for n, r in staff]
        people += [
            Person(login=f"{mark}-s{n:04}", name=f"Student {n:04}", rank="student", created=now())
            for n in range(students)
        ]
        session.add_all(people)
        session.flush()
        roles = ["teacher", "assistant", *["student"] * students]
        session.add_all(
            Member(course_id=course.id, person_id=one.id, role=role, joined=now())
            for one, role in zip(people, roles, strict=True)
        )
        actors = [Actor(one.id, one.name, one.rank) for one in people]
        return Marks(school, course.id, actors[0], actors[1], actors[2:])


@contextmanager
def statements(school: School) -> Iterator[list[str]]:
    """The SQL statements of a block but its beginning."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            found.append(statement)

    event.listen(school.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(school.engine, "before_cursor_execute", note)
