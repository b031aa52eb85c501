"""The main way of a teacher in a real browser, and what axe finds on each of their pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys
from test_browser import ONLY_US, Served, served
from town import PASSWORD, Town, settle

from school.making import found
from sheber.school.courses import courses, roster
from sheber.school.opening import open_school
from sheber.school.queue import claiming
from sheber.school.submissions import comments, handing_in, requests
from test_page import AXE, VIOLATIONS, Page, browser, complaints

pytestmark = [pytest.mark.browser]

STUDENTS = "login,name,group\n" + "".join(f"p{n:02},Student {n:02},G-{n % 2}\n" for n in range(24))


def hand_in(town: Town, points: float) -> int:
    with town.school.writing() as session:
        secret = town.school.secret
        made = handing_in.submit(secret, session, town.student, town.assignment, b"a = 1\nb = 2\n", "program.py")
    with town.school.writing() as session:
        for job in claiming.claim(session, "tester", 99):
            assert claiming.finish(session, "tester", job.job_id, found(points))
    return made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    opened = open_school(tmp_path_factory.mktemp("served") / "school")
    town = settle(opened)
    with opened.writing() as session:
        roster.enrol(session, town.teacher, town.course, roster.preview(STUDENTS.encode()))
    made = hand_in(town, 80.0)
    with opened.writing() as session:
        comments.comment(session, town.teacher, made, "Look here", line=2)
        requests.ask(session, town.student, made, "Scene 2 was judged wrongly")
    with served(town) as address:
        yield Served(town, address)
    opened.close()


@pytest.fixture(scope="module")
def opened() -> Iterator[Page]:
    with browser(ONLY_US) as page:
        yield page


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    opened.prefer(prefers_color_scheme="light", prefers_reduced_motion="reduce")
    opened.resize(1440, 900)
    opened.browser.get_log("browser")
    yield opened
    assert [one for one in complaints(opened) if "the server responded with a status of 4" not in one] == []


def log_in(page: Page, place: Served, login: str) -> None:
    page.browser.get(f"{place.address}/log-in")
    page.browser.delete_all_cookies()
    page.browser.get(f"{place.address}/log-in")
    page.find("#f-login").send_keys(login)
    page.find("#f-password").send_keys(PASSWORD)
    page.find("form.stack button").click()
    page.until(lambda: page("return location.pathname") == "/")


def says(page: Page, text: str) -> None:
    """Wait until the page says so; asked by script, since elements go away while pages change."""
    page.until(lambda: text in str(page("return document.querySelector('main')?.innerText ?? ''")))


def press(page: Page, selector: str) -> None:
    """Press what the page has, or will have in a moment."""
    page.until(lambda: bool(page(f"return document.querySelector({selector!r})")))
    page(f"document.querySelector({selector!r}).click()")


def focused(page: Page) -> str:
    return str(page("return document.activeElement.closest('td, th')?.textContent.trim() ?? ''"))


def test_a_field_for_a_day_says_how_it_is_read(page: Page, place: Served) -> None:
    log_in(page, place, "bolat")
    page.browser.get(f"{place.address}/assignments/{place.town.assignment}/settings")
    told = page.find("#h-due [data-entered]")
    assert not told.is_displayed()
    page(
        "const f = document.getElementById('f-due'); f.value = '2099-02-01T18:00'; f.dispatchEvent(new Event('input'))"
    )
    assert told.text == "Read as 2099-02-01 18:00."


def test_the_way_of_a_teacher(page: Page, place: Served, tmp_path: Path) -> None:
    log_in(page, place, "bolat")
    press(page, "a[href='/new-course']")
    says(page, "You become its teacher")
    page.find("#f-title").send_keys("A course of its own")
    press(page, "main .button")
    says(page, "Two steps are left")
    press(page, "a[href$='/roster']")
    says(page, "A table saved as CSV")
    file = tmp_path / "class.csv"
    file.write_text(STUDENTS, encoding="utf-8")
    page.find("#f-file").send_keys(str(file))
    press(page, "main form .button")
    says(page, "24 students would be enrolled")
    press(page, "button[name=enrol]")
    says(page, "Came into the course")
    press(page, "main .crumbs li:nth-child(2) a")
    says(page, "Add an assignment")
    press(page, "a[href$='/new-assignment']")
    press(page, "button[aria-label='Add Palletising']")
    says(page, "The exercise was added.")
    press(page, "input[name=visible]")
    page("document.getElementById('f-attempts').value = '3'")
    page("document.querySelector('form#settings').requestSubmit()")
    says(page, "The settings were saved.")
    assert page.find("#f-attempts").get_attribute("value") == "3"


def test_a_deadline_is_typed_and_shown_by_the_clock_of_the_course(page: Page, place: Served) -> None:
    with place.town.school.writing() as session:
        courses.set_zone(session, place.town.teacher, place.town.course, "Asia/Almaty")
    log_in(page, place, "bolat")
    page.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "America/New_York"})
    try:
        page.browser.get(f"{place.address}/assignments/{place.town.assignment}/settings")
        page("document.getElementById('f-due').value = '2099-06-01T18:00'")
        page("document.querySelector('form#settings').requestSubmit()")
        says(page, "The settings were saved.")
        assert page.find("#f-due").get_attribute("value") == "2099-06-01T18:00"
        assert "Asia/Almaty (UTC+5)" in page.find("#h-due").text
        page.browser.get(f"{place.address}/courses/{place.town.course}/assignments")
        says(page, "(UTC+5)")
        shown = page.find("td time")
        assert shown.get_attribute("datetime") == "2099-06-01T13:00:00Z"
        assert shown.get_attribute("title").endswith("(Asia/Almaty)")
        assert shown.text == "2099-06-01 18:00 (UTC+5)"
        page.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Qyzylorda"})
        page.browser.refresh()
        page.until(lambda: "UTC" not in page.find("td time").text)  # the same clock: nothing is to be said
    finally:
        page.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})


def test_the_gradebook_is_a_grid_for_the_keyboard(page: Page, place: Served) -> None:
    log_in(page, place, "bolat")
    page.browser.get(f"{place.address}/courses/{place.town.course}/gradebook?search=Student")
    table = page.find("#book")
    assert table.get_attribute("role") == "grid"
    assert page("return document.querySelectorAll('#book [tabindex=\"0\"]').length") == 1
    page("document.querySelector('#book [tabindex=\"0\"]').focus()")
    keys = page.browser.switch_to.active_element.send_keys
    assert focused(page) == "Student 00"
    keys(Keys.ARROW_DOWN)
    assert focused(page) == "Student 01"
    page.browser.switch_to.active_element.send_keys(Keys.END)
    page.browser.switch_to.active_element.send_keys(Keys.CONTROL, Keys.HOME)
    assert focused(page) == "Student 00"
    page.browser.switch_to.active_element.send_keys(Keys.END)
    page.browser.switch_to.active_element.send_keys(Keys.ENTER)
    page.until(lambda: bool(page("return document.getElementById('cell-dialog').open")))
    assert "Student 00" in page.find("#grade-title").text
    page.find("#f-points").clear()
    page.find("#f-points").send_keys("120")
    page.find("#f-reason").send_keys("An oral answer")
    page.find("#grade-form .button").click()
    page.until(lambda: bool(page("return document.querySelector('#f-points[aria-invalid]')")))
    page.find("#f-points").clear()
    page.find("#f-points").send_keys("72,5")
    page.find("#grade-form .button").click()
    page.until(lambda: not page("return document.getElementById('cell-dialog').open"))
    assert focused(page).startswith("72.5")
    assert page.find("#book tbody tr .total").text == "72.5"
    page.browser.refresh()
    assert page.find("#book tbody tr .total").text == "72.5"


def test_a_line_of_a_program_leads_to_its_comment(page: Page, place: Served) -> None:
    log_in(page, place, "bolat")
    page.browser.get(f"{place.address}/submissions/1")
    page("document.querySelector('[data-line=\"2\"]').click()")
    assert page.find("#f-line").get_attribute("value") == "2"
    page.find("#f-comment").send_keys("Why twice?")
    page("document.querySelector('#f-comment').form.requestSubmit()")
    page.until(lambda: "Why twice?" in page.find("#line-2").text)


PAGES = (
    "/new-course",
    "/courses/{c}",
    "/courses/{c}/settings",
    "/courses/{c}/people",
    "/courses/{c}/members/{s}",
    "/courses/{c}/roster",
    "/courses/{c}/assignments",
    "/courses/{c}/new-assignment",
    "/courses/{c}/gradebook",
    "/courses/{c}/requests",
    "/courses/{c}/changes",
    "/courses/{c}/report",
    "/courses/{c}/students/{s}",
    "/courses/{c}/students/{s}/report",
    "/assignments/{a}/settings",
    "/assignments/{a}/handed-in",
    "/assignments/{a}/extensions",
    "/assignments/{a}/hidden-scenes",
    "/assignments/{a}/statistics",
    "/assignments/{a}/similarity",
    "/assignments/{a}/regrades",
    "/assignments/{a}/grades/{s}",
    "/submissions/1",
    "/own-exercises",
)
SCHOOL = (
    "/school",
    "/school/people",
    "/school/people/{s}",
    "/school/courses",
    "/school/disk",
    "/school/changes",
    "/school/settings",
)


@pytest.mark.parametrize(("login", "paths"), [("bolat", PAGES), ("admin", SCHOOL)])
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_axe_finds_nothing_and_nothing_is_too_wide(
    page: Page, place: Served, login: str, paths: tuple[str, ...], width: int, scheme: str
) -> None:
    if not AXE.exists():
        pytest.skip("no axe-core; `make frontend` installs it")
    log_in(page, place, login)
    page.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    page.resize(width, 900)
    town = place.town
    wrong = {}
    for path in paths:
        page.browser.get(place.address + path.format(c=town.course, a=town.assignment, s=town.student.id))
        page(AXE.read_text())
        violations = page.browser.execute_async_script(VIOLATIONS)
        wide = page("return document.documentElement.scrollWidth - window.innerWidth")
        if violations or wide > 0:
            wrong[path] = (violations, wide)
    assert wrong == {}


def test_the_settings_open_where_a_number_is_wrong(page: Page, place: Served) -> None:
    log_in(page, place, "bolat")
    page.browser.get(f"{place.address}/assignments/{place.town.assignment}/settings")
    page("document.querySelectorAll('.numbers')[1].open = true")
    field = page.find("input[name='numbers.tolerance.position.full']")
    field.send_keys("900")
    page.find("input[name='numbers.tolerance.position.zero']").send_keys("901")
    page("document.querySelector('form#settings').requestSubmit()")
    says(page, "Nothing was saved.")
    field = page.find("input[name='numbers.tolerance.position.full']")
    assert field.is_displayed()
    assert field.get_attribute("aria-invalid") == "true"
