"""The points that are kept in rows are those that the gradebook counts from the attempts, whatever was changed."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making import Class, Clock, an_assignment, found, make_class
from sqlalchemy import delete, select, update

from sheber.school.clock import now
from sheber.school.courses import assignments
from sheber.school.courses.models import Assignment
from sheber.school.errors import SURE, SchoolError
from sheber.school.gradebook import book
from sheber.school.gradebook.campaigns import publish, start_campaign, withdraw
from sheber.school.gradebook.differences import preview
from sheber.school.gradebook.models import Campaign, Grade, Override
from sheber.school.gradebook.overrides import override, withdraw_override
from sheber.school.grades import recount, recount_all
from sheber.school.opening import School
from sheber.school.queue.claiming import claim, fail, finish
from sheber.school.submissions.models import Submission

Points = dict[tuple[int, int], float]

_numbers = itertools.count(1)


def kept(school: School, work: Class) -> Points:
    """The points in the rows of a course, by assignment and person."""
    with school.reading() as session:
        rows = session.scalars(select(Grade).where(Grade.course_id == work.course))
        return {(one.assignment_id, one.person_id): one.points for one in rows if one.points is not None}


def counted(school: School, work: Class) -> Points:
    """The points that the gradebook finds among the attempts."""
    with school.reading() as session:
        asked = book.assignments_of(session, work.course)
        rows = book.cells_of(session, asked, [one.id for one in work.students])
    cells = [(cell.assignment_id, person, cell.points) for person, row in rows.items() for cell in row]
    return {(assignment, person): points for assignment, person, points in cells if points is not None}


def totals(school: School, work: Class) -> tuple[list[float | None], list[float | None]]:
    """The totals of a course: summed of the rows, and of the cells."""
    with school.reading() as session:
        rows = book.gradebook(session, work.teacher, work.course).rows
        sums = book.sheet(session, work.teacher, work.course).lines
        asked = book.assignments_of(session, work.course)
        summed = book._totals(session, work.course, asked, rows)
    assert [one.total for one in sums] == [summed[row.person_id] for row in rows]
    assert [one.points for one in sums] == [tuple(cell.points for cell in row.cells) for row in rows]
    return [one.total for one in sums], [row.total for row in rows]


def judge(school: School, points: float) -> None:
    """A worker judges everything that waits."""
    with school.writing() as session:
        for job in claim(session, "w", 100):
            finish(session, "w", job.job_id, found(points=points))


# --- every kind of change ------------------------------------------------------------------------


class Changes:
    """What may happen in a course. Each takes a student, an assignment and a number from 0 to 100."""

    def __init__(self, school: School, time: Clock) -> None:
        self.school, self.time = school, time
        self.work = make_class(
            school, f"Course {next(_numbers)}", scenes=1, late_percent=10.0, due=now() + timedelta(hours=5)
        )
        more = {"scenes": 1, "counts": "latest", "weight": 0.7, "position": 1, "every_attempt": True}
        self.asked = [self.work.assignment, an_assignment(school, self.work.course, "keep-warm", **more)]
        self.attempts = 0

    def hand_in(self, student: int, asked: int, _number: float) -> None:
        self.attempts += 1
        self.work.submit(student, b"print(%d)" % self.attempts, assignment=self.asked[asked])

    def practise(self, student: int, asked: int, _number: float) -> None:
        self.work.submit(student, assignment=self.asked[asked], kind="practice")

    def judge(self, _student: int, _asked: int, number: float) -> None:
        judge(self.school, number)

    def hand_in_and_judge(self, student: int, asked: int, number: float) -> None:
        self.hand_in(student, asked, number)
        judge(self.school, number)

    def break_down(self, student: int, asked: int, number: float) -> None:
        self.hand_in(student, asked, number)
        for _ in range(3):
            with self.school.writing() as session:
                for job in claim(session, "w", 100):
                    fail(session, "w", job.job_id, {"why": "a test"})

    def decide(self, student: int, asked: int, number: float) -> None:
        with self.school.writing() as session:
            override(session, self.work.teacher, self.asked[asked], self.work.students[student].id, number, "why")

    def take_back(self, student: int, asked: int, _number: float) -> None:
        with self.school.writing() as session:
            withdraw_override(session, self.work.teacher, self.asked[asked], self.work.students[student].id, "why")

    def extend(self, student: int, asked: int, number: float) -> None:
        due = now() + timedelta(hours=number)
        with self.school.writing() as session:
            person = self.work.students[student].id
            assignments.give_extension(session, self.work.teacher, self.asked[asked], person, due=due, reason="ill")

    def end_extension(self, student: int, asked: int, _number: float) -> None:
        with self.school.writing() as session:
            person = self.work.students[student].id
            assignments.end_extension(session, self.work.teacher, self.asked[asked], person)

    def change(self, student: int, asked: int, number: float) -> None:
        kinds = ({"due": now() + timedelta(hours=number)}, {"late_percent": number}, {"counts": "best"})
        kinds += ({"counts": "latest"}, {"weight": number}, {"visible": number > 50}, {"due": None})
        kinds += ({"closes": now() + timedelta(hours=number)}, {"closes": None})
        with self.school.writing() as session:
            edition = session.get_one(Assignment, self.asked[asked]).edition
            how = kinds[(student + round(number)) % len(kinds)]
            assignments.change_assignment(
                session, self.work.teacher, self.asked[asked], edition=edition, sure=SURE, **how
            )

    def regrade(self, student: int, asked: int, number: float) -> None:
        judge(self.school, 50.0)
        with self.school.writing() as session:
            campaign = start_campaign(session, self.work.teacher, self.asked[asked], "all", "why")
        judge(self.school, number)
        with self.school.writing() as session:
            publish(session, self.work.teacher, campaign, preview(session, self.work.teacher, campaign).digest)

    def take_the_regrade_back(self, _student: int, asked: int, _number: float) -> None:
        last = select(Campaign.id).where(Campaign.assignment_id == self.asked[asked]).order_by(Campaign.id.desc())
        with self.school.writing() as session:
            if (campaign := session.scalar(last.limit(1))) is not None:
                withdraw(session, self.work.teacher, campaign)

    def wait(self, _student: int, _asked: int, number: float) -> None:
        self.time.forward(hours=number / 10)


KINDS = sorted(name for name in vars(Changes) if not name.startswith("_"))
CHANGE = st.tuples(
    st.sampled_from(KINDS), st.integers(0, 2), st.integers(0, 1), st.integers(0, 10_000).map(lambda one: one / 100)
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CHANGE, min_size=1, max_size=12))
def test_the_rows_are_what_is_counted_after_every_change(
    any_school: School, time: Clock, steps: list[tuple[str, int, int, float]]
) -> None:
    changes = Changes(any_school, time)
    for kind, student, asked, number in steps:
        try:
            getattr(changes, kind)(student, asked, number)
        except SchoolError:
            continue  # refused: nothing was changed
        assert kept(any_school, changes.work) == counted(any_school, changes.work), kind
        of_rows, of_cells = totals(any_school, changes.work)
        assert of_rows == of_cells, kind


def test_each_kind_of_change_moves_the_row(any_school: School, time: Clock) -> None:
    changes = Changes(any_school, time)
    work, asked, student = changes.work, changes.asked[0], changes.work.students[0].id

    def points() -> float | None:
        return kept(any_school, work).get((asked, student))

    changes.hand_in(0, 0, 0)
    assert points() is None
    changes.judge(0, 0, 80.0)
    assert points() == 80.0
    changes.wait(0, 0, 60.0)  # an hour after the deadline
    changes.hand_in_and_judge(0, 0, 100.0)
    assert points() == 90.0
    with any_school.writing() as session:
        assignments.change_assignment(
            session, work.teacher, asked, edition=1, sure=SURE, counts="latest", late_percent=50.0
        )
    assert points() == 50.0
    changes.extend(0, 0, 24.0)
    assert points() == 100.0
    changes.end_extension(0, 0, 0)
    assert points() == 50.0
    changes.decide(0, 0, 44.0)
    changes.decide(0, 0, 33.0)
    assert points() == 33.0
    changes.take_back(0, 0, 0)
    changes.regrade(0, 0, 60.0)
    assert points() == 30.0
    changes.take_the_regrade_back(0, 0, 0)
    assert points() == 50.0
    with any_school.writing() as session:
        assignments.change_assignment(session, work.teacher, asked, edition=2, sure=SURE, counts="best")
    assert points() == 80.0


def test_counting_everything_anew_mends_what_is_wrong_and_says_how_much(any_school: School, time: Clock) -> None:
    changes = Changes(any_school, time)
    for student in range(3):
        changes.hand_in_and_judge(student, 0, 80.0)
    changes.decide(0, 1, 40.0)
    right = kept(any_school, changes.work)
    with any_school.writing() as session:
        assert recount_all(session) == 0
        session.execute(update(Grade).where(Grade.person_id == changes.work.students[0].id).values(points=1.0))
        session.execute(delete(Grade).where(Grade.person_id == changes.work.students[1].id))
        assert recount_all(session) == 3
    assert kept(any_school, changes.work) == right == counted(any_school, changes.work)
    with any_school.writing() as session:
        session.execute(delete(Override))
        session.execute(update(Submission).values(points=None, final=None))
        assert recount_all(session) == 4
    assert kept(any_school, changes.work) == {}


def test_two_changes_at_one_moment_both_count(any_school: School, time: Clock) -> None:
    """A teacher takes points back while a worker ends another attempt: neither alone changes what counts."""
    work = make_class(any_school, scenes=1, every_attempt=True)
    student = work.students[0].id
    for attempt in range(2):
        work.submit(0, b"print(%d)" % attempt)
    with any_school.writing() as session:
        first, second = (job.job_id for job in claim(session, "w", 2))
        finish(session, "w", first, found(points=50.0))
        override(session, work.teacher, work.assignment, student, 50.0, "as it was")

    def end_the_second() -> None:
        with any_school.writing() as session:
            finish(session, "w", second, found(points=90.0))

    other = threading.Thread(target=end_the_second)
    with any_school.writing() as session:
        withdraw_override(session, work.teacher, work.assignment, student, "a mistake")
        other.start()
        other.join(0.5)  # it waits for this transaction
    other.join(30)
    assert list(kept(any_school, work).values()) == list(counted(any_school, work).values()) == [90.0]


def test_the_statements_do_not_grow_with_the_students(school: School, time: Clock) -> None:
    from making import counted as statements

    changes = Changes(school, time)
    numbers = []
    for student in range(3):
        changes.hand_in_and_judge(student, 0, 80.0)
        with statements(school) as seen, school.writing() as session:
            recount(session, changes.asked[0])
        numbers.append(len(seen))
    assert numbers[0] == numbers[2] <= 3


@pytest.mark.parametrize("people", [[], None])
def test_nobody_is_nothing(any_school: School, people: list[int] | None) -> None:
    work = make_class(any_school)
    with any_school.writing() as session:
        recount(session, work.assignment, people)
    assert kept(any_school, work) == {}
