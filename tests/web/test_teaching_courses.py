"""The teacher's pages of a course: its people, groups, file of students, assignments; who may, and what is refused."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from town import HOSTILE, PASSWORD, Town

from school.making import counted
from sheber.school import clock
from sheber.school.audit import AuditEntry
from sheber.school.courses import assignments, courses, roster
from sheber.school.courses.models import Assignment, Course, Member
from sheber.web import paging
from sheber.web.pages.teaching.people import _carried
from sheber.web.posted import Sent

CLASS = "login,name,group\n" + "".join(f"p{n},Студент {n},РТ-{n % 3}\n" for n in range(30))


def audited(town: Town) -> list[str]:
    with town.school.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def stored(town: Town) -> Assignment:
    with town.school.reading() as session:
        return session.get_one(Assignment, town.assignment)


def form(town: Town, **changes: str) -> dict[str, str]:
    """The fields of an assignment's settings as its page has them."""
    page = town.browser(town.teacher).get(f"/assignments/{town.assignment}/settings").text
    fields = dict(re.findall(r'<input[^>]* name="((?!csrf|numbers)[a-z_]+)"[^>]*? value="([^"]*)"', page))
    return fields | {"visible": "yes", "counts": "best", "exam": "", "every_attempt": ""} | changes


STAFF_PAGES = (
    "/courses/{c}/people",
    "/courses/{c}/assignments",
    "/courses/{c}/gradebook",
    "/courses/{c}/gradebook.csv",
    "/courses/{c}/gradebook.xlsx",
    "/courses/{c}/requests",
    "/courses/{c}/report",
    "/courses/{c}/students/{s}",
    "/courses/{c}/students/{s}/report",
    "/assignments/{a}/handed-in",
    "/assignments/{a}/statistics",
    "/assignments/{a}/similarity",
    "/assignments/{a}/grades/{s}",
)
TEACHER_PAGES = (
    "/courses/{c}/settings",
    "/courses/{c}/roster",
    "/courses/{c}/members/{s}",
    "/courses/{c}/new-assignment",
    "/courses/{c}/changes",
    "/assignments/{a}/settings",
    "/assignments/{a}/extensions",
    "/assignments/{a}/hidden-scenes",
    "/assignments/{a}/regrades",
)
SCHOOL_PAGES = (
    "/school",
    "/school/people",
    "/school/people/{s}",
    "/school/courses",
    "/school/disk",
    "/school/changes",
    "/school/settings",
)


def pages(town: Town, paths: tuple[str, ...]) -> list[str]:
    return [one.format(c=town.course, a=town.assignment, s=town.student.id) for one in paths]


def test_who_may_open_which_page(town: Town) -> None:
    helper = town.classmate
    with town.school.writing() as session:
        courses.change_member(session, town.teacher, town.course, helper.id, "assistant")
    wanted = {
        town.teacher: (200, 200, 403),
        helper: (200, 403, 403),
        town.student: (403, 403, 403),
        town.outsider: (404, 404, 403),
        town.stranger: (404, 404, 403),
        town.admin: (200, 200, 200),
    }
    for who, (staff, teacher, school) in wanted.items():
        browser = town.browser(who)
        for paths, status in ((STAFF_PAGES, staff), (TEACHER_PAGES, teacher), (SCHOOL_PAGES, school)):
            found = {path: browser.get(path).status_code for path in pages(town, paths)}
            assert found == dict.fromkeys(found, status), who
    nobody = town.browser()
    for path in pages(town, STAFF_PAGES + TEACHER_PAGES + SCHOOL_PAGES):
        assert nobody.get(path).headers["location"].startswith("/log-in")


CHANGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("/courses/{c}/settings", {"title": "Mine"}),
    ("/courses/{c}/join-code", {}),
    ("/courses/{c}/archive", {}),
    ("/courses/{c}/groups", {"name": "G"}),
    ("/courses/{c}/people", {"login": "x", "name": "X"}),
    ("/courses/{c}/members/{s}", {"role": "teacher"}),
    ("/courses/{c}/invitations", {}),
    ("/courses/{c}/new-assignment", {"exercise": "palletising"}),
    ("/assignments/{a}/extensions", {"person": "{s}", "attempts": "9", "reason": "x"}),
    ("/assignments/{a}/hidden-scenes", {"place": "1"}),
    ("/assignments/{a}/grades/{s}", {"points": "100", "reason": "x"}),
    ("/assignments/{a}/regrades", {"chosen": "best", "reason": "x"}),
    ("/school/people", {"login": "x", "name": "X", "rank": "administrator"}),
    ("/school/people/{s}", {"name": "X", "rank": "administrator"}),
    ("/school/people/{s}/invitation", {}),
    ("/school/settings", {"zone": "Asia/Almaty"}),
    ("/courses/{c}/zone", {"zone": "Asia/Almaty"}),
    ("/new-course", {"title": "X"}),
)


def test_students_and_strangers_change_nothing(town: Town) -> None:
    before = audited(town)
    place = {"c": town.course, "a": town.assignment, "s": town.student.id}
    for who in (town.student, town.stranger, town.outsider):
        browser = town.browser(who)
        for path, data in CHANGES:
            filled = {name: text.format(**place) for name, text in data.items()}
            assert browser.fill(path.format(**place), **filled).status_code in (403, 404), path
    assert audited(town) == before


def test_a_course_is_made_named_and_archived(town: Town) -> None:
    browser = town.browser(town.teacher)
    empty = browser.fill("/new-course", title=" ")
    assert empty.status_code == 422
    assert 'aria-invalid="true"' in empty.text
    made = browser.fill("/new-course", title=HOSTILE.replace("\u202e", ""))
    page = browser.get(made.headers["location"]).text
    assert "Two steps are left" in page
    assert "<script>window" not in page
    course = int(re.findall(r"\d+", made.headers["location"])[0])
    assert browser.fill(f"/courses/{course}/settings", title="Robot cells").status_code == 303
    browser.fill(f"/courses/{course}/join-code")
    assert re.search(r'class="code"[^>]*>[A-Z2-9]{5}-[A-Z2-9]{5}<', browser.get(f"/courses/{course}/settings").text)
    browser.fill(f"/courses/{course}/groups", name="РТ-21")
    twice = browser.fill(f"/courses/{course}/groups", name="РТ-21")
    assert twice.status_code == 422
    assert "There is a group" in twice.text
    browser.fill(f"/courses/{course}/archive")
    refused = browser.fill(f"/courses/{course}/settings", title="Other")
    assert refused.status_code == 422
    assert "archived" in refused.text
    assert browser.fill(f"/courses/{course}/archive", open="yes").status_code == 303
    told = [one for one in audited(town) if one.startswith(("course.", "group."))]
    assert told[-6:] == [
        "course.made",
        "course.changed",
        "course.join-code-made",
        "group.made",
        "course.archived",
        "course.reopened",
    ]


def upload(town: Town, data: bytes, **fields: str) -> object:
    browser = town.browser(town.teacher)
    path = f"/courses/{town.course}/roster"
    return browser.post(path, data={"csrf": browser.token(), **fields}, files={"file": ("class.csv", data, "text/csv")})


def test_a_file_is_looked_at_enrolled_and_taken_back(town: Town) -> None:
    preview = upload(town, CLASS.encode("utf-16"))
    assert "30 students would be enrolled" in preview.text
    assert "UTF-16" in preview.text
    assert "Студент 7" in preview.text
    assert len(members(town)) == 3
    carried = re.search(r'name="carried" value="([^"]+)"', preview.text)[1]
    browser = town.browser(town.teacher)
    done = browser.fill(f"/courses/{town.course}/roster", carried=carried, encoding="", enrol="yes")
    assert "Came into the course" in done.text
    assert len(members(town)) == 33
    undo = re.search(r'name="undo" value="(\d+)"', done.text)[1]
    answer = browser.fill(f"/courses/{town.course}/roster/undo", undo=undo)
    assert "The enrolment was undone." in answer.text
    assert len(members(town)) == 3
    assert audited(town)[-2:] == ["roster.enrolled", "roster.undone"]


def test_who_adds_one_person_gets_the_link_at_once_and_may_take_it_back(town: Town) -> None:
    browser, path = town.browser(town.teacher), f"/courses/{town.course}/people"
    answer = browser.fill(path, login="new", name=HOSTILE.replace("\u202e", ""), email="", group="")
    assert answer.status_code == 200
    link = re.search(r"http://testserver(/invitation/[\w-]+)<", answer.text)[1]
    assert "<script>window" not in answer.text
    assert town.browser().fill(link, password=PASSWORD, again=PASSWORD).status_code == 303
    assert audited(town)[-3:-1] == ["roster.enrolled", "person.invited"]
    undo = re.search(r'name="undo" value="(\d+)"', answer.text)[1]
    assert "The enrolment was undone." in browser.fill(f"/courses/{town.course}/roster/undo", undo=undo).text
    assert len(members(town)) == 3
    known = browser.fill(path, login="stranger", name="Stranger", email="", group="")  # who has an account needs none
    assert "done=joined" in known.headers["location"]


def members(town: Town) -> list[int]:
    with town.school.reading() as session:
        here = select(Member.person_id).where(Member.course_id == town.course, Member.left.is_(None))
        return list(session.scalars(here))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04rest", "This is a workbook"),
        (b"a,b\n1,2\n", "Nobody was enrolled"),
        ("login,name\nx,Один\nx,Два\n".encode(), "3"),
        (f"login,name\nx,{HOSTILE}\n".encode(), "character that cannot be seen"),
    ],
)
def test_a_bad_file_is_told_at_its_place_and_enrols_nobody(quiet_town: Town, data: bytes, why: str) -> None:
    town = quiet_town
    for fields in ({}, {"enrol": "yes"}):
        answer = upload(town, data, **fields)
        assert answer.status_code == 422
        assert why in answer.text
        assert "<script>window" not in answer.text
    assert len(members(town)) == 3


def test_a_file_is_read_for_teachers_only(quiet_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading 10,000 rows takes a second of a processor."""
    town = quiet_town
    asked: list[bytes] = []
    monkeypatch.setattr(roster, "preview", lambda data, _encoding="": asked.append(data))
    for who, status in ((town.student, 403), (town.stranger, 404)):
        browser = town.browser(who)
        token = browser.token()
        for path in ("roster", "people"):
            answer = browser.post(f"/courses/{town.course}/{path}", data={"csrf": token, "login": "x", "name": "X"})
            assert answer.status_code == status
    assert asked == []


@pytest.mark.parametrize("carried", ["", "x", "AAAA", "ж"])
def test_what_a_page_carried_back_is_not_trusted(quiet_town: Town, carried: str) -> None:
    town = quiet_town
    answer = town.browser(town.teacher).fill(f"/courses/{town.course}/roster", carried=carried, enrol="yes")
    assert answer.status_code == 422
    assert len(members(town)) == 3


def test_a_carried_file_cannot_grow_without_end(town: Town) -> None:
    import base64
    import zlib

    bomb = base64.b64encode(zlib.compress(b"login,name\n" + b"a" * (60 << 20), 9)).decode()
    assert len(_carried(Sent({"carried": [bomb]}, {}))) == 4 << 20
    answer = town.browser(town.teacher).fill(f"/courses/{town.course}/roster", carried=bomb, enrol="yes")
    assert answer.status_code == 422
    assert len(members(town)) == 3


def test_one_person_is_added_and_errors_stand_at_the_field(town: Town) -> None:
    browser = town.browser(town.teacher)
    path = f"/courses/{town.course}/people"
    bad = browser.fill(path, login="two words", name="", email="no", group="")
    assert bad.status_code == 422
    for field in ("login", "name", "email"):
        assert re.search(rf'id="f-{field}"[^>]*aria-invalid="true"', bad.text), field
    assert 'value="two words"' in bad.text
    good = browser.fill(path, login="new.one", name="Новый Студент", email="", group="РТ-9")
    assert "Undo" in good.text
    assert len(members(town)) == 4


def test_a_link_is_shown_once_and_only_for_who_has_no_password(town: Town) -> None:
    browser = town.browser(town.teacher)
    browser.fill(f"/courses/{town.course}/people", login="new.one", name="New One", email="", group="")
    page = browser.fill(f"/courses/{town.course}/invitations").text
    links = re.findall(r"http://testserver/invitation/([\w-]{20,})", page)
    assert len(links) == 1
    assert "aigul" not in page
    assert links[0] not in browser.get(f"/courses/{town.course}/people").text
    assert town.browser().get(f"/invitation/{links[0]}").status_code == 200
    refused = browser.fill(f"/courses/{town.course}/members/{town.student.id}/invitation")
    assert refused.status_code == 422


def test_the_chosen_people_move_to_a_group_together(town: Town) -> None:
    browser, path = town.browser(town.teacher), f"/courses/{town.course}/people"
    assert 'id="move"' not in browser.get(path).text, "there is no group yet"
    browser.fill(f"/courses/{town.course}/groups", name="PT-21")
    page = browser.get(path).text
    (group,) = re.findall(r'<option value="(\d+)">PT-21</option>', page[page.index('id="move"') :])
    both = [str(town.student.id), str(town.classmate.id)]
    assert "2 people were moved." in browser.fill(f"{path}/group", person=both, group=group).text
    assert browser.get(f"{path}?group={group}").text.count('<tr id="person-') == 2
    assert "Choose who moves" in browser.fill(f"{path}/group", group=group).text
    assert browser.fill(f"{path}/group", person=["x"], group=group).status_code == 422
    assert browser.fill(f"{path}/group", person=["999"], group=group).status_code == 404
    assert town.browser(town.classmate).fill(f"{path}/group", person=both, group="").status_code == 403
    browser.fill(f"{path}/group", person=both[:1], group="")
    assert browser.get(f"{path}?group={group}").text.count('<tr id="person-') == 1


def test_many_people_are_shown_a_page_at_a_time(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after somebody was moved or changed, the page is the one that was looked at."""
    monkeypatch.setattr(paging, "ROWS", 2)
    browser, path = town.browser(town.teacher), f"/courses/{town.course}/people"
    browser.fill(f"/courses/{town.course}/groups", name="PT-21")
    first, second, every = (browser.get(f"{path}?page={one}").text for one in ("1", "2", "all"))
    shown = [re.findall(r'<tr id="person-(\d+)"', page) for page in (first, second, every)]
    assert (len(shown[0]), shown[0] + shown[1]) == (2, shown[2])
    assert "3 people" in first
    assert 'href="?page=2" rel="next"' in first
    assert "Page 2 of 2" in browser.get(f"{path}?page=99").text
    assert "Page 1 of 2" in browser.get(f"{path}?page=-1").text
    last = shown[1][0]
    assert "Page 2 of 2" in browser.fill(f"{path}/group", person=[last], group="", page="2").text
    changed = browser.fill(f"/courses/{town.course}/members/{last}", role="student", group="").headers["location"]
    assert changed.endswith(f"#person-{last}")
    assert f'<tr id="person-{last}"' in browser.get(changed).text
    monkeypatch.setattr(paging, "ROWS", 1)
    assert 'href="?search=a&amp;page=2"' in browser.get(f"{path}?search=a").text


def test_what_was_handed_in_is_shown_a_page_at_a_time(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "ROWS", 1)
    browser, path = town.browser(town.teacher), f"/assignments/{town.assignment}/handed-in"
    first, second = (browser.get(f"{path}?page={one}").text for one in ("1", "2"))
    names = [re.findall(r'<th scope="row"><a href="/courses/\d+/students/(\d+)"', page) for page in (first, second)]
    assert sorted(int(id_) for page in names for id_ in page) == sorted([town.student.id, town.classmate.id])
    assert 'href="?page=2" rel="next"' in first
    state = re.findall(r'href="\?state=(\w+)"', first)[0]
    assert f'href="?state={state}&amp;page=2"' in browser.get(f"{path}?state={state}").text


def test_a_role_changes_and_the_last_teacher_stays(town: Town) -> None:
    browser = town.browser(town.teacher)
    path = f"/courses/{town.course}/members"
    browser.fill(f"{path}/{town.student.id}", role="assistant", group="")
    assert "assistant" in browser.get(f"/courses/{town.course}/people").text
    answer = browser.fill(f"{path}/{town.teacher.id}", role="student", group="")
    assert answer.status_code == 422
    assert "last teacher" in answer.text
    assert browser.get(f"{path}/{town.outsider.id}").status_code == 404


def test_a_form_that_lacks_fields_is_refused_and_no_fault_of_ours(town: Town) -> None:
    answer = town.browser(town.teacher).fill(f"/assignments/{town.assignment}/settings", scenes="many")
    assert answer.status_code == 422


def test_settings_are_stored_and_come_back(town: Town) -> None:
    due = (clock.now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    key = "numbers.tolerance.position"
    changes = {"due": due, "attempts": "4", "late_percent": "12,5", "counts": "latest", f"{key}.full": "0,4"}
    answer = town.browser(town.teacher).fill(
        f"/assignments/{town.assignment}/settings", **form(town, **changes, **{f"{key}.zero": "6"})
    )
    assert answer.status_code == 303, answer.text
    row = stored(town)
    assert row.due is not None
    assert (row.due.strftime("%Y-%m-%dT%H:%M"), row.attempts, row.late_percent, row.counts) == (due, 4, 12.5, "latest")
    assert row.numbers == {"tolerance.position": {"full": 0.4, "zero": 6.0, "unit": "mm"}}
    assert audited(town)[-1] == "assignment.changed"
    page = town.browser(town.teacher).get(f"/assignments/{town.assignment}/settings").text
    assert f'value="{due}"' in page
    assert re.search(r'name="numbers.tolerance.position.full"[^>]*placeholder="0.5" value="0.4"', page)


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        ("due", "yesterday", "is not a day and time"),
        ("attempts", "0", "from 1 to 1000"),
        ("attempts", "many", "is not a whole number"),
        ("late_percent", "nan", "is not a number"),
        ("late_percent", "101", "from 0 to 100"),
        ("scenes", "33", "from 1 to 32"),
        ("counts", "worst", "cannot count"),
        ("weight", "-1", "from 0 to 1000"),
    ],
)
def test_a_wrong_field_is_told_where_it_stands(quiet_town: Town, field: str, text: str, why: str) -> None:
    town = quiet_town
    before = stored(town).edition
    answer = town.browser(town.teacher).fill(f"/assignments/{town.assignment}/settings", **form(town, **{field: text}))
    assert answer.status_code == 422
    assert why in answer.text
    if field != "counts":
        assert re.search(rf'id="f-{field}"[^>]*aria-invalid="true"', answer.text)
        assert f'value="{text}"' in answer.text
    assert stored(town).edition == before


@pytest.mark.parametrize(("text", "why"), [("900", "from 0.01 to 100 mm"), ("<b>", "It must be")])
def test_a_wrong_own_number_is_told_where_it_stands(quiet_town: Town, text: str, why: str) -> None:
    town = quiet_town
    key = "numbers.tolerance.position"
    answer = town.browser(town.teacher).fill(
        f"/assignments/{town.assignment}/settings", **form(town, **{f"{key}.full": text, f"{key}.zero": "5"})
    )
    assert answer.status_code == 422
    assert why in answer.text
    assert re.search(rf'name="{key}.full"[^>]*aria-invalid="true"', answer.text)
    assert "<b>" not in answer.text
    assert '<details class="numbers" open>' in answer.text


def test_two_teachers_see_both_versions(town: Town) -> None:
    mine = form(town, attempts="3", late_percent="10")
    with town.school.writing() as session:
        assignments.change_assignment(session, town.admin, town.assignment, edition=1, attempts=7)
    browser = town.browser(town.teacher)
    answer = browser.fill(f"/assignments/{town.assignment}/settings", **mine)
    assert answer.status_code == 409
    assert "Administrator changed this assignment" in answer.text
    assert re.search(r'<th scope="row">Attempts</th><td>7</td><td>3</td>', answer.text)
    assert re.search(r'<th scope="row">Taken off for each day late</th><td>0</td><td>10</td>', answer.text)
    assert stored(town).attempts == 7
    edition = re.search(r'name="edition" value="(\d+)"', answer.text)[1]
    assert browser.fill(f"/assignments/{town.assignment}/settings", **(mine | {"edition": edition})).status_code == 303
    assert stored(town).attempts == 3


def test_an_assignment_is_added_hidden(town: Town) -> None:
    browser = town.browser(town.teacher)
    answer = browser.fill(f"/courses/{town.course}/new-assignment", exercise="palletising", own="")
    assert "The exercise was added." in browser.get(answer.headers["location"]).text
    assert "Palletising" not in town.browser(town.student).get(f"/courses/{town.course}").text
    unknown = browser.fill(f"/courses/{town.course}/new-assignment", exercise="../../etc", own="")
    assert unknown.status_code == 422


def test_an_extension_is_given_with_a_reason_and_ended(town: Town) -> None:
    with town.school.writing() as session:
        assignments.change_assignment(session, town.teacher, town.assignment, edition=1, attempts=2)
    browser = town.browser(town.teacher)
    path = f"/assignments/{town.assignment}/extensions"
    person = str(town.student.id)
    bare = browser.fill(path, person=person, due="", closes="", attempts="5", reason="")
    assert bare.status_code == 422
    assert re.search(r'id="f-reason"[^>]*aria-invalid="true"', bare.text)
    nobody = browser.fill(path, person="", due="", closes="", attempts="5", reason="ill")
    assert nobody.status_code in (404, 422)
    assert browser.fill(path, person=person, due="", closes="", attempts="5", reason=HOSTILE).status_code == 303
    page = browser.get(path).text
    assert "Take back" in page
    assert "<script>window" not in page
    assert browser.fill(f"{path}/{person}/end").status_code == 303
    assert audited(town)[-2:] == ["extension.given", "extension.ended"]


def test_releasing_a_scene_says_what_it_means(town: Town) -> None:
    browser = town.browser(town.teacher)
    path = f"/assignments/{town.assignment}/hidden-scenes"
    before = browser.get(path).text
    assert "It cannot be taken back" in before
    assert not re.search(r"\d{25,}", before)  # no seed of a hidden scene, also not for its teacher
    browser.fill(path, place="2")
    assert re.search(r'class="seed">\d{25,}<', browser.get(path).text)
    assert browser.fill(path, place="99").status_code == 422
    assert browser.fill(path, place="x").status_code == 422
    assert audited(town)[-1] == "scene.released"


def test_a_change_of_numbers_and_dates_is_told_in_words(town: Town) -> None:
    key = "numbers.tolerance.position"
    changes = {"due": "2030-01-02T03:04", "counts": "latest", f"{key}.full": "0.4", f"{key}.zero": "6"}
    browser = town.browser(town.teacher)
    assert browser.fill(f"/assignments/{town.assignment}/settings", **form(town, **changes)).status_code == 303
    page = browser.get(f"/courses/{town.course}/changes").text
    assert "Position of a pose" in page
    assert "full points 0.4, no points 6 mm" in page
    assert "the best attempt → the latest attempt" in page
    assert "→ 2030-01-02 03:04 UTC" in page
    for raw in ("tolerance.position", "every_attempt", f"assignment {town.assignment}", "edition", "2030-01-02T"):
        assert raw not in page


def test_numbers_have_titles_in_the_form_and_where_two_teachers_differ(town: Town) -> None:
    browser, path = town.browser(town.teacher), f"/assignments/{town.assignment}/settings"
    page = browser.get(path).text
    assert "Height of the post" in page
    assert "The straight line" in page
    typed = form(town) | {"numbers.scene.tilt_deg": "7"}
    browser.fill(path, **form(town, weight="3"))
    shown = browser.fill(path, **typed).text
    assert '<th scope="row">Largest tilt of poses E and F [deg]</th>' in shown


def test_changes_are_listed_in_words_and_filtered(town: Town) -> None:
    browser = town.browser(town.teacher)
    browser.fill(f"/courses/{town.course}/settings", title="Another title")
    path = f"/courses/{town.course}/changes"
    page = browser.get(path).text
    assert "changed the title of the course" in page
    assert "→ Another title" in page
    assert "changed the title" not in browser.get(f"{path}?action=assignment.").text
    assert "changed the title" not in browser.get(f"{path}?person=Administrator").text
    assert "changed the title" not in browser.get(f"{path}?since=2999-01-01").text
    assert browser.get(f"{path}?since=never").status_code == 422
    assert "Another title" in town.browser(town.admin).get("/school/changes").text
    town.browser(town.admin).fill(f"/courses/{town.other_course}/settings", title="Not for Bolat")
    assert "Not for Bolat" not in browser.get(path).text
    assert "Not for Bolat" in town.browser(town.admin).get("/school/changes").text


def test_the_number_of_queries_does_not_grow_with_the_class(town: Town) -> None:
    browser = town.browser(town.teacher)
    paths = pages(town, (*STAFF_PAGES, "/assignments/{a}/extensions", "/courses/{c}/changes"))

    def measured() -> dict[str, int]:
        found = {}
        for path in paths:
            browser.get(path)
            with counted(town.school) as statements:
                assert browser.get(path).status_code == 200
            found[path] = len(statements)
        return found

    few = measured()
    with town.school.writing() as session:
        roster.enrol(session, town.teacher, town.course, roster.preview(CLASS.encode()))
    assert measured() == few
    with town.school.reading() as session:
        assert session.get_one(Course, town.course).title


def test_a_deadline_in_the_past_is_saved_by_who_was_told_what_follows(town: Town) -> None:
    browser, path = town.browser(town.teacher), f"/assignments/{town.assignment}/settings"
    assert town.browser(town.student).fill(f"/assignments/{town.assignment}/submit", source="print(1)")
    asked = browser.fill(path, **form(town, due="2020-01-01T10:00"))
    assert asked.status_code == 422
    for words in (
        "Nothing was saved yet",
        "has passed: what comes from now on is late",
        "1 program that is in already",
    ):
        assert words in asked.text
    assert "to be mended" not in asked.text
    assert 'value="2020-01-01T10:00"' in asked.text
    assert stored(town).due is None
    mark = re.search(r'name="sure" value="(\w+)">Save it nevertheless', asked.text)[1]
    other = form(town, due="2020-01-01T10:00", closes="2020-01-02T10:00", sure=mark)  # another thing than was told
    assert "nothing is taken any more" in browser.fill(path, **other).text
    assert browser.fill(path, **form(town, due="2020-01-01T10:00", sure=mark)).status_code == 303
    assert stored(town).due is not None
    api = f"/api/v1/assignments/{town.assignment}"
    told = browser.put_json(api, "PATCH", edition=stored(town).edition, due="2019-01-01T10:00:00Z")
    assert (told.status_code, told.json()["where"]) == (422, "sure")
    sure = browser.put_json(api, "PATCH", edition=stored(town).edition, due="2019-01-01T10:00:00Z", sure=True)
    assert sure.status_code == 200


def test_a_form_tells_everything_that_is_wrong_at_once_and_in_its_own_words(town: Town) -> None:
    wrong = {
        "due": "soon",
        "attempts": "many",
        "scenes": "99",
        "numbers.tolerance.position.full": "9",
        "numbers.tolerance.position.zero": "2",
        "numbers.safety.contact": "-1",
    }
    answer = town.browser(town.teacher).fill(f"/assignments/{town.assignment}/settings", **form(town, **wrong))
    assert answer.status_code == 422
    for sentence in (
        "5 fields are to be mended: each says what is wrong.",
        "is not a day and time",
        "&#39;many&#39; is not a whole number.",
        "99 does not fit. It must be from 1 to 32.",
        "The number for full points must be smaller than the one for no points.",
        "&#39;-1&#39; does not fit. It must be a number from 0 to 15",
    ):
        assert sentence in answer.text, sentence
    for raw in ("full = ...", "tolerance.position is", "full less than zero", "scenes is"):
        assert raw not in answer.text
    assert answer.text.count('class="wrong"') == 5
    assert stored(town).scenes == 3
