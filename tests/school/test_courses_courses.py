"""Courses: who sees them, who changes them, how one joins; nothing tells of a course that one is not in."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from making import a_course, a_person, an_assignment, counted, put_in
from sqlalchemy import select

from sheber.school.audit import AuditEntry
from sheber.school.courses import courses, roster
from sheber.school.courses.models import Course, Member
from sheber.school.errors import NotAllowed, NotFound, Refused, SchoolError, TooMany
from sheber.school.limiter import Limiter
from sheber.school.opening import School
from sheber.school.people import accounts
from sheber.school.people.models import Login, Person
from sheber.school.people.policy import Actor, require


@pytest.fixture
def teacher(any_school: School) -> Actor:
    return a_person(any_school, "teacher", "teacher")


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courses, "_codes", Limiter(20, 1 / 10))


def actions(school: School) -> list[str]:
    with school.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def do(school: School, what: Any, *arguments: Any, **named: Any) -> Any:
    """One function of the school in a transaction of its own."""
    with school.writing() as session:
        return what(session, *arguments, **named)


def test_a_teacher_makes_a_course_and_is_in_it(any_school: School, teacher: Actor) -> None:
    course_id = do(any_school, courses.make_course, teacher, "  Robotics\t1 ")
    (line,) = do(any_school, courses.my_courses, teacher)
    assert (line.id, line.title, line.role, line.students) == (course_id, "Robotics 1", "teacher", 0)
    with pytest.raises(NotAllowed):
        do(any_school, courses.make_course, a_person(any_school, "s"), "Mine")
    for title in ("", "   ", "x" * 201, "a\u202eb", "a\0b"):
        with pytest.raises(Refused) as caught:
            do(any_school, courses.make_course, teacher, title)
        assert caught.value.where == "title"
    assert actions(any_school) == ["course.made"]


def test_a_list_of_courses_has_a_fixed_number_of_queries(any_school: School, teacher: Actor, time: Any) -> None:
    student = a_person(any_school, "s")
    soon, later, past = (time() + timedelta(days=days) for days in (1, 2, -1))
    first = a_course(any_school, teacher=teacher, students=(student,), title="First")
    an_assignment(any_school, first, due=past)
    an_assignment(any_school, first, due=later)
    an_assignment(any_school, first, due=soon, visible=False)
    with any_school.reading() as session, counted(any_school) as few:
        (mine,), (theirs,) = courses.my_courses(session, student), courses.my_courses(session, teacher)
    assert (mine.assignments, mine.next_due, mine.students, mine.role) == (2, later, 1, "student")
    assert (theirs.assignments, theirs.next_due) == (3, soon)
    for n in range(12):
        an_assignment(any_school, a_course(any_school, teacher=teacher, students=(student,), title=f"C{n}"))
    with any_school.reading() as session, counted(any_school) as many:
        lines = courses.my_courses(session, student)
        assert len(courses.my_courses(session, teacher)) == 13
    assert len(few) == len(many)
    assert [line.title for line in lines] == [f"C{n}" for n in reversed(range(12))] + ["First"]


def test_an_archived_course_is_read_and_not_changed(any_school: School, teacher: Actor) -> None:
    student = a_person(any_school, "s")
    course_id = a_course(any_school, teacher=teacher, students=(student,))
    newer = a_course(any_school, teacher=teacher)
    code = do(any_school, courses.new_join_code, teacher, course_id)
    do(any_school, courses.archive, teacher, course_id)
    assert [line.id for line in do(any_school, courses.my_courses, teacher)] == [newer, course_id]
    for what, arguments in (
        (courses.change_course, ("Other",)),
        (courses.new_join_code, ()),
        (courses.make_group, ("g",)),
        (courses.remove_member, (student.id,)),
        (courses.change_member, (student.id, "assistant")),
    ):
        with pytest.raises(Refused, match="archived"):
            do(any_school, what, teacher, course_id, *arguments)
    with pytest.raises(NotFound):
        do(any_school, courses.join, a_person(any_school, "late"), code)
    do(any_school, courses.archive, teacher, course_id, False)
    with pytest.raises(NotFound):
        do(any_school, courses.join, a_person(any_school, "later"), code)
    do(any_school, courses.change_course, teacher, course_id, "Other")
    assert actions(any_school)[-3:] == ["course.archived", "course.reopened", "course.changed"]


def test_nobody_learns_of_a_course_that_they_are_not_in(school: School) -> None:
    teacher, other = a_person(school, "t", "teacher"), a_person(school, "o", "teacher")
    student, assistant = a_person(school, "s"), a_person(school, "a")
    course_id = a_course(school, teacher=teacher, students=(student,))
    with school.writing() as session:
        put_in(session, course_id, assistant, role="assistant")
        group = courses.make_group(session, teacher, course_id, "g")
    for what, arguments in (
        (courses.change_course, ("Other",)),
        (courses.archive, ()),
        (courses.new_join_code, ()),
        (courses.close_joining, ()),
        (courses.change_member, (student.id, "teacher")),
        (courses.remove_member, (student.id,)),
        (courses.make_group, ("h",)),
        (courses.rename_group, (group, "h")),
        (courses.remove_group, (group,)),
        (courses.put_in_group, ([student.id], group)),
    ):
        for actor, error in ((other, NotFound), (student, NotAllowed), (assistant, NotAllowed)):
            with pytest.raises(error):
                do(school, what, actor, course_id, *arguments)
        with pytest.raises(NotFound):
            do(school, what, other, course_id + 99, *arguments)
    for what in (courses.members, courses.groups):
        with pytest.raises(NotAllowed):
            do(school, what, student, course_id)
        assert do(school, what, assistant, course_id)
    with pytest.raises(NotFound):
        do(school, courses.leave, other, course_id)
    with pytest.raises(NotAllowed):
        do(school, courses.all_courses, teacher)
    root = a_person(school, "root", "administrator")
    (line,) = do(school, courses.all_courses, root)
    assert (line.id, line.role) == (course_id, "")
    do(school, courses.change_course, root, course_id, "Other")


# --- joining -----------------------------------------------------------------------------------------


def test_a_student_joins_by_code_however_it_is_typed(any_school: School, teacher: Actor) -> None:
    course_id = a_course(any_school, teacher=teacher)
    code = do(any_school, courses.new_join_code, teacher, course_id)
    assert len(code) == 10
    assert not set("IO01") & set(code)
    student = a_person(any_school, "s")
    assert do(any_school, courses.join, student, f" {code[:5].lower()}-{code[5:]} ") == course_id
    assert do(any_school, courses.join, student, code) == course_id
    assert do(any_school, courses.join, teacher, code) == course_id
    (line,) = do(any_school, courses.my_courses, teacher)
    assert (line.role, line.students) == ("teacher", 1)
    do(any_school, courses.leave, student, course_id)
    assert do(any_school, courses.my_courses, student) == ()
    do(any_school, courses.join, student, code)
    assert len(do(any_school, courses.my_courses, student)) == 1
    assert actions(any_school) == ["course.join-code-made", "course.joined", "course.left", "course.joined"]


def test_who_was_taken_out_does_not_come_back_by_the_code(any_school: School, teacher: Actor) -> None:
    student, other = a_person(any_school, "s"), a_person(any_school, "o")
    course_id = a_course(any_school, teacher=teacher, students=(student, other))
    code = do(any_school, courses.new_join_code, teacher, course_id)
    do(any_school, courses.remove_member, teacher, course_id, student.id)
    do(any_school, courses.leave, other, course_id)
    with pytest.raises(Refused, match="A teacher took you out of this course"):
        do(any_school, courses.join, student, code)
    assert do(any_school, courses.my_courses, student) == ()
    do(any_school, courses.join, other, code)  # who left may come back
    with any_school.writing() as session:
        back = roster.enrol(session, teacher, course_id, roster.preview(b"login,name\ns,S\n"))
    do(any_school, courses.leave, student, course_id)
    do(any_school, courses.join, student, code)  # brought back: as everybody else
    assert back.joined == 1


def test_an_enrolment_that_is_undone_leaves_who_was_taken_out_outside(any_school: School, teacher: Actor) -> None:
    student = a_person(any_school, "s")
    course_id = a_course(any_school, teacher=teacher, students=(student,))
    code = do(any_school, courses.new_join_code, teacher, course_id)
    do(any_school, courses.remove_member, teacher, course_id, student.id)
    with any_school.writing() as session:
        back = roster.enrol(session, teacher, course_id, roster.preview(b"login,name\ns,S\n"))
    with any_school.writing() as session:
        roster.undo(session, teacher, back.undo)
    with pytest.raises(Refused, match="took you out"):
        do(any_school, courses.join, student, code)


def test_a_code_ends(school: School) -> None:
    teacher, student = a_person(school, "t", "teacher"), a_person(school, "s")
    course_id = a_course(school, teacher=teacher)
    first = do(school, courses.new_join_code, teacher, course_id)
    second = do(school, courses.new_join_code, teacher, course_id)
    for code in (first, "", "%", "x" * 5000, "\ud800"):
        with pytest.raises(NotFound):
            do(school, courses.join, student, code)
    do(school, courses.close_joining, teacher, course_id)
    with pytest.raises(NotFound):
        do(school, courses.join, student, second)


def test_nobody_joins_an_archived_course_and_who_has_the_code_is_not_limited(school: School) -> None:
    teacher, student = a_person(school, "t", "teacher"), a_person(school, "s")
    course_id = a_course(school, teacher=teacher)
    code = do(school, courses.new_join_code, teacher, course_id)
    for _times in range(25):
        assert do(school, courses.join, student, code) == course_id
    with school.writing() as session:
        session.get_one(Course, course_id).archived = True
    with pytest.raises(NotFound):
        do(school, courses.join, student, code)


def test_codes_are_not_guessed(school: School) -> None:
    student, other = a_person(school, "s"), a_person(school, "o")
    for n in range(20):
        with pytest.raises(NotFound):
            do(school, courses.join, student, f"GUESS{n}")
    with pytest.raises(TooMany):
        do(school, courses.join, student, "GUESS")
    with pytest.raises(NotFound):
        do(school, courses.join, other, "GUESS")


def test_one_who_joins_twice_at_the_same_moment_is_in_once(any_school: School, teacher: Actor) -> None:
    course_id = a_course(any_school, teacher=teacher)
    code, student = do(any_school, courses.new_join_code, teacher, course_id), a_person(any_school, "s")
    ended: list[object] = []

    def join() -> None:
        try:
            ended.append(do(any_school, courses.join, student, code))
        except SchoolError as error:
            ended.append(error)

    threads = [threading.Thread(target=join) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [course_id] * 6
    with any_school.reading() as session:
        assert len(session.scalars(select(Member).where(Member.person_id == student.id)).all()) == 1


# --- members and groups ------------------------------------------------------------------------------


def test_members_are_found_in_any_script(any_school: School, teacher: Actor) -> None:
    aygul = a_person(any_school, "aygul")
    with any_school.writing() as session:
        session.get_one(Person, aygul.id).name = "Айгүл Ким"
    course_id = a_course(any_school, teacher=teacher, students=(aygul, a_person(any_school, "boris")))
    assert [one.login for one in do(any_school, courses.members, teacher, course_id)] == ["teacher", "boris", "aygul"]
    for search in ("АЙГҮЛ", "ким", "AYG", "ким айгүл"):
        (found,) = do(any_school, courses.members, teacher, course_id, search=search)
        assert (found.person_id, found.name, found.role, found.group) == (aygul.id, "Айгүл Ким", "student", "")
    for search in ("%", "_", "кимм"):
        assert do(any_school, courses.members, teacher, course_id, search=search) == ()


def test_groups_are_filled_renamed_and_removed(any_school: School, teacher: Actor) -> None:
    students = tuple(a_person(any_school, f"s{n}") for n in range(3))
    course_id, other = a_course(any_school, teacher=teacher, students=students), a_course(any_school, teacher=teacher)
    first, second = (do(any_school, courses.make_group, teacher, course_id, name) for name in ("A", "B"))
    elsewhere = do(any_school, courses.make_group, teacher, other, "A")
    with pytest.raises(Refused, match="'A' already"):
        do(any_school, courses.make_group, teacher, course_id, " A ")
    with pytest.raises(Refused, match="'B' already"):
        do(any_school, courses.rename_group, teacher, course_id, first, "B")
    for name in ("", "=A", "x" * 81, "a\nb\0"):
        with pytest.raises(Refused):
            do(any_school, courses.make_group, teacher, course_id, name)
    assert do(any_school, courses.put_in_group, teacher, course_id, [students[0].id, students[1].id], first) == 2
    for people, group in (([students[0].id, teacher.id + 999], second), ([students[0].id], elsewhere)):
        with pytest.raises(NotFound):
            do(any_school, courses.put_in_group, teacher, course_id, people, group)
    for group in (elsewhere, 999):
        for what, arguments in ((courses.rename_group, ("C",)), (courses.remove_group, ())):
            with pytest.raises(NotFound):
                do(any_school, what, teacher, course_id, group, *arguments)
    found = [(one.name, one.members) for one in do(any_school, courses.groups, teacher, course_id)]
    assert found == [("A", 2), ("B", 0)]
    assert len(do(any_school, courses.members, teacher, course_id, group_id=first)) == 2
    do(any_school, courses.put_in_group, teacher, course_id, [students[1].id], None)
    do(any_school, courses.rename_group, teacher, course_id, first, "C")
    (line,) = do(any_school, courses.members, teacher, course_id, group_id=first)
    assert (line.login, line.group) == ("s0", "C")
    do(any_school, courses.remove_group, teacher, course_id, first)
    assert {one.group for one in do(any_school, courses.members, teacher, course_id)} == {""}
    assert len(do(any_school, courses.members, teacher, course_id)) == 4


def test_a_course_keeps_a_teacher(any_school: School, teacher: Actor) -> None:
    other = a_person(any_school, "other", "teacher")
    course_id = a_course(any_school, teacher=teacher, students=(other,))
    for what, arguments in (
        (courses.leave, ()),
        (courses.remove_member, (teacher.id,)),
        (courses.change_member, (teacher.id, "student")),
    ):
        with pytest.raises(Refused, match="last teacher"):
            do(any_school, what, teacher, course_id, *arguments)
    do(any_school, courses.change_member, teacher, course_id, other.id, "teacher")
    do(any_school, courses.leave, teacher, course_id)
    with pytest.raises(NotFound):
        do(any_school, require, teacher, "course.see", course_id)
    with pytest.raises(Refused, match="'owner' is not a role"):
        do(any_school, courses.change_member, other, course_id, other.id, "owner")


def test_two_teachers_who_leave_at_the_same_moment_do_not_both_leave(any_school: School, teacher: Actor) -> None:
    other = a_person(any_school, "other", "teacher")
    course_id = a_course(any_school, teacher=teacher)
    with any_school.writing() as session:
        put_in(session, course_id, other, role="teacher")
    ended: list[bool] = []

    def leave(actor: Actor) -> None:
        try:
            do(any_school, courses.leave, actor, course_id)
            ended.append(True)
        except SchoolError:
            ended.append(False)

    threads = [threading.Thread(target=leave, args=(actor,)) for actor in (teacher, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == [False, True]
    with any_school.reading() as session:
        assert session.scalars(select(Course.title).where(Course.id == course_id)).one()


# --- accounts ----------------------------------------------------------------------------------------


def test_an_administrator_makes_and_changes_accounts(any_school: School) -> None:
    root = a_person(any_school, "root", "administrator")
    person_id = do(any_school, accounts.add_person, root, " Aygul.KIM ", " Айгүл   Ким ", email="a@uni.kz")
    line = do(any_school, accounts.person, root, person_id)
    assert (line.login, line.name, line.email, line.rank, line.has_password) == (
        "aygul.kim",
        "Айгүл Ким",
        "a@uni.kz",
        "student",
        False,
    )
    with pytest.raises(Refused, match=r"'aygul\.kim' is taken") as caught:
        do(any_school, accounts.add_person, root, "AYGUL.kim", "Other")
    assert caught.value.where == "login"
    do(any_school, accounts.change_person, root, person_id, rank="teacher", language="zh-Hans", name="王")
    do(any_school, accounts.change_person, root, person_id, rank="teacher")
    with any_school.reading() as session:
        details = session.scalars(select(AuditEntry.details).order_by(AuditEntry.id)).all()
    assert len(details) == 2
    assert details[1]["before"] == {"name": "Айгүл Ким", "rank": "student", "language": ""}
    assert details[1]["after"] == {"name": "王", "rank": "teacher", "language": "zh-Hans"}


@pytest.mark.parametrize(
    ("login", "name", "more"),
    [
        ("", "K", {}),
        ("a b", "K", {}),
        ("-a", "K", {}),
        ("a" * 81, "K", {}),
        ("a\u200bb", "K", {}),
        ("a\0", "K", {}),
        ("a/b", "K", {}),
        ("a", "", {}),
        ("a", "x" * 201, {}),
        ("a", "=1+1", {}),
        ("a", "K\u202e", {}),
        ("a", "K", {"email": "nobody"}),
        ("a", "K", {"email": "=x@y.kz"}),
        ("a", "K", {"email": "a b@y.kz"}),
        ("a", "K", {"rank": "king"}),
        ("a", "K", {"language": "tlh"}),
    ],
)
def test_accounts_that_make_no_sense_are_refused(school: School, login: str, name: str, more: dict[str, str]) -> None:
    root = a_person(school, "root", "administrator")
    with pytest.raises(Refused) as caught:
        do(school, accounts.add_person, root, login, name, **more)
    assert caught.value.where == next(iter(more), "name" if login == "a" else "login")


def test_only_administrators_see_and_change_people(school: School) -> None:
    teacher, student = a_person(school, "t", "teacher"), a_person(school, "s")
    for actor in (teacher, student):
        for what, arguments in (
            (accounts.list_people, ()),
            (accounts.add_person, ("x", "X")),
            (accounts.change_person, (student.id,)),
        ):
            with pytest.raises(NotAllowed):
                do(school, what, actor, *arguments)
    with pytest.raises(NotFound):
        do(school, accounts.person, teacher, student.id)
    assert do(school, accounts.person, student, student.id).login == "s"
    do(school, accounts.change_self, student, language="kk", email="s@uni.kz")
    assert do(school, accounts.person, student, student.id).language == "kk"
    with pytest.raises(Refused):
        do(school, accounts.change_self, student, language="xx")


def test_the_last_administrator_stays(any_school: School) -> None:
    root, other = a_person(any_school, "root", "administrator"), a_person(any_school, "other", "administrator")
    do(any_school, accounts.change_person, root, other.id, disabled=True)
    for changes in ({"rank": "teacher"}, {"disabled": True}):
        with pytest.raises(Refused, match="last administrator"):
            do(any_school, accounts.change_person, root, root.id, **changes)
    do(any_school, accounts.change_person, root, other.id, rank="student")  # a closed one is no loss
    do(any_school, accounts.change_person, root, root.id, name="Root")


def test_who_is_disabled_is_logged_out(school: School) -> None:
    from sheber.school.people.logins import known, remember

    root, student = a_person(school, "root", "administrator"), a_person(school, "s")
    token = do(school, remember, student.id)
    assert known(school, token) == student
    do(school, accounts.change_person, root, student.id, disabled=True)
    assert known(school, token) is None
    with school.reading() as session:
        assert session.scalars(select(Login)).all() == []


def test_people_are_listed_by_pages_and_found_in_any_script(any_school: School) -> None:
    root = a_person(any_school, "root", "administrator")
    with any_school.writing() as session:
        for n in range(120):
            accounts.add_person(session, root, f"s{n:03}", f"Студент {n:03}")
    with any_school.reading() as session, counted(any_school) as statements:
        page = accounts.list_people(session, root, 3)
    assert len(statements) == 2
    assert (page.page, page.pages, page.count, len(page.people)) == (3, 3, 121, 21)
    assert do(any_school, accounts.list_people, root, 99).page == 3
    assert do(any_school, accounts.list_people, root, -5).page == 1
    found = do(any_school, accounts.list_people, root, search="СТУДЕНТ 11")
    assert found.count == 11
    assert do(any_school, accounts.list_people, root, search="%").count == 0
    assert do(any_school, accounts.list_people, root, search="'; DROP TABLE people; --" * 50).count == 0
