"""Time zones: which one is in force, and moments by the clock of one, also where it is put forward and back."""

from __future__ import annotations

from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path

import pytest

from school.making import Clock, a_person
from sheber.school import preferences, zones
from sheber.school.courses import courses
from sheber.school.courses.assignments import Settings, add_assignment
from sheber.school.courses.courses import my_courses
from sheber.school.errors import NotAllowed, Refused
from sheber.school.opening import School
from sheber.school.people.policy import require


@pytest.fixture(autouse=True)
def _afresh() -> None:
    """No test is in the zone of the last one."""
    zones._zone.set("")
    zones._usual.set(None)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "wall", "moment"),
    [
        ("Asia/Almaty", "2026-12-02T23:59", "2026-12-02T18:59"),
        ("Asia/Almaty", "2023-12-02T23:59", "2023-12-02T17:59"),  # it was at UTC+6 until March 2024
        ("Europe/Berlin", "2026-07-01T12:00", "2026-07-01T10:00"),
        ("Europe/Berlin", "2026-12-01T12:00", "2026-12-01T11:00"),
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T01:30"),  # comes twice: the later one
        ("America/St_Johns", "2026-01-10T09:00", "2026-01-10T12:30"),
        ("UTC", "2026-01-10T09:00", "2026-01-10T09:00"),
    ],
)
def test_the_clock_of_a_zone(zone: str, wall: str, moment: str) -> None:
    found = zones.moment_at(datetime.fromisoformat(wall), zone)
    assert found == utc(moment)
    assert found.tzinfo is UTC
    assert f"{zones.local(found, zone):%Y-%m-%dT%H:%M}" == wall


def test_a_time_that_the_clock_skips_is_refused_with_the_one_that_is_meant() -> None:
    with pytest.raises(Refused, match=r"2026-03-29 02:30 does not exist in Europe/Berlin.*Write 2026-03-29 03:30"):
        zones.moment_at(datetime(2026, 3, 29, 2, 30), "Europe/Berlin")
    assert zones.moment_at(datetime(2026, 3, 29, 3, 0), "Europe/Berlin") == utc("2026-03-29T01:00")


def test_a_time_that_comes_twice_is_known() -> None:
    twice = {hour: zones.comes_twice(utc(f"2026-10-25T{hour:02}:30"), "Europe/Berlin") for hour in range(4)}
    assert twice == {0: True, 1: True, 2: False, 3: False}
    assert not zones.comes_twice(utc("2026-03-29T00:30"), "Europe/Berlin")


def test_how_a_moment_is_told() -> None:
    moment = utc("2026-12-02T18:59")
    assert zones.told(moment, "Asia/Almaty") == "2026-12-02 23:59 (UTC+5)"
    assert zones.told(moment, "America/St_Johns") == "2026-12-02 15:29 (UTC-3:30)"
    assert zones.told(moment, "UTC") == "2026-12-02 18:59 UTC"


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "posix/UTC", "Asia/Almaty\0", "x" * 300])
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(Refused, match="is not a time zone"):
        zones.checked(name)


def test_a_zone_is_found_however_it_is_typed() -> None:
    assert zones.checked(" asia/almaty ") == "Asia/Almaty"
    assert zones.checked("America/New york") == "America/New_York"


def test_the_zone_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TZ", raising=False)
    file = tmp_path / "zoneinfo" / "Asia" / "Tashkent"
    file.parent.mkdir(parents=True)
    file.touch()
    (tmp_path / "localtime").symlink_to(file)
    (tmp_path / "timezone").write_text("Asia/Dushanbe\n")
    monkeypatch.setattr(zones, "_NAME", tmp_path / "none")
    monkeypatch.setattr(zones, "_LINK", tmp_path / "none")
    assert zones.server_zone() == "UTC"
    monkeypatch.setattr(zones, "_NAME", tmp_path / "timezone")
    assert zones.server_zone() == "Asia/Dushanbe"
    monkeypatch.setattr(zones, "_LINK", tmp_path / "localtime")
    assert zones.server_zone() == "Asia/Tashkent"
    monkeypatch.setenv("TZ", ":Europe/Berlin")
    assert zones.server_zone() == "Europe/Berlin"
    monkeypatch.setenv("TZ", "EST5EDT4,M3.2.0")
    assert zones.server_zone() == "Asia/Tashkent"


def test_a_request_is_answered_in_the_zone_of_its_course_else_of_the_school(any_school: School, time: Clock) -> None:
    admin, teacher = a_person(any_school, "admin", "administrator"), a_person(any_school, "teacher", "teacher")
    with any_school.writing() as session:
        usual, own = (courses.make_course(session, teacher, title) for title in ("Usual", "Own"))
    with any_school.writing() as session:
        preferences.set_zone(session, admin, "asia/almaty")
        courses.set_zone(session, teacher, own, "Europe/Berlin")

    def asked(course_id: int) -> str:
        with any_school.reading() as session:
            require(session, teacher, "course.see", course_id)
        return zones.in_force()

    assert (copy_context().run(asked, usual), copy_context().run(asked, own)) == ("Asia/Almaty", "Europe/Berlin")
    with any_school.reading() as session:
        assert {one.id: one.zone for one in my_courses(session, teacher)} == {
            usual: "Asia/Almaty",
            own: "Europe/Berlin",
        }
    with any_school.writing() as session:
        courses.set_zone(session, teacher, own, "")
    assert copy_context().run(asked, own) == "Asia/Almaty"
    past = Settings(due=utc("2026-09-01T05:00"))
    with any_school.writing() as session, pytest.raises(Refused, match=r"2026-09-01 10:00 \(UTC\+5\) has passed"):
        add_assignment(session, teacher, usual, "poses-and-moves", past)


def test_who_chooses_the_zone_of_the_school(school: School) -> None:
    teacher = a_person(school, "teacher", "teacher")
    with school.writing() as session:
        with pytest.raises(NotAllowed):
            preferences.set_zone(session, teacher, "Asia/Almaty")
        assert zones.of_school(session) == "UTC"


def test_the_first_start_takes_the_zone_of_the_machine_and_keeps_it(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zones, "server_zone", lambda: "Asia/Almaty")
    with school.writing() as session:
        zones.begin_school_zone(session)
    monkeypatch.setattr(zones, "server_zone", lambda: "Europe/Berlin")
    with school.writing() as session:
        zones.begin_school_zone(session)
        assert zones.of_school(session) == "Asia/Almaty"
