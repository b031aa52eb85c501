"""A roster: files as spreadsheets write them and as nobody should, enrolled as one and undone as one."""

from __future__ import annotations

import time as stopwatch

import pytest
from making import a_course, a_person, an_assignment, counted
from sqlalchemy import func, select

from sheber.school import clock
from sheber.school.audit import AuditEntry
from sheber.school.courses.courses import remove_member
from sheber.school.courses.models import Group, Member
from sheber.school.courses.roster import Enrolled, Preview, enrol, preview, undo
from sheber.school.errors import NotAllowed, NotFound, Refused
from sheber.school.opening import School
from sheber.school.people.invitations import invite_course
from sheber.school.people.models import Invitation, Person
from sheber.school.people.policy import Actor
from sheber.school.submissions.models import Draft

CSV = "login,name,email,group\naygul,Айгүл Ким,a@uni.kz,R-21\nboris,Борис Ли,,R-22\n"
RUSSIAN = "Логин;Фамилия;Имя;Группа\r\nivanov;Иванов;Пётр;Р-21\r\n"
CHINESE = "学号,姓名,班级\n2026001,王小明,一班\n"
SAVED = ("Айгүл Ким", "a@uni.kz", "R-21")


def one_problem(data: bytes | str) -> tuple[int, str, str]:
    found = preview(data if isinstance(data, bytes) else data.encode())
    assert not found.usable
    (problem,) = found.problems
    return problem.line, problem.column, problem.sentence


# --- encodings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "codec", "mark", "encoding"),
    [
        (CSV, "utf-8", b"", "utf-8"),
        (CSV, "utf-8", b"\xef\xbb\xbf", "utf-8"),
        (CSV, "utf-16-le", b"\xff\xfe", "utf-16"),
        (CSV, "utf-16-be", b"\xfe\xff", "utf-16"),
        (CSV, "utf-16-le", b"", "utf-16"),
        (CSV, "utf-16-be", b"", "utf-16"),
        (CSV.replace("login,name", "Логин,ФИО"), "utf-16-le", b"", "utf-16"),
    ],
)
def test_each_way_to_save_a_file_gives_the_same_students(text: str, codec: str, mark: bytes, encoding: str) -> None:
    found = preview(mark + text.encode(codec))
    assert found.usable
    assert (found.encoding, found.delimiter, found.columns) == (encoding, ",", ())
    first, second = found.rows
    assert (first.line, first.login, (first.name, first.email, first.group)) == (2, "aygul", SAVED)
    assert (second.line, second.name, second.email) == (3, "Борис Ли", "")


def test_cp1251_and_gb18030_are_told_apart_by_their_titles() -> None:
    russian, chinese = preview(RUSSIAN.encode("cp1251")), preview(CHINESE.encode("gb18030"))
    assert (russian.encoding, russian.delimiter, russian.rows[0].name) == ("cp1251", ";", "Иванов Пётр")
    assert (chinese.encoding, chinese.rows[0].name, chinese.rows[0].group) == ("gb18030", "王小明", "一班")
    assert preview("login,name\na1,Пётр\n".encode("cp1251")).rows[0].name == "Пётр"
    assert preview("login,name\na1,王小明\n".encode("gb18030"), "gb18030").rows[0].name == "王小明"


def test_letters_that_cp1251_lost_are_told() -> None:
    lost = "login,name\na1,Айгүл Сәрсен\n".encode("cp1251", "replace")
    line, column, sentence = one_problem(lost)
    assert (line, column) == (2, "name")
    assert "has lost letters" in sentence


def test_what_is_no_text_is_told_as_what_it_is() -> None:
    assert "workbook" in one_problem(b"PK\x03\x04" + bytes(100))[2]
    assert "PDF" in one_problem(b"%PDF-1.7 ...")[2]
    assert "empty" in one_problem(b"")[2]
    assert "empty" in one_problem(b" \n\n ")[2]
    assert "5.0 MB" in one_problem(b"a" * (5 << 20))[2]
    assert "not text" in one_problem(b"login,name\na,b\0c\n" + b"x" * 3)[2]
    assert "not saved as utf-8" in preview("login,name\nпётр,x\n".encode("cp1251"), "utf-8").problems[0].sentence
    assert "is not an encoding" in preview(CSV.encode(), "rot13").problems[0].sentence
    assert not preview(bytes(range(256)) * 20).usable
    assert not preview(b"\xff\xfe\x00").usable


# --- lines and columns -------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_each_delimiter_is_found(delimiter: str) -> None:
    found = preview(CSV.replace(",", delimiter).encode())
    assert found.usable
    assert found.delimiter == delimiter


def test_what_excel_adds_is_no_student() -> None:
    found = preview(b'sep=;\r\nlogin;"name";"a,b"\r\nx;"Kim, Aygul";\r\n;;\r\n\r\n')
    assert [(row.line, row.name) for row in found.rows] == [(3, "Kim, Aygul")]
    assert found.columns == ("a,b",)
    assert found.usable


def test_a_wrong_column_is_told_with_what_is_there() -> None:
    line, _column, sentence = one_problem("surname,nickname\nKim,aygul\n")
    assert line == 0
    assert "is the login" in sentence
    assert "'surname', 'nickname'" in sentence
    assert "логин" in sentence
    assert "is the name" in one_problem("login,mail\na,\n")[2]
    assert "two columns for the same thing, 'login' and 'User_Name'" in one_problem("login,name,User_Name\n")[2]
    assert "only a line of titles" in one_problem("login,name\n")[2]


def test_each_mistake_is_told_at_its_line_and_column() -> None:
    wrong = '"a\nb",Kim,,\nok1,,,\nok2,=1+1,,\nok3,Kim,x,\nok4,Li,,@g\nok5,Li\u202e,,\n'
    text = f"login,name,email,group\n{wrong}ko6,Li\n,Li,,\n"
    found = preview(text.encode())
    assert [(one.line, one.column) for one in found.problems if one.serious] == [
        (2, "login"),
        (4, "name"),
        (5, "name"),
        (6, "email"),
        (7, "group"),
        (8, "name"),
        (10, "login"),
    ]
    assert [row.login for row in found.rows] == ["ko6"]
    assert not found.usable
    assert "formula" in found.problems[2].sentence


@pytest.mark.parametrize("cell", ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_formulas_are_refused_in_every_column(cell: str) -> None:
    for row in (f'"{cell}",Kim,,', f'a,"{cell}",,', f'a,Kim,"{cell}",', f'a,Kim,,"{cell}"'):
        assert not preview(f"login,name,email,group\n{row}\n".encode()).usable


def test_a_login_twice_is_refused_and_a_name_twice_is_asked() -> None:
    line, column, sentence = one_problem("login,name\naygul,Kim\nAYGUL ,Li\n")
    assert (line, column) == (3, "login")
    assert "in line 2 already" in sentence
    found = preview("login,name\naygul,Ким\nboris,КИМ\n".encode())
    assert found.usable
    (problem,) = found.problems
    assert (problem.line, problem.serious) == (3, False)
    assert "in line 2 too" in problem.sentence


def test_a_quotation_mark_that_is_not_closed_does_not_swallow_the_class() -> None:
    sentence = one_problem('login,name\na,Kim\nb,"Li\nc,Wu\n')[2]
    assert "Line 3" in sentence
    assert "quotation mark" in sentence


def test_ten_thousand_rows_are_read_and_one_more_is_not() -> None:
    rows = "login,name,group\n" + "".join(f"s{n},Student {n},G{n % 40}\n" for n in range(10_000))
    started = stopwatch.process_time()
    assert len(preview(rows.encode()).rows) == 10_000
    assert stopwatch.process_time() - started < 5.0
    assert "more than 10000 rows" in one_problem(rows + "one,More,\n")[2]


def test_hostile_files_are_refused_soon() -> None:
    hostile = [
        b"login,name\n" + b'"' * (4 << 20 - 20),
        b"," * (3 << 20),
        b"\n" * (3 << 20) + b"x",
        ("login,name\n" + "a" * (3 << 20) + ",x\n").encode(),
        b"login,name\n" + b"=,=\n" * 9_000,
        b'"' + b"\r" * (1 << 20),
    ]
    started = stopwatch.process_time()
    for data in hostile:
        found = preview(data)
        assert not found.usable
        assert len(found.problems) <= 200
        assert all(len(one.sentence) < 2000 for one in found.problems)
    assert stopwatch.process_time() - started < 20.0


# --- enrolled ----------------------------------------------------------------------------------------


@pytest.fixture
def teacher(any_school: School) -> Actor:
    return a_person(any_school, "teacher", "teacher")


def enrolled(school: School, actor: Actor, course_id: int, found: Preview | str) -> Enrolled:
    with school.writing() as session:
        return enrol(session, actor, course_id, preview(found.encode()) if isinstance(found, str) else found)


def in_course(school: School, course_id: int) -> dict[str, str | None]:
    """Group of each student by login."""
    with school.reading() as session:
        query = select(Person.login, Group.name).join(Member, Member.person_id == Person.id)
        query = query.outerjoin(Group, Group.id == Member.group_id)
        query = query.where(Member.course_id == course_id, Member.left.is_(None), Member.role == "student")
        return dict(session.execute(query).all())


def test_a_file_enrols_new_and_known_people(any_school: School, teacher: Actor) -> None:
    known = a_person(any_school, "boris")
    course_id = a_course(any_school, teacher=teacher, students=(known,))
    done = enrolled(any_school, teacher, course_id, CSV)
    assert (done.made, done.joined, done.moved, done.already, done.groups) == (1, 1, 1, 0, 2)
    assert done.other_names == ((3, "Boris", "Борис Ли"),)
    assert in_course(any_school, course_id) == {"aygul": "R-21", "boris": "R-22"}
    with any_school.reading() as session:
        new = session.scalars(select(Person).where(Person.login == "aygul")).one()
        assert (new.name, new.rank, new.password, new.search) == ("Айгүл Ким", "student", "", "айгүл ким aygul")
        assert session.get_one(Person, known.id).name == "Boris"
    again = enrolled(any_school, teacher, course_id, CSV)
    assert (again.made, again.joined, again.moved, again.already, again.groups) == (0, 0, 0, 2, 0)
    enrolled(any_school, teacher, course_id, "login,name\naygul,Айгүл Ким\n")  # a file without groups moves nobody
    assert in_course(any_school, course_id)["aygul"] == "R-21"


def test_a_file_with_problems_enrols_nobody(school: School) -> None:
    teacher = a_person(school, "teacher", "teacher")
    course_id = a_course(school, teacher=teacher)
    with pytest.raises(Refused, match="Nobody was enrolled"):
        enrolled(school, teacher, course_id, "login,name\nok,Kim\n=1,Li\n")
    assert in_course(school, course_id) == {}


def test_only_teachers_of_the_course_enrol(school: School) -> None:
    teacher, other, student = a_person(school, "t", "teacher"), a_person(school, "o", "teacher"), a_person(school, "s")
    course_id = a_course(school, teacher=teacher, students=(student,))
    a_course(school, teacher=other)
    undo_id = enrolled(school, teacher, course_id, CSV).undo
    with pytest.raises(NotFound):
        enrolled(school, other, course_id, CSV)
    with pytest.raises(NotAllowed):
        enrolled(school, student, course_id, CSV)
    for actor, error in ((other, NotFound), (student, NotAllowed)):
        with pytest.raises(error), school.writing() as session:
            undo(session, actor, undo_id)
    with pytest.raises(NotFound), school.writing() as session:
        undo(session, teacher, undo_id + 1000)


def test_the_number_of_queries_does_not_grow_with_the_rows(any_school: School, teacher: Actor) -> None:
    counts = []
    for size in (2, 300):
        course_id = a_course(any_school, teacher=teacher)
        rows = "".join(f"c{size}s{n},Student {n},G{n % 7}\n" for n in range(size))
        with counted(any_school) as first:
            done = enrolled(any_school, teacher, course_id, "login,name,group\n" + rows)
        with any_school.writing() as session, counted(any_school) as second:
            undo(session, teacher, done.undo)
        counts.append((len([one for one in first if not one.startswith("INSERT")]), len(second)))
        assert in_course(any_school, course_id) == {}
    assert counts[0] == counts[1]


def test_ten_thousand_students_are_enrolled_and_undone(any_school: School, teacher: Actor) -> None:
    course_id = a_course(any_school, teacher=teacher)
    rows = "login,name,group\n" + "".join(f"s{n},Student {n},G{n % 40}\n" for n in range(10_000))
    done = enrolled(any_school, teacher, course_id, rows)
    assert (done.made, done.joined, done.groups) == (10_000, 10_000, 40)
    with any_school.writing() as session:
        taken = undo(session, teacher, done.undo)
    assert (taken.left, taken.deleted, taken.stayed) == (10_000, 10_000, 0)
    with any_school.reading() as session:
        assert session.scalars(select(func.count()).select_from(Person)).one() == 1
        assert session.scalars(select(func.count()).select_from(Group)).one() == 0


# --- undone ------------------------------------------------------------------------------------------


def test_undoing_takes_back_what_the_file_did_and_nothing_else(any_school: School, teacher: Actor) -> None:
    before, elsewhere, gone = (a_person(any_school, name) for name in ("before", "elsewhere", "gone"))
    course_id = a_course(any_school, teacher=teacher, students=(before, gone))
    a_course(any_school, teacher=teacher, students=(elsewhere,))
    with any_school.writing() as session:
        session.add(Group(course_id=course_id, name="old"))
        remove_member(session, teacher, course_id, gone.id)
    enrolled(any_school, teacher, course_id, "login,name,group\nbefore,B,old\n")
    done = enrolled(
        any_school, teacher, course_id, "login,name,group\nbefore,B,new\nelsewhere,E,new\ngone,G,old\nfresh,F,\n"
    )
    assert (done.made, done.joined, done.moved, done.already) == (1, 3, 1, 0)
    assert in_course(any_school, course_id) == {"before": "new", "elsewhere": "new", "gone": "old", "fresh": None}
    with any_school.writing() as session:
        taken = undo(session, teacher, done.undo)
    assert (taken.left, taken.deleted, taken.stayed) == (3, 1, 0)
    assert in_course(any_school, course_id) == {"before": "old"}
    with any_school.reading() as session:
        assert session.scalars(select(Person.login).where(Person.login == "fresh")).all() == []
        assert session.scalars(select(Person.login).where(Person.login == "elsewhere")).all() == ["elsewhere"]
        assert session.scalars(select(Group.name)).all() == ["old"]
        assert session.scalars(select(Member.left).where(Member.person_id == gone.id)).one() is not None
    with pytest.raises(Refused, match="undone already"), any_school.writing() as session:
        undo(session, teacher, done.undo)


def test_who_has_worked_or_has_a_password_is_not_lost(any_school: School, teacher: Actor) -> None:
    course_id = a_course(any_school, teacher=teacher)
    work = an_assignment(any_school, course_id)
    done = enrolled(any_school, teacher, course_id, "login,name\nbusy,B\nready,R\nidle,I\n")
    with any_school.writing() as session:
        invite_course(session, teacher, course_id)
        people = dict(session.execute(select(Person.login, Person.id)).all())
        session.add(Draft(assignment_id=work, person_id=people["busy"], source="x", saved=clock.now()))
        session.get_one(Person, people["ready"]).password = "$argon2id$..."
    with any_school.writing() as session:
        taken = undo(session, teacher, done.undo)
    assert (taken.left, taken.deleted, taken.stayed) == (2, 1, 1)
    assert in_course(any_school, course_id) == {"busy": None}
    with any_school.reading() as session:
        assert set(session.scalars(select(Person.login))) == {"teacher", "busy", "ready"}
        assert len(session.scalars(select(Invitation)).all()) == 2


def test_what_another_teacher_changed_since_stays(school: School) -> None:
    teacher = a_person(school, "teacher", "teacher")
    course_id = a_course(school, teacher=teacher)
    done = enrolled(school, teacher, course_id, "login,name,group\na,A,g\nb,B,g\n")
    with school.writing() as session:
        helper = session.scalars(select(Member).join(Person, Person.id == Member.person_id).where(Person.login == "a"))
        helper.one().role = "assistant"
    with school.writing() as session:
        taken = undo(session, teacher, done.undo)
    assert (taken.left, taken.deleted, taken.stayed) == (1, 1, 1)
    with school.reading() as session:
        assert session.scalars(select(Group.name)).all() == ["g"]  # the assistant is in it
        actions = session.scalars(select(AuditEntry.action)).all()
    assert actions == ["roster.enrolled", "roster.undone"]
