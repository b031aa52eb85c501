"""Assignments: exercises as a course asks them, with dates and numbers, extensions and released scenes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, StrictFloat, StrictInt

from sheber.exercises import Exercise
from sheber.i18n import _
from sheber.school.courses import assignments
from sheber.school.courses.assignments import AssignmentLine, Settings, course_page
from sheber.school.courses.exercises import exercise_of, starter_of
from sheber.school.errors import SURE, NotFound
from sheber.school.submissions.mine import NOTHING_YET, Mine, mine
from sheber.web.api.caller import Asks, api_router
from sheber.web.api.forms import Answer, Done, Form, Id, IdNumber, Made, When, Whole

router = api_router("assignments")


class Ramp(Form):
    """Where full points begin and where points end."""

    full: StrictInt | StrictFloat
    zero: StrictInt | StrictFloat
    unit: str = Field("", max_length=20)


Value = StrictInt | StrictFloat | str | list[StrictInt | StrictFloat] | Ramp
"""A number of an exercise: a number, a name, [lowest, highest], or a ramp."""


class SettingsAnswer(Answer):
    """What a teacher sets of an assignment."""

    visible: bool
    exam: bool = Field(description="goes before everything else in the queue")
    opens: datetime | None
    due: datetime | None
    closes: datetime | None = Field(description="nothing is taken after it; between due and closes it is late")
    attempts: int | None = Field(description="at most; null: as many as one likes")
    every_attempt: bool = Field(description="each is judged, also where a newer one waits")
    counts: str = Field(description="best or latest: which attempt counts")
    late_percent: float = Field(description="of the points, off for each day begun after `due`")
    scenes: int
    weight: float
    position: int
    numbers: dict[str, Any] = Field(description="own numbers of the course, by dotted key")


class DatesAnswer(Answer):
    """What counts for you, your own extension included."""

    opens: datetime | None
    due: datetime | None
    closes: datetime | None
    attempts: int | None
    extended: bool


class MineAnswer(Answer):
    """What you have reached."""

    attempts: int
    points: float | None = Field(description="what counts; null: nothing is judged yet")
    latest: int | None = Field(description="your newest submission")
    judging: bool
    by_hand: bool = Field(description="a teacher gave the points")
    reason: str = Field(description="why, in the words of that teacher")


class AssignmentAnswer(Answer):
    """An assignment as you see it."""

    id: int = Field(examples=[12])
    course_id: int
    exercise: str = Field(description="its name", examples=["poses-and-moves"])
    title: str = Field(examples=["Poses and moves"])
    summary: str
    level: str
    own_exercise_id: int | None
    settings: SettingsAnswer
    dates: DatesAnswer
    begun: bool = Field(description="students may read the text and hand in")
    over: bool = Field(description="nothing is taken any more")
    edition: int = Field(description="to send along with a change, so that two teachers notice each other")
    mine: MineAnswer


class TextAnswer(Answer):
    """What is asked, for people."""

    text: str = Field(description="Markdown, in your language")
    starter: str = Field(description="the program to begin with")
    simulated_s: float = Field(description="simulated time that a run may take [s]")


class AssignmentSettings(Form):
    """What a teacher may set."""

    visible: bool = True
    exam: bool = False
    opens: When | None = None
    due: When | None = None
    closes: When | None = None
    attempts: Whole | None = Field(None, ge=1, le=assignments.MOST_ATTEMPTS)
    every_attempt: bool = False
    counts: Literal["best", "latest"] = "best"
    late_percent: float = Field(0.0, ge=0, le=100)
    scenes: Whole = Field(8, ge=1, le=assignments.MOST_SCENES)
    weight: float = Field(1.0, ge=0, le=1000)
    position: Whole = Field(0, ge=0, le=10_000, description="in the list; 0: at the end, for a new one")
    numbers: dict[str, Value] = Field({}, max_length=400, description="see GET /assignments/{id}/numbers")


class AssignmentForm(AssignmentSettings):
    """An exercise to ask for in a course."""

    exercise: str = Field(max_length=200, examples=["poses-and-moves"])
    own_exercise_id: IdNumber | None = Field(None, description="of a teacher's own; null: of the catalogue")


class AssignmentChange(AssignmentSettings):
    """What to change; what is left out stays."""

    edition: Whole = Field(ge=0, le=2**31 - 2, description="the one that you saw", examples=[1])
    sure: bool = Field(
        False,
        description="save it though a new date has passed, or programs that are in become late or lose points by it; "
        "else that is refused (422), and said",
    )


class Edition(Answer):
    """The edition that a change made."""

    edition: int


class NumberAnswer(Answer):
    """A number that the course may have of its own."""

    key: str = Field(examples=["tolerance.position"])
    table: str
    name: str
    kind: str = Field(description="number, whole, choice, ramp or pair")
    low: float
    high: float
    unit: str = Field(examples=["mm"])
    names: list[str] = Field(description="to choose from")
    usual: Any = Field(description="what the exercise has")
    value: Any = Field(description="what the course has")
    words: str = Field(description="what is allowed, as a sentence says it")
    changed: bool


class ExtensionAnswer(Answer):
    """More time or attempts of one student."""

    person_id: int
    name: str
    login: str
    due: datetime | None
    closes: datetime | None
    attempts: int | None
    reason: str
    created: datetime


class ExtensionForm(Form):
    """More time or attempts for one student, and why."""

    due: When | None = None
    closes: When | None = None
    attempts: Whole | None = Field(None, ge=1, le=assignments.MOST_ATTEMPTS)
    reason: str = Field(max_length=1000, examples=["ill for a week"])


class ReleasedAnswer(Answer):
    """A scene that everybody in the course may see."""

    place: int
    round: int = Field(description="the how-many-th scene of this place")
    seed: str = Field(description="digits: larger than what JavaScript counts with")


# --- read --------------------------------------------------------------------------------------------


@router.get("/courses/{course_id}/assignments", summary="Assignments of a course")
def list_assignments(caller: Asks, course_id: Id) -> list[AssignmentAnswer]:
    """What the course asks, with your dates and what you have reached."""
    with caller.school.reading() as session:
        lines = course_page(session, caller.actor, course_id).assignments
        reached = mine(session, caller.actor, course_id)
        exercises = [exercise_of(session, line) for line in lines]
    return [_shown(line, one, reached) for line, one in zip(lines, exercises, strict=True)]


@router.get("/assignments/{assignment_id}", summary="One assignment")
def read_assignment(caller: Asks, assignment_id: Id) -> AssignmentAnswer:
    """An assignment, with your dates and what you have reached."""
    with caller.school.reading() as session:
        line = assignments.assignment(session, caller.actor, assignment_id)
        return _shown(line, exercise_of(session, line), mine(session, caller.actor, line.course_id))


@router.get("/assignments/{assignment_id}/text", summary="What is asked")
def read_text(caller: Asks, assignment_id: Id) -> TextAnswer:
    """The text in your language and the program to begin with; for students from its opening on."""
    with caller.school.reading() as session:
        line = assignments.assignment(session, caller.actor, assignment_id)
        role = course_page(session, caller.actor, line.course_id).role
        exercise = exercise_of(session, line)
    if role == "student" and not line.begun:
        raise NotFound(_("This exercise is not open yet."))
    text = exercise.text(caller.language)
    return TextAnswer(text=text, starter=starter_of(exercise), simulated_s=exercise.limits.simulated_s)


def _shown(line: AssignmentLine, exercise: Exercise, reached: Mapping[int, Mine]) -> AssignmentAnswer:
    return AssignmentAnswer(
        id=line.id,
        course_id=line.course_id,
        exercise=line.exercise,
        title=exercise.title,
        summary=exercise.summary,
        level=exercise.level,
        own_exercise_id=line.own_exercise_id,
        settings=SettingsAnswer.of(line.settings),
        dates=DatesAnswer.of(line.dates),
        begun=line.begun,
        over=line.over,
        edition=line.edition,
        mine=MineAnswer.of(reached.get(line.id, NOTHING_YET)),
    )


# --- set -------------------------------------------------------------------------------------------------


@router.post("/courses/{course_id}/assignments", status_code=201, summary="Ask for an exercise")
def add_assignment(caller: Asks, course_id: Id, form: AssignmentForm) -> Made:
    """Ask for an exercise in a course. Dates and numbers are checked, and refused in words."""
    settings = Settings(**_plain(form, form.model_fields_set - {"exercise", "own_exercise_id"}))
    with caller.school.writing() as session:
        made = assignments.add_assignment(
            session, caller.actor, course_id, form.exercise, settings, own_exercise_id=form.own_exercise_id
        )
    return Made(id=made)


@router.patch("/assignments/{assignment_id}", summary="Change an assignment")
def change_assignment(caller: Asks, assignment_id: Id, form: AssignmentChange) -> Edition:
    """Change what is named. Another edition than the newest is refused (409): somebody was quicker."""
    changes = _plain(form, form.model_fields_set - {"edition", "sure"})
    sure = SURE if form.sure else ""
    with caller.school.writing() as session:
        edition = assignments.change_assignment(
            session, caller.actor, assignment_id, edition=form.edition, sure=sure, **changes
        )
    return Edition(edition=edition)


@router.get("/assignments/{assignment_id}/numbers", summary="Numbers that the course may change")
def read_numbers(caller: Asks, assignment_id: Id) -> list[NumberAnswer]:
    """Each number with its range and unit, what the exercise has, and what the course has. For teachers."""
    with caller.school.reading() as session:
        return NumberAnswer.all_of(assignments.fields_of(session, caller.actor, assignment_id))


def _plain(form: AssignmentSettings, names: set[str]) -> dict[str, Any]:
    """What was sent, as plain values."""
    values = {name: getattr(form, name) for name in names}
    if "numbers" in values:
        values["numbers"] = {key: _number(value) for key, value in form.numbers.items()}
    return values


def _number(value: Value) -> Any:
    return value.model_dump() if isinstance(value, BaseModel) else value


# --- extensions and released scenes ------------------------------------------------------------------------


@router.get("/assignments/{assignment_id}/extensions", tags=["extensions"], summary="Extensions")
def list_extensions(caller: Asks, assignment_id: Id) -> list[ExtensionAnswer]:
    """Who has more time or attempts, and why. For the staff of the course."""
    with caller.school.reading() as session:
        return ExtensionAnswer.all_of(assignments.extensions(session, caller.actor, assignment_id))


@router.put("/assignments/{assignment_id}/extensions/{person_id}", tags=["extensions"], summary="Give an extension")
def give_extension(caller: Asks, assignment_id: Id, person_id: Id, form: ExtensionForm) -> Done:
    """More time or attempts for one student; it takes the place of an earlier one."""
    with caller.school.writing() as session:
        assignments.give_extension(
            session,
            caller.actor,
            assignment_id,
            person_id,
            due=form.due,
            closes=form.closes,
            attempts=form.attempts,
            reason=form.reason,
        )
    return Done()


@router.delete("/assignments/{assignment_id}/extensions/{person_id}", tags=["extensions"], summary="End an extension")
def end_extension(caller: Asks, assignment_id: Id, person_id: Id) -> Done:
    """The dates of the assignment count again."""
    with caller.school.writing() as session:
        assignments.end_extension(session, caller.actor, assignment_id, person_id)
    return Done()


@router.get("/assignments/{assignment_id}/released-scenes", summary="Released scenes")
def released_scenes(caller: Asks, assignment_id: Id) -> list[ReleasedAnswer]:
    """The scenes that were shown to students: anybody in the course may practise on them."""
    with caller.school.reading() as session:
        found = assignments.released_scenes(session, caller.actor, caller.school.secret, assignment_id)
    return [ReleasedAnswer(place=one.place, round=one.round, seed=str(one.seed)) for one in found]


@router.post("/assignments/{assignment_id}/scenes/{place}/release", status_code=201, summary="Release a scene")
def release_scene(caller: Asks, assignment_id: Id, place: Id) -> Done:
    """Show the scene of a place to students. Programs that come later are judged on a new one there."""
    with caller.school.writing() as session:
        assignments.release_scene(session, caller.actor, assignment_id, place)
    return Done()
