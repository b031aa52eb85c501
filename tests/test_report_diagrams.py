"""Diagrams in a report: there for who may see the run, told in words where they cannot be made, never its end."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import dish_pass
import ground_pass
import moving_boxes
from sheber.diagrams import Axis, Diagram, Lines, Missing, Series
from sheber.judge.report import report
from sheber.judge.report.diagrams import MOST, drawn
from sheber.judge.report.text import table
from sheber.trace import Trace

GOOD = Lines("Voltage", (Series("", [0.0, 1.0], [1.0, 2.0]),), Axis(), Axis())


class Showing(dish_pass.Exercise):
    """A station whose diagrams are given, or that breaks while it makes them."""

    def __init__(self, made: Any) -> None:
        self.made = made
        self.asked = 0

    def diagrams(self, trace: Trace) -> Sequence[Diagram]:
        self.asked += 1
        if isinstance(self.made, BaseException):
            raise self.made
        return self.made  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return dish_pass.write(tmp_path_factory.mktemp("diagrams") / "run.trace")


def test_every_diagram_of_the_station_is_on_the_page(trace: Trace) -> None:
    page = report(dish_pass.Exercise(), trace, ground_pass.score())
    assert re.findall(r'<svg id="(diagram-\d+)"', page) == [f"diagram-{n}" for n in range(8)]
    titles = re.findall(r'<title id="diagram-\d+-title">([^<]*)', page)
    assert titles[:4] == ["Sky", "Pointing error", "Doppler shift", "Waterfall"]
    assert "An eye needs samples of two symbols, 21 at least. There are 0 samples." in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_station_without_diagrams_has_no_place_for_them(tmp_path: Path) -> None:
    page = report(moving_boxes.Exercise(), moving_boxes.write(tmp_path / "t"), moving_boxes.score())
    assert "diagrams-title" not in page
    assert ".diagram " not in page


def test_a_reader_of_points_gets_no_diagram_and_none_is_made(trace: Trace) -> None:
    exercise = Showing((GOOD,))
    page = report(exercise, trace, ground_pass.score(), shown="points")
    assert "Voltage" not in page
    assert 'class="diagram"' not in page
    assert exercise.asked == 0
    assert "Voltage" in report(exercise, trace, ground_pass.score())


@pytest.mark.parametrize(
    "error", [KeyError("mount_true"), ValueError("x"), RecursionError(), MemoryError(), ZeroDivisionError()]
)
def test_a_recording_that_no_diagram_can_be_made_of_keeps_its_report(trace: Trace, error: Exception) -> None:
    page = report(Showing(error), trace, ground_pass.score())
    assert f"It cannot be made of this recording ({type(error).__name__})." in page
    assert "82.45" in page


def test_one_that_cannot_be_drawn_costs_no_other(trace: Trace) -> None:
    wrong = Lines("Crooked", (Series("", [0.0, 1.0], [1.0]),), Axis(), Axis())
    no_diagram: Any = Missing("Odd", ("not", "words"))  # type: ignore[arg-type]
    page = report(Showing([wrong, GOOD, no_diagram]), trace, ground_pass.score())
    assert "It has 2 places for 1 values." in page
    assert "Crooked" in page
    assert "Voltage" in page


@pytest.mark.parametrize("made", [None, 7, "words", [None], [object()], (1, 2), GOOD])
def test_what_is_no_diagram_is_said(trace: Trace, made: Any) -> None:
    page = report(Showing(made), trace, ground_pass.score())
    assert "82.45" in page
    assert "cannot be made" in page or "is not a diagram" in page


def test_a_flood_of_diagrams_is_counted(trace: Trace) -> None:
    shown = drawn(Showing([GOOD] * 5000), trace)
    assert len(shown) == MOST + 1
    assert f"{5000 - MOST} more diagrams are not shown." in shown[-1].svg


def test_words_of_a_stranger_stay_words(trace: Trace) -> None:
    made = Lines(moving_boxes.HOSTILE, (Series(moving_boxes.HOSTILE, [0.0], [1.0]),), Axis("<i>x"), Axis("</svg><p>"))
    page = report(Showing([made]), trace, ground_pass.score())
    assert "<script>window" not in page
    assert "<i>" not in page
    assert "</svg><p>" not in page


def test_the_terminal_names_them(trace: Trace) -> None:
    def told(exercise: Any) -> str:
        console = Console(width=400, record=True, file=io.StringIO())
        console.print(table(exercise, trace, ground_pass.score()))
        return console.export_text()

    assert "Diagrams on the report page: Sky, Pointing error, Doppler shift" in told(dish_pass.Exercise())
    assert "report page" not in told(Showing(()))


def test_diagrams_are_cheap(trace: Trace) -> None:
    """A page with all of a station's diagrams stays one that can be sent."""
    sizes = [len(one.svg) for one in drawn(dish_pass.Exercise(), trace)]
    assert max(sizes) < 200_000
    assert sum(sizes) < 500_000


def test_the_same_run_gives_the_same_page(trace: Trace) -> None:
    pages = {report(dish_pass.Exercise(), trace, ground_pass.score()) for _ in range(2)}
    assert len(pages) == 1
    assert np.isfinite(trace["direction"]).all()
