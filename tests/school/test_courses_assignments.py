"""Assignments: dates that make sense, two teachers at once, own numbers, extensions, scenes that are shown."""

from __future__ import annotations

import pickle
import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from making import a_course, a_person, an_assignment, counted, put_in
from sqlalchemy import select

from sheber.exercises import load
from sheber.school.audit import AuditEntry
from sheber.school.courses import assignments
from sheber.school.courses.assignments import Settings
from sheber.school.courses.dates import Dates
from sheber.school.courses.exercises import exercise_of, starter_of
from sheber.school.courses.models import Assignment
from sheber.school.courses.numbers import checked_numbers, number_fields, numbers_from_form
from sheber.school.errors import Conflict, NotAllowed, NotFound, Refused, SchoolError, Unconfirmed
from sheber.school.opening import School
from sheber.school.people.policy import Actor

DAY = timedelta(days=1)


@pytest.fixture
def teacher(any_school: School) -> Actor:
    return a_person(any_school, "teacher", "teacher")


def do(school: School, what: Any, *arguments: Any, **named: Any) -> Any:
    """One function of the school in a transaction of its own."""
    with school.writing() as session:
        return what(session, *arguments, **named)


def stored(school: School, assignment_id: int) -> Assignment:
    with school.reading() as session:
        return session.get_one(Assignment, assignment_id)


# --- made and changed --------------------------------------------------------------------------------


def test_an_assignment_is_made_as_it_is_set(any_school: School, teacher: Actor, time: Any) -> None:
    course_id = a_course(any_school, teacher=teacher)
    settings = Settings(
        exam=True, opens=time(), due=time() + DAY, closes=time() + 2 * DAY, attempts=3, every_attempt=True,
        counts="latest", late_percent=12.5, scenes=5, weight=2.0, visible=False, numbers={"safety.contact": 7},
    )  # fmt: skip
    first = do(any_school, assignments.add_assignment, teacher, course_id, "palletising", settings)
    second = do(any_school, assignments.add_assignment, teacher, course_id, "poses-and-moves")
    line = do(any_school, assignments.assignment, teacher, first)
    assert line.settings == Settings(**{**vars_of(settings), "position": 1})
    assert (line.exercise, line.edition, line.begun, line.over) == ("palletising", 1, True, False)
    assert do(any_school, assignments.assignment, teacher, second).settings == Settings(position=2)
    with pytest.raises(Refused, match=r"no exercise '\.\./secret'.*poses-and-moves"):
        do(any_school, assignments.add_assignment, teacher, course_id, "../secret")


def vars_of(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in Settings.__dataclass_fields__}


def test_dates_that_make_no_sense_are_refused_at_their_field(school: School, time: Any) -> None:
    teacher = a_person(school, "t", "teacher")
    course_id = a_course(school, teacher=teacher)
    now = time()
    for settings, where, words in (
        (Settings(due=now - DAY), "due", "has passed: now it is 2026-09-01 09:00 UTC"),
        (Settings(due=now), "due", "has passed"),
        (Settings(closes=now - DAY), "closes", "has passed"),
        (Settings(opens=now + DAY, due=now + DAY), "due", "not after the opening"),
        (Settings(opens=now + 2 * DAY, closes=now + DAY), "closes", "before it opens"),
        (Settings(due=now + 2 * DAY, closes=now + DAY), "closes", "before the deadline"),
        (Settings(attempts=0), "attempts", "from 1 to 1000"),
        (Settings(scenes=0), "scenes", "from 1 to 32"),
        (Settings(scenes=33), "scenes", "from 1 to 32"),
        (Settings(scenes=2.5), "scenes", "whole number"),  # type: ignore[arg-type]
        (Settings(scenes=True), "scenes", "from 1 to 32"),
        (Settings(weight=-1), "weight", "from 0"),
        (Settings(weight=float("nan")), "weight", "from 0"),
        (Settings(late_percent=101), "late_percent", "to 100"),
        (Settings(counts="worst"), "counts", "best, latest"),
        (Settings(numbers={"safety.contact": 99}), "numbers.safety.contact", "from 0 to 15"),
    ):
        with pytest.raises(Refused, match=words) as caught:
            do(school, assignments.add_assignment, teacher, course_id, "poses-and-moves", settings)
        assert caught.value.where == where
    with school.reading() as session:
        assert session.scalars(select(Assignment)).all() == []
        assert session.scalars(select(AuditEntry)).all() == []
    with pytest.raises(ValueError, match="time zone"):
        do(
            school,
            assignments.add_assignment,
            teacher,
            course_id,
            "poses-and-moves",
            Settings(due=datetime(2027, 1, 1)),
        )


def test_a_deadline_that_has_passed_may_stay_and_is_set_by_who_knows_what_follows(school: School, time: Any) -> None:
    teacher = a_person(school, "t", "teacher")
    work = an_assignment(school, a_course(school, teacher=teacher), due=time() + DAY)
    time.forward(days=2)
    assert do(school, assignments.change_assignment, teacher, work, edition=1, attempts=4) == 2
    past = time() - timedelta(hours=1)
    with pytest.raises(Unconfirmed, match="has passed: what comes from now on is late") as asked:
        do(school, assignments.change_assignment, teacher, work, edition=2, due=past)
    with pytest.raises(Unconfirmed, match=r"It closes at .* nothing is taken any more") as other:
        do(school, assignments.change_assignment, teacher, work, edition=2, due=past, closes=past)
    assert asked.value.mark != other.value.mark  # who was told of one thing was not told of another
    with pytest.raises(Unconfirmed):
        do(school, assignments.change_assignment, teacher, work, edition=2, due=past, sure=other.value.mark)
    assert stored(school, work).edition == 2
    assert do(school, assignments.change_assignment, teacher, work, edition=2, due=past, sure=asked.value.mark) == 3
    assert stored(school, work).due == past
    almaty = (time() + DAY).astimezone(timezone(timedelta(hours=5)))
    do(school, assignments.change_assignment, teacher, work, edition=3, due=almaty)
    assert stored(school, work).due == time() + DAY


def test_two_teachers_who_edit_one_assignment_notice_each_other(any_school: School, teacher: Actor, time: Any) -> None:
    other = a_person(any_school, "colleague", "teacher")
    course_id = a_course(any_school, teacher=teacher)
    with any_school.writing() as session:
        put_in(session, course_id, other, role="teacher")
    work = an_assignment(any_school, course_id)
    assert do(any_school, assignments.change_assignment, other, work, edition=1, attempts=5) == 2
    with pytest.raises(Conflict, match="Colleague changed this assignment at 2026-09-01 09:00 UTC"):
        do(any_school, assignments.change_assignment, teacher, work, edition=1, attempts=9, scenes=3)
    found = stored(any_school, work)
    assert (found.attempts, found.scenes, found.edition) == (5, 8, 2)
    with any_school.reading() as session:
        (details,) = session.scalars(select(AuditEntry.details))
    assert details == {"edition": 2, "before": {"attempts": None}, "after": {"attempts": 5}}
    with pytest.raises(TypeError):
        do(any_school, assignments.change_assignment, teacher, work, edition=2, course_id=1)


def test_of_many_changes_at_the_same_moment_one_is_stored(any_school: School, teacher: Actor) -> None:
    work = an_assignment(any_school, a_course(any_school, teacher=teacher))
    ended: list[object] = []

    def change(attempts: int) -> None:
        try:
            do(any_school, assignments.change_assignment, teacher, work, edition=1, attempts=attempts)
            ended.append(attempts)
        except SchoolError as error:
            ended.append(type(error))

    threads = [threading.Thread(target=change, args=(n,)) for n in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended.count(Conflict) == 5
    assert stored(any_school, work).attempts in ended


# --- seen --------------------------------------------------------------------------------------------


def test_a_course_page_shows_what_its_reader_may_see(any_school: School, teacher: Actor, time: Any) -> None:
    student, other = a_person(any_school, "s"), a_person(any_school, "o")
    course_id = a_course(any_school, teacher=teacher, students=(student, other))
    seen = an_assignment(any_school, course_id, position=2, due=time() + DAY)
    hidden = an_assignment(any_school, course_id, position=1, visible=False)
    later = an_assignment(any_school, course_id, position=3, opens=time() + DAY)
    over = an_assignment(any_school, course_id, position=4, closes=time() - DAY)
    do(any_school, assignments.give_extension, teacher, seen, student.id, due=time() + 5 * DAY, reason="ill")
    with any_school.reading() as session, counted(any_school) as few:
        page = assignments.course_page(session, student, course_id)
    assert [(one.id, one.begun, one.over) for one in page.assignments] == [
        (seen, True, False),
        (later, False, False),
        (over, True, True),
    ]
    assert page.assignments[0].dates == Dates(None, time() + 5 * DAY, None, None, extended=True)
    assert (page.role, page.join_code) == ("student", None)
    theirs = do(any_school, assignments.course_page, other, course_id)
    assert theirs.assignments[0].dates == Dates(None, time() + DAY, None, None)
    assert do(any_school, assignments.course_page, teacher, course_id).assignments[0].id == hidden
    for n in range(20):
        an_assignment(any_school, course_id, position=10 + n)
    with any_school.reading() as session, counted(any_school) as many:
        assert len(assignments.course_page(session, student, course_id).assignments) == 23
    assert len(few) == len(many)
    with pytest.raises(NotFound, match="no such assignment"):
        do(any_school, assignments.assignment, student, hidden)


def test_nobody_reaches_an_assignment_of_another_course(school: School, time: Any) -> None:
    teacher, other = a_person(school, "t", "teacher"), a_person(school, "o", "teacher")
    student, assistant = a_person(school, "s"), a_person(school, "a")
    course_id = a_course(school, teacher=teacher, students=(student,))
    with school.writing() as session:
        put_in(session, course_id, assistant, role="assistant")
    a_course(school, teacher=other)
    work = an_assignment(school, course_id, attempts=2)
    told = set()
    for what, arguments, named in (
        (assignments.change_assignment, (work,), {"edition": 1, "attempts": 3}),
        (assignments.fields_of, (work,), {}),
        (assignments.give_extension, (work, student.id), {"attempts": 9, "reason": "ill"}),
        (assignments.end_extension, (work, student.id), {}),
        (assignments.release_scene, (work, 1), {}),
        (assignments.extensions, (work,), {}),
        (assignments.assignment, (work,), {}),
        (assignments.released_scenes, (school.secret, work), {}),
    ):
        for actor in (other, a_person(school, f"stranger {what.__name__}")):
            with pytest.raises(NotFound) as caught:
                do(school, what, actor, *arguments, **named)
            told.add(str(caught.value))
        if what not in (assignments.assignment, assignments.released_scenes):
            with pytest.raises(NotAllowed):
                do(school, what, student, *arguments, **named)
        if what not in (assignments.assignment, assignments.released_scenes, assignments.extensions):
            with pytest.raises(NotAllowed):
                do(school, what, assistant, *arguments, **named)
    with pytest.raises(NotFound) as caught:
        do(school, assignments.assignment, student, work + 99)
    assert told == {str(caught.value)}
    with pytest.raises(NotAllowed):
        do(school, assignments.add_assignment, student, course_id, "poses-and-moves")
    with pytest.raises(NotFound):
        do(school, assignments.add_assignment, other, course_id, "poses-and-moves")


# --- extensions --------------------------------------------------------------------------------------


def test_an_extension_gives_more_and_never_less(any_school: School, teacher: Actor, time: Any) -> None:
    student = a_person(any_school, "s")
    course_id = a_course(any_school, teacher=teacher, students=(student,))
    due, closes = time() + DAY, time() + 2 * DAY
    work = an_assignment(any_school, course_id, due=due, closes=closes, attempts=2)
    for named, where in (
        ({"due": due}, "due"),
        ({"due": due - timedelta(hours=1)}, "due"),
        ({"closes": closes - DAY}, "closes"),
        ({"attempts": 2}, "attempts"),
        ({"attempts": 5000}, "attempts"),
        ({}, "due"),
        ({"attempts": 3, "reason": " "}, "reason"),
        ({"attempts": 3, "reason": "x" * 501}, "reason"),
    ):
        with pytest.raises(Refused) as caught:
            do(any_school, assignments.give_extension, teacher, work, student.id, **{"reason": "ill", **named})
        assert caught.value.where == where
    with pytest.raises(NotFound):
        do(any_school, assignments.give_extension, teacher, work, 999, attempts=3, reason="ill")
    do(any_school, assignments.give_extension, teacher, work, student.id, due=due + 5 * DAY, reason=" ill\0 ")
    dates = do(any_school, assignments.assignment, student, work).dates
    assert (dates.due, dates.closes, dates.attempts) == (due + 5 * DAY, due + 5 * DAY, 2)
    do(any_school, assignments.give_extension, teacher, work, student.id, attempts=4, reason="slow line")
    dates = do(any_school, assignments.assignment, student, work).dates
    assert (dates.due, dates.closes, dates.attempts) == (due, closes, 4)
    (line,) = do(any_school, assignments.extensions, teacher, work)
    assert (line.login, line.attempts, line.due, line.reason) == ("s", 4, None, "slow line")
    do(any_school, assignments.end_extension, teacher, work, student.id)
    assert not do(any_school, assignments.assignment, student, work).dates.extended
    with pytest.raises(NotFound):
        do(any_school, assignments.end_extension, teacher, work, student.id)
    with any_school.reading() as session:
        found = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert found == ["extension.given", "extension.given", "extension.ended"]


@pytest.mark.parametrize(
    ("after", "days"),
    [(timedelta(0), 0), (timedelta(milliseconds=1), 1), (DAY, 1), (DAY + timedelta(seconds=1), 2), (-DAY, 0)],
)
def test_each_day_begun_is_late(after: timedelta, days: int) -> None:
    due = datetime(2026, 9, 1, tzinfo=UTC)
    assert Dates(None, due, None, None).late_days(due + after) == days
    assert Dates(None, None, None, None).late_days(due) == 0


def test_the_last_moment_still_counts() -> None:
    moment = datetime(2026, 9, 1, tzinfo=UTC)
    dates = Dates(moment, None, moment, None)
    assert dates.begun(moment)
    assert not dates.over(moment)
    assert dates.over(moment + timedelta(milliseconds=1))
    assert not dates.begun(moment - timedelta(milliseconds=1))


# --- scenes ------------------------------------------------------------------------------------------


def test_a_released_scene_is_drawn_anew(any_school: School, teacher: Actor, time: Any) -> None:
    student = a_person(any_school, "s")
    course_id = a_course(any_school, teacher=teacher, students=(student,))
    work = an_assignment(any_school, course_id, scenes=3)

    def scenes() -> list[tuple[int, int, int]]:
        with any_school.reading() as session:
            found = assignments.hidden_scenes(session, any_school.secret, session.get_one(Assignment, work))
        assert "seed" not in repr(found)
        return [(one.place, one.round, one.seed) for one in found]

    before = scenes()
    assert [(place, turn) for place, turn, _seed in before] == [(1, 1), (2, 1), (3, 1)]
    assert len({seed for _place, _turn, seed in before}) == 3
    assert do(any_school, assignments.release_scene, teacher, work, 2) == 1
    assert do(any_school, assignments.release_scene, teacher, work, 2) == 2
    after = scenes()
    assert [(place, turn) for place, turn, _seed in after] == [(1, 1), (2, 3), (3, 1)]
    assert (after[0], after[2]) == (before[0], before[2])
    shown = do(any_school, assignments.released_scenes, student, any_school.secret, work)
    assert [(one.place, one.round) for one in shown] == [(2, 1), (2, 2)]
    assert shown[0].seed == before[1][2]
    assert not {one.seed for one in shown} & {seed for _place, _turn, seed in after}
    for place in (0, 4, -1):
        with pytest.raises(Refused, match="1 to 3"):
            do(any_school, assignments.release_scene, teacher, work, place)


# --- own numbers -------------------------------------------------------------------------------------


def test_own_numbers_change_the_exercise_its_text_and_its_hash() -> None:
    bare = load("vision-sorting")
    own = {"tolerance.position": {"full": 4.0, "zero": 20.0, "unit": "mm"}, "limits.captures": 7, "scene.parts": [3, 5]}
    changed = bare.with_numbers(own)
    assert changed.numbers.tolerance("position").full == 4.0
    assert changed.limits.counts["captures"] == 7
    assert changed.numbers.pair("scene.parts") == (3, 5)
    assert bare.numbers.tolerance("position").full == 3.0
    assert changed.text() != bare.text()
    assert changed.sha256 != bare.sha256
    assert changed.rehearsal == bare.rehearsal
    again = pickle.loads(pickle.dumps(changed))
    assert (again.sha256, again.numbers.pair("scene.parts"), again.own) == (changed.sha256, (3, 5), own)
    assert changed.with_numbers({}).sha256 == bare.sha256
    usual = {"safety.contact": 5, "tolerance.position": {"full": 3.0, "zero": 12.0, "unit": "mm"}}
    assert bare.with_numbers(usual).sha256 == bare.sha256
    assert dict(bare.with_numbers({**usual, "limits.wall_s": 100.0}).own) == {"limits.wall_s": 100.0}
    other_way = bare.with_numbers(dict(reversed(list(own.items()))))
    assert other_way.sha256 == changed.sha256


def test_a_scene_and_a_score_follow_the_own_numbers() -> None:
    bare = load("vision-sorting")
    few = bare.with_numbers({"scene.parts": [2, 2], "scene.decoys": [0, 0]})
    assert len(few.scene(301).parts) == 2
    assert len(bare.scene(301).parts) > 2


@pytest.mark.parametrize(
    ("own", "where", "words"),
    [
        ({"safety.contact": "5"}, "numbers.safety.contact", "It must be a number from 0 to 15"),
        ({"safety.contact": True}, "numbers.safety.contact", "from 0 to 15"),
        ({"safety.contact": None}, "numbers.safety.contact", "from 0 to 15"),
        ({"safety.contact": float("nan")}, "numbers.safety.contact", "from 0 to 15"),
        ({"safety.contacts": 5}, "numbers.safety.contacts", "Did you mean safety.contact"),
        ({"name": "mine"}, "numbers.name", "is not a number of this exercise"),
        ({"order": 1}, "numbers.order", "is not a number of this exercise"),
        ({"rehearsal.seeds": [1]}, "numbers.rehearsal.seeds", "is not a number of this exercise"),
        ({"points.quality.more": 5}, "numbers.points.quality.more", "is not a number of this exercise"),
        ({"cycle.per.cubes": 5}, "numbers.cycle.per.cubes", "is not a number of this exercise"),
        ({"points.quality.sorted": 30}, "numbers", "sum of the points of"),
        ({"scene.parts": [9, 3]}, "numbers.scene.parts", "lowest, highest"),
        ({"tolerance.yaw": {"full": 9, "zero": 3, "unit": "deg"}}, "numbers.tolerance.yaw", "full less than zero"),
        ({"tolerance.yaw": {"full": 3, "zero": 9, "unit": "rad"}}, "numbers.tolerance.yaw", "deg"),
        ({"scene.arm": "../arm"}, "numbers.scene.arm", "one of"),
        ({"cycle.full": 9.0}, "numbers.cycle.full", "cycle.full must be less"),
        ({"scene.parts": {"a": [{}]}}, "numbers.scene.parts", "lowest, highest"),
    ],
)
def test_own_numbers_are_checked_like_those_of_the_file(own: dict[str, Any], where: str, words: str) -> None:
    exercise = load("vision-sorting")
    with pytest.raises(Refused, match=words) as caught:
        checked_numbers(exercise, own)
    assert caught.value.where == where
    assert str(exercise.folder) not in str(caught.value)


def test_a_form_shows_each_number_with_range_and_unit_and_takes_it_back() -> None:
    exercise = load("vision-sorting").with_numbers({"tolerance.yaw": {"full": 5.0, "zero": 15.0, "unit": "deg"}})
    fields = {one.key: one for one in number_fields(exercise)}
    assert {"name", "version", "level", "order", "rehearsal.seeds"}.isdisjoint(fields)
    assert next(iter(fields)).startswith("limits.")
    yaw, parts, arm = fields["tolerance.yaw"], fields["scene.parts"], fields["scene.arm"]
    contact, wall = fields["safety.contact"], fields["limits.memory_bytes"]
    assert (yaw.kind, yaw.low, yaw.high, yaw.unit, yaw.changed) == ("ramp", 0.1, 90, "deg", True)
    assert (yaw.usual, yaw.value) == (
        {"full": 3.0, "zero": 15.0, "unit": "deg"},
        {"full": 5.0, "zero": 15.0, "unit": "deg"},
    )
    assert (parts.kind, parts.value, parts.changed) == ("pair", [8, 14], False)
    assert (arm.kind, arm.value) == ("choice", "ur5e")
    assert "ur5e" in arm.names
    assert (contact.kind, contact.unit, contact.table, contact.name) == ("number", "points", "safety", "contact")
    assert (wall.kind, wall.value) == ("whole", 2 << 30)

    texts = {"tolerance.yaw.full": "5", "tolerance.yaw.zero": "15,5", "scene.parts.low": "3", "scene.parts.high": "5"}
    texts |= {"safety.contact": " 5 ", "scene.arm": "", "cycle.fixed_s": "2,5", "unknown": "1"}
    assert numbers_from_form(exercise, texts) == {
        "tolerance.yaw": {"full": 5.0, "zero": 15.5, "unit": "deg"},
        "scene.parts": [3, 5],
        "cycle.fixed_s": 2.5,
    }
    wrongs = {"safety.contact": "many", "scene.parts.low": "3", "limits.commands": "500.5", "scene.arm": "x"}
    for key, text in wrongs.items():
        with pytest.raises(Refused) as caught:
            numbers_from_form(exercise, {key: text})
        assert caught.value.where == "numbers." + key.removesuffix(".low")
    for wild in ("1e999", "nan", "9" * 5000, "\0"):
        with pytest.raises(Refused):
            numbers_from_form(exercise, {"safety.contact": wild})


def test_each_exercise_takes_its_own_numbers_back() -> None:
    for name in ("poses-and-moves", "palletising", "vision-sorting"):
        exercise = load(name)
        assert checked_numbers(exercise, {one.key: one.value for one in number_fields(exercise)}) == {}


def test_an_assignment_s_exercise_has_the_course_s_numbers(any_school: School, teacher: Actor) -> None:
    course_id = a_course(any_school, teacher=teacher)
    add = assignments.add_assignment
    plain = do(any_school, add, teacher, course_id, "palletising")
    own = do(any_school, add, teacher, course_id, "palletising", Settings(numbers={"safety.contact": 9}))
    with any_school.reading() as session:
        first, second = (exercise_of(session, session.get_one(Assignment, one)) for one in (plain, own))
        assert exercise_of(session, session.get_one(Assignment, own)) is second
    assert first.sha256 == load("palletising").sha256
    assert (first.numbers["safety.contact"], second.numbers["safety.contact"]) == (5, 9)
    assert "connect(exercise=" in starter_of(second)
    assert any_school.folder.as_posix() not in starter_of(second)
    do(any_school, assignments.change_assignment, teacher, own, edition=1, numbers={"safety.contact": 5})
    assert stored(any_school, own).numbers == {}
    with pytest.raises(Refused):
        do(any_school, assignments.change_assignment, teacher, own, edition=2, numbers={"safety.contact": 500})
    assert stored(any_school, own).edition == 2
    fields = do(any_school, assignments.fields_of, teacher, plain)
    assert {one.key for one in fields} >= {"safety.contact", "limits.captures"}
