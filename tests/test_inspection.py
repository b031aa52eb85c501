"""Inspection: what its checks measure, with synthetic traces; and that its lights show what its text promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exercise_traces import facts_of, write_trace
from sheber.exercises import load
from sheber.exercises.score import Score
from sheber.geometry import Pose
from sheber.robot.cell import build
from sheber.robot.cell.scene import Part, Scene
from sheber.trace import OutcomeKind, Trace

EXERCISE = load("inspection")
FACTS = facts_of(EXERCISE, 1)
COVERS: dict[str, dict[str, object]] = FACTS["covers"]
RIGHT = {name: str(about["kind"]) for name, about in COVERS.items()}
TRUE = {name: 1e3 * float(str(about["diameter"])) for name, about in COVERS.items()}  # mm
SECONDS = 2.0  # for each cover
GOOD = [name for name, kind in RIGHT.items() if kind == "good"]
DEFECTIVE = [name for name, kind in RIGHT.items() if kind != "good"]


def brought(
    path: Path,
    bins: Mapping[str, str],
    told: Mapping[str, float] = TRUE,
    after: float | None = None,
    held: str = "",
    outcome: OutcomeKind = OutcomeKind.FINISHED,
) -> Trace:
    """A run that brings each cover to the bin of a kind, and tells its diameter [mm] before it lets it go.

    after: what the output says a tick after each release. held: a cover that is never let go.
    """
    count = round(SECONDS / 0.02) * len(COVERS) + 10
    bodies = {name: np.tile(Pose((0.4, -0.3, 0.01)).to_list(), (count, 1)) for name in COVERS}
    output, events = np.zeros(count), []
    for n, (name, kind) in enumerate(bins.items()):
        first = round(SECONDS / 0.02) * n
        last = first + 80
        output[first:] = told[name]
        events.append((first * 0.02 + 0.1, "grip", {"part": name}))
        if name != held:
            events.append((last * 0.02, "release", {"part": name}))
        if after is not None:
            output[last + 1 :] = after
        bodies[name][last - 5 :] = Pose.from_list(FACTS["bins"][kind]).offset(z=0.004).to_list()
    joints = np.tile(FACTS["home"], (count, 1))
    joints[5:-5] += 0.5
    tcp = np.tile(Pose((0.3, 0.0, 0.4)).to_list(), (count, 1))
    return write_trace(path, EXERCISE, FACTS, tcp, joints, bodies, events, outcome, outputs={"diameter": output})


def earned(score: Score, key: str) -> float:
    return sum(check.points for check in score.checks if check.key.startswith(key))


def scored(path: Path, bins: Mapping[str, str], told: Mapping[str, float] = TRUE, after: float | None = None) -> Score:
    return EXERCISE.score(brought(path / "run.trace", bins, told, after))


def test_covers_in_their_bins_with_their_diameters_earn_all(tmp_path: Path) -> None:
    assert scored(tmp_path, RIGHT).points == 100.0


def test_a_missed_defect_costs_twice_what_a_false_reject_costs(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    missed = scored(tmp_path, RIGHT | {DEFECTIVE[0]: "good"})
    rejected = scored(tmp_path / "a", RIGHT | {GOOD[0]: "chip"})
    assert earned(missed, "sorted") == earned(rejected, "sorted") < 20.0
    lost, less = 20.0 - earned(missed, "cost"), 20.0 - earned(rejected, "cost")
    assert lost == pytest.approx(2.0 * less, abs=0.02)
    assert less == pytest.approx(20.0 / (0.3 * len(COVERS)), abs=0.01)
    (cost,) = [check for check in missed.checks if check.key == "cost"]
    assert "Missed defects, each of which costs double: cover" in cost.message
    assert "False rejects" not in cost.message
    assert cost.time == pytest.approx(SECONDS * list(RIGHT).index(DEFECTIVE[0]) + 1.6)


def test_a_defect_in_the_bin_of_another_one_is_neither_missed_nor_a_false_reject(tmp_path: Path) -> None:
    scratched = next(name for name, kind in RIGHT.items() if kind == "scratch")
    score = scored(tmp_path, RIGHT | {scratched: "chip"})
    assert earned(score, "cost") == 20.0
    assert earned(score, "sorted") == pytest.approx(20.0 * (1.0 - 2.5 / len(COVERS)))
    assert earned(score, f"measured-{scratched}") == 0.0
    number = scratched.removeprefix("cover_")
    assert (
        f"cover {number} (scratch) in the bin for “chip”" in next(c for c in score.checks if c.key == "sorted").message
    )


@pytest.mark.parametrize("kind", ["good", "scratch", "chip", "hole", "code"])
def test_all_in_one_bin_gains_nothing(tmp_path: Path, kind: str) -> None:
    """Even with every diameter right: less than one criterion's points, and next to nothing of the rest."""
    score = scored(tmp_path, dict.fromkeys(COVERS, kind))
    assert earned(score, "sorted") == earned(score, "cost") == 0.0
    assert score.points < 20.0


def test_covers_in_no_bin_are_mistakes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert scored(tmp_path, {}).points == 0.0
    left = scored(tmp_path / "a", {name: kind for name, kind in RIGHT.items() if name != GOOD[0]})
    assert earned(left, "cost") == pytest.approx(20.0 - 20.0 / (0.3 * len(COVERS)), abs=0.01)
    assert earned(left, "cycle") == 0.0
    (tmp_path / "b").mkdir()
    unseen = scored(tmp_path / "b", {name: kind for name, kind in RIGHT.items() if name != DEFECTIVE[0]})
    assert earned(unseen, "cost") == pytest.approx(20.0 - 2 * 20.0 / (0.3 * len(COVERS)), abs=0.01)
    assert "In no bin: cover" in next(check for check in left.checks if check.key == "sorted").message


@pytest.mark.parametrize(
    ("off", "share"), [(0.5, 1.0), (-0.5, 1.0), (1.25, 0.5), (-1.25, 0.5), (2.0, 0.0), (np.inf, 0.0)]
)
def test_a_diameter_counts_by_how_far_it_is_off(tmp_path: Path, off: float, share: float) -> None:
    score = scored(tmp_path, RIGHT, {name: size + off for name, size in TRUE.items()})
    assert earned(score, "measured") == pytest.approx(20.0 * share, abs=0.05)
    assert all(check.measured is None or np.isfinite(check.measured) for check in score.checks)


def test_the_diameter_is_read_when_the_cover_is_let_go(tmp_path: Path) -> None:
    assert earned(scored(tmp_path, RIGHT, after=0.0), "measured") == 20.0


def test_a_cover_that_is_still_held_lies_in_no_bin(tmp_path: Path) -> None:
    score = EXERCISE.score(brought(tmp_path / "run.trace", RIGHT, held=list(RIGHT)[-1]))
    assert earned(score, "sorted") == pytest.approx(20.0 * (1.0 - 2.5 / len(COVERS)))


def test_a_run_that_was_cut_off_says_so(tmp_path: Path) -> None:
    first = dict(list(RIGHT.items())[:1])
    score = EXERCISE.score(brought(tmp_path / "run.trace", first, outcome=OutcomeKind.PROGRAM_ERROR))
    late = [check for check in score.checks if check.key.startswith("measured")][1:]
    assert all("The run ended before this cover" in check.message and check.follows for check in late)


# --- scenes -----------------------------------------------------------------------------------------


def codes(scene: Scene) -> dict[str, str]:
    return {
        part.name: shape.texture.removeprefix("datamatrix/")
        for part in scene.parts
        for shape in part.shapes
        if shape.texture.startswith("datamatrix/")
    }


def plate_of(part: Part) -> int:
    return next(n for n, shape in enumerate(part.shapes) if shape.holes)


def test_every_scene_has_each_defect_and_shows_what_its_facts_say() -> None:
    for seed in range(60):
        scene = EXERCISE.scene(seed)
        covers, right = dict(scene.facts)["covers"], dict(scene.sheet)["code"]
        kinds = [about["kind"] for about in covers.values()]
        assert {"good", "scratch", "chip", "hole", "code"} == set(kinds)
        assert 4 <= len(kinds) - kinds.count("good") <= 6
        assert any(about["stained"] for about in covers.values())
        assert all(about["kind"] == "good" for about in covers.values() if about["stained"])
        for part in scene.parts:
            kind, plate = covers[part.name]["kind"], part.shapes[plate_of(part)]
            assert (codes(scene)[part.name] == right) is (kind != "code")
            assert len(plate.holes) == (3 if kind == "hole" else 4)
            assert plate.relief.partition("/")[0] == (kind if kind in ("scratch", "chip") else "")


@pytest.mark.physics
@pytest.mark.parametrize("degrees", range(0, 180, 22))
def test_a_scratch_shows_by_one_of_the_bars_however_it_lies_and_not_by_the_ring(degrees: int) -> None:
    scene = EXERCISE.scene(3)
    part = next(p for p in scene.parts if dict(scene.facts)["covers"][p.name]["kind"] == "scratch")
    n = plate_of(part)
    bare = replace(part, shapes=(*part.shapes[:n], replace(part.shapes[n], relief=""), *part.shapes[n + 1 :]))
    by_bars = max(shown(scene, part, bare, light, degrees) for light in ("bar_right", "bar_front"))
    assert by_bars > 25  # grey levels, where the noise has 2
    assert shown(scene, part, bare, "ring", degrees) < 8


def shown(scene: Scene, part: Part, bare: Part, light: str, degrees: int) -> int:
    """How much brighter a cover is anywhere than the same cover without its flaw [grey levels]."""
    pictures = []
    for one in (part, bare):
        pose = dict(scene.frames)["station"].offset(z=0.0041).rotated(z=np.radians(degrees))
        lights = tuple(replace(lamp, initial=float(lamp.name == light)) for lamp in scene.lights)
        quiet = replace(scene, parts=(replace(one, pose=pose),), lights=lights, faults=())
        cameras = tuple(replace(camera, noise=0.0) for camera in quiet.cameras)
        pictures.append(build(replace(quiet, cameras=cameras)).capture("station").colour[..., 1].astype(int))
    return int((pictures[0] - pictures[1]).max())
