"""A report with diagrams and a dish of five metres in a real browser: all is seen, and follows the replay."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dish_pass
import ground_pass
from sheber.judge.report import report
from sheber.trace import Header, Outcome, OutcomeKind, Trace, TraceWriter, read
from test_page import AXE, SIZES, VIOLATIONS, Page, browser, complaints, reads_well, requests, visit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return dish_pass.write(tmp_path_factory.mktemp("dish") / "run.trace")


@pytest.fixture(scope="module")
def file(trace: Trace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dish") / "report.html"
    path.write_text(report(dish_pass.Exercise(), trace, ground_pass.score()), "utf-8")
    return path


@pytest.fixture
def page(opened: Page, file: Path) -> Iterator[Page]:
    visit(opened, file, 1280)
    opened("sheber.player.seek(0)")
    yield opened
    assert complaints(opened) == []
    assert requests(opened) == [file.as_uri()]


def place(page: Page, selector: str) -> tuple[float, float]:
    """Where a mark of the moment is, in units of its diagram; NaN where it is hidden."""
    script = """
        const mark = document.querySelector(arguments[0])
        if (mark.getAttribute('visibility') === 'hidden') return null
        const { e, f } = mark.transform.baseVal[0].matrix
        return [e, f]"""
    found: Any = page(script, selector)
    return (math.nan, math.nan) if found is None else (found[0], found[1])


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_reads_well(opened: Page, file: Path, width: int) -> None:
    visit(opened, file, width)
    opened("for (const fold of document.querySelectorAll('details')) fold.open = true")
    reads_well(opened, file, width)


@pytest.mark.parametrize("width", [360, 1280])
def test_each_diagram_is_to_be_seen_whole_or_can_be_scrolled(opened: Page, file: Path, width: int) -> None:
    visit(opened, file, width)
    script = """
        return [...document.querySelectorAll('#diagrams svg')].map((svg) => {
          const [figure, drawn] = [svg.closest('figure'), svg.getBoundingClientRect()]
          const room = figure.getBoundingClientRect()
          const scrolls = getComputedStyle(figure).overflowX === 'auto'
          return { whole: drawn.right <= room.right + 1, scrolls, high: drawn.height }
        })"""
    found = opened(script)
    assert len(found) == 8
    assert all(one["whole"] or one["scrolls"] for one in found)
    assert all(one["high"] > 25 for one in found)


@pytest.mark.parametrize("width", [360, 1280])
def test_words_of_diagrams_are_large_enough_to_be_read(opened: Page, file: Path, width: int) -> None:
    visit(opened, file, width)
    script = """
        return [...document.querySelectorAll('#diagrams text')]
          .map((e) => [Number.parseFloat(getComputedStyle(e).fontSize), e.getScreenCTM()])
          .map(([size, { a, b }]) => size * Math.hypot(a, b))"""
    assert min(opened(script)) >= (7.0 if width == 360 else 9.5)


def test_the_moment_goes_along_axes(page: Page) -> None:
    for number, along in ((1, 0), (2, 0), (3, 1)):  # pointing error, Doppler, and the waterfall, whose time goes down
        places = []
        for time in (0.0, 300.0, 600.0):
            page("sheber.player.seek(arguments[0])", time)
            places.append(place(page, f"#diagram-{number} .now")[along])
        assert places[2] - places[1] == pytest.approx(places[1] - places[0], abs=0.1)
        assert places[2] - places[0] > 200.0


def test_the_moment_is_hidden_outside_an_axis(page: Page) -> None:
    page("sheber.player.seek(599)")
    assert math.isnan(place(page, "#diagram-7 .now")[0])  # the timetable ends after 500 s
    page("sheber.player.seek(250)")
    assert place(page, "#diagram-7 .now")[0] > 0.0


def test_a_ring_goes_along_the_way_in_the_sky(page: Page) -> None:
    for time in (60.0, 300.0, 540.0):
        page("sheber.player.seek(arguments[0])", time)
        azimuth, elevation = dish_pass.direction(time / 600.0)
        away, turn = 2.0 * (90.0 - elevation), math.radians(azimuth)
        wanted = (away * math.sin(turn), -away * math.cos(turn))
        assert place(page, "#diagram-0 circle.now") == pytest.approx(wanted, abs=1.5)


def test_a_press_on_a_diagram_moves_the_replay(page: Page) -> None:
    script = """
        const svg = document.querySelector(arguments[0])
        svg.scrollIntoView({ block: 'center' })
        const point = new DOMPoint(arguments[1], arguments[2]).matrixTransform(svg.getScreenCTM())
        svg.dispatchEvent(new PointerEvent('pointerdown', { clientX: point.x, clientY: point.y, bubbles: true }))"""
    page(script, "#diagram-2", 62.0 + 364.0 / 4.0, 100.0)  # a quarter of the field
    assert page.time == pytest.approx(150.0, abs=1.0)
    page(script, "#diagram-2", 10.0, 100.0)  # beside the field
    assert page.time == pytest.approx(150.0, abs=1.0)


def test_without_scripts_diagrams_remain(file: Path) -> None:
    with browser("--blink-settings=scriptEnabled=false") as page:
        page.browser.get(file.as_uri())
        shown = page.browser.find_elements("css selector", "#diagrams svg")
        assert len(shown) == 8
        assert all(one.size["height"] > 40 for one in shown)
        assert all(
            one.get_attribute("visibility") == "hidden" for one in page.browser.find_elements("css selector", ".now")
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing(opened: Page, file: Path, size: tuple[int, int], scheme: str) -> None:
    if not AXE.is_file():
        pytest.skip("no axe-core; `make frontend` installs it")
    visit(opened, file, size[0])
    opened.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    opened(AXE.read_text("utf-8"))
    assert opened.browser.execute_async_script(VIOLATIONS) == []


# --- a yard ------------------------------------------------------------------------------------------------


def test_a_yard_is_seen_whole_and_from_the_south(page: Page) -> None:
    script = """
        const { stage } = sheber
        stage.look(arguments[0])
        stage.camera.updateMatrixWorld()
        const turned = stage.points.map((p) => p.clone().applyQuaternion(stage.root.quaternion))
        return turned.map((p) => p.project(stage.camera).toArray())"""
    for name in ("overview", "front", "side", "top"):
        places = np.array(page(script, name))
        assert np.abs(places[:, :2]).max() <= 1.0
        assert np.abs(places[:, :2]).max() > 0.7  # and fills the picture
        assert (np.abs(places[:, 2]) < 1.0).all()  # neither too near nor too far to be drawn
    eye = page("sheber.stage.look('front'); return sheber.stage.camera.position.toArray()")
    assert eye[2] > 20.0  # glTF's z looks to the south
    assert abs(eye[0]) < 0.3 * eye[2]


def test_the_dish_follows_the_satellite(page: Page) -> None:
    page("sheber.player.seek(200)")
    satellite = np.array(page.body("NKSAT")) - (0.0, 0.0, dish_pass.ANTENNA.axes_m)
    looks = page("""
        const { x, y, z, w } = sheber.stage.nodes.get('dish').quaternion
        return [2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)]""")
    angle = math.degrees(math.acos(np.dot(satellite, looks) / np.linalg.norm(satellite)))
    assert angle == pytest.approx(1.13, abs=0.3)  # four seconds late


def test_there_is_no_tool_to_be_followed(page: Page) -> None:
    assert not page.find("#follow").is_displayed()
    assert page("return document.querySelector('#look [value=tool]').hidden")


def test_a_yard_can_be_left_and_come_near(page: Page) -> None:
    """The reader may go as far away as the whole of it needs, and as near as a hand's breadth of a cell."""
    distance = page("return sheber.stage.camera.position.distanceTo(sheber.stage.controls.target)")
    assert distance < page("return sheber.stage.controls.maxDistance")
    assert page("return sheber.stage.camera.far") > 5.0 * distance


@pytest.mark.parametrize("width", [360, 1280])
def test_a_run_with_neither_picture_nor_plots_leaves_no_empty_card(opened: Page, tmp_path: Path, width: int) -> None:
    header = Header("words", "1", scene="practice 1", station="archive", source="import sheber\n")
    with TraceWriter(tmp_path / "run.trace", header) as trace:
        trace.begin([], [], step_s=0.1)
        trace.event(0, "note", {"text": "nothing moves here"})
        trace.end(100, Outcome(OutcomeKind.FINISHED))
    path = tmp_path / "report.html"
    path.write_text(report(dish_pass.Unseen(), read(tmp_path / "run.trace"), ground_pass.score()), "utf-8")
    visit(opened, path, width)
    assert opened.find("#replay").size["height"] < 120
    assert opened.find("#side").size["width"] > 0.85 * width
    reads_well(opened, path, width)
