"""Book: students times assignments, as a teacher reads them. Sorted, searched, a page at a time.

A cell has the points that count: those that a teacher gave by hand, else those of the best or latest judged attempt.
The total is the mean of the cells by the weights of their assignments. An assignment counts in it once the student has
points there, or once its last date has passed: then nothing handed in is 0. While late work is taken it is not.
Assignments that students cannot see do not count. The number of queries is the same for 2 students and for 2,000.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.exercises.score import PASS
from sheber.i18n import _
from sheber.school import clock
from sheber.school.courses.assignments import require_assignment
from sheber.school.courses.dates import Dates, dates_of, ends
from sheber.school.courses.models import Assignment, Extension, Group, Member
from sheber.school.errors import Refused
from sheber.school.gradebook.counting import Counted, Given, HandedIn, Place, counted, extended, given, handed_in
from sheber.school.gradebook.totals import counting_points, extended_in, summed
from sheber.school.people import policy
from sheber.school.people.models import Person, folded
from sheber.school.people.policy import Actor

__all__ = [
    "PAGE",
    "SORTS",
    "STATES",
    "Cell",
    "Column",
    "Gradebook",
    "Line",
    "Row",
    "Sheet",
    "Standing",
    "assignments_of",
    "cells_of",
    "column",
    "column_of",
    "gradebook",
    "own_standing",
    "sheet",
    "standing_of",
    "total_of",
]

_T = TypeVar("_T")
_FEW: Final = 500  # people that a query names; for more it asks for everybody's
_NOTHING: Final = HandedIn(0, 0, False)

PAGE: Final = 50
"""Students on a page."""

_WORDS: Final = ("name", "login", "group")
SORTS: Final = (*_WORDS, "total")
"""What rows may be sorted by; or "assignment:12" for the points of one assignment."""

STATES: Final = ("graded", "waiting", "fault", "missing", "late", "open")
"""A cell is graded (also by hand), waits, ended by a fault of ours, is missing after its last date, or still open.
Late is one that is past its deadline, until late work is taken no more."""


@dataclass(frozen=True, slots=True)
class Column:
    """An assignment."""

    assignment_id: int
    exercise: str  # its name; the title is `exercise_of`'s, in the reader's language
    own_exercise_id: int | None
    weight: float
    due: datetime | None
    visible: bool  # to students; one that is not does not count in the total
    counts: str  # best, latest


class Cell(NamedTuple):
    """A student in an assignment."""

    assignment_id: int
    state: str  # one of STATES
    points: float | None  # what counts
    computed: float | None  # what the attempt that counts got, less lateness
    final: float | None  # ... before lateness
    submission_id: int | None  # of that attempt
    late_days: int
    attempts: int
    waiting: bool  # another attempt waits or runs
    broken: bool  # the newest attempt ended by a fault of ours
    by_hand: bool  # the points were given by a teacher
    reason: str  # why; "" where they were not
    override_id: int  # of the points given by hand; 0: none
    due: datetime | None  # of this student
    extended: bool
    taken: bool  # work is still taken, on time or late

    @property
    def passed(self) -> bool:
        """Whether these points pass."""
        return passes(self.points)

    @property
    def plain(self) -> bool:
        """Whether its points are all that there is to say."""
        return self.state == "graded" and not (self.by_hand or self.late_days)


@dataclass(frozen=True, slots=True)
class Standing:
    """A total, and of how much it is one."""

    total: float | None  # None: nothing counts yet
    graded: int  # assignments with points
    missing: int  # assignments that count as 0
    asked: int  # assignments that students see

    @property
    def passed(self) -> bool:
        """Whether the total passes."""
        return passes(self.total)


@dataclass(frozen=True, slots=True)
class Row:
    """A student."""

    person_id: int
    login: str
    name: str
    group_id: int | None
    group: str  # "": none
    left: bool  # no longer in the course
    cells: tuple[Cell, ...]  # in the order of the columns
    standing: Standing

    @property
    def total(self) -> float | None:
        """The total; None: nothing counts yet."""
        return self.standing.total

    @property
    def passed(self) -> bool:
        """Whether the total passes."""
        return passes(self.total)


@dataclass(frozen=True, slots=True)
class Gradebook:
    """A page of the gradebook."""

    course_id: int
    course: str  # its title
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    found: int  # students that fit the search, on all pages
    page: int
    pages: int
    groups: tuple[tuple[int, str], ...]  # id and name, of the course
    may_override: bool


class Line(NamedTuple):
    """A student in a file of all points."""

    login: str
    name: str
    group: str  # "": none
    points: tuple[float | None, ...]  # that count, in the order of the columns
    total: float | None
    graded: int  # assignments that students see, with points


@dataclass(frozen=True, slots=True)
class Sheet:
    """The points of a whole course, without the words about them."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]  # by name


def gradebook(
    session: Session,
    actor: Actor,
    course_id: int,
    *,
    search: str = "",
    group_id: int | None = None,
    passed: bool | None = None,
    sort: str = "name",
    descending: bool = False,
    page: int | None = 1,
    left: bool = False,
) -> Gradebook:
    """The students of a course with their points. page: None for all of them. left: also those who left.

    passed: only those whose total passes, or does not. Raises NotFound, NotAllowed, Refused.
    """
    standing = policy.require(session, actor, "gradebook.see", course_id)
    assignments = assignments_of(session, course_id)
    _check_sort(sort, assignments)
    groups = _groups(session, course_id)
    members = _members(session, course_id, dict(groups), search, group_id, left)
    totals = _totals(session, course_id, assignments, members) if sort == "total" or passed is not None else {}
    fit = [one for one in members if passed is None or passes(totals[one.person_id]) == passed]
    if sort in _WORDS:
        ordered = _by_words(fit, sort, descending)
    else:
        ordered = _by_points(fit, totals if sort == "total" else _points(session, assignments, fit, sort), descending)
    rows = _rows(session, assignments, _page(ordered, page))  # only the cells of the page are asked for
    found = len(fit)
    pages = 1 if page is None else max(1, math.ceil(found / PAGE))
    return Gradebook(
        course_id,
        standing.course.title,
        tuple(column_of(one) for one in assignments),
        tuple(rows),
        found,
        1 if page is None else min(max(page, 1), pages),
        pages,
        groups,
        standing.may("grade.override") and not standing.course.archived,
    )


def sheet(session: Session, actor: Actor, course_id: int, *, group_id: int | None = None, left: bool = False) -> Sheet:
    """The points of all students of a course, as they are kept. left: also of those who left.

    Raises NotFound, NotAllowed.
    """
    policy.require(session, actor, "gradebook.see", course_id)
    assignments = assignments_of(session, course_id)
    members = _members(session, course_id, dict(_groups(session, course_id)), "", group_id, left)
    ordered = _by_words(members, "name", descending=False)
    totals = _totals(session, course_id, assignments, ordered)
    points, nothing = counting_points(session, course_id), dict[int, float]()
    ids = [one.id for one in assignments]
    seen = {one.id for one in assignments if one.visible}
    return Sheet(
        tuple(column_of(one) for one in assignments),
        tuple(
            Line(
                one.login,
                one.name,
                one.group,
                tuple(map(points.get(one.person_id, nothing).get, ids)),
                totals[one.person_id],
                len(seen & points.get(one.person_id, nothing).keys()),
            )
            for one in ordered
        ),
    )


def column(session: Session, actor: Actor, assignment_id: int) -> list[Row]:
    """The students of a course by name, with one cell each: that of this assignment. Raises NotFound, NotAllowed."""
    found, standing = require_assignment(session, actor, "gradebook.see", assignment_id)
    groups = dict(_groups(session, standing.course.id))
    members = _by_words(_members(session, standing.course.id, groups, "", None, left=False), "name", descending=False)
    return _rows(session, [found], members)


def passes(points: float | None) -> bool:
    """Whether these points pass."""
    return points is not None and points >= PASS


def total_of(assignments: Sequence[Assignment], cells: Sequence[Cell]) -> float | None:
    """The mean of the points by weight; None where nothing counts yet."""
    counting = [
        (one.weight, 0.0 if cell.points is None else cell.points)
        for one, cell in zip(assignments, cells, strict=True)
        if one.visible and (cell.points is not None or cell.state == "missing")
    ]
    weights = math.fsum(weight for weight, _points in counting)
    return round(math.fsum(w * points for w, points in counting) / weights, 2) if weights > 0 else None


def standing_of(assignments: Sequence[Assignment], cells: Sequence[Cell]) -> Standing:
    """The total of a student, and of how much it is one."""
    seen = [cell for one, cell in zip(assignments, cells, strict=True) if one.visible]
    graded = sum(cell.points is not None for cell in seen)
    missing = sum(cell.state == "missing" for cell in seen)
    return Standing(total_of(assignments, cells), graded, missing, len(seen))


def own_standing(session: Session, actor: Actor, course_id: int) -> Standing:
    """What the reader has reached in a course: the total that the gradebook has. Six queries. Raises NotFound."""
    policy.require(session, actor, "course.see", course_id)
    assignments = [one for one in assignments_of(session, course_id) if one.visible]
    return standing_of(assignments, cells_of(session, assignments, [actor.id])[actor.id])


def cells_of(session: Session, assignments: Sequence[Assignment], people: Sequence[int]) -> dict[int, tuple[Cell, ...]]:
    """The cells of these people, by person, in the order of the assignments. Four queries."""
    few = people if len(people) <= _FEW else None
    found = _Found(
        counted(session, assignments, few),
        handed_in(session, assignments, few),
        given(session, assignments, few),
        extended(session, assignments, few),
    )
    now = clock.now()
    return {person: tuple(_cell(one, (one.id, person), found, now) for one in assignments) for person in people}


@dataclass(frozen=True, slots=True)
class _Found:
    """What was asked of the database, by assignment and person."""

    counted: Mapping[Place, Counted]
    handed_in: Mapping[Place, HandedIn]
    given: Mapping[Place, Given]
    extended: Mapping[Place, Extension]


@dataclass(frozen=True, slots=True)
class _Person:
    """A member of the course."""

    person_id: int
    login: str
    name: str
    group_id: int | None
    group: str
    left: bool


def _cell(one: Assignment, place: Place, found: _Found, now: datetime) -> Cell:
    attempt, by_hand = found.counted.get(place), found.given.get(place)
    handed = found.handed_in.get(place, _NOTHING)
    extension = found.extended.get(place)
    dates = dates_of(one, extension) if extension else one
    return Cell(
        assignment_id=one.id,
        state=_state(attempt is not None or by_hand is not None, handed, dates, now),
        points=by_hand.points if by_hand else attempt.points if attempt else None,
        computed=attempt.points if attempt else None,
        final=attempt.final if attempt else None,
        submission_id=attempt.submission_id if attempt else None,
        late_days=attempt.late_days if attempt else 0,
        attempts=handed.attempts,
        waiting=handed.waiting > 0,
        broken=handed.broken,
        by_hand=by_hand is not None,
        reason=by_hand.reason if by_hand else "",
        override_id=by_hand.id if by_hand else 0,
        due=dates.due,
        extended=extension is not None,
        taken=dates.closes is None or now <= dates.closes,
    )


def _state(graded: bool, handed: HandedIn, dates: Dates | Assignment, now: datetime) -> str:
    if graded:
        return "graded"
    if handed.waiting:
        return "waiting"
    if handed.broken:
        return "fault"
    end = ends(dates)
    if end is not None and now > end:
        return "missing"
    return "late" if dates.due is not None and now > dates.due else "open"


# --- rows ------------------------------------------------------------------------------------


def assignments_of(session: Session, course_id: int) -> Sequence[Assignment]:
    """The assignments of a course, in their order. The caller has asked whether the reader may see them."""
    query = select(Assignment).where(Assignment.course_id == course_id)
    return session.scalars(query.order_by(Assignment.position, Assignment.id)).all()


def _groups(session: Session, course_id: int) -> tuple[tuple[int, str], ...]:
    query = select(Group.id, Group.name).where(Group.course_id == course_id).order_by(Group.name)
    return tuple((row[0], row[1]) for row in session.execute(query))


def _members(
    session: Session, course_id: int, groups: Mapping[int, str], search: str, group_id: int | None, left: bool
) -> list[_Person]:
    """The students that fit a search."""
    query = select(Person.id, Person.login, Person.name, Member.group_id, Member.left, Person.search)
    query = query.join(Member, Member.person_id == Person.id)
    query = query.where(Member.course_id == course_id, Member.role == "student")
    if not left:
        query = query.where(Member.left.is_(None))
    if group_id is not None:
        query = query.where(Member.group_id == group_id)
    words = folded(search[:200]).split()
    return [
        _Person(id_, login, name, group, groups.get(group or 0, ""), gone is not None)
        for id_, login, name, group, gone, text in session.execute(query)
        if all(word in text for word in words)
    ]


def _rows(session: Session, assignments: Sequence[Assignment], members: Sequence[_Person]) -> list[Row]:
    cells = cells_of(session, assignments, [one.person_id for one in members])
    return [_row(assignments, one, cells[one.person_id]) for one in members]


def _row(assignments: Sequence[Assignment], one: _Person, cells: tuple[Cell, ...]) -> Row:
    standing = standing_of(assignments, cells)
    return Row(one.person_id, one.login, one.name, one.group_id, one.group, one.left, cells, standing)


def column_of(one: Assignment) -> Column:
    """An assignment as a column."""
    return Column(one.id, one.exercise, one.own_exercise_id, one.weight, one.due, one.visible, one.counts)


# --- order ------------------------------------------------------------------------------------


def _check_sort(sort: str, assignments: Sequence[Assignment]) -> None:
    """Raises Refused."""
    if sort not in SORTS and sort not in {f"assignment:{one.id}" for one in assignments}:
        text = _("The gradebook cannot be sorted by {sort!r}. It can be sorted by {known}, or by an assignment.")
        raise Refused(text.format(sort=sort[:40], known=", ".join(SORTS)), "sort")


def _by_words(members: list[_Person], sort: str, descending: bool) -> list[_Person]:
    """By name, login or group; equal ones by name. Both databases order letters in their own way: we order here."""

    def key(one: _Person) -> tuple[str, str, int]:
        first = {"login": one.login, "group": one.group}.get(sort, one.name)
        return folded(first), folded(one.name), one.person_id

    return sorted(members, key=key, reverse=descending)


def _by_points(members: list[_Person], points: Mapping[int, float | None], descending: bool) -> list[_Person]:
    """By points; who has none comes last. Equal ones by name."""
    sign = -1 if descending else 1

    def key(one: _Person) -> tuple[bool, float]:
        found = points[one.person_id]
        return found is None, sign * (found or 0.0)

    return sorted(_by_words(members, "name", descending=False), key=key)


def _points(
    session: Session, assignments: Sequence[Assignment], members: Sequence[_Person], sort: str
) -> dict[int, float | None]:
    """The points of these members in the assignment that rows are sorted by."""
    asked = [one for one in assignments if sort == f"assignment:{one.id}"]
    cells = cells_of(session, asked, [one.person_id for one in members])
    return {person: cell.points for person, (cell,) in cells.items()}


def _totals(
    session: Session, course_id: int, assignments: Sequence[Assignment], members: Sequence[_Person | Row]
) -> dict[int, float | None]:
    """The totals of these members, as their rows have them. Few need cells: who has an extension, and see `_unsure`."""
    sums = summed(session, course_id, assignments, clock.now())
    totals = {one.person_id: sums.total(one.person_id) for one in members}
    special = extended_in(session, assignments)
    again = [person for person, total in totals.items() if person in special or _unsure(total)]
    cells = cells_of(session, assignments, again)
    exact = {person: total_of(assignments, found) for person, found in cells.items()}
    return {person: total and round(total, 2) for person, total in totals.items()} | exact


def _unsure(total: float | None) -> bool:
    """Whether a sum in another order could round to another hundredth."""
    return total is not None and abs(total * 100 % 1 - 0.5) < 1e-6


def _page(rows: list[_T], page: int | None) -> list[_T]:
    """The rows of a page; of the last one where there are not so many."""
    if page is None:
        return rows
    last = max(1, math.ceil(len(rows) / PAGE))
    first = (min(max(page, 1), last) - 1) * PAGE
    return rows[first : first + PAGE]
