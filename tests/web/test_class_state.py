"""What a teacher is told without asking: who waits for an answer, what was handed in, the way to every page."""

from __future__ import annotations

from test_teaching_grades import hand_in
from town import Town

from sheber.school.courses import courses
from sheber.school.submissions import handing_in, requests


def ask(town: Town, submission: int) -> None:
    with town.school.writing() as session:
        requests.ask(session, town.student, submission, "Scene 2 was judged wrongly")


def test_waiting_requests_stand_on_the_tab_and_at_the_course(town: Town) -> None:
    made = hand_in(town)
    teacher = town.browser(town.teacher)
    assert "Requests (" not in teacher.get(f"/courses/{town.course}").text
    assert "for an answer" not in teacher.get("/").text
    ask(town, made)
    for path in (f"/courses/{town.course}", f"/courses/{town.course}/gradebook"):
        assert "Requests (1)" in teacher.get(path).text
    assert "1 waits for an answer" in teacher.get("/").text
    assert "for an answer" not in town.browser(town.student).get("/").text
    with town.school.writing() as session:
        found, _count = requests.requests_in(session, town.teacher, town.course)
        requests.answer(session, town.teacher, found[0].id, True, "Yes")
    assert "Requests (" not in teacher.get(f"/courses/{town.course}").text


def test_the_list_of_exercises_tells_what_the_class_handed_in(town: Town) -> None:
    hand_in(town)
    with town.school.writing() as session:
        handing_in.submit(town.school.secret, session, town.classmate, town.assignment, b"a = 1\n", "program.py")
        handing_in.submit(town.school.secret, session, town.teacher, town.assignment, b"a = 1\n", "program.py")
    page = town.browser(town.teacher).get(f"/courses/{town.course}").text
    assert "2 of 2 handed in" in page
    assert "1 waits" in page
    assert "not begun" not in page
    assert "handed in</a>" not in town.browser(town.student).get(f"/courses/{town.course}").text
    with town.school.writing() as session:
        courses.remove_member(session, town.teacher, town.course, town.classmate.id)
    assert "1 of 1 handed in" in town.browser(town.teacher).get(f"/courses/{town.course}").text


def test_every_way_to_an_exercise_has_the_tabs_of_its_staff(town: Town) -> None:
    for path in (f"/assignments/{town.assignment}", f"/assignments/{town.assignment}/attempts"):
        page = town.browser(town.teacher).get(path).text
        for part in ("handed-in", "statistics", "similarity", "settings", "extensions", "hidden-scenes", "regrades"):
            assert f'href="/assignments/{town.assignment}/{part}"' in page, (path, part)
        assert "/handed-in" not in town.browser(town.student).get(path).text
