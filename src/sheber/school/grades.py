"""Grades: the points that count for each student in each assignment, kept in rows of their own.

To order a gradebook by its total, to say who passed and to write all of it into a file, the points of everybody are
needed at once. To find them among 200,000 attempts takes a database a tenth of a second and more; to read them takes a
hundredth. So a row holds them, and whatever changes them calls `recount` in the same transaction: an attempt that is
judged, points by hand, a regrade that is published or taken back, lateness that is counted anew, another rule of which
attempt counts.

A row depends on attempts, on points by hand and on that rule. It does not depend on the clock: what a deadline that has
passed means for who has no points is worked out when a total is asked for (`gradebook.totals`). Weights, visibility and
extensions are not in it either.

There is one expression of what counts, `_counted`. `recount_all` counts everything anew by it at each start of a server
(a quarter of a second for 100,000 rows), and says how many rows were wrong. A test compares the rows with the
gradebook's own way of counting, which reads the attempts, after every kind of change.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Executable, Integer, ScalarSelect, Select, bindparam, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sheber.school.courses.models import Assignment
from sheber.school.gradebook.models import Grade, Override
from sheber.school.submissions.models import Submission

__all__ = ["recount", "recount_all"]

_PLACE: Final = ("course_id", "person_id", "assignment_id")
_SOURCES: Final[tuple[Any, ...]] = (Submission, Override)
_ONE: Final = bindparam("one", type_=Integer)
_PEOPLE: Final = bindparam("people", type_=Integer, expanding=True)


def recount(session: Session, assignment_id: int, people: Collection[int] | None = None) -> None:
    """Count anew what counts in an assignment. people: of these students only.

    The number of statements does not grow with the students. Nothing else may be locked after it in this transaction.
    """
    some = people is not None
    given: dict[str, Any] = {"one": assignment_id} | ({"people": sorted(people)} if people is not None else {})
    session.flush()
    connection, on_sqlite = session.connection(), _on_sqlite(session)
    connection.execute(_making_places(on_sqlite, one=True, some=some), given)
    if not on_sqlite:  # there, one writes at a time
        connection.execute(_locking(one=True, some=some), given).all()
    connection.execute(_counting(one=True, some=some), given)


def recount_all(session: Session) -> int:
    """Count anew what counts, of everybody in the whole school; gives how many rows were wrong or missing."""
    session.flush()
    connection, on_sqlite = session.connection(), _on_sqlite(session)
    made = connection.execute(_making_places(on_sqlite, one=False, some=False)).rowcount
    if not on_sqlite:
        connection.execute(_locking(one=False, some=False)).all()
    wrong = connection.execute(_counting(one=False, some=False)).rowcount
    return max(made, wrong)  # a row that was missing has other points than nothing, as a rule


# --- the statements: each is made once -----------------------------------------------------------


@cache
def _counting(one: bool, some: bool) -> Executable:
    """Set the points of the rows that have others than those that count."""
    counted = _counted()
    wrong = update(Grade).where(Grade.points.is_distinct_from(counted), *_here(one, some))
    return wrong.values(points=counted)


@cache
def _locking(one: bool, some: bool) -> Executable:
    """Lock the rows, in one order: two who count a student at one moment do so one after the other."""
    rows = select(Grade.person_id).where(*_here(one, some))
    return rows.order_by(Grade.assignment_id, Grade.person_id).with_for_update()


@cache
def _making_places(on_sqlite: bool, one: bool, some: bool) -> Executable:
    """A row without points for each student who has something that may count, and no row yet."""
    kinds = []
    for source in _SOURCES:
        where = [source.assignment_id == _ONE] if one else []
        where += [source.person_id.in_(_PEOPLE)] if some else []
        where += [source.state == "done", source.kind == "graded"] if source is Submission else []
        place = select(Assignment.course_id, source.person_id, source.assignment_id)
        kinds.append(place.join(Assignment, Assignment.id == source.assignment_id).where(*where))
    every = kinds[0].union(kinds[1]).subquery()
    rows = select(every).where(every.c.person_id.is_not(None)).order_by(every.c.assignment_id, every.c.person_id)
    insert = sqlite.insert if on_sqlite else postgresql.insert
    return insert(Grade).from_select(_PLACE, rows).on_conflict_do_nothing()


def _here(one: bool, some: bool) -> list[ColumnElement[bool]]:
    """Which rows: of one assignment; of some people."""
    course = select(Assignment.course_id).where(Assignment.id == _ONE).scalar_subquery()
    where = [Grade.course_id == course, Grade.assignment_id == _ONE] if one else []
    return where + ([Grade.person_id.in_(_PEOPLE)] if some else [])


def _counted() -> ColumnElement[Any]:
    """What counts for the student and the assignment of a row: points by hand, else of the best or latest attempt."""
    number, points = Submission.number, Submission.points
    judged = (
        Submission.assignment_id == Grade.assignment_id,
        Submission.person_id == Grade.person_id,
        Submission.kind == "graded",
        Submission.state == "done",
        points.is_not(None),
    )
    decided = (Override.assignment_id == Grade.assignment_id, Override.person_id == Grade.person_id)
    by_hand = select(Override.points).where(*decided).order_by(Override.id.desc()).limit(1)
    rule = select(Assignment.counts).where(Assignment.id == Grade.assignment_id)
    latest = select(points).where(*judged).order_by(number.desc()).limit(1)
    best = select(func.max(points)).where(*judged)
    return func.coalesce(_of(by_hand), case((_of(rule) == "latest", _of(latest)), else_=_of(best)))


def _of(query: Select[Any]) -> ScalarSelect[Any]:
    return query.correlate(Grade).scalar_subquery()


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
