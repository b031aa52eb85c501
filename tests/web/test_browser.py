"""The main way of a student in a real browser, with every other host blocked; and what axe finds on each page."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from town import PASSWORD, Town, settle

from sheber.judge import SandboxError
from sheber.judge.sandbox import best_sandbox
from sheber.school.opening import open_school
from sheber.school.queue.local import LocalExecutor
from sheber.school.queue.worker import JudgingWorker
from sheber.web.app import create_app
from test_page import AXE, VIOLATIONS, Page, browser, complaints, requests

pytestmark = [pytest.mark.browser, pytest.mark.physics]

PROGRAMS = Path(__file__).parents[2] / "src/sheber/exercises/poses_and_moves/programs"
ELSEWHERE = """
const { address, headers, edition } = sheber.drafts
const body = JSON.stringify({ source: arguments[0], edition })
return fetch(address, { method: 'PUT', headers, body }).then(() => 1)
"""
LOSING = """
window.answered = window.fetch
const lose = () => { throw new TypeError('lost') }
window.fetch = (address, how) => window.answered(address, how).then((answer) => how?.method === 'PUT' ? lose() : answer)
"""
ONLY_US = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@dataclass
class Served:
    """A town that is served, with somebody who judges."""

    town: Town
    address: str


@contextmanager
def served(town: Town) -> Iterator[str]:
    """The address of a running server."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(town.school), log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


@contextmanager
def judging(town: Town) -> Iterator[None]:
    """Somebody judges what is handed in."""
    try:
        sandbox = best_sandbox()
    except SandboxError as error:
        pytest.skip(f"no sandbox: {error}")
    if sandbox.level == "C":
        pytest.skip("no sandbox that isolates")
    worker = JudgingWorker(town.school, LocalExecutor(sandbox, 1))
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(60)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    school = open_school(tmp_path_factory.mktemp("served") / "school")
    town = settle(school)
    with served(town) as address, judging(town):
        yield Served(town, address)
    school.close()


@pytest.fixture(scope="module")
def opened() -> Iterator[Page]:
    with browser(ONLY_US) as page:
        yield page


@pytest.fixture
def page(opened: Page, place: Served) -> Iterator[Page]:
    """A page of somebody who has logged in; afterwards nobody else was asked and nothing was complained of."""
    opened.prefer(prefers_color_scheme="light", prefers_reduced_motion="reduce")
    opened.resize(1440, 900)
    opened.browser.get_log("browser")
    opened.browser.get_log("performance")
    log_in(opened, place)
    yield opened
    assert [one for one in complaints(opened) if "the server responded with a status of 4" not in one] == []
    assert {url.split("/")[2] for url in requests(opened) if url.startswith("http")} == {place.address[7:]}
    assert opened("return window.hacked") is None


def log_in(page: Page, place: Served) -> None:
    page.browser.get(f"{place.address}/log-in")
    page.browser.delete_all_cookies()
    page.browser.get(f"{place.address}/log-in")
    page.find("#f-login").send_keys("aigul")
    page.find("#f-password").send_keys(PASSWORD)
    page.find("form.stack button").click()
    page.until(lambda: page("return location.pathname") == "/")


def open_work(page: Page, place: Served) -> None:
    page.browser.get(f"{place.address}/assignments/{place.town.assignment}")
    page.until(lambda: bool(page("return document.querySelector('.cm-content')")))


def write(page: Page, text: str) -> None:
    """Put a program into the editor, as somebody who pastes it."""
    page.find("#plain").click()
    page(
        "const a = document.getElementById('source'); a.value = arguments[0]; a.dispatchEvent(new Event('input'))", text
    )
    page.find("#plain").click()
    page.until(lambda: bool(page("return document.querySelector('.cm-content')")))


def test_from_log_in_to_an_explained_grade(page: Page, place: Served) -> None:
    page.find(".course h2 a").click()
    page.until(lambda: "/courses/" in page("return location.pathname"))
    page.find(".assignments h3 a").click()
    page.until(lambda: bool(page("return document.querySelector('.cm-editor')")))
    write(page, (PROGRAMS / "clumsy.py").read_text("utf-8"))
    page.find("#run").click()
    page.until(lambda: page("return document.getElementById('run-state').textContent").startswith("Done"), 120)
    page.until(lambda: bool(page("return window.sheber.stage?.time")), 60)  # the cell moved
    page.until(lambda: not page("return window.sheber.stage.playing"), 10)  # the picture ends soon after the run
    assert page("return document.getElementById('live-events').childElementCount") > 3
    assert "Full report with replay" in page.find("#run-result").text
    assert page.find("#live-line").text == ""  # the program has ended: none of its lines runs
    again = page.find("[data-scene]")
    seed = again.get_attribute("data-scene")
    assert f"Practice scene {seed}" in page.find("#run-result").text
    again.click()
    page.until(lambda: page.find("#stop").is_displayed())
    assert page.find("#seed").get_attribute("value") == seed
    page.until(lambda: page("return document.getElementById('run-state').textContent").startswith("Done"), 120)
    assert f"Practice scene {seed}" in page.find("#run-result").text
    page.find("#tab-signals").click()
    assert page("return document.querySelectorAll('#live-plot canvas').length") == 1
    page.find("#submit").click()
    page.until(lambda: "/submissions/" in page("return location.pathname"))
    page.until(lambda: bool(page("return document.querySelector('.big b')?.textContent")), 180)
    assert 40 < float(page.find(".big b").text) < 80  # hidden scenes differ in each school
    page.find(".scenes summary").click()
    assert "Straight line A to B" in page.find(".scenes .detail").text


def test_a_program_that_computes_is_told_of_shows_no_old_picture_and_can_be_stopped(page: Page, place: Served) -> None:
    page.resize(1366, 768)
    open_work(page, place)
    write(page, (PROGRAMS / "clumsy.py").read_text("utf-8"))
    page.find("#run").click()
    page.until(lambda: bool(page("return window.sheber.stage?.time")), 60)
    page.until(lambda: page("return document.getElementById('run-state').textContent").startswith("Done"), 120)
    page.find("#tab-signals").click()  # the chart is seen whole
    hidden = "const p = document.getElementById('panel-signals'); return p.scrollHeight - p.clientHeight"
    page.until(lambda: page(hidden) <= 0, 5)
    write(page, "while True:\n    pass\n")
    page.find("#run").click()
    page.until(lambda: page.find("#run-state").text == "The program runs.", 30)
    assert page.find("#live-clock").text == ""
    assert page.find("#stage-empty").text == "The picture comes with the first command of the program."
    page.until(lambda: int(page.find("#run-time").text.partition(" ")[0] or 0) >= 2, 10)
    page.find("#stop").click()
    page.until(lambda: page.find("#run-state").text == "This run was cancelled.", 5)
    assert page.find("#run").is_enabled()
    assert not page.find("#stop").is_displayed()
    assert page.find("#run-time").text == ""


def judged_practice(page: Page, place: Served) -> str:
    """The address of the newest practice run that has points; one that was stopped has none."""
    page.browser.get(f"{place.address}/assignments/{place.town.assignment}/attempts")
    rows = page.browser.find_elements(By.CSS_SELECTOR, "section:last-of-type tbody tr")
    judged = next(row for row in rows if row.find_element(By.CSS_SELECTOR, "td.num").text != "–")
    return judged.find_element(By.CSS_SELECTOR, "th a").get_attribute("href") or ""


def test_a_report_opens_in_a_frame_that_has_no_origin(page: Page, place: Served) -> None:
    page.browser.get(f"{judged_practice(page, place)}/scenes/1")
    page.browser.switch_to.frame(page.find("iframe.report"))
    try:
        page.until(lambda: bool(page("return document.documentElement.classList.contains('alive')")), 60)
        assert page("return self.origin") == "null"
        assert page("try { return document.cookie } catch (error) { return error.name }") == "SecurityError"
    finally:
        page.browser.switch_to.default_content()


def test_a_framed_report_follows_the_page_and_opens_at_the_moment_of_a_comment(page: Page, place: Served) -> None:
    page.browser.get(f"{judged_practice(page, place)}/scenes/1?at=1.250")
    page.find("#theme").click()
    page.find("#theme").click()
    assert page("return document.documentElement.dataset.theme") == "dark"
    page.browser.switch_to.frame(page.find("iframe.report"))
    try:
        page.until(lambda: page("return document.documentElement.dataset.theme") == "dark", 60)
        assert page("return window.sheber.player.time") == 1.25
        assert not page.find("#theme").is_displayed()
        page("window.postMessage({ theme: 'light' }, '*')")  # not from the page around
        time.sleep(0.2)
        assert page("return document.documentElement.dataset.theme") == "dark"
    finally:
        page.browser.switch_to.default_content()
    page.find("#theme").click()
    page.browser.switch_to.frame(page.find("iframe.report"))
    page.until(lambda: page("return document.documentElement.dataset.theme ?? 'auto'") == "auto")
    page.browser.switch_to.default_content()


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)])
def test_a_replay_has_no_scroll_bar_of_its_own_and_opens_with_the_picture_in_sight(
    page: Page, place: Served, size: tuple[int, int]
) -> None:
    page.resize(*size)
    page.browser.get(f"{judged_practice(page, place)}/scenes/1?at=1.250")
    frame = page.find("iframe.report")
    page.browser.switch_to.frame(frame)
    page.until(lambda: bool(page("return document.documentElement.classList.contains('framed')")), 60)
    bars = "const e = document.documentElement; return [e.scrollHeight - innerHeight, e.scrollWidth - innerWidth]"
    page.until(lambda: max(page(bars)) <= 0)
    places = "return ['view', 'transport'].map((id) => document.getElementById(id).getBoundingClientRect().toJSON())"
    view, transport = page(places)
    assert 200 < view["height"] < 500
    assert abs(transport["top"] - view["bottom"]) < 20
    assert not page.find(".checks").is_displayed()  # folded: what is said of the scene stands near
    page.browser.switch_to.default_content()
    inside = "const top = arguments[0].getBoundingClientRect().top + arguments[1]; return 0 <= top && top < innerHeight"
    page.until(lambda: page(inside, frame, view["top"]) and page(inside, frame, transport["bottom"] - 2))
    page.browser.switch_to.frame(frame)
    page("[...document.querySelectorAll('.loss .jump')].at(-1).click()")
    page.browser.switch_to.default_content()
    page.until(lambda: page(inside, frame, view["top"]))
    assert page("return document.documentElement.scrollWidth") <= size[0]


def test_days_and_times_have_one_form(page: Page, place: Served) -> None:
    page.browser.get(f"{place.address}/assignments/{place.town.assignment}/attempts")
    told = [one.text for one in page.browser.find_elements(By.CSS_SELECTOR, "main time")]
    assert told
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d( UTC| \(UTC[+-][\d:]+\))?", one) for one in told), told
    assert page.find("main time").get_attribute("title").endswith("(UTC)")


def test_a_printed_scene_has_words_and_no_frame(page: Page, place: Served) -> None:
    page.browser.get(f"{judged_practice(page, place)}/scenes/1")
    assert not page.find(".print-only").is_displayed()
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not page.find("iframe.report").is_displayed()
        assert "Straight line A to B" in page.find(".print-only").text
        assert page.find(".print-only tbody:last-of-type").is_displayed()
    finally:
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("size", [(1366, 768), (1024, 768)])
def test_run_and_submit_are_seen_without_scrolling(page: Page, place: Served, size: tuple[int, int]) -> None:
    page.resize(*size)
    open_work(page, place)
    for id_ in ("run", "submit"):
        assert page(f"return document.getElementById('{id_}').getBoundingClientRect().bottom") < size[1]


def test_enter_ends_an_import_and_a_completion_is_read_whole(page: Page, place: Served) -> None:
    page.resize(1366, 768)
    open_work(page, place)
    write(page, "")
    content = page.find(".cm-content")
    content.click()
    content.send_keys("from sheber import connect")
    time.sleep(0.4)  # what is offered is offered
    content.send_keys(Keys.ENTER, "cell = connect")
    page.until(lambda: bool(page("return document.querySelector('.cm-completionInfo')")))
    assert page("return document.getElementById('source').value").startswith("from sheber import connect\ncell = conn")
    seen = "const r = document.querySelector('.cm-completionInfo').getBoundingClientRect();"
    seen += "const on_top = document.elementFromPoint((r.left + r.right) / 2, r.top + 8);"
    seen += (
        "return 0 <= r.left && r.left < r.right && r.right <= 1366 && Boolean(on_top?.closest('.cm-completionInfo'))"
    )
    page.until(lambda: page(seen))  # within the window, and nothing lies on it
    content.send_keys(Keys.ESCAPE)
    page.until(lambda: page("return sheber.drafts.state") == "saved")


def test_the_help_of_the_editor_leads_to_the_reference(page: Page, place: Served) -> None:
    open_work(page, place)
    write(page, "from sheber import connect\n\nrobot = connect().robot\n")
    content = page.find(".cm-content")
    content.click()
    content.send_keys(Keys.CONTROL, Keys.END)
    content.send_keys(Keys.NULL, "robot.move_linea")
    page.until(lambda: bool(page("return document.querySelector('.cm-completionInfo a')")))
    link = page.find(".cm-completionInfo a")
    assert link.get_attribute("href").endswith("/reference#:~:text=move_linear")
    here = page.browser.current_window_handle
    link.click()
    page.until(lambda: len(page.browser.window_handles) == 2)
    page.browser.switch_to.window(next(one for one in page.browser.window_handles if one != here))
    try:
        page.until(lambda: page("return location.pathname") == "/reference")
        assert "move_linear" in page.find("article").text
    finally:
        page.browser.close()
        page.browser.switch_to.window(here)
    content.send_keys(Keys.ESCAPE)
    page.until(lambda: page("return sheber.drafts.state") == "saved")


def test_what_is_typed_is_saved_completed_and_checked(page: Page, place: Served) -> None:
    open_work(page, place)
    write(page, "from sheber import connect\n\ncell = connect()\nrobot = cell.robot\n")
    content = page.find(".cm-content")
    content.click()
    content.send_keys(Keys.CONTROL, Keys.END)
    content.send_keys(Keys.NULL, "robot.move_too(1)\nif robot.moving\n    pass\nrobot.move_li")
    page.until(
        lambda: "move_linear" in (page("return document.querySelector('.cm-tooltip-autocomplete')?.innerText") or "")
    )
    page.until(lambda: "Did you mean move_to" in page.find("#problems").text)
    assert "colon" in page.find("#problems").text
    content.send_keys(Keys.ESCAPE)
    page.until(lambda: page.find("#draft-state").text == "Saved")
    page.browser.refresh()
    page.until(lambda: "move_too" in page("return document.getElementById('source').value"))


def test_escape_then_tab_leaves_the_editor(page: Page, place: Served) -> None:
    open_work(page, place)
    content = page.find(".cm-content")
    content.click()
    content.send_keys(Keys.ESCAPE)
    content.send_keys(Keys.TAB)
    assert page("return !document.activeElement.closest('.cm-editor')")


def source(page: Page) -> str:
    """The text in the editor."""
    found: str = page("return document.getElementById('source').value")
    return found


def saved(page: Page, text: str) -> None:
    """Write a text, and wait until the server has it."""
    write(page, text)
    page.until(lambda: page("return [sheber.drafts.state, sheber.drafts.saved]") == ["saved", text])


def kept_text(page: Page, place: Served, text: str, edition: int) -> None:
    """Let the browser hold a text of an earlier visit that the server never got, and open the page."""
    key = page("return sheber.drafts.key")
    page.browser.get(f"{place.address}/account")
    page("localStorage.setItem(arguments[0], arguments[1])", key, json.dumps({"text": text, "edition": edition}))
    open_work(page, place)


def offered(page: Page, button: str) -> list[str]:
    """Open the choice between two texts: the lines of the offered one."""
    page.find(button).click()
    lines: list[str] = page("return [...document.querySelectorAll('#choice-offered li')].map((one) => one.textContent)")
    return lines


def opened_again(page: Page) -> None:
    page.browser.refresh()
    page.until(lambda: bool(page("return document.querySelector('.cm-content')")))


def has_saved(page: Page, text: str) -> bool:
    """Whether the server has this text, and nothing is asked."""
    asked = page.find("#left").is_displayed() or page.find("#conflict").is_displayed()
    return not asked and page("return [sheber.drafts.state, sheber.drafts.saved]") == ["saved", text]


def test_a_reload_just_after_typing_brings_the_text_back_and_asks_nothing(page: Page, place: Served) -> None:
    open_work(page, place)
    saved(page, "one = 1\n")
    write(page, "two = 2\n")
    opened_again(page)
    assert source(page) == "two = 2\n"
    write(page, "three = 3\n")
    page.until(lambda: has_saved(page, "three = 3\n"))


@pytest.mark.parametrize("again", [False, True])
def test_an_answer_that_was_lost_is_no_other_window(page: Page, place: Served, again: bool) -> None:
    """The server has a text of this window, and this window does not know it; `again`: the page is opened anew."""
    open_work(page, place)
    saved(page, f"one = {again}\n")
    page(LOSING)
    write(page, "two = 2\n")
    page.until(lambda: page("return sheber.drafts.state") == "away")
    page("sheber.drafts.leave = () => {}" if again else "window.fetch = window.answered")
    write(page, "three = 3\n")
    if again:
        opened_again(page)
        assert source(page) == "three = 3\n"
    page.until(lambda: has_saved(page, "three = 3\n"))


def test_a_text_that_was_not_saved_is_shown_beside_the_other_and_can_be_undone(page: Page, place: Served) -> None:
    open_work(page, place)
    saved(page, "on_the_server = 1\n")
    kept_text(page, place, "old = 1\n", 0)
    assert page.find("#left").is_displayed()
    assert source(page) == "on_the_server = 1\n"
    assert offered(page, "#left-take") == ["old = 1"]
    assert page.find("#choice-present").text == "on_the_server = 1"
    assert not page.find("#choice-newer").is_displayed()
    page.find("#choice-keep").click()
    assert source(page) == "on_the_server = 1\n"
    page.find("#left-take").click()
    page.find("#choice-take").click()
    page.until(lambda: source(page) == "old = 1\n")
    assert not page.find("#left").is_displayed()
    page.find("#replaced-undo").click()
    page.until(lambda: page("return [sheber.drafts.state, sheber.drafts.saved]") == ["saved", "on_the_server = 1\n"])
    opened_again(page)  # what was replaced can be had back later, too
    page.find(".program-pane .menu summary").click()
    assert offered(page, "#aside-take") == ["old = 1"]
    assert page.find("#choice-newer").is_displayed()
    page.find("#choice-keep").click()


def test_who_works_on_is_not_asked_any_more(page: Page, place: Served) -> None:
    open_work(page, place)
    saved(page, "on_the_server = 2\n")
    kept_text(page, place, "older = 1\n", 0)
    assert page.find("#left").is_displayed()
    saved(page, "newer = 1\n")
    assert not page.find("#left").is_displayed()
    opened_again(page)
    assert source(page) == "newer = 1\n"
    assert not page.find("#left").is_displayed()
    page.find(".program-pane .menu summary").click()
    assert offered(page, "#aside-take") == ["older = 1"]
    page.find("#choice-keep").click()


def test_there_is_one_question_at_a_time_and_run_and_submit_stay_in_sight(page: Page, place: Served) -> None:
    page.resize(1366, 768)
    open_work(page, place)
    saved(page, "on_the_server = 3\n")
    kept_text(page, place, "older = 2\n", 0)
    page(ELSEWHERE, "elsewhere = 1")
    page("sheber.drafts.edition -= 1; return sheber.drafts.look()")  # one comes back to this window
    page.until(lambda: page.find("#conflict").is_displayed())
    assert not page.find("#left").is_displayed()
    for id_ in ("run", "submit"):
        assert page(f"return document.getElementById('{id_}').getBoundingClientRect().bottom") < 768
    assert page("return document.querySelector('.editor').clientHeight") > 200
    assert offered(page, "#take-other") == ["elsewhere = 1"]
    page.find("#choice-take").click()
    page.until(lambda: has_saved(page, "elsewhere = 1"))


@pytest.mark.parametrize("quick", [False, True])
def test_what_was_handed_in_stays_the_draft_though_two_windows_disagreed(
    page: Page, place: Served, quick: bool
) -> None:
    """`quick`: one submits before this window has noticed the other one's text."""
    open_work(page, place)
    page(ELSEWHERE, f"elsewhere = 'quick {quick}'")  # another one each time: the same text again is no disagreement
    write(page, f"print('handed in {quick}')\n")
    page.until(lambda: quick or page("return sheber.drafts.state") == "conflict")
    page.find("#submit").click()
    page.until(lambda: "/submissions/" in page("return location.pathname"))
    open_work(page, place)
    assert source(page) == f"print('handed in {quick}')\n"
    assert not page.find("#left").is_displayed()
    page.find(".program-pane .menu summary").click()
    assert offered(page, "#aside-take") == [f"elsewhere = 'quick {quick}'"]
    page.find("#choice-keep").click()


def test_two_tabs_ask_which_text_stays(page: Page, place: Served) -> None:
    open_work(page, place)
    first = page.browser.current_window_handle
    page.browser.switch_to.new_window("tab")
    try:
        open_work(page, place)
        write(page, "second = 2\n")
        page.until(lambda: page("return sheber.drafts.state") == "saved")
        page.browser.close()
        page.browser.switch_to.window(first)
        write(page, "first = 1\n")
        page.until(lambda: page.find("#conflict").is_displayed())
        assert offered(page, "#take-other") == ["second = 2"]
        page.find("#choice-keep").click()
        assert page("return document.getElementById('source').value") == "first = 1\n"  # nothing was lost
        page.find("#keep-mine").click()
        page.until(lambda: page("return sheber.drafts.state") == "saved")
    finally:
        page.browser.switch_to.window(first)


def test_a_tab_that_one_comes_back_to_tells_at_once_that_the_text_was_changed(page: Page, place: Served) -> None:
    page.resize(1366, 768)
    open_work(page, place)
    first = page.browser.current_window_handle
    page.browser.switch_to.new_window("tab")
    try:
        open_work(page, place)
        write(page, "changed = 'elsewhere'\n")
        page.until(lambda: page("return sheber.drafts.state") == "saved")
    finally:
        page.browser.close()
        page.browser.switch_to.window(first)
    page("document.dispatchEvent(new Event('visibilitychange'))")  # what a browser with a window does by itself
    page.until(lambda: page.find("#conflict").is_displayed())
    for id_ in ("plain", "run", "submit"):
        box = page(f"return document.getElementById('{id_}').getBoundingClientRect().toJSON()")
        assert box["bottom"] < 768, id_
        seen = "return document.elementFromPoint(arguments[0], arguments[1])?.closest('button')?.id"
        assert page(seen, (box["left"] + box["right"]) / 2, (box["top"] + box["bottom"]) / 2) == id_
    assert offered(page, "#take-other") == ["changed = 'elsewhere'"]
    page.find("#choice-take").click()
    page.until(lambda: page("return sheber.drafts.state") == "saved")
    assert source(page) == "changed = 'elsewhere'\n"


def test_a_broken_connection_loses_nothing(page: Page, place: Served) -> None:
    open_work(page, place)
    page.browser.set_network_conditions(offline=True, latency=0, throughput=0)
    try:
        write(page, "written = 'offline'\n")
        page.until(lambda: page("return sheber.drafts.state") == "away")
        assert "kept in this browser" in page.find("#draft-state").text
    finally:
        page.browser.set_network_conditions(offline=False, latency=0, throughput=-1)
    page.until(lambda: page("return sheber.drafts.state") == "saved", 30)
    page.browser.get_log("browser")  # it complained of the line, as it should


def test_the_colours_are_chosen_and_stay(page: Page, place: Served) -> None:
    page.find("#theme").click()
    page.find("#theme").click()
    assert page.find("#theme").text == "Colours: dark"
    assert page.find("#theme").get_attribute("title") == "Press for: as the system"
    page.resize(390, 844)
    assert page.find("#theme").text == "☾"
    assert page.find("#theme").get_attribute("aria-label") == "Colours: dark"
    page.resize(1440, 900)
    page.browser.get(f"{place.address}/account")
    assert page("return document.documentElement.dataset.theme") == "dark"  # written by the server: no flash
    page.find("#theme").click()


PAGES = (
    "/log-in",
    "/",
    "/courses/1",
    "/assignments/1",
    "/assignments/1/attempts",
    "/submissions/1",
    "/submissions/2",
    "/account",
    "/news",
    "/reference",
    "/submissions/1/scenes/1",
    "/nothing",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (1024, 768), (1440, 900)])
def test_axe_finds_nothing(page: Page, place: Served, size: tuple[int, int], scheme: str) -> None:
    """Every rule of WCAG 2.2 AA and of good practice that a program can check, and nothing wider than the screen."""
    if not AXE.is_file():
        pytest.skip("no axe-core; `make frontend` installs it")
    page.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    page.resize(*size)
    found: dict[str, Any] = {}
    for path in PAGES:
        if path == "/log-in":
            page.browser.delete_all_cookies()
        page.browser.get(f"{place.address}{path}")
        if path == "/log-in":
            wrong = looked_at(page)
            log_in(page, place)
        else:
            time.sleep(1.0 if path == "/assignments/1" else 0.1)
            wrong = looked_at(page)
        if wrong:
            found[path] = wrong
    assert found == {}


def looked_at(page: Page) -> list[Any]:
    page("for (const fold of document.querySelectorAll('details:not(.menu)')) fold.open = true")
    page.browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
    page(AXE.read_text("utf-8"))
    found: list[Any] = page.browser.execute_async_script(VIOLATIONS)
    wide, width = page("return [document.documentElement.scrollWidth, innerWidth]")
    return found + ([["too wide", wide, width]] if wide > width else [])


def test_a_comment_takes_the_moment_where_the_replay_stands_and_nothing_else(page: Page, place: Served) -> None:
    page.browser.delete_all_cookies()
    page.browser.get(f"{place.address}/log-in")
    page.find("#f-login").send_keys("bolat")
    page.find("#f-password").send_keys(PASSWORD)
    page.find("form.stack button").click()
    page.until(lambda: page("return location.pathname") == "/")
    page.browser.get(f"{place.address}/assignments/{place.town.assignment}/handed-in")
    handed = page.find("main a[href*='/submissions/']").get_attribute("href").partition("#")[0]
    page.browser.get(f"{handed}/scenes/1")
    page.until(lambda: not page("return document.getElementById('comment-here').hidden"), 60)
    shown = page.find("#comment-here").text
    for forged in ("postMessage({ moment: 1.5 }, '*')", "frames[0].postMessage({ moment: 1.5 }, '*')"):
        page(forged)  # from the page itself, and to the frame: neither comes from the frame
    page.browser.switch_to.frame(page.find("iframe.report"))
    for wrong in ("NaN", "-1", "1e9", "'<b>1</b>'", "{}", "null"):
        page(f"parent.postMessage({{ moment: {wrong} }}, '*')")
    page("parent.postMessage('text', '*')")
    page.browser.switch_to.default_content()
    time.sleep(0.3)
    assert page.find("#comment-here").text == shown
    page.browser.switch_to.frame(page.find("iframe.report"))
    page("window.sheber.player.seek(2.25)")
    page.browser.switch_to.default_content()
    page.until(lambda: page.find("#comment-here").text == "Comment at 2.25 s, where the replay stands")
    page.find("#comment-here").click()
    assert page.find("#f-time").get_attribute("value") == "2.25"
    page.find("#f-comment").send_keys("Here the tool turns.")
    page("document.querySelector('#f-comment').form.requestSubmit()")
    page.until(lambda: "2.25 s" in page.find("#comments").text)
