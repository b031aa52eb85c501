"""Time zones on the pages: typed, shown and refused by the clock of the course; the school's where there is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from test_teaching_courses import form, stored
from town import Town

from sheber.school import preferences
from sheber.school.courses import courses
from sheber.school.courses.models import Extension


@pytest.fixture
def almaty(town: Town) -> Town:
    """A town in whose school it is UTC+5."""
    with town.school.writing() as session:
        preferences.set_zone(session, town.admin, "Asia/Almaty")
    return town


def test_a_deadline_is_typed_kept_and_shown(almaty: Town) -> None:
    teacher, page = almaty.browser(almaty.teacher), f"/assignments/{almaty.assignment}/settings"
    assert teacher.fill(page, **form(almaty, due="2099-12-02T23:59")).status_code == 303
    assert stored(almaty).due == datetime(2099, 12, 2, 18, 59, tzinfo=UTC)
    told = teacher.get(page).text
    assert 'value="2099-12-02T23:59"' in told
    assert "Time of Asia/Almaty (UTC+5)." in told
    for who, path in (
        (almaty.teacher, f"/courses/{almaty.course}/assignments"),
        (almaty.student, "/"),
        (almaty.student, f"/courses/{almaty.course}"),
        (almaty.student, f"/assignments/{almaty.assignment}"),
        (almaty.teacher, f"/assignments/{almaty.assignment}/extensions"),
    ):
        assert "2099-12-02 23:59 (UTC+5)" in almaty.browser(who).get(path).text, path


def test_a_course_has_a_zone_of_its_own(almaty: Town) -> None:
    teacher = almaty.browser(almaty.teacher)
    assert teacher.fill(f"/courses/{almaty.course}/zone", zone="europe/berlin").status_code == 303
    fields = form(almaty, due="2099-03-29T02:30")
    answer = teacher.fill(f"/assignments/{almaty.assignment}/settings", **fields)
    assert answer.status_code == 422
    assert "2099-03-29 02:30 does not exist in Europe/Berlin" in answer.text
    twice = teacher.fill(f"/assignments/{almaty.assignment}/settings", **form(almaty, due="2099-10-25T02:30"))
    assert twice.status_code == 303
    assert stored(almaty).due == datetime(2099, 10, 25, 1, 30, tzinfo=UTC)
    page = teacher.get(f"/assignments/{almaty.assignment}/settings").text
    assert "this time comes twice: the later one counts (UTC+1)" in page
    wrong = teacher.fill(f"/courses/{almaty.course}/zone", zone="<b>Mars")
    assert wrong.status_code == 422
    assert "&lt;b&gt;Mars" in wrong.text


def test_a_moment_that_was_not_touched_stays_to_the_second(almaty: Town) -> None:
    with almaty.school.writing() as session:
        courses.set_zone(session, almaty.teacher, almaty.course, "Europe/Berlin")
    first = datetime(2099, 10, 25, 0, 30, 17, tzinfo=UTC)  # the earlier of the two 02:30
    with almaty.school.writing() as session:
        session.get_one(type(stored(almaty)), almaty.assignment).due = first
    answer = almaty.browser(almaty.teacher).fill(f"/assignments/{almaty.assignment}/settings", **form(almaty))
    assert answer.status_code == 303
    assert stored(almaty).due == first


def test_an_extension_is_typed_in_it_too(almaty: Town) -> None:
    teacher, page = almaty.browser(almaty.teacher), f"/assignments/{almaty.assignment}/extensions"
    teacher.fill(f"/assignments/{almaty.assignment}/settings", **form(almaty, due="2099-12-02T23:59"))
    fields = {"person": str(almaty.student.id), "attempts": "", "closes": "", "reason": "ill"}
    early = teacher.fill(page, due="2099-12-01T12:00", **fields)
    assert "2099-12-01 12:00 (UTC+5) gives no more time" in early.text
    assert teacher.fill(page, due="2099-12-09T23:59", **fields).status_code == 303
    assert "2099-12-09 23:59 (UTC+5)" in teacher.get(page).text
    student = almaty.browser(almaty.student)
    assert "2099-12-09 23:59 (UTC+5)" in student.get(f"/courses/{almaty.course}").text
    assert "1 news</a>" in student.get("/").text
    assert student.get("/api/v1/me/news").json()[0]["due"] == "2099-12-09T18:59:00Z"
    told = student.get("/news").text
    assert f'href="/assignments/{almaty.assignment}">More time for you</a>' in told
    assert "2099-12-09 23:59 (UTC+5)" in told


def test_what_is_typed_is_of_the_course_where_it_has_a_zone_of_its_own(town: Town) -> None:
    """The school is in UTC; the form says Almaty."""
    teacher, page = town.browser(town.teacher), f"/assignments/{town.assignment}/extensions"
    teacher.fill(f"/courses/{town.course}/zone", zone="Asia/Almaty")
    teacher.fill(f"/assignments/{town.assignment}/settings", **form(town, due="2099-12-02T23:59"))
    fields = {"person": str(town.student.id), "attempts": "", "closes": "", "reason": "ill"}
    assert teacher.fill(page, due="2099-12-09T18:00", **fields).status_code == 303
    assert "2099-12-09 18:00 (UTC+5)" in teacher.get(page).text
    with town.school.reading() as session:
        assert session.scalars(select(Extension)).one().due == datetime(2099, 12, 9, 13, 0, tzinfo=UTC)


def test_the_administrator_chooses_it(town: Town) -> None:
    admin = town.browser(town.admin)
    page = admin.get("/school/settings").text
    assert 'value="UTC"' in page
    assert '<option value="Asia/Almaty">' in page
    assert admin.fill("/school/settings", zone="Asia/Almaty").status_code == 303
    assert "(UTC+5)" in admin.get("/school/courses").text
    assert "(UTC+5)" in admin.get("/school/settings?saved=yes").text
    changes = admin.get("/school/changes?action=school.").text
    assert "changed the time zone of the school" in changes
    assert "UTC → Asia/Almaty" in changes
    assert admin.fill("/school/settings", zone="nowhere").status_code == 422
    assert town.browser(town.teacher).fill("/school/settings", zone="UTC").status_code == 403


def test_the_administrator_is_reminded_until_a_zone_is_chosen_be_it_the_same(town: Town) -> None:
    admin, hint = town.browser(town.admin), "No time zone was chosen yet."
    for path in ("/", "/school", "/school/disk"):
        assert hint in admin.get(path).text, path
        assert "by the clock of UTC, which is the one of its server" in admin.get(path).text
    assert hint not in town.browser(town.teacher).get("/").text
    assert "Nobody has chosen it yet" in admin.get("/school/settings").text
    assert admin.fill("/school/settings", zone="UTC").status_code == 303
    assert hint not in admin.get("/").text
    assert "Nobody has chosen it yet" not in admin.get("/school/settings").text


def test_a_place_is_a_zone_where_there_is_one_of_that_name(town: Town) -> None:
    admin = town.browser(town.admin)
    assert admin.fill("/school/settings", zone=" almaty").status_code == 303
    assert 'value="Asia/Almaty"' in admin.get("/school/settings").text
    twice = admin.fill("/school/settings", zone="Louisville")
    assert twice.status_code == 422
    assert "more than one place. Write which one: America/Kentucky/Louisville, America/Louisville." in twice.text


def test_the_api_says_moments_in_utc_and_tells_the_zone(town: Town) -> None:
    teacher, admin = town.browser(town.teacher), town.browser(town.admin)
    assert admin.put_json("/api/v1/school/zone", zone="Asia/Almaty").json() == {"zone": "Asia/Almaty"}
    assert teacher.put_json("/api/v1/school/zone", zone="UTC").status_code == 403
    changed = teacher.put_json(f"/api/v1/courses/{town.course}", "PATCH", zone="Europe/Berlin")
    assert changed.json()["zone"] == "Europe/Berlin"
    assert teacher.get("/api/v1/school/zone").json() == {"zone": "Asia/Almaty"}
