"""Reading: what each reader may see of a submission, a student's history, and how far a run is."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from making import Class, Clock, found, make_class, person
from sqlalchemy import event, select

from sheber.exercises.score import Check, Score
from sheber.i18n import message
from sheber.judge.forms import stored_outcome, stored_score
from sheber.school.clock import now
from sheber.school.courses.assignments import hidden_scenes, release_scene, released_scenes
from sheber.school.courses.models import Assignment, Member, ReleasedScene
from sheber.school.errors import NotFound, Refused
from sheber.school.opening import School
from sheber.school.people.policy import Actor
from sheber.school.queue.claiming import claim, finish
from sheber.school.queue.models import Job
from sheber.school.submissions import drafts
from sheber.school.submissions.drafts import DraftConflict
from sheber.school.submissions.models import Submission
from sheber.school.submissions.reading import (
    LONGEST_COMPARED,
    Scene,
    SubmissionPage,
    attempts,
    difference,
    program,
    progress,
    submission_page,
)
from sheber.trace import NOTHING, Outcome, OutcomeKind

OFF = message("reading.off", "The part is {off:.1f} mm away.")
SAID = message("run.program_error", "{said}")
SCORE = Score((Check(OFF(off=1.0), "quality", 20.0, 60.0, 1.5, 0.5, "mm", 7.25, OFF(off=1.5), "placed"),))


def judge(work: Class, count: int = 1, **columns: Any) -> None:
    """Judge what waits, each with an error that tells of the scene."""
    outcome = Outcome(OutcomeKind.PROGRAM_ERROR, SAID(said="I saw a box at 0.123"), 7)
    usual = {"score": stored_score(SCORE), "outcome": stored_outcome(outcome), "trace": "2026-09/1-1.trace"}
    with work.school.writing() as session:
        for job in claim(session, "w", count):
            finish(session, "w", job.job_id, found(**(usual | columns)))


def page(school: School, actor: Actor, submission: int) -> SubmissionPage:
    with school.reading() as session:
        return submission_page(session, actor, submission)


HIDDEN = {
    "everything": False, "seed": None, "trace": "", "trace_sha256": "", "level": "", "processor": "", "seconds": None,
}  # fmt: skip


def test_a_student_sees_points_measured_wanted_and_words_of_a_hidden_scene(any_school: School) -> None:
    work = make_class(any_school)
    submission = work.submit(0, b"# <b>\n")
    judge(work)
    seen = page(any_school, work.students[0], submission)
    first, second = seen.scenes
    assert (first.points, first.state, first.released) == (80.0, "done", False)
    assert first.score is not None
    check = first.score.checks[0]
    assert (check.points, check.measured, check.wanted, check.message) == (20.0, 1.5, 0.5, "The part is 1.5 mm away.")
    assert check.time is None
    assert first.outcome == Outcome(OutcomeKind.PROGRAM_ERROR, NOTHING, 7), "not what the program could say"
    assert {name: getattr(first, name) for name in HIDDEN} == HIDDEN
    assert {one.name for one in fields(Scene)} == HIDDEN.keys() | {
        "place", "state", "released", "points", "outcome", "score", "judged",
    }, "a new field must be decided on"  # fmt: skip
    assert second == Scene(2, "queued", False)
    assert (seen.program, seen.own, seen.state, seen.kind) == ("# <b>\n", True, "running", "graded")
    secret = str(any_school.secret.seed(work.course, work.assignment, 1, 1))
    assert secret not in repr(seen)
    assert "0.123" not in repr(seen)


def test_a_released_scene_and_a_practice_scene_are_shown_whole(any_school: School) -> None:
    work = make_class(any_school)
    submission = work.submit(0)
    judge(work, 2)
    with any_school.writing() as session:
        released = {"released": now(), "released_by": work.teacher.id}
        session.add(ReleasedScene(assignment_id=work.assignment, place=2, round=1, **released))
        session.add(ReleasedScene(assignment_id=work.assignment, place=1, round=7, **released))
    first, second = page(any_school, work.students[0], submission).scenes
    assert not first.everything, "another round of that place was released"
    assert second.everything
    assert (second.trace, second.seed) == (
        "2026-09/1-1.trace",
        any_school.secret.seed(work.course, work.assignment, 2, 1),
    )
    assert second.outcome is not None
    assert second.outcome.reason == "I saw a box at 0.123"
    practice = work.submit(0, kind="practice", seed=5)
    judge(work)
    (scene,) = page(any_school, work.students[0], practice).scenes
    assert (scene.everything, scene.released, scene.seed) == (True, True, 5)


def test_the_staff_of_the_course_see_everything_and_nobody_else_anything(school: School) -> None:
    work, other = make_class(school), make_class(school, "Vision")
    submission = work.submit(0)
    judge(work, 2)
    with school.writing() as session:
        session.scalars(select(Member).where(Member.person_id == work.students[2].id)).one().role = "assistant"
    for actor in (work.teacher, work.students[2], person(school, "chief", "administrator")):
        assert all(scene.everything and scene.seed for scene in page(school, actor, submission).scenes)
    with school.reading() as session:
        for actor in (work.students[1], other.teacher, other.students[0]):
            for what in (submission_page, program):
                with pytest.raises(NotFound, match=r"There is no such submission\."):
                    what(session, actor, submission)
        with pytest.raises(NotFound, match=r"There is no such submission\."):
            submission_page(session, work.teacher, 999)
        assert program(session, work.students[0], submission) == ("program.py", b"print('hello')\n")


def test_a_shared_practice_result_shows_the_run_and_not_the_program(school: School) -> None:
    work, other = make_class(school), make_class(school, "Vision")
    practice, graded = work.submit(0, kind="practice", seed=5), work.submit(0)
    judge(work, 3)
    with school.writing() as session:
        for one in (practice, graded):
            session.get_one(Submission, one).shared = True
    seen = page(school, work.students[1], practice)
    assert (seen.program, seen.program_sha256, seen.scenes[0].everything) == ("", "", True)
    with school.reading() as session:
        for actor, submission in ((work.students[1], graded), (other.students[0], practice)):
            with pytest.raises(NotFound):
                submission_page(session, actor, submission)
        with pytest.raises(NotFound):
            program(session, work.students[1], practice)


def test_the_history_tells_what_changed_in_program_and_points(any_school: School, time: Clock) -> None:
    work = make_class(any_school, scenes=1)
    sources = [b"a = 1\nb = 2\n", b"a = 1\nb = 3\nc = 4\n", b"a = 1\nb = 3\nc = 4\n", b"c = 4\n\xd1\x88\n"]
    made = []
    for source, points in zip(sources, (50.0, 80.0, None, 70.0), strict=True):
        made.append(work.submit(0, source))
        if points is not None:
            judge(work, points=points)
        time.forward(minutes=1)
    with any_school.reading() as session:
        seen = attempts(session, work.students[0], work.assignment, work.students[0].id)
        assert [(one.number, one.state, one.points, one.gained) for one in seen] == [
            (1, "done", 50.0, None), (2, "done", 80.0, 30.0), (3, "replaced", None, None), (4, "done", 70.0, -10.0),
        ]  # fmt: skip
        assert [(one.lines, one.added, one.removed) for one in seen] == [(2, 2, 0), (3, 2, 1), (3, 0, 0), (2, 1, 2)]
        newest = attempts(session, work.teacher, work.assignment, work.students[0].id, most=2)
        assert [one.number for one in newest] == [3, 4]
        change = difference(session, work.students[0], made[0], made[1])
        assert (change.gained, change.too_long) == (30.0, False)
        assert change.lines == ("@@ -1,2 +1,3 @@", " a = 1", "-b = 2", "+b = 3", "+c = 4")
        assert difference(session, work.students[0], made[1], made[2]).lines == ()


def scored(**lost: float) -> dict[str, Any]:
    """A stored score with a check for each name, and what it lost of 30."""
    checks = (
        Check(OFF(off=len(name)), "quality", 30.0 - points, 30.0, 1.5, 0.5, "mm", None, OFF(off=1.5), name)
        for name, points in lost.items()
    )
    return stored_score(Score(tuple(checks)))


def test_points_change_check_by_check_on_the_mean_of_the_scenes(any_school: School, time: Clock) -> None:
    work = make_class(any_school, scenes=2, every_attempt=True)
    made = [work.submit(0), work.submit(0), work.submit(0)]
    for score in (
        scored(place=10.0, turn=4.0, calm=0.0),
        scored(place=20.0, turn=4.0, calm=0.0),
        scored(place=3.0, turn=9.0, calm=0.0, late=1.0),
        scored(place=3.0, turn=9.0, calm=0.0, late=1.0),
    ):
        judge(work, score=score)
    with any_school.reading() as session:
        change = difference(session, work.students[0], made[0], made[1])
        waiting = difference(session, work.students[0], made[1], made[2])
    assert [(one.key, one.before, one.after, one.gained, one.maximum) for one in change.checks] == [
        ("place", 15.0, 3.0, 12.0, 30.0),
        ("turn", 4.0, 9.0, -5.0, 30.0),
        ("late", None, 1.0, -1.0, 30.0),
    ]
    assert str(change.checks[0].title) == "The part is 5.0 mm away."
    assert waiting.checks == ()


def test_the_history_of_others_is_for_the_staff(school: School) -> None:
    work, other = make_class(school), make_class(school, "Vision")
    mine, theirs = work.submit(0), work.submit(1)
    elsewhere = other.submit(other.students[0])
    with school.reading() as session:
        for actor in (work.students[1], other.teacher):
            with pytest.raises(NotFound):
                attempts(session, actor, work.assignment, work.students[0].id)
        with pytest.raises(NotFound):
            difference(session, work.students[0], mine, theirs)
        with pytest.raises(Refused, match="two attempts of one student"):
            difference(session, work.teacher, mine, theirs)
        with pytest.raises(NotFound):
            difference(session, work.teacher, mine, elsewhere)


def test_long_programs_are_not_compared_line_by_line(school: School, time: Clock) -> None:
    """Lines that are all alike, or all in another order, would take minutes."""
    work = make_class(school, every_attempt=True)
    lines = [b"x = %d" % (n % 50) for n in range(LONGEST_COMPARED)]
    older, newer = work.submit(0, b"\n".join(lines)), work.submit(0, b"\n".join(reversed(lines)))
    with school.reading() as session:
        change = difference(session, work.students[0], older, newer)
    assert (change.too_long, change.lines) == (True, ())


def test_progress_comes_scene_by_scene_with_three_queries(any_school: School) -> None:
    work = make_class(any_school, scenes=3)
    first, second = work.submit(0), work.submit(1)
    judge(work, 1, points=55.0)
    with any_school.writing() as session:
        claim(session, "w", 2)
    seen: list[str] = []

    def look(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(any_school.engine, "before_cursor_execute", look)
    with any_school.reading() as session:
        found_ = progress(session, [first, second, 999])
    event.remove(any_school.engine, "before_cursor_execute", look)
    assert len([one for one in seen if one.startswith("SELECT")]) == 3
    assert (found_[first].judged, found_[first].running, found_[first].state) == (((1, 55.0),), (2,), "running")
    assert (found_[second].judged, found_[second].running, found_[second].scenes) == ((), (1,), 3)
    assert found_.keys() == {first, second}


# --- drafts -------------------------------------------------------------------------------------------


def keep(work: Class, student: int, source: str, edition: int) -> int:
    with work.school.writing() as session:
        return drafts.save(session, work.students[student], work.assignment, source, edition)


def test_a_draft_is_saved_as_it_grows(any_school: School, time: Clock) -> None:
    work = make_class(any_school)
    with any_school.reading() as session:
        assert drafts.load(session, work.students[0], work.assignment) == drafts.Draft("", 0, None)
    assert keep(work, 0, "a", 0) == 1
    assert keep(work, 0, "шебер ü", 1) == 2
    assert keep(work, 1, "theirs", 0) == 1
    with any_school.reading() as session:
        assert drafts.load(session, work.students[0], work.assignment) == drafts.Draft("шебер ü", 2, now())


def test_two_tabs_notice_each_other(any_school: School) -> None:
    work = make_class(any_school)
    keep(work, 0, "a", 0)
    assert keep(work, 0, "from the left tab", 1) == 2
    for edition in (0, 1, 3):
        with pytest.raises(DraftConflict, match="changed in another window") as conflict:
            keep(work, 0, "from the right tab", edition)
        assert (conflict.value.other.source, conflict.value.other.edition) == ("from the left tab", 2)
    assert keep(work, 0, "from the left tab", 1) == 2, "the same text again: its answer was lost on the way"
    assert keep(work, 0, "both", 2) == 3


@pytest.mark.parametrize("source", ["a\0b", "\ud800", "x" * (257 << 10)])
def test_what_cannot_be_saved_is_refused(any_school: School, source: str) -> None:
    work = make_class(any_school)
    with pytest.raises(Refused, match="The program has"):
        keep(work, 0, source, 0)


def test_a_draft_belongs_to_one_person_in_the_course(school: School) -> None:
    work, other = make_class(school), make_class(school, "Vision")
    with school.writing() as session:
        with pytest.raises(NotFound, match=r"There is no such exercise in your courses\."):
            drafts.load(session, other.students[0], work.assignment)
        with pytest.raises(NotFound):
            drafts.save(session, work.students[0], 999, "a", 0)
    work.change(visible=False)
    with pytest.raises(NotFound):
        keep(work, 0, "a", 0)


def test_the_scene_that_is_released_is_the_one_that_was_judged(school: School) -> None:
    one = make_class(school, scenes=2)
    judged = one.submit(0)
    with school.reading() as session:
        first = {job.place: (job.round, int(job.seed)) for job in session.scalars(select(Job))}
        hidden = hidden_scenes(session, school.secret, session.get_one(Assignment, one.assignment))
    assert {scene.place: (scene.round, scene.seed) for scene in hidden} == first
    with school.writing() as session:
        release_scene(session, one.teacher, one.assignment, 2)
    with school.reading() as session:
        (shown,) = released_scenes(session, one.students[0], school.secret, one.assignment)
    assert (shown.round, shown.seed) == first[2]
    later = one.submit(1)
    with school.reading() as session:
        of_both = session.scalars(select(Job).where(Job.submission_id.in_((judged, later)), Job.place == 2)).all()
    assert len({job.seed for job in of_both}) == 2  # its place is drawn anew
