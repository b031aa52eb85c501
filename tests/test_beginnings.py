"""How public scenes look before a program runs: drawn by the station's own kind, or not at all."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sheber.cli import main
from sheber.exercises import load
from sheber.judge.beginnings import beginnings, png

ROOM = Path(__file__).parent / "stations" / "keep_warm"


def _read(content: bytes) -> np.ndarray:
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


@pytest.mark.physics
def test_a_robot_cell_is_drawn_scene_by_scene_in_its_colours() -> None:
    pictures = list(beginnings(load("palletising")))
    assert len(pictures) == 8
    first, second = pictures[:2]
    assert first.shape == (320, 480, 3)
    assert not np.array_equal(first, second)
    red, _green, blue = _read(png(first)).reshape(-1, 3).T.astype(int)
    assert (red - blue > 40).mean() > 2 * (blue - red > 40).mean()  # much cardboard, and the little blue of the arm


def test_a_station_without_looks_has_no_picture() -> None:
    assert list(beginnings(load(ROOM))) == []


@pytest.mark.long
@pytest.mark.box
def test_the_check_writes_them_where_it_is_asked_to(tmp_path: Path) -> None:
    assert main(["check", str(ROOM), "--pictures", str(tmp_path / "pictures")]) == 0
    assert list((tmp_path / "pictures").iterdir()) == []
