"""The report page in a real browser, opened from a file: it plays, scrubs, jumps, and asks nobody for anything."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import ground_pass
import moving_boxes
from sheber.exercises.score import Score
from sheber.geometry import Pose
from sheber.i18n import Text
from sheber.judge.report import overview, report
from sheber.station import Visual
from sheber.trace import Trace
from what_works import BROWSER, DRIVER, NO_BROWSER

pytestmark = pytest.mark.browser

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1280,900",
)
# Not of the dock: it lies over the page on purpose.
OVERLAPS = """
const inView = document.getElementById('view')
const kinds = 'h1, h2, h3, p, dt, dd, button, select, input, summary, th, td, figcaption, .plot'
const leaves = [...document.querySelectorAll(kinds)]
  .filter((e) => !inView.contains(e) && e.checkVisibility() && e.id !== 'scrub' && !e.closest('.dock'))
  .map((e) => ({ e, r: e.getBoundingClientRect() }))
  .filter(({ r }) => r.width > 1 && r.height > 1)
const found = []
for (let i = 0; i < leaves.length; i++) for (let j = i + 1; j < leaves.length; j++) {
  const [a, b] = [leaves[i], leaves[j]]
  if (a.e.contains(b.e) || b.e.contains(a.e) || (a.e.matches('.mark') && b.e.matches('.mark'))) continue
  const scrolled = (e) => e.closest('.tabs, .plot-tabs, .scroll, .panel, .pictures')
  if (scrolled(a.e) !== scrolled(b.e)) continue  // what is scrolled out of sight does not overlap
  const x = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left)
  const y = Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top)
  if (x > 1 && y > 1) found.push(`${a.e.outerHTML.slice(0, 80)} over ${b.e.outerHTML.slice(0, 80)}`)
}
return found
"""
TOO_WIDE = """
return [...document.querySelectorAll('.scroll, p, h3')]
  .filter((e) => e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.outerHTML.slice(0, 90))
"""
FAINT = """
const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number)
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  return 0.2126 * x + 0.7152 * y + 0.0722 * z
}
const behind = (e) => {
  for (; e; e = e.parentElement) {
    const colour = parse(getComputedStyle(e).backgroundColor)
    if (colour.length === 3 || colour[3] === 1) return colour
  }
  return [255, 255, 255]
}
return [...document.querySelectorAll('h1, h2, h3, p, dt, dd, button, summary, th, td, a, b, bdi, code, option')]
  .filter((e) => e.checkVisibility() && !e.closest('.view'))
  .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
  .map((e) => {
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))]
    return { ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), what: e.outerHTML.slice(0, 90) }
  })
  .filter(({ ratio }) => ratio < 4.5)
"""


@dataclass
class Page:
    """One opened page."""

    browser: Chrome

    def __call__(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def find(self, selector: str) -> Any:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    @property
    def time(self) -> float:
        return float(self("return sheber.player.time"))

    def body(self, name: str) -> list[float]:
        """Where a body is drawn [m], base frame."""
        place: list[float] = self("return sheber.stage.nodes.get(arguments[0]).position.toArray()", name)
        return place

    def press_play_when(self, true: str) -> None:
        """Press the play button, from within the page, at the first moment at which `true` holds."""
        script = """
            const { player } = sheber
            const done = arguments[0]
            const look = () => {
              if (!(%s)) return requestAnimationFrame(look)
              document.getElementById('play').click()
              done()
            }
            look()"""
        self.browser.execute_async_script(script % true)

    def resize(self, width: int, height: int) -> None:
        about = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", about)

    def prefer(self, **features: str) -> None:
        media = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})

    def until(self, true: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait for something to be true; an element that a new page has taken the place of is looked for again."""
        end = time.monotonic() + seconds
        while not self._holds(true):
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.05)

    @staticmethod
    def _holds(true: Callable[[], bool]) -> bool:
        try:
            return true()
        except (StaleElementReferenceException, NoSuchElementException):
            return False


@contextmanager
def browser(*flags: str) -> Iterator[Page]:
    if not (BROWSER and DRIVER):
        pytest.skip(NO_BROWSER)
    options = ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    made = Chrome(options=options, service=Service(DRIVER))
    try:
        yield Page(made)
    finally:
        made.quit()


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return moving_boxes.write(tmp_path_factory.mktemp("page") / "run.trace", hostile=moving_boxes.HOSTILE)


@pytest.fixture(scope="module")
def file(trace: Trace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    score = moving_boxes.score(message=f"4.2 mm beside the dock {moving_boxes.HOSTILE}")
    path.write_text(report(moving_boxes.Exercise(), trace, score), "utf-8")
    return path


@pytest.fixture(scope="module")
def opened() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture
def page(opened: Page, file: Path) -> Iterator[Page]:
    """The page freshly opened; afterwards nothing may have gone wrong in it."""
    opened.prefer(prefers_color_scheme="light", prefers_reduced_motion="no-preference")
    opened.resize(1280, 900)
    opened.browser.get_log("browser")
    opened.browser.get_log("performance")
    opened.browser.get(file.as_uri())
    opened("sheber.player.seek(0)")
    yield opened
    assert complaints(opened) == []
    assert requests(opened) == [file.as_uri()]
    assert opened("return window.hacked") is None


def complaints(page: Page) -> list[str]:
    log = page.browser.get_log("browser")
    return [entry["message"] for entry in log if "GL Driver Message" not in entry["message"]]


def requests(page: Page) -> list[str]:
    log = page.browser.get_log("performance")
    messages = [json.loads(entry["message"])["message"] for entry in log]
    sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [url for url in sent if not url.startswith("data:")]


def test_it_opens_with_score_and_first_lost_point_in_sight(page: Page) -> None:
    for selector, text in ((".points", "73.1"), (".loss h3", "No collision"), (".ending", "Emergency stop")):
        element = page.find(selector)
        assert text in element.text
        assert 0 <= element.rect["y"] < 900 - element.rect["height"]
    assert 40 < page.find(".points b").size["height"] < 80  # it leaves the room to the replay
    assert page.find(".brand").text == "Шеберхана Sheberkhana"


SIZES = [(1440, 900), (1024, 768), (390, 844)]
IN_SIGHT = """
const box = document.querySelector(arguments[0]).getBoundingClientRect()
return Math.max(0, Math.min(box.bottom, innerHeight) - Math.max(box.top, 0)) / box.height
"""


@pytest.mark.parametrize("size", SIZES)
def test_stage_and_transport_are_always_in_reach(page: Page, size: tuple[int, int]) -> None:
    page.resize(*size)
    for place in ("0", "300", "document.body.scrollHeight - innerHeight - 40"):
        page(f"scrollTo({{ top: {place}, behavior: 'instant' }})")
        for control in ("#play", "#scrub", "#rate"):
            assert page(IN_SIGHT, control) == 1.0
    for place in (0, 300):
        page(f"scrollTo({{ top: {place}, behavior: 'instant' }})")
        assert page(IN_SIGHT, "#view") > 0.5
    page("scrollTo({ top: 0, behavior: 'instant' })")
    stage, losses = (page.find(name).rect for name in ("#view", "#side"))
    assert stage["y"] < 0.55 * size[1]  # below a long sentence of how the run ended
    beside = losses["x"] >= stage["x"] + stage["width"] and losses["y"] < stage["y"] + 20
    assert beside == (size[0] > 900)


@pytest.mark.parametrize("size", SIZES)
def test_every_tab_can_be_read_and_everything_can_be_touched(page: Page, size: tuple[int, int]) -> None:
    page.resize(*size)
    time.sleep(0.3)
    tabs = page.browser.find_elements(By.CSS_SELECTOR, "#tabs button")
    assert len(tabs) == 4
    for tab in tabs:
        assert 0 <= tab.rect["x"] <= size[0] - tab.rect["width"]
        page("arguments[0].focus()", tab)  # as the tabulator key does
        tab.click()
        assert (
            page("""
            return [...document.querySelectorAll('button, select, summary, input')]
              .filter((e) => e.checkVisibility() && !e.matches('.picture'))
              .map((e) => ({ what: e.outerHTML.slice(0, 80), ...e.getBoundingClientRect().toJSON() }))
              .filter(({ width, height }) => width < 24 || height < 24)
              .map(({ what }) => what)""")
            == []
        )


def test_marks_that_would_touch_share_one(opened: Page, trace: Trace, tmp_path: Path) -> None:
    hit = moving_boxes.score().checks[3]
    times = (4.0, 4.05, 4.1, 9.0)
    checks = [replace(hit, points=15.0 - n, time=at, title=Text("t", {}, f"hit {n}")) for n, at in enumerate(times, 1)]
    path = tmp_path / "page.html"
    path.write_text(report(moving_boxes.Exercise(), trace, Score(tuple(checks))), "utf-8")
    opened.resize(1280, 900)
    opened.browser.get(path.as_uri())
    opened.until(lambda: len(opened.browser.find_elements(By.CSS_SELECTOR, ".mark")) == 2)
    shared, alone = opened.browser.find_elements(By.CSS_SELECTOR, ".mark")
    assert alone.rect["x"] - shared.rect["x"] >= 26
    assert [part.split()[-1] for part in shared.get_attribute("aria-label").split("; ")] == ["1", "2", "3"]
    for moment in (4.0, 4.05, 4.1, 4.0):
        shared.click()
        assert opened.time == pytest.approx(moment)


def test_it_opens_at_the_moment_that_tells_most(page: Page, file: Path) -> None:
    page.browser.get_log("performance")  # the page is asked for once more
    page.browser.get(file.as_uri())
    assert page.time == pytest.approx(4.0)  # what ended the run
    assert page("return sheber.stage.nodes.get('load').position.z") > 0.2


def test_names_on_the_stage_do_not_collide(page: Page) -> None:
    for moment in range(0, 10, 2):
        page(f"sheber.player.seek({moment}); sheber.stage.render()")
        boxes = page("""
            const shown = [...document.querySelectorAll('#labels span')].filter((e) => e.style.visibility !== 'hidden')
            const others = ['caption', 'inset', 'tools'].map((id) => document.getElementById(id))
            return [...shown, ...others.filter((e) => e.checkVisibility())].map((e) => {
              const { left, top, right, bottom } = e.getBoundingClientRect()
              return [left, top, right, bottom, e.matches('#labels span')]
            })""")
        for one, other in itertools.combinations(boxes, 2):
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart or not (one[4] or other[4])
    assert sum(box[4] for box in boxes) >= 2


def test_the_reader_chooses_the_view(page: Page) -> None:
    def place() -> list[float]:
        return [round(value, 2) for value in page("return sheber.stage.camera.position.toArray()")]

    places = {}
    for option in page.browser.find_elements(By.CSS_SELECTOR, "#look option:not([hidden])"):
        option.click()
        places[option.text] = tuple(place())
    assert len(set(places.values())) == 5
    assert page.find("#follow").get_attribute("aria-pressed") == "true"  # with the tool's view
    page("sheber.player.seek(0)")
    before = place()
    page("sheber.player.seek(2.2)")
    moved = np.subtract(place(), before)
    assert np.linalg.norm(moved) == pytest.approx(0.4, abs=0.03)  # the tool's way
    page.find("#follow").click()
    page("sheber.player.seek(0)")
    assert place() == pytest.approx(np.add(before, moved), abs=0.01)


FILLED = """
const { camera, points, root } = sheber.stage
camera.updateMatrixWorld()
const [right, up] = [0, 1].map((n) => camera.up.clone().setFromMatrixColumn(camera.matrixWorld, n).multiplyScalar(0.1))
const around = [right, right.clone().negate(), up, up.clone().negate()] // links are thicker than their frames
const at = points.map((point) => point.clone().applyMatrix4(root.matrixWorld))
  .flatMap((point) => around.map((by) => point.clone().add(by).project(camera)))
return ['x', 'y'].map((axis) => [Math.min(...at.map((p) => p[axis])), Math.max(...at.map((p) => p[axis]))])
"""


@pytest.mark.parametrize("size", SIZES)
def test_each_view_holds_the_work_and_fills_the_picture(page: Page, size: tuple[int, int]) -> None:
    page.resize(*size)
    time.sleep(0.2)
    for view in ("overview", "front", "side", "top"):
        (left, right), (low, high) = page(f"sheber.stage.look('{view}'); {FILLED}")
        assert -0.96 < left < right < 0.96
        assert -0.8 < low < high < 0.86  # neither below the buttons nor below the caption
        assert right - left > 1.7 or high - low > 1.45


TURNED = (math.cos(0.25), 0.0, 0.0, math.sin(0.25))  # by 0.5 rad
STANDING = (
    Visual("", "plane", (6.0, 6.0), Pose((0.0, 0.0, -0.5)), (0.8, 0.8, 0.8)),  # the floor
    Visual("", "box", (1.2, 0.8, 0.02), Pose((0.0, 0.0, 0.01))),  # a table
    Visual("", "box", (0.1, 0.1, 0.5), Pose((-0.5, 0.0, -0.25))),  # its leg
    Visual("", "box", (0.2, 0.1, 0.1), Pose((0.3, -0.2, 0.07), TURNED)),  # a turned thing
    Visual("", "box", (0.1, 0.1, 0.05), Pose((0.3, -0.2, 0.045), TURNED)),  # within it
    Visual("", "box", (0.3, 0.2, 0.001), Pose((-0.3, 0.2, 0.0205))),  # a mat
    Visual("", "box", (0.1, 0.1, 0.1), Pose((0.0, 0.0, 0.5))),  # it hangs
    Visual("load", "box", (0.12, 0.08, 0.06)),  # it moves
)


def test_what_stands_on_floor_and_table_has_a_rim_of_shadow(
    opened: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving_boxes, "VISUALS", STANDING)
    made = moving_boxes.write(tmp_path / "run.trace")
    path = tmp_path / "page.html"
    path.write_text(report(moving_boxes.Exercise(), made, moving_boxes.score()), "utf-8")
    opened.browser.get(path.as_uri())
    feet = opened("""
        return sheber.stage.root.children.filter(({ name }) => name === 'foot')
          .map(({ position, rotation }) => [...position.toArray(), rotation.z])""")
    leg, turned = feet
    assert leg == pytest.approx([-0.5, 0.0, -0.4985, 0.0], abs=1e-3)
    assert turned == pytest.approx([0.3, -0.2, 0.0215, 0.5], abs=1e-3)


def test_the_stage_follows_light_and_dark(page: Page) -> None:
    def corner() -> float:
        sky = cv2.imdecode(np.frombuffer(page.find("#view").screenshot_as_png, np.uint8), cv2.IMREAD_COLOR)
        assert sky is not None
        return float(sky[60:100, 300:340].mean())

    light = corner()
    page.prefer(prefers_color_scheme="dark")
    time.sleep(0.5)
    assert corner() < 80 < 180 < light


def test_a_weak_machine_draws_less_while_it_moves_and_all_at_rest(page: Page) -> None:
    """This browser draws in software, so it is one."""
    assert page("return sheber.stage.ease") >= 1
    page("sheber.player.seek(3)")
    page.until(lambda: page("return sheber.stage.plain") is False)
    rest = page("return sheber.stage.canvas.width")
    page("sheber.stage.render({ pixels: 0.6, shadows: 8, plain: true })")
    assert page("return sheber.stage.canvas.width") < 0.65 * rest
    assert page("return sheber.stage.plain")


def test_it_draws_the_station(page: Page) -> None:
    image = cv2.imdecode(np.frombuffer(page.find("#canvas").screenshot_as_png, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert len(np.unique(image.reshape(-1, 3) // 16, axis=0)) > 40


def test_it_plays(page: Page, trace: Trace) -> None:
    page.find("#play").click()
    page.press_play_when("player.time > 0.5")
    now = page.time
    assert 0.5 < now < 2.0
    assert page.find("#play").get_attribute("aria-label") == "Play"
    page.until(lambda: page("return sheber.stage.waiting") is False)
    assert page.body("crane") == pytest.approx(moving_boxes.crane_pose(now)[:3], abs=2e-3)
    assert float(page.find("#clock").text) == pytest.approx(now, abs=0.01)
    time.sleep(0.2)
    assert page.time == now


def test_it_stops_at_the_end_and_begins_again(page: Page) -> None:
    page("sheber.player.seek(9.9)")
    page.find("#play").click()
    page.press_play_when("!player.playing")  # at the end
    page.press_play_when("player.time > 0.1")
    assert 0.1 < page.time < 2.0


def test_it_scrubs(page: Page) -> None:
    slider = page.find("#scrub")
    page("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })", slider)
    width = slider.size["width"]
    drag = ActionChains(page.browser).move_to_element_with_offset(slider, -width // 2 + 10, 0).click_and_hold()
    drag.move_to_element_with_offset(slider, 0, 0).release().perform()
    assert page.time == pytest.approx(5.0, abs=0.1)
    assert page.body("crane") == pytest.approx(moving_boxes.crane_pose(page.time)[:3], abs=2e-3)
    assert "5." in slider.get_attribute("aria-valuetext")


def test_it_jumps_to_a_lost_point(page: Page) -> None:
    page.find(".loss .jump").click()
    assert page.time == pytest.approx(4.0)
    assert page.body("load") == pytest.approx(moving_boxes.load_pose(4.0)[:3], abs=1e-3)
    assert "chosen" in page.find(".loss").get_attribute("class")
    assert "contact: load, post, 21.5 N" in page.find("#caption").text
    assert "4.00" in page.find("#inset figcaption").text
    page.browser.find_elements(By.CSS_SELECTOR, ".mark")[1].click()
    assert page.time == pytest.approx(6.0)


def test_the_program_follows_the_replay(page: Page) -> None:
    page.find("#tab-panel-program").click()
    page("sheber.player.seek(1.5)")
    assert page.find("#source .now").get_attribute("data-line") == "4"
    page.find("#source li[data-line='5']").click()
    assert page.time == pytest.approx(2.02)
    page.find("#tab-panel-printed").click()
    page("[...document.querySelectorAll('#panel-printed .stamp')].at(-2).click()")
    assert page.time == pytest.approx(7.5)
    page.find("#tab-panel-events").click()
    assert "let go: hook, load" in page.find("#panel-events .now").text


@pytest.mark.parametrize("width", [390, 1280])
def test_a_panel_that_is_opened_shows_its_moment(page: Page, width: int) -> None:
    """In a low window the line of the moment may lie below its edge: who opens the program wants to see it."""
    page.resize(width, 480)
    page("scrollTo({ top: 0, behavior: 'instant' })")
    page.find(".ending .jump").click()
    for panel in ("program", "events"):
        page("scrollTo({ top: 0, behavior: 'instant' })")
        page("document.getElementById(arguments[0]).click()", f"tab-panel-{panel}")
        box = page(f"return document.querySelector('#panel-{panel} .now').getBoundingClientRect().toJSON()")
        assert 0 <= box["top"] < box["bottom"] <= 480


def test_it_listens_to_keys(page: Page) -> None:
    def press(key: str) -> float:
        ActionChains(page.browser).send_keys(key).perform()
        return page.time

    assert press(Keys.END) == 10.0
    assert press(Keys.ARROW_LEFT) == pytest.approx(9.0)
    assert press(",") == pytest.approx(8.98)
    assert press(".") == pytest.approx(9.0)
    assert press("p") == pytest.approx(6.0)
    assert press(Keys.HOME) == 0.0
    assert press("n") == pytest.approx(1.0)
    press(" ")
    assert page("return sheber.player.playing")
    press(" ")
    press("?")
    assert "play or pause" in page.find("#help").text
    page.find("#help-close").click()
    assert not page.find("#help").is_displayed()


def test_every_plot_can_be_chosen_and_moves_the_replay(page: Page) -> None:
    for button in page.browser.find_elements(By.CSS_SELECTOR, "#plot-tabs button"):
        page("arguments[0].focus()", button)  # as the tabulator key does
        button.click()
        assert page.find(".u-legend").text
    page("document.getElementById('plot').scrollIntoView({ block: 'center', behavior: 'instant' })")
    ActionChains(page.browser).move_to_element(page.find(".u-over")).click().perform()
    assert page.time == pytest.approx(5.0, abs=0.1)


def test_a_mouse_over_a_plot_moves_the_replay_and_back(page: Page) -> None:
    page("document.getElementById('plot').scrollIntoView({ block: 'center', behavior: 'instant' })")
    page("sheber.player.seek(2)")
    ActionChains(page.browser).move_to_element(page.find(".u-over")).perform()
    assert page.time == pytest.approx(5.0, abs=0.1)
    ActionChains(page.browser).move_to_element(page.find("#clock")).perform()
    assert page.time == pytest.approx(2.0)


def test_plots_name_curves_units_and_seconds(page: Page) -> None:
    page("sheber.player.seek(4)")
    legend = " ".join(page.find(".u-legend").text.split())
    for word in ("waist", "boom", "yaw", "Time", "4.00 s", "°", "\N{MINUS SIGN}"):
        assert word in legend
    assert "-" not in legend
    assert page("return sheber.plots.drawn.axes[1].label") == "°"
    ticks = page("return sheber.plots.drawn.axes[1].values(null, [-20, 0, 20])")
    assert ticks == ["\N{MINUS SIGN}20", "0", "20"]


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_overlaps(page: Page, width: int) -> None:
    page.resize(width, 740)
    page("for (const fold of document.querySelectorAll('details')) fold.open = true")
    page("window.dispatchEvent(new Event('resize'))")
    time.sleep(0.3)
    assert page("return document.documentElement.scrollWidth") <= width
    for tab in ["", *(tab.get_attribute("id") for tab in page.browser.find_elements(By.CSS_SELECTOR, "#tabs button"))]:
        page("document.getElementById(arguments[0])?.click()", tab)
        assert page(OVERLAPS) == []


@pytest.mark.parametrize("width", [360, 390, 768, 920, 1280])
def test_the_page_over_all_scenes_reads_well(opened: Page, tmp_path: Path, width: int) -> None:
    path = tmp_path / "report.html"
    grade = moving_boxes.grade()
    few = replace(grade.scenes[1].score.checks[1], points=29.86)  # a small loss beside large ones
    rest = (check for check in grade.scenes[1].score.checks if check.name != few.name)
    grade.scenes[1].score = Score((*rest, few))
    path.write_text(overview(moving_boxes.Exercise(), grade, {"rehearsal 1": "scene-1.html"}), "utf-8")
    opened.browser.get_log("browser")
    opened.browser.get_log("performance")
    opened.resize(width, 740)
    opened.browser.get(path.as_uri())
    assert opened("return document.documentElement.scrollWidth") <= width
    assert opened(TOO_WIDE) == []
    assert opened(OVERLAPS.replace("inView.contains(e)", "false")) == []
    assert opened(FAINT) == []
    assert complaints(opened) == []
    assert requests(opened) == [path.as_uri()]


@pytest.mark.parametrize("width", [360, 1280])
def test_a_station_without_bodies_is_played_without_a_picture(opened: Page, tmp_path: Path, width: int) -> None:
    path = tmp_path / "report.html"
    made = ground_pass.write(tmp_path / "run.trace")
    path.write_text(report(ground_pass.Exercise(), made, ground_pass.score()), "utf-8")
    visit(opened, path, width)
    assert not opened.browser.find_elements(By.CSS_SELECTOR, "canvas#canvas")
    opened("document.querySelector('.loss .jump').focus()")  # out from under the dock
    opened.find(".loss .jump").click()
    assert opened.time == pytest.approx(252.0)
    assert "signal lost: 2.5 dB" in opened.find("#caption").text
    assert "line 5" in opened.find("#caption").text
    assert [tab.text for tab in opened.browser.find_elements(By.CSS_SELECTOR, "#plot-tabs button")] == [
        "Antenna",
        "Signal to noise",
        "Battery",
    ]
    assert opened.find(".u-over").size["height"] > 250
    if width > 900:  # the plot has the room that no 3D picture takes
        empty = "const room = (s) => document.querySelector(s).getBoundingClientRect().bottom; "
        assert opened(empty + "return room('#replay') - room('.uplot')") < 20
        assert opened(empty + "return room('.uplot') - room('#replay')") < 1
    opened.find("#play").click()
    opened.until(lambda: opened.time > 252.1)
    opened.find("#play").click()
    opened("for (const fold of document.querySelectorAll('details')) fold.open = true")
    reads_well(opened, path, width)


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_of_the_points_alone_reads_well(opened: Page, trace: Trace, tmp_path: Path, width: int) -> None:
    path = tmp_path / "report.html"
    path.write_text(report(moving_boxes.Exercise(), trace, moving_boxes.score(), shown="points"), "utf-8")
    visit(opened, path, width)
    opened("for (const fold of document.querySelectorAll('details')) fold.open = true")
    assert opened.find("#panel-lost").size["width"] > 0.85 * width
    reads_well(opened, path, width)


@pytest.mark.parametrize("width", [360, 1280])
def test_a_seed_of_256_bits_does_not_widen_the_pages(opened: Page, tmp_path: Path, width: int) -> None:
    made = moving_boxes.write(tmp_path / "run.trace", seconds=1.0, seed=2**256 - 1)
    grade = moving_boxes.grade()
    scenes = [replace(scene, seed=2**256 - 1) for scene in grade.scenes]
    for name, html in (
        ("scene", report(moving_boxes.Exercise(), made, moving_boxes.score())),
        ("all", overview(moving_boxes.Exercise(), moving_boxes.Grade(grade.final, "A", scenes), {})),
    ):
        path = tmp_path / f"{name}.html"
        path.write_text(html, "utf-8")
        visit(opened, path, width)
        assert opened("return document.documentElement.scrollWidth") <= width


def visit(page: Page, path: Path, width: int) -> None:
    page.prefer(prefers_color_scheme="light", prefers_reduced_motion="reduce")
    page.resize(width, 740)
    page.browser.get_log("browser")
    page.browser.get_log("performance")
    page.browser.get(path.as_uri())


def reads_well(page: Page, path: Path, width: int) -> None:
    """Nothing too wide, too faint, over another, complained about or asked for."""
    assert page("return document.documentElement.scrollWidth") <= width
    assert page(OVERLAPS.replace("inView.contains(e)", "e.closest('.view')")) == []
    assert page(FAINT) == []
    assert complaints(page) == []
    assert requests(page) == [path.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out(page: Page, scheme: str) -> None:
    page.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    page("for (const fold of document.querySelectorAll('details')) fold.open = true")
    red = int(page("return getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]"))
    assert (red < 60) == (scheme == "dark")
    for tab in page.browser.find_elements(By.CSS_SELECTOR, "#tabs button"):
        tab.click()
        assert page(FAINT) == []


def test_the_reader_chooses_light_or_dark(page: Page) -> None:
    button = page.find("#theme")
    shades = {}
    for _ in range(3):
        button.click()
        shades[button.text] = page("return getComputedStyle(document.body).backgroundColor")
    assert shades["Colours: as the system"] == shades["Colours: light"] != shades["Colours: dark"]


def test_everything_that_can_be_used_has_a_name(page: Page) -> None:
    nameless = page("""
        return [...document.querySelectorAll('button, select, input, canvas, a, summary')]
          .filter((e) => e.checkVisibility() && !e.textContent.trim() && !e.getAttribute('aria-label') && !e.ariaHidden)
          .map((e) => e.outerHTML)""")
    assert nameless == []
    assert page("return document.querySelectorAll('h1').length") == 1
    assert page("return new Set([...document.querySelectorAll('[id]')].map((e) => e.id)).size") == page(
        "return document.querySelectorAll('[id]').length"
    )


def test_the_policy_forbids_requests(opened: Page, file: Path) -> None:
    opened.browser.get(file.as_uri())
    opened.browser.get_log("performance")
    answer = opened.browser.execute_async_script(
        "const done = arguments[0]; fetch('http://127.0.0.1:9/').then(() => done('sent'), (e) => done(String(e)))"
    )
    assert "Failed to fetch" in answer
    assert requests(opened) == []


@pytest.mark.physics
@pytest.mark.box
def test_a_real_robot_is_drawn(opened: Page, tmp_path: Path) -> None:
    """The whole way: a program in its box, the cell, the trace, the score, the page, the picture."""
    from sheber.exercises import load
    from sheber.judge import Program, run

    exercise = load("poses-and-moves")
    trace = run(exercise, Program.read(exercise.program("reference")), 101, to=tmp_path / "run.trace")
    path = tmp_path / "report.html"
    path.write_text(report(exercise, trace, exercise.score(trace)), "utf-8")
    assert path.stat().st_size < 3_000_000
    opened.resize(1280, 900)
    opened.browser.get_log("browser")
    opened.browser.get_log("performance")
    opened.browser.get(path.as_uri())
    middle = len(trace.time) // 2
    opened("sheber.player.seek(arguments[0])", float(trace.time[middle]))
    for body in ("shoulder", "forearm", "wrist_3", "tool"):
        assert opened.body(body) == pytest.approx(trace.body(body)[middle, :3].tolist(), abs=5e-4)
    assert complaints(opened) == []
    assert requests(opened) == [path.as_uri()]


def test_without_3d_the_words_and_plots_remain(file: Path) -> None:
    with browser("--disable-3d-apis") as page:
        page.browser.get(file.as_uri())
        assert "WebGL is missing" in page.find("#notice").text
        assert page.find(".points").text.startswith("73.1")
        page.find(".loss .jump").click()
        assert page.time == pytest.approx(4.0)
        assert page.find(".u-legend").text
        page.find("#play").click()
        page.until(lambda: page.time > 4.1)
        assert not [text for text in complaints(page) if "WebGL" not in text]


def test_the_path_of_the_tool_grows(page: Page) -> None:
    page("sheber.player.seek(0)")
    assert page("return sheber.stage.path.gone.instanceCount") == 0
    page("sheber.player.seek(10)")
    whole = page("return sheber.stage.path.gone.instanceCount")
    assert whole > 5
    page("sheber.player.seek(5)")
    assert 0 < page("return sheber.stage.path.gone.instanceCount") < whole
    assert math.isfinite(page("return sheber.stage.camera.position.length()"))


def test_the_path_of_the_cycle_at_hand_is_the_bright_one(page: Page) -> None:
    whole = page("return sheber.stage.path.ahead.geometry.attributes.instanceStart.count")
    page("Object.assign(sheber.stage.path, { cycles: [0, 2, 4, 6], cycle: undefined }); sheber.player.seek(3)")
    part = page("return sheber.stage.path.ahead.geometry.attributes.instanceStart.count")
    assert 0 < part < whole
    assert page("return sheber.stage.path.gone.instanceCount") < part
    faint, ahead, behind = page("return sheber.stage.path.lines.map((line) => line.material.opacity)")
    assert faint < ahead < behind


VIOLATIONS = """
const done = arguments[0]
axe.run({ rules: { 'target-size': { enabled: true } }, resultTypes: ['violations'] }).then(({ violations }) =>
  done(violations.map(({ id, nodes }) =>
    [id, ...nodes.slice(0, 3).map(({ html, any }) => [html.slice(0, 120), any[0]?.message])])))
"""
AXE = Path(__file__).parents[1] / "frontend/node_modules/axe-core/axe.min.js"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["run", "points", "overview", "numbers"])
def test_axe_finds_nothing(
    opened: Page, trace: Trace, tmp_path: Path, kind: str, size: tuple[int, int], scheme: str
) -> None:
    """Every rule of WCAG 2.2 AA and of good practice that a program can check."""
    if not AXE.is_file():
        pytest.skip("no axe-core; `make frontend` installs it")
    exercise, path = moving_boxes.Exercise(), tmp_path / "page.html"
    made = {
        "run": lambda: report(exercise, trace, moving_boxes.score()),
        "points": lambda: report(exercise, trace, moving_boxes.score(), shown="points"),
        "overview": lambda: overview(exercise, moving_boxes.grade(), {"rehearsal 1": "scene-1.html"}),
        "numbers": lambda: report(ground_pass.Exercise(), ground_pass.write(tmp_path / "t"), ground_pass.score()),
    }[kind]()
    path.write_text(made, "utf-8")
    opened.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    opened.resize(*size)
    opened.browser.get(path.as_uri())
    opened("for (const fold of document.querySelectorAll('details')) fold.open = true")
    opened(AXE.read_text("utf-8"))
    tabs = ["", *(tab.get_attribute("id") for tab in opened.browser.find_elements(By.CSS_SELECTOR, "#tabs button"))]
    for tab in tabs if kind == "run" else tabs[:1]:
        opened("document.getElementById(arguments[0])?.click()", tab)
        found = opened.browser.execute_async_script(VIOLATIONS)
        assert found == [], tab
