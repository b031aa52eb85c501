"""Diagrams: what is drawn lies where it should, is told in words too, and nothing that it is made of can break it."""

from __future__ import annotations

import base64
import math
import re
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from sheber.diagrams import (
    Axis,
    Bar,
    Bars,
    Beam,
    Cloud,
    Diagram,
    DiagramError,
    Lane,
    Level,
    Lines,
    Mark,
    Missing,
    Points,
    Raster,
    Series,
    Sky,
    Track,
    attempted,
    standalone,
    svg,
)
from sheber.diagrams.arrays import circle, few_curve
from sheber.diagrams.raster import colours
from sheber.diagrams.style import DARK, LIGHT, STYLE
from sheber.i18n import message

NOON = 1795003200.0  # 2026-11-18 12:00 UTC
TIMES = np.linspace(0.0, 600.0, 601)
PASS = Track("A", np.linspace(200.0, 340.0, 601), 60.0 * np.sin(np.linspace(0.0, math.pi, 601)), NOON + TIMES)
SKY = Sky("Sky", (PASS,), ([0.0, 90.0], [5.0, 20.0]), 10.0, (Beam("dish", 120.0, 40.0, 20.0),), (Mark("Sun", 150, 22),))
CURVES = Lines("Shift", (Series("one", TIMES, np.sin(TIMES / 50.0)),), Axis("Time", "s"), Axis("Shift", "kHz"))
EYE = Lines("Eye", (Series("", np.linspace(-1, 1, 20), np.ones((30, 20))),), Axis("Time"), Axis("Level"))
PLANE = Points("Plane", (Cloud("got", [1.0, -1.0], [1.0, 0.0]), Cloud("wanted", [1], [1], True)), Axis("I"), Axis("Q"))
TABLE = Bars("Table", (Lane("dish", (Bar(0, 9, "x", "us"), Bar(5, 8, "y", "they", True))),), Axis("Time", "s"))
FALL = Raster("Fall", np.arange(12.0).reshape(3, 4), Axis("f", "Hz"), Axis("t", "s", down=True), Axis("Power", "dB"))
ALL: list[Diagram] = [SKY, CURVES, EYE, PLANE, TABLE, FALL, Missing("Gone", "No reason.")]


def parts(diagram: Diagram) -> ElementTree.Element:
    return ElementTree.fromstring(svg(diagram))


def paths(diagram: Diagram, kind: str) -> list[str]:
    found = [one for one in parts(diagram).iter("path") if kind in one.get("class", "").split()]
    return [one.get("d", "") for one in found]


@pytest.mark.parametrize("diagram", ALL, ids=lambda one: type(one).__name__)
def test_each_is_told_in_words_as_well(diagram: Diagram) -> None:
    root = ElementTree.fromstring(svg(diagram, "d-7"))
    assert root.get("role") == "img"
    names = {one.get("id"): one.text for one in root}
    assert names[root.get("aria-labelledby")] == diagram.title
    assert names[root.get("aria-describedby")] or diagram is EYE
    assert diagram.title in [one.text for one in root.iter("text")]
    assert root.get("id") == "d-7"
    assert all(one.get("id", "d-7").startswith("d-7") for one in root.iter())


@pytest.mark.parametrize("diagram", ALL, ids=lambda one: type(one).__name__)
def test_a_file_of_its_own_needs_no_page(diagram: Diagram) -> None:
    text = standalone(diagram)
    assert ElementTree.fromstring(text.encode()).tag == "{http://www.w3.org/2000/svg}svg"
    assert "var(" not in text
    assert "prefers-color-scheme: dark" in text


def test_the_colours_are_those_of_the_pages() -> None:
    tokens = (Path(__file__).parents[1] / "frontend/src/tokens.css").read_text("utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w+)", part)) for part in tokens.split("@media")[:2])
    assert LIGHT.items() <= light.items()
    assert DARK.items() <= dark.items()
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) == set(LIGHT) == set(DARK)


def test_words_are_those_of_the_reader_and_stay_words() -> None:
    text = message("test.diagram", "{name} & <b>")(name="<script>alert(1)</script>\u202e\x00")
    root = ElementTree.fromstring(svg(Missing(text, "")))
    assert root[0].text == "<script>alert(1)</script> & <b>"


def test_the_name_of_an_element_stays_a_name() -> None:
    root = ElementTree.fromstring(svg(CURVES, 'a"b<c>&'))
    assert root.get("id") == 'a"b<c>&'
    assert root.get("aria-labelledby") == root[0].get("id")


def test_a_very_long_name_is_cut() -> None:
    assert len(svg(Missing("n" * 100_000, "w" * 100_000))) < 1500


# --- curves -----------------------------------------------------------------------------------------------


def test_a_curve_has_a_gap_where_there_is_no_number() -> None:
    y = np.sin(TIMES / 50.0)
    y[300:320] = math.nan
    y[400] = math.inf
    assert paths(Lines("", (Series("", TIMES, y),), Axis(), Axis()), "line")[0].count("M") == 3


def test_curves_differ_in_more_than_their_colour() -> None:
    series = tuple(Series(f"{n}", TIMES, TIMES * n) for n in range(8))
    root = parts(Lines("", series, Axis(), Axis()))
    lines = [one for one in root.iter("path") if "line" in one.get("class", "").split()]
    assert len({(one.get("stroke-dasharray")) for one in lines}) == 8
    assert len(lines) == 16  # each has its line in the legend


def test_kinds_of_points_differ_in_more_than_their_colour() -> None:
    series = tuple(Series(f"{n}", [0.0, 1.0], [float(n), 2.0], dots=True) for n in range(2))
    for made in (
        Lines("", series, Axis(), Axis()),
        Points("", (Cloud("a", [0.0, 1.0], [1.0, 0.0]), Cloud("b", [0.0], [0.5])), Axis(), Axis()),
    ):
        assert len(paths(made, "dots")) == 2  # the first kind, and its line in the legend
        assert len([path for path in paths(made, "line") if "l5 5" in path or "l6 6" in path]) == 2


def test_few_places_keep_every_peak() -> None:
    y = np.zeros(100_000)
    y[[777, 50_001, 99_999]] = (9.0, -7.0, 5.0)
    kept = few_curve(y, 600)
    assert len(kept) <= 600
    assert {777, 50_001, 99_999} <= set(kept.tolist())
    assert len(svg(Lines("", (Series("", np.arange(100_000), y),), Axis(), Axis()))) < 12_000


def test_a_curve_ends_where_its_axis_says() -> None:
    path = paths(Lines("", (Series("", [0.0, 1.0, 2.0], [0.0, 5.0, 0.0]),), Axis(), Axis(low=0.0, high=1.0)), "line")[0]
    assert path.count("M") == 2
    assert path.count("L") == 0  # neither neighbour of the peak is joined to it


def test_a_limit_lies_at_its_value() -> None:
    limited = Lines("", (Series("", [0.0, 1.0], [0.0, 4.0]),), Axis(), Axis(low=0.0, high=4.0), (Level("most", 1.0),))
    field = next(one for one in parts(limited).iter("rect") if one.get("class") == "frame")
    wanted = float(field.get("y", "")) + float(field.get("height", "")) * 0.75
    y = float(re.findall(r"M[\d.]+ ([\d.]+)H", paths(limited, "level")[-1])[0])
    assert y == pytest.approx(wanted, abs=0.1)


def test_an_axis_of_instants_says_the_time_of_day() -> None:
    words = [
        one.text for one in parts(Lines("", (Series("", NOON + TIMES, TIMES),), Axis(utc=True), Axis())).iter("text")
    ]
    assert {"12:00", "12:10"} <= set(words)
    assert "UTC, from 2026-11-18" in words


def test_the_moment_of_a_replay_lies_on_its_axis() -> None:
    run = Lines("", (Series("", NOON + TIMES, TIMES),), Axis(utc=True, run_start=NOON + 60.0), Axis())
    now = next(one for one in parts(run).iter("g") if one.get("class") == "now")
    first, last = float(now.get("data-from", "")), float(now.get("data-to", ""))
    assert float(now.get("data-at", "")) == pytest.approx(first + 0.1 * (last - first), abs=0.01)
    assert float(now.get("data-per-s", "")) == pytest.approx((last - first) / 600.0, rel=1e-4)
    assert now.get("visibility") == "hidden"
    assert 'class="now"' not in svg(CURVES)


def test_points_have_one_scale() -> None:
    dots = paths(Points("", (Cloud("", [0.0, 10.0, 0.0], [0.0, 0.0, 1.0]),), Axis(), Axis()), "dots")[0]
    (x0, y0), (x1, _), (_, y2) = [(float(a), float(b)) for a, b in re.findall(r"M([\d.]+) ([\d.]+)h0", dots)]
    assert (x1 - x0) / 10.0 == pytest.approx(y0 - y2, abs=0.1)


# --- sky --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("azimuth", "x", "y"), [(0.0, 0, -180), (90.0, 180, 0), (180.0, 0, 180), (270.0, -180, 0)])
def test_north_is_up_and_east_is_right(azimuth: float, x: float, y: float) -> None:
    path = paths(Sky("", (Track("", [azimuth, azimuth], [0.0, 90.0]),)), "line")[-1]
    assert path == f"M{x} {y}L0 0"


def test_a_wall_of_the_skyline_is_a_wall() -> None:
    """Two points of one azimuth, in a table that goes on beyond north on both sides."""
    azimuth = np.array([-266.0, 0.0, 92.0, 92.0, 94.0, 94.0, 360.0])
    high = np.array([2.0, 2.0, 2.0, 30.0, 30.0, 2.0, 2.0])
    places = np.interp(np.arange(90.0, 97.0), *circle(azimuth, high))
    assert places[[0, 1, 3, 5, 6]].tolist() == [2.0, 2.0, 30.0, 2.0, 2.0]
    around = np.interp([0.0, 180.0, 350.0], *circle(np.array([-90.0, 90.0]), np.array([4.0, 2.0])))
    assert around == pytest.approx([3.0, 3.0, 4.0 - 2.0 * 80.0 / 180.0])


def test_a_way_below_the_horizon_is_not_drawn() -> None:
    low = Sky("", (Track("", [10.0, 20.0, 30.0, 40.0], [-5.0, -1.0, 10.0, 20.0]),))
    assert paths(low, "line")[-1].count("L") == 1


def test_a_beam_is_as_wide_as_it_is() -> None:
    path = paths(Sky("", beams=(Beam("", 0.0, 90.0, 20.0),)), "cross")[0].split("M0 0")[0].split("M-4")[0]
    places = [(float(a), float(b)) for a, b in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]
    assert all(math.hypot(*place) == pytest.approx(20.0, abs=0.15) for place in places[:36])  # 2 units a degree


def test_times_stand_along_a_way() -> None:
    words = [one.text for one in parts(Sky("", (PASS,), utc=True)).iter("text")]
    assert {"12:02", "12:04", "12:06", "12:08"} <= set(words)


def test_the_dot_of_the_moment_knows_places_and_times() -> None:
    root = parts(Sky("", (PASS,), utc=True, run_start=NOON + 100.0))
    now = next(one for one in root.iter("circle") if "now" in one.get("class", ""))
    first = now.get("data-places", "").split()[0].split(",")
    assert float(first[0]) == -100.0
    assert math.hypot(float(first[1]), float(first[2])) == pytest.approx(180.0, abs=0.1)


# --- bars -------------------------------------------------------------------------------------------------


def test_bars_of_a_lane_never_lie_over_each_other() -> None:
    rng = np.random.default_rng(4)
    starts = rng.uniform(0.0, 50.0, 30)
    bars = tuple(Bar(start, start + 4.0, owner=f"{n % 3}") for n, start in enumerate(starts))
    boxes = parts(Bars("", (Lane("a", bars[:15]), Lane("b", bars[15:])), Axis())).iter("rect")
    drawn = [
        [float(one.get(key, "")) for key in ("x", "y", "width", "height")]
        for one in boxes
        if one.get("class", "") > "soft"
    ]
    drawn = [one for one in drawn if one[3] > 12.0]  # not those of the legend
    assert len(drawn) == 30
    for n, (x, y, wide, high) in enumerate(drawn):
        for a, b, w, h in drawn[:n]:
            assert x >= a + w - 0.11 or a >= x + wide - 0.11 or y >= b + h or b >= y + high


def test_what_was_refused_is_hatched_and_has_no_colour() -> None:
    refused = Bars("", (Lane("a", (Bar(0, 9, "x", "us", refused=True),)),), Axis())
    assert len(paths(refused, "hatch")) == 2  # and in the legend
    assert 'class="soft0"' not in svg(Bars("", (Lane("a", (Bar(0, 9, refused=True),)),), Axis()))


# --- rasters ----------------------------------------------------------------------------------------------


def picture(diagram: Raster) -> np.ndarray:
    """The colours (h, w, 4) of the field."""
    address = next(parts(diagram).iter("image")).get("href", "")
    raw = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)


def test_the_highest_value_has_the_lightest_colour_where_it_lies() -> None:
    rows = np.zeros((4, 6))
    rows[1, 2] = 9.0
    rows[3, 5] = math.nan
    drawn = picture(Raster("", rows, Axis(), Axis(down=True), Axis(low=0.0, high=9.0)))
    assert drawn.shape == (4, 6, 4)
    assert tuple(drawn[1, 2, :3]) == tuple(colours()[-1])
    assert tuple(drawn[0, 0]) == (*colours()[0], 255)
    assert drawn[3, 5, 3] == 0
    upright = picture(Raster("", rows, Axis(), Axis(), Axis(low=0.0, high=9.0)))
    assert tuple(upright[2, 2, :3]) == tuple(colours()[-1])  # the first row is at the low end, below


def test_a_fine_grid_keeps_its_highest_values() -> None:
    rows = np.zeros((5000, 3000))
    rows[4321, 1234] = 1.0
    drawn = picture(Raster("", rows, Axis(), Axis(down=True), Axis(low=0.0, high=1.0)))
    (row, column), *others = np.argwhere((drawn[..., :3] == colours()[-1]).all(2)).tolist()
    assert not others
    assert row / len(drawn) == pytest.approx(0.8642, abs=0.004)
    assert column / drawn.shape[1] == pytest.approx(0.4113, abs=0.004)


@pytest.mark.parametrize("rows", ["normal", "uniform"])
def test_a_picture_of_noise_stays_small(rows: str) -> None:
    noise = getattr(np.random.default_rng(2), rows)(size=(1500, 2048))
    assert len(svg(Raster("", noise, Axis(), Axis(), Axis(low=float(noise.min()), high=float(noise.max()))))) < 200_000
    assert len(svg(Raster("", noise[:288, :384], Axis(), Axis(), Axis()))) < 200_000


# What an eye without the red, the green, the blue cones sees, in linear light (Machado, Oliveira, Fernandes 2009)
EYES = {
    "all": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


@pytest.mark.parametrize("eye", EYES)
def test_colours_grow_lighter_evenly_for_every_eye(eye: str) -> None:
    coded = colours() / 255.0
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4) @ np.transpose(EYES[eye])
    steps = np.diff(np.cbrt(np.clip(light, 0.0, 1.0) @ (0.2126, 0.7152, 0.0722)))
    assert steps.min() > 0.0
    assert steps[3:].max() < 2.0 * np.median(steps)


def test_colours_go_from_blue_to_yellow() -> None:
    """Of all pairs of hues this one is told apart by most eyes."""
    low, high = colours()[0].tolist(), colours()[-1].tolist()
    assert low[2] > 2 * low[0]
    assert min(high[:2]) > high[2] + 60


# --- what a stranger may send ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "diagram",
    [
        Lines("", (Series("", [1.0, 2.0], [1.0]),), Axis(), Axis()),
        Lines("", (Series("", [[1.0]], [1.0]),), Axis(), Axis()),
        Lines("", (Series("", [1.0], np.ones((1, 1, 1))),), Axis(), Axis()),
        Lines("", (Series("", [1.0, 2.0], [math.nan, math.nan]),), Axis(), Axis()),
        Lines("", (Series("", ["a"], [1.0]),), Axis(), Axis()),  # type: ignore[list-item]
        Lines("", (Series("", [1.0], np.array([None])),), Axis(), Axis()),
        Points("", (Cloud("", np.array([1j]), [0.0]),), Axis(), Axis()),
        Sky("", (Track("", [0.0], [1.0, 2.0]),)),
        Raster("", np.full((3, 3), math.nan), Axis(), Axis(), Axis()),
        Raster("", np.zeros((0, 3)), Axis(), Axis(), Axis()),
        Raster("", np.zeros((2, 2, 3)), Axis(), Axis(), Axis()),
        Bars("", (Lane("", (Bar("a", 2.0),)),), Axis()),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_drawn_is_said(diagram: Diagram) -> None:
    with pytest.raises(DiagramError) as refused:
        svg(diagram)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1e300])
def test_numbers_that_are_none_leave_the_others(value: float) -> None:
    wild = np.array([0.0, 1.0, value, 3.0])
    calm = np.arange(4.0)
    for diagram in (
        Lines("", (Series("", calm, wild),), Axis(), Axis()),
        Lines("", (Series("", wild, calm),), Axis(), Axis()),
        Points("", (Cloud("", wild, calm),), Axis(), Axis()),
        Sky(
            "",
            (Track("", wild, wild, wild),),
            (wild, wild),
            value,
            (Beam("", value, value, value),),
            (Mark("", value, 1),),
        ),
        Bars("", (Lane("", (Bar(value, 1.0), Bar(0.0, 1.0))),), Axis()),
        Raster("", wild.reshape(2, 2), Axis(), Axis(), Axis()),
        Lines("", (Series("", calm, calm),), Axis(low=value), Axis(high=value), (Level("", value),)),
    ):
        text = svg(diagram)
        ElementTree.fromstring(text)
        assert "nan" not in text
        assert "inf" not in text


def test_huge_arrays_stay_small_pictures() -> None:
    many = np.random.default_rng(1).normal(size=1_000_000)
    flood = tuple(Lane(f"{n}", tuple(Bar(m, m + 1) for m in range(2000))) for n in range(3))
    for diagram in (
        Lines("", (Series("", np.arange(1_000_000), many),), Axis(), Axis()),
        Lines("", (Series("", np.arange(1000), many.reshape(1000, 1000)),), Axis(), Axis()),
        Points("", (Cloud("", many, many),), Axis(), Axis()),
        Sky("", (Track("", many, many),)),
        Bars("", flood, Axis()),
        Raster("", many.reshape(1000, 1000), Axis(), Axis(), Axis()),
    ):
        assert len(svg(diagram)) < 200_000


def test_one_bad_record_never_costs_the_other_diagrams() -> None:
    made = attempted("Orbit", lambda: Missing("", 1 / 0))  # type: ignore[arg-type]
    assert isinstance(made, Missing)
    assert made.title == "Orbit"
    assert "ZeroDivisionError" in svg(made)
    assert attempted("Orbit", lambda: SKY) is SKY


def test_a_curve_keeps_free_of_the_rims_and_a_constant_lies_in_the_middle() -> None:
    for y, share in ((np.array([0.0, 10.0]), 0.05 / 1.1), (np.array([3.0, 3.0]), 0.5)):
        made = Lines("", (Series("", [0.0, 1.0], y),), Axis(), Axis())
        field = next(one for one in parts(made).iter("rect") if one.get("class") == "frame")
        top, high = float(field.get("y", "")), float(field.get("height", ""))
        places = [float(b) for b in re.findall(r"[ML][\d.]+ ([\d.]+)", paths(made, "line")[-1])]
        assert (min(places) - top) / high == pytest.approx(share, abs=0.01)
