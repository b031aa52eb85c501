"""Frame and trace: the reference program with one flaw at a time, and what the flaw costs; scenes of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from sheber.exercises import load
from sheber.exercises.frame_and_trace.exercise import MARKS
from sheber.exercises.score import Score
from sheber.geometry import Pose
from sheber.judge import Program, best_sandbox, run

EXERCISE = load("frame-and-trace")
SEED = 4  # the valve is as late as it can be
REFERENCE = EXERCISE.program("reference").read_text("utf-8")


def changed(*changes: tuple[str, str]) -> str:
    """The reference program with pieces replaced."""
    source = REFERENCE
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


def judged(source: str) -> tuple[Score, dict[str, float]]:
    """The score on one scene, and the points lost by check."""
    score = EXERCISE.score(run(EXERCISE, Program("program.py", source.encode()), SEED, best_sandbox()))
    return score, {check.key: round(check.lost, 2) for check in score.checks if check.lost > 0.3}


@pytest.mark.physics
@pytest.mark.box
@pytest.mark.parametrize(
    ("changes", "costs"),
    [
        ((("dispenser.on(flow)", "dispenser.on(flow, wait=False)"),), {"bead-start"}),
        (
            (("speed * (dispenser.close_delay + 0.02)", "1e-4"), ("dispenser.off(wait=False)", "dispenser.off()")),
            {"bead-stop"},
        ),
        ((("else 0.003", "else 0.0"), ("speed=speed, blend=blend, wait=False", "speed=speed")), {"bead-even"}),
        ((('height=bead["stand_off"]', "height=0.0038"),), {"bead-stand-off"}),
        ((("SEARCH = 0.01", "SEARCH = 0.05"),), {"gentle"}),
    ],
    ids=["late", "blob", "stops", "high", "rough"],
)
def test_a_flaw_costs_its_own_criterion(changes: tuple[tuple[str, str], ...], costs: set[str]) -> None:
    score, lost = judged(changed(*changes))
    assert costs <= set(lost)
    assert 70.0 < score.points < 98.5


@pytest.mark.physics
@pytest.mark.box
@pytest.mark.parametrize(
    ("changes", "most"),
    [
        ((('bead["width"] ** 2 / 8.0 * speed', '(1.7 * bead["width"]) ** 2 / 8.0 * speed'),), 80.0),  # no gap anywhere
        ((('legs = cell.sheet["contour"]', 'legs = cell.sheet["contour"][:1]'),), 40.0),  # perfect, and short
        ((("for leg in legs:", "for leg in [*legs, *legs[::-1]]:"),), 75.0),  # twice, to be sure
        ((('height=bead["stand_off"]', "height=0.012"),), 40.0),  # far from every contact
        ((("cell.frames[f", "0 if 1 else cell.frames[f"),), 0.0),  # it never comes to the bead
    ],
    ids=["flood", "short", "twice", "far", "broken"],
)
def test_who_serves_one_criterion_alone_gains_nothing(changes: tuple[tuple[str, str], ...], most: float) -> None:
    assert judged(changed(*changes))[0].points <= most


def test_every_kind_of_contour_is_among_the_public_scenes() -> None:
    legs = {len(dict(EXERCISE.scene(seed).sheet)["contour"]) for seed in EXERCISE.rehearsal}
    assert legs == {5, 9}  # U and Z, S
    kinds = {tuple(leg["move"] for leg in dict(EXERCISE.scene(seed).sheet)["contour"]) for seed in EXERCISE.rehearsal}
    assert all(kind[::2] == ("line",) * len(kind[::2]) for kind in kinds)


def test_the_contour_lies_on_the_plate_and_the_program_is_not_told_where_the_plate_is() -> None:
    for seed in range(50):
        scene = EXERCISE.scene(seed)
        facts = dict(scene.facts)
        for x, y in facts["contour"]:
            assert -0.015 < x < 0.235
            assert -0.015 < y < 0.165
        assert {name for name, _pose in scene.frames} == {"above_origin", "above_x", "above_y"}
        assert "plate" not in dict(scene.sheet)


def test_no_guess_of_the_heights_over_the_marks_fits_all_three() -> None:
    """A program that believes in one height is wrong by 5 mm or more at a mark: a bead wants half a millimetre."""
    for seed in range(40):
        scene = EXERCISE.scene(seed)
        plate = Pose.from_list(dict(scene.facts)["plate"])
        above = {name.removeprefix("above_"): pose for name, pose in scene.frames if name.startswith("above_")}
        heights = [above[name].position[2] - (plate @ np.array([*at, 0.0]))[2] for name, at in MARKS.items()]
        assert 0.0104 < min(heights) < max(heights) < 0.0296  # 10 to 30 mm, as the text says, with all errors
        assert max(heights) - min(heights) > 0.0109  # the teach pendant shows whole millimetres
