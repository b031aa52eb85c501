"""Assignments: an exercise as one course asks it. Dates, attempts, numbers, extensions, released scenes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sheber.i18n import _, ngettext
from sheber.school import audit, clock, grades
from sheber.school.audit import AuditEntry
from sheber.school.courses.courses import require_open, waiting_requests
from sheber.school.courses.dates import Dates, check_dates, dates_of, passed
from sheber.school.courses.exercises import exercise_of
from sheber.school.courses.lateness import TAKING, losing, recount
from sheber.school.courses.models import COUNTS, Assignment, Extension, Member, ReleasedScene
from sheber.school.courses.numbers import NumberField, checked_numbers, number_fields
from sheber.school.errors import SURE, Conflict, NotFound, Refused, Unconfirmed, all_wrong
from sheber.school.people import policy
from sheber.school.people.models import Person, storable
from sheber.school.people.policy import Actor, Standing
from sheber.school.secret import Secret
from sheber.school.zones import told

__all__ = [
    "AssignmentLine",
    "CoursePage",
    "ExtensionLine",
    "HiddenScene",
    "Settings",
    "add_assignment",
    "assignment",
    "change_assignment",
    "check_changes",
    "course_page",
    "dates_for",
    "end_extension",
    "extensions",
    "fields_of",
    "give_extension",
    "hidden_scenes",
    "release_scene",
    "released_scenes",
    "require_assignment",
    "settings_of",
]

MOST_SCENES: Final = 32
MOST_ATTEMPTS: Final = 1000
_RANGES: Final = {
    "attempts": (1, MOST_ATTEMPTS),
    "scenes": (1, MOST_SCENES),
    "late_percent": (0, 100),
    "weight": (0, 1000),
    "position": (0, 10_000),
}
_WHOLE: Final = ("attempts", "scenes", "position")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a teacher sets of an assignment."""

    visible: bool = True
    exam: bool = False
    opens: datetime | None = None
    due: datetime | None = None
    closes: datetime | None = None
    attempts: int | None = None
    every_attempt: bool = False
    counts: str = "best"
    late_percent: float = 0.0
    scenes: int = 8
    weight: float = 1.0
    position: int = 0  # 0: at the end, for a new one
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssignmentLine:
    """An assignment as somebody in the course sees it."""

    id: int
    course_id: int
    exercise: str  # its name; title and text are `exercise_of`'s, in the reader's language
    own_exercise_id: int | None
    settings: Settings
    dates: Dates  # of who asks, an extension included
    begun: bool  # students may read the text and hand in
    over: bool  # nothing is taken any more
    edition: int

    @property
    def numbers(self) -> Mapping[str, Any]:
        """The course's own numbers, so that `exercise_of` takes a line as well."""
        return self.settings.numbers


@dataclass(frozen=True, slots=True)
class CoursePage:
    """A course as somebody in it sees it."""

    id: int
    title: str
    role: str
    archived: bool
    zone: str  # time zone of its own; "": the school's
    join_code: str | None  # for its teachers
    waiting: int  # requests for another look that nobody has answered; 0 for students
    assignments: tuple[AssignmentLine, ...]


@dataclass(frozen=True, slots=True)
class ExtensionLine:
    """More time or attempts of one student."""

    person_id: int
    name: str
    login: str
    due: datetime | None
    closes: datetime | None
    attempts: int | None
    reason: str
    created: datetime


@dataclass(frozen=True, slots=True)
class HiddenScene:
    """A scene of an assignment. Its seed is never shown to a student before it is released."""

    place: int  # 1, 2, ...
    round: int  # the how-many-th scene of this place, from 1
    seed: int = field(repr=False)


def course_page(session: Session, actor: Actor, course_id: int) -> CoursePage:
    """A course with its assignments, as far as the reader may see them: a fixed number of queries. Raises NotFound."""
    here = policy.require(session, actor, "course.see", course_id)
    query = select(Assignment, Extension).outerjoin(Extension, _is_of(actor.id))
    query = query.where(Assignment.course_id == course_id).order_by(Assignment.position, Assignment.id)
    if not here.may("work.see-all"):
        query = query.where(Assignment.visible.is_(True))
    now = clock.now()
    lines = tuple(_line(row[0], row[1], now) for row in session.execute(query))
    code = here.course.join_code if here.may("people.enrol") else None
    waiting = waiting_requests(session, [course_id]).get(course_id, 0) if here.may("work.see-all") else 0
    return CoursePage(
        course_id, here.course.title, here.role, here.course.archived, here.course.zone, code, waiting, lines
    )


def assignment(session: Session, actor: Actor, assignment_id: int) -> AssignmentLine:
    """One assignment with the dates of who asks. Raises NotFound, also for a student where it is not visible."""
    found, _standing = require_assignment(session, actor, "course.see", assignment_id)
    extension = session.scalars(select(Extension).where(_is(assignment_id, actor.id))).one_or_none()
    return _line(found, extension, clock.now())


def require_assignment(session: Session, actor: Actor, what: str, assignment_id: int) -> tuple[Assignment, Standing]:
    """An assignment, for who may do this in its course. Raises NotFound, NotAllowed."""
    found = session.get(Assignment, assignment_id)
    if found is None:
        raise _unknown()
    try:
        here = policy.require(session, actor, what, found.course_id)
    except NotFound:
        raise _unknown() from None
    if not found.visible and not here.may("work.see-all"):
        raise _unknown()
    return found, here


def dates_for(session: Session, found: Assignment, person_id: int) -> Dates:
    """The dates of one student, an extension included."""
    extension = session.scalars(select(Extension).where(_is(found.id, person_id))).one_or_none()
    return dates_of(found, extension)


def settings_of(found: Assignment) -> Settings:
    """What is set of an assignment."""
    return Settings(**{one.name: getattr(found, one.name) for one in fields(Settings)})


def fields_of(session: Session, actor: Actor, assignment_id: int) -> tuple[NumberField, ...]:
    """The numbers of an assignment as a form shows them. Raises NotFound, NotAllowed."""
    found, _standing = require_assignment(session, actor, "assignment.change", assignment_id)
    return number_fields(exercise_of(session, found))


def add_assignment(
    session: Session,
    actor: Actor,
    course_id: int,
    exercise: str,
    settings: Settings = Settings(),
    *,
    own_exercise_id: int | None = None,
) -> int:
    """Ask for an exercise in a course; gives the assignment's id. Raises NotFound, NotAllowed, Refused."""
    require_open(session, actor, "assignment.change", course_id)
    row = Assignment(
        course_id=course_id,
        exercise=exercise,
        own_exercise_id=own_exercise_id,
        numbers={},
        edition=1,
        created=clock.now(),
    )
    bare = exercise_of(session, row)
    row.exercise = bare.name
    _check(settings)
    if settings.position == 0:
        last = select(func.max(Assignment.position)).where(Assignment.course_id == course_id)
        settings = replace(settings, position=(session.scalars(last).one() or 0) + 1)
    settings = replace(settings, numbers=checked_numbers(bare, settings.numbers))
    for name, value in _values(settings).items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    _note(session, actor, row, "assignment.added", exercise=exercise, settings=_plain(settings))
    return row.id


def change_assignment(
    session: Session, actor: Actor, assignment_id: int, *, edition: int, sure: str = "", **changes: Any
) -> int:
    """Change what is named (see `Settings`); gives the new edition.

    edition: the one that the teacher saw. sure: the mark of what follows of the change and takes something from
    students, where the teacher was told of it (`Unconfirmed`); SURE: whatever follows. Raises Conflict where somebody
    else changed it since, with who and when, and NotFound, NotAllowed, Refused, Unconfirmed; TypeError for what is no
    setting. Nothing is stored then.
    """
    found, _standing = require_assignment(session, actor, "assignment.change", assignment_id)
    require_open(session, actor, "assignment.change", found.course_id)
    before = settings_of(found)
    settings = replace(before, **changes)
    _check(settings, before)
    if "numbers" in changes:
        bare = exercise_of(session, found).with_numbers({})
        settings = replace(settings, numbers=checked_numbers(bare, settings.numbers))
    changed = {name: value for name, value in _values(settings).items() if getattr(found, name) != value}
    same = (Assignment.id == assignment_id, Assignment.edition == edition)
    query = update(Assignment).where(*same).values(**changed, edition=edition + 1).returning(Assignment.edition)
    with session.begin_nested():
        if session.scalars(query, execution_options={"synchronize_session": False}).one_or_none() is None:
            raise _conflict(session, found)
        session.refresh(found)
        if TAKING & changed.keys():
            _confirm(session, found, before, sure)
    if changed:
        was, is_ = _plain(before), _plain(settings)
        details: dict[str, Any] = {
            "before": {name: was[name] for name in changed},
            "after": {name: is_[name] for name in changed},
        }
        if TAKING & changed.keys() and (recounted := recount(session, found)):
            details["recounted"] = recounted
        if "counts" in changed:
            grades.recount(session, assignment_id)
        _note(session, actor, found, "assignment.changed", edition=edition + 1, **details)
    return edition + 1


def _confirm(session: Session, found: Assignment, before: Settings, sure: str) -> None:
    """Nothing is taken from students that their teacher was not told of. Raises Unconfirmed."""
    follows = [*passed(clock.now(), found, before)]
    later, poorer = losing(session, found)
    if later:
        text = ngettext(
            "{n} program that is in already becomes late, or later.",
            "{n} programs that are in already become late, or later.",
            later,
        )
        follows.append(text.format(n=later))
    if poorer:
        text = ngettext("{n} attempt loses points by it.", "{n} attempts lose points by it.", poorer)
        follows.append(text.format(n=poorer))
    if follows and sure not in (SURE, (wanted := Unconfirmed(follows)).mark):
        raise wanted


def check_changes(session: Session, actor: Actor, assignment_id: int, **changes: Any) -> None:
    """Look for what `change_assignment` would refuse, and change nothing. Raises Refused with all that is wrong."""
    found, _standing = require_assignment(session, actor, "assignment.change", assignment_id)
    before = settings_of(found)
    _check(replace(before, **changes), before)


def give_extension(
    session: Session,
    actor: Actor,
    assignment_id: int,
    person_id: int,
    *,
    due: datetime | None = None,
    closes: datetime | None = None,
    attempts: int | None = None,
    reason: str,
) -> None:
    """Give one student more time or attempts; it takes the place of an earlier one. Raises NotFound, Refused."""
    found, _standing = require_assignment(session, actor, "extension.give", assignment_id)
    require_open(session, actor, "extension.give", found.course_id)
    _one_at_a_time(session, found.course_id, person_id)
    _student(session, found.course_id, person_id)
    _check_extension(found, due, closes, attempts, reason)
    row = session.scalars(select(Extension).where(_is(assignment_id, person_id))).one_or_none()
    if row is None:
        row = Extension(assignment_id=assignment_id, person_id=person_id)
    row.due, row.closes, row.attempts = due, closes, attempts
    row.reason, row.given_by, row.created = storable(reason.strip()), actor.id, clock.now()
    session.add(row)
    dates = {name: None if value is None else value.isoformat() for name, value in (("due", due), ("closes", closes))}
    details: dict[str, Any] = {"person": person_id, "attempts": attempts, "reason": row.reason, **dates}
    if recounted := recount(session, found, person_id):
        details["recounted"] = recounted
    _note(session, actor, found, "extension.given", **details)


def end_extension(session: Session, actor: Actor, assignment_id: int, person_id: int) -> None:
    """Take an extension back. Raises NotFound, NotAllowed."""
    found, _standing = require_assignment(session, actor, "extension.give", assignment_id)
    _one_at_a_time(session, found.course_id, person_id)
    row = session.scalars(select(Extension).where(_is(assignment_id, person_id))).one_or_none()
    if row is None:
        raise NotFound(_("This student has no extension."))
    session.delete(row)
    recounted = recount(session, found, person_id)
    _note(session, actor, found, "extension.ended", person=person_id, **({"recounted": recounted} if recounted else {}))


def extensions(session: Session, actor: Actor, assignment_id: int) -> tuple[ExtensionLine, ...]:
    """The extensions of an assignment, by name. Raises NotFound, NotAllowed."""
    require_assignment(session, actor, "work.see-all", assignment_id)
    query = select(Extension, Person).join(Person, Person.id == Extension.person_id)
    rows = session.execute(query.where(Extension.assignment_id == assignment_id).order_by(Person.name, Person.id))
    return tuple(
        ExtensionLine(person.id, person.name, person.login, one.due, one.closes, one.attempts, one.reason, one.created)
        for one, person in rows
    )


def hidden_scenes(session: Session, secret: Secret, found: Assignment) -> tuple[HiddenScene, ...]:
    """The scenes that a program is judged on now, by place. A released scene's place has another one since."""
    rounds = _rounds(session, found.id)
    return tuple(_scene(secret, found, place, rounds.get(place, 0) + 1) for place in range(1, found.scenes + 1))


def release_scene(session: Session, actor: Actor, assignment_id: int, place: int) -> int:
    """Show students the scene of a place; from then on it is drawn anew. Gives the round that was released.

    Raises NotFound, NotAllowed, and Conflict where somebody else released it at this moment.
    """
    found, _standing = require_assignment(session, actor, "scene.release", assignment_id)
    if not 1 <= place <= found.scenes:
        text = _("There is no scene {place}. This assignment has the scenes 1 to {count}.")
        raise Refused(text.format(place=place, count=found.scenes), "place")
    current = _rounds(session, assignment_id).get(place, 0) + 1
    row = ReleasedScene(
        assignment_id=assignment_id, place=place, round=current, released=clock.now(), released_by=actor.id
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise Conflict(_("Somebody else released this scene at this moment.")) from error
    _note(session, actor, found, "scene.released", place=place, round=current)
    return current


def released_scenes(session: Session, actor: Actor, secret: Secret, assignment_id: int) -> tuple[HiddenScene, ...]:
    """The scenes that everybody in the course may see, in the order of their release. Raises NotFound."""
    found, _standing = require_assignment(session, actor, "course.see", assignment_id)
    query = select(ReleasedScene).where(ReleasedScene.assignment_id == assignment_id).order_by(ReleasedScene.id)
    return tuple(_scene(secret, found, one.place, one.round) for one in session.scalars(query))


def _line(found: Assignment, extension: Extension | None, now: datetime) -> AssignmentLine:
    dates = dates_of(found, extension)
    return AssignmentLine(
        found.id,
        found.course_id,
        found.exercise,
        found.own_exercise_id,
        settings_of(found),
        dates,
        dates.begun(now),
        dates.over(now),
        found.edition,
    )


def _is(assignment_id: int, person_id: int) -> Any:
    return (Extension.assignment_id == assignment_id) & (Extension.person_id == person_id)


def _is_of(person_id: int) -> Any:
    return (Extension.assignment_id == Assignment.id) & (Extension.person_id == person_id)


def _check(settings: Settings, before: Settings | None = None) -> None:
    """Refuse settings that make no sense; says all that is wrong at once. before: those that are stored."""
    all_wrong(
        *(partial(_check_range, settings, name, *ends) for name, ends in _RANGES.items()),
        partial(_check_counts, settings),
        partial(check_dates, clock.now(), settings, before),
    )


def _check_range(settings: Settings, name: str, low: int, high: int) -> None:
    value = getattr(settings, name)
    if value is None and name == "attempts":
        return
    if not (_is_number(value) and low <= value <= high):
        text = _("{value!r} does not fit. It must be from {low} to {high}.")
        raise Refused(text.format(value=value, low=low, high=high), name)
    if name in _WHOLE and isinstance(value, float):
        raise Refused(_("{value!r} is not a whole number.").format(value=value), name)


def _check_counts(settings: Settings) -> None:
    if settings.counts not in COUNTS:
        text = _("{value!r} cannot count. It must be one of {names}.")
        raise Refused(text.format(value=settings.counts, names=", ".join(COUNTS)), "counts")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _values(settings: Settings) -> dict[str, Any]:
    """The settings by column; times to the millisecond, as they are stored."""
    values = {one.name: getattr(settings, one.name) for one in fields(Settings)}
    for name in ("opens", "due", "closes"):
        if values[name] is not None:
            values[name] = values[name].replace(microsecond=values[name].microsecond // 1000 * 1000)
    return {**values, "numbers": dict(settings.numbers)}


def _plain(settings: Settings) -> dict[str, Any]:
    """The settings for the audit."""
    values = {**asdict(settings), "numbers": dict(settings.numbers)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _check_extension(
    found: Assignment, due: datetime | None, closes: datetime | None, attempts: int | None, reason: str
) -> None:
    """Refuse an extension that gives nothing, or has no reason. Raises Refused."""
    if not 1 <= len(reason.strip()) <= 500:
        raise Refused(_("An extension needs a reason of 1 to 500 characters."), "reason")
    now = clock.now()
    for name, usual, wanted in (("due", found.due, due), ("closes", found.closes, closes)):
        if wanted is None:
            continue
        if usual is None or wanted <= usual or wanted <= now:
            text = _("{wanted} gives no more time: the assignment has {usual}, and now it is {now}.")
            words = {"wanted": told(wanted), "usual": told(usual) if usual else _("no such date"), "now": told(now)}
            raise Refused(text.format(**words), name)
    if attempts is not None and not (found.attempts is not None and found.attempts < attempts <= MOST_ATTEMPTS):
        text = _("{attempts} gives no more attempts: the assignment has {usual}.")
        usual_words = _("no limit") if found.attempts is None else str(found.attempts)
        raise Refused(text.format(attempts=attempts, usual=usual_words), "attempts")
    if due is None and closes is None and attempts is None:
        raise Refused(_("An extension gives more time or more attempts. Fill in at least one of them."), "due")


def _one_at_a_time(session: Session, course_id: int, person_id: int) -> None:
    """Decisions about one student come one after another."""
    here = (Member.course_id == course_id, Member.person_id == person_id)
    session.execute(select(Member.id).where(*here).with_for_update(key_share=True))


def _student(session: Session, course_id: int, person_id: int) -> None:
    here = (Member.course_id == course_id, Member.person_id == person_id, Member.left.is_(None))
    if session.scalars(select(Member.id).where(*here)).one_or_none() is None:
        raise NotFound(_("This person is not in this course."))


_RELEASED: Final = (
    select(ReleasedScene.place, func.count())
    .where(ReleasedScene.assignment_id == bindparam("assignment"))
    .group_by(ReleasedScene.place)
)


def _rounds(session: Session, assignment_id: int) -> dict[int, int]:
    """How many scenes of each place were released."""
    return dict(session.execute(_RELEASED, {"assignment": assignment_id}).all())


def _scene(secret: Secret, found: Assignment, place: int, round_: int) -> HiddenScene:
    return HiddenScene(place, round_, secret.seed(found.course_id, found.id, place, round_))


def _unknown() -> NotFound:
    return NotFound(_("There is no such assignment, or you are not in its course."))


def _conflict(session: Session, found: Assignment) -> Conflict:
    """That somebody else was quicker: who, and when."""
    query = (
        select(AuditEntry.at, Person.name)
        .join(Person, Person.id == AuditEntry.person_id)
        .where(AuditEntry.thing == f"assignment {found.id}", AuditEntry.course_id == found.course_id)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    last = session.execute(query).one_or_none()
    if last is None:
        return Conflict(_("Somebody else changed this assignment. Look at it first. Your changes were not stored."))
    text = _("{name} changed this assignment at {at}. Look at it first. Your changes were not stored.")
    return Conflict(text.format(name=last.name, at=told(last.at)))


def _note(session: Session, actor: Actor, found: Assignment, action: str, **details: object) -> None:
    audit.record(session, actor.id, action, f"assignment {found.id}", course_id=found.course_id, **details)
