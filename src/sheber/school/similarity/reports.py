"""Reports: the programs of an assignment compared, shown as a distribution and as pairs side by side.

Nothing here says who copied. Two programs may be alike since the exercise leaves little room, or two students learned
together; a person reads both and decides. The programs that come with the exercise are compared too, so that a
solution that went round is seen as such.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from sheber.exercises import Exercise
from sheber.exercises.files import read_text
from sheber.i18n import _
from sheber.school import audit, clock
from sheber.school.courses.assignments import require_assignment
from sheber.school.courses.exercises import exercise_of, starter_of
from sheber.school.courses.models import Assignment, Group, Member
from sheber.school.errors import NotFound, Refused
from sheber.school.gradebook.counting import counting_ids
from sheber.school.limiter import Limiter
from sheber.school.people.models import Person
from sheber.school.people.policy import Actor
from sheber.school.similarity.comparing import told
from sheber.school.similarity.models import SimilarityReport
from sheber.school.similarity.winnowing import Block
from sheber.school.submissions.models import Submission

__all__ = [
    "Material",
    "PairLine",
    "ReportState",
    "Side",
    "SideBySide",
    "SimilarityPage",
    "ask",
    "material",
    "report_state",
    "side_by_side",
    "similarity_page",
    "unfinished",
]

MOST_PROGRAMS: Final = 3000
MOST_BYTES: Final = 16 << 20  # of all programs that are compared; of more, the longest are left out
_SHIPPED: Final = "shipped:"
_UNFINISHED: Final = ("asked", "comparing")
_comparing: Final = Limiter(burst=3, per_s=1 / 60)  # of one person: each takes a processor of a worker for a while


@dataclass(frozen=True, slots=True)
class Side:
    """One program of a pair."""

    submission_id: int | None  # None: it comes with the exercise
    person_id: int | None
    name: str  # of the student, or of the program that comes with the exercise
    group: str
    share: float  # of its fingerprints, those that the other has too, 0..1


@dataclass(frozen=True, slots=True)
class PairLine:
    """Two programs that have something in common."""

    number: int  # in its report: 1, 2, ...
    similarity: float  # the larger of the two shares
    one: Side
    other: Side
    lines: int  # of the first program, that lie in common stretches


@dataclass(frozen=True, slots=True)
class ReportState:
    """How far a comparison is."""

    id: int
    assignment_id: int
    state: str  # one of REPORT_STATES
    made_by: str
    created: datetime
    trouble: str  # why it failed; ""

    @property
    def going(self) -> bool:
        """Whether it waits or is being made."""
        return self.state in _UNFINISHED


@dataclass(frozen=True, slots=True)
class Material:
    """What is compared."""

    programs: Mapping[str, str]  # by submission, or by name of those that come with the exercise
    starter: str
    shipped: tuple[str, ...]  # names of those that come with the exercise


@dataclass(frozen=True, slots=True)
class SimilarityPage:
    """The newest comparison of an assignment."""

    id: int
    assignment_id: int
    made_by: str
    created: datetime
    compared: int  # students' programs
    shipped: int  # programs that come with the exercise
    left_out: tuple[Side, ...]  # too short to have anything of their own, or too long
    newer: int  # programs that count now and were not compared
    histogram: tuple[int, ...]  # students' programs by their similarity with the nearest other student's, 0..1
    pairs: tuple[PairLine, ...]  # the most similar first


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two programs beside each other. Texts of students: always escaped."""

    pair: PairLine
    program: str
    other_program: str
    blocks: tuple[Block, ...]  # stretches in common, in lines of both


def ask(session: Session, actor: Actor, assignment_id: int) -> int:
    """Ask a worker to compare the programs that count in an assignment; gives the report's id.

    One that was asked for and has not ended is the same one. Raises NotFound, NotAllowed, TooMany, and Refused where
    there are fewer than two programs.
    """
    found, _standing = require_assignment(session, actor, "similarity.see", assignment_id)
    session.execute(select(Assignment.id).where(Assignment.id == assignment_id).with_for_update(key_share=True))
    unfinished = (SimilarityReport.assignment_id == assignment_id, SimilarityReport.state.in_(_UNFINISHED))
    already = session.scalars(select(SimilarityReport.id).where(*unfinished).limit(1)).one_or_none()
    if already is not None:
        return already
    count = session.scalar(select(func.count()).select_from(_counting(found).subquery())) or 0
    if count < 2:
        raise Refused(_("Fewer than two students have a judged program. There is nothing to compare."))
    _comparing.take(actor.id)
    row = SimilarityReport(assignment_id=assignment_id, made_by=actor.id, created=clock.now())
    session.add(row)
    session.flush()
    thing, course = f"assignment {assignment_id}", found.course_id
    audit.record(session, actor.id, "similarity.compared", thing, course_id=course, programs=count)
    return row.id


def material(session: Session, report_id: int) -> Material:
    """What a comparison is about, for the worker that does it. Raises NotFound, Refused."""
    row = session.get(SimilarityReport, report_id)
    if row is None:
        raise _unknown()
    found = session.get_one(Assignment, row.assignment_id)
    exercise = exercise_of(session, found)
    shipped = _shipped(exercise)
    return Material(_programs(session, found) | shipped, starter_of(exercise), tuple(shipped))


def report_state(session: Session, actor: Actor, report_id: int) -> ReportState:
    """How far one comparison is. Raises NotFound, NotAllowed."""
    row, _found = _asked_for(session, actor, report_id)
    return _state(session, row)


def unfinished(session: Session, actor: Actor, assignment_id: int) -> ReportState | None:
    """The newest comparison where it waits, is being made, or failed. Raises NotFound, NotAllowed."""
    require_assignment(session, actor, "similarity.see", assignment_id)
    newest = select(SimilarityReport).where(SimilarityReport.assignment_id == assignment_id)
    row = session.scalars(newest.order_by(SimilarityReport.id.desc()).limit(1)).one_or_none()
    return None if row is None or row.state == "done" else _state(session, row)


def similarity_page(session: Session, actor: Actor, assignment_id: int) -> SimilarityPage | None:
    """The newest comparison of an assignment that is done; None where there is none. Raises NotFound, NotAllowed."""
    found, _standing = require_assignment(session, actor, "similarity.see", assignment_id)
    done = (SimilarityReport.assignment_id == assignment_id, SimilarityReport.state == "done")
    newest = select(func.max(SimilarityReport.id)).where(*done)
    row = session.scalars(select(SimilarityReport).where(SimilarityReport.id == newest.scalar_subquery())).one_or_none()
    if row is None:
        return None
    findings = row.findings
    sides = _sides(session, found)
    counting = {str(id_) for id_ in session.scalars(counting_ids([found]))}
    seen = {*findings["compared"], *findings["left_out"]}
    maker = session.scalars(select(Person.name).where(Person.id == row.made_by)).one()
    return SimilarityPage(
        id=row.id,
        assignment_id=assignment_id,
        made_by=maker,
        created=row.created,
        compared=sum(not name.startswith(_SHIPPED) for name in findings["compared"]),
        shipped=sum(name.startswith(_SHIPPED) for name in findings["compared"]),
        left_out=tuple(_side(name, 0.0, sides) for name in findings["left_out"]),
        newer=len(counting - seen),
        histogram=tuple(findings["histogram"]),
        pairs=tuple(_pair(n, one, sides) for n, one in enumerate(findings["pairs"], 1)),
    )


def side_by_side(session: Session, actor: Actor, report_id: int, number: int) -> SideBySide:
    """A pair of a report with both programs. Raises NotFound, NotAllowed."""
    row, found = _asked_for(session, actor, report_id)
    if row.state != "done":
        raise _unknown()
    pairs = row.findings["pairs"]
    if not 1 <= number <= len(pairs):
        raise _unknown()
    pair = pairs[number - 1]
    texts = _texts(session, found, (pair["one"], pair["other"]))
    line = _pair(number, pair, _sides(session, found))
    return SideBySide(line, texts[pair["one"]], texts[pair["other"]], tuple(Block(*one) for one in pair["blocks"]))


def _asked_for(session: Session, actor: Actor, report_id: int) -> tuple[SimilarityReport, Assignment]:
    """A report and its assignment, for who may see it. Raises NotFound, NotAllowed."""
    row = session.get(SimilarityReport, report_id)
    if row is None:
        raise _unknown()
    try:
        return row, require_assignment(session, actor, "similarity.see", row.assignment_id)[0]
    except NotFound as error:
        raise _unknown() from error


def _state(session: Session, row: SimilarityReport) -> ReportState:
    maker = session.scalars(select(Person.name).where(Person.id == row.made_by)).one()
    return ReportState(row.id, row.assignment_id, row.state, maker, row.created, told(row.failure))


def _counting(found: Assignment) -> Select[int]:
    """The submissions that count of the students of the course, the oldest first."""
    here = (Member.course_id == found.course_id, Member.role == "student")
    query = select(Submission.id).join(Member, Member.person_id == Submission.person_id)
    return query.where(Submission.id.in_(counting_ids([found])), *here).order_by(Submission.id).limit(MOST_PROGRAMS)


def _programs(session: Session, found: Assignment) -> dict[str, str]:
    """The programs that count of the students of the course, by submission; "" for one that is left out, since all
    together are too long."""
    rows = session.execute(_counting(found).add_columns(func.length(Submission.source)))
    sizes: dict[int, int] = {row[0]: row[1] for row in rows}
    read = select(Submission.id, Submission.source).where(Submission.id.in_(_within(sizes, MOST_BYTES)))
    texts = {str(id_): source.decode("utf-8", "replace") for id_, source in session.execute(read)}
    return {str(id_): texts.get(str(id_), "") for id_ in sizes}


def _within(sizes: Mapping[int, int], most: int) -> list[int]:
    """The programs without the longest ones, where all together have more bytes."""
    shortest = sorted(sizes, key=lambda id_: (sizes[id_], id_))
    total = itertools.accumulate(sizes[id_] for id_ in shortest)
    return [id_ for id_, size in zip(shortest, total, strict=True) if size <= most]


def _shipped(exercise: Exercise) -> dict[str, str]:
    """The programs that come with the exercise; none where it was installed without them."""
    files = sorted((exercise.folder / "programs").glob("*.py"))
    return {f"{_SHIPPED}{file.stem}": read_text(file) for file in files if file.is_file()}


def _texts(session: Session, found: Assignment, names: Iterable[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    ids = [int(name) for name in names if not name.startswith(_SHIPPED)]
    mine = (Submission.id.in_(ids), Submission.assignment_id == found.id)
    for id_, source in session.execute(select(Submission.id, Submission.source).where(*mine)):
        texts[str(id_)] = source.decode("utf-8", "replace")
    shipped = _shipped(exercise_of(session, found)) if len(texts) < 2 else {}
    return {name: texts.get(name, shipped.get(name, "")) for name in names}


Named = Mapping[str, tuple[int, str, str]]


def _sides(session: Session, found: Assignment) -> Named:
    """Whose each program of the assignment is: person, name and group."""
    query = select(Submission.id, Person.id, Person.name, Group.name).join(Person, Person.id == Submission.person_id)
    member = (Member.person_id == Person.id) & (Member.course_id == found.course_id)
    query = query.outerjoin(Member, member).outerjoin(Group, Group.id == Member.group_id)
    rows = session.execute(query.where(Submission.assignment_id == found.id, Submission.kind == "graded"))
    return {str(row[0]): (row[1], row[2], row[3] or "") for row in rows}


def _side(name: str, share: float, sides: Named) -> Side:
    if name.startswith(_SHIPPED):
        return Side(None, None, name.removeprefix(_SHIPPED), "", share)
    person, known, group = sides[name]
    return Side(int(name), person, known, group, share)


def _pair(number: int, pair: Mapping[str, Any], sides: Named) -> PairLine:
    one, other = _side(pair["one"], pair["share"], sides), _side(pair["other"], pair["other_share"], sides)
    return PairLine(number, pair["similarity"], one, other, _covered(pair["blocks"]))


def _covered(blocks: Iterable[Sequence[int]]) -> int:
    """The lines of the first program that lie in stretches, each counted once."""
    count = end = 0
    for first, last in sorted((one[0], one[1]) for one in blocks):
        count += max(0, last - max(first - 1, end))
        end = max(end, last)
    return count


def _unknown() -> NotFound:
    return NotFound(_("There is no such comparison."))
