"""Exercises: opening folders, refusing what cannot be, texts, scenes by seed. No physics."""

from __future__ import annotations

import ast
import json
import math
import pickle
import re
import shutil
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercise_traces import along, idle_run, write_trace
from sheber.exercises import PROGRAMS, Exercise, ExerciseError, catalogue, load
from sheber.exercises.exercise import _KIND
from sheber.exercises.numbers import REHEARSAL_SCENES
from sheber.exercises.robot_cell import aside, mark
from sheber.geometry import DOWN, Pose
from sheber.i18n import language
from sheber.judge.sandbox.layout import PACKAGES
from sheber.robot import arms
from sheber.robot.cell.scene import Scene
from sheber.robot.kind import CELL
from sheber.robot.motion import kinematics
from sheber.robot.motion.legs import Planner
from sheber.station import FakeStation, Kind
from sheber.trace import EventKind, Header, Outcome, OutcomeKind, TraceWriter, read
from teachers_copy import changed, refusal

EXERCISES = catalogue()
NAMES = [exercise.name for exercise in EXERCISES]
PROMISED = ["poses-and-moves", "palletising", "vision-sorting"]  # others may be beside them
CELLS = [exercise.name for exercise in EXERCISES if exercise.station is CELL]
MANY_SEEDS = range(200)


@cache
def scenes(name: str) -> list[Scene]:
    """The scenes of many seeds, made once."""
    return [load(name).scene(seed) for seed in MANY_SEEDS]


def test_the_catalogue_is_what_was_promised() -> None:
    assert [name for name in NAMES if name in PROMISED] == PROMISED


# --- opening ----------------------------------------------------------------------------------------


def test_a_copy_in_any_folder_loads_by_its_path(tmp_path: Path) -> None:
    exercise = load(str(shutil.copytree(load("poses-and-moves").folder, tmp_path / "mine")))
    assert exercise.name == "poses-and-moves"
    assert exercise.scene(3) == load("poses-and-moves").scene(3)
    assert exercise.sha256 == load("poses-and-moves").sha256


def test_a_folder_beside_the_program_comes_before_the_current_one(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(ExerciseError, match="no exercise 'my-exercise'"):
        load("my-exercise")
    assert load("my-exercise", beside=copy.parent).folder == copy.resolve()
    monkeypatch.chdir(copy.parent)
    assert load("my-exercise", beside=tmp_path / "elsewhere").folder == copy.resolve()
    shutil.copytree(copy, tmp_path / "elsewhere" / "my-exercise")
    assert load("my-exercise", beside=tmp_path / "elsewhere").folder.parent.name == "elsewhere"
    shutil.copytree(copy, copy.parent / "palletising")
    assert load("palletising", beside=copy.parent).folder == load("palletising").folder, (
        "a catalogue's name comes first"
    )


def test_the_hash_is_of_what_scene_and_score_come_from(copy: Path) -> None:
    before = load(str(copy)).sha256
    (copy / "text" / "en.md").write_text("# Other words\n\nOther.\n")
    assert load(str(copy)).sha256 == before
    assert load(str(changed(copy, "fixed_s = ", "fixed_s = 1"))).sha256 != before


def test_an_unknown_name_is_told_what_exists() -> None:
    with pytest.raises(ExerciseError, match="Did you mean palletising") as caught:
        load("paletizing")
    assert all(name in str(caught.value) for name in NAMES)


def test_a_whole_path_that_leads_nowhere_is_probably_of_another_machine() -> None:
    with pytest.raises(
        ExerciseError, match=r"no folder /home/teacher/post on .* the path from the folder of the program"
    ):
        load("/home/teacher/post")


def test_an_exercise_travels_to_other_processes() -> None:
    exercise = load("palletising")
    again = pickle.loads(pickle.dumps(exercise))
    assert (again.name, again.sha256, again.scene(5)) == (exercise.name, exercise.sha256, exercise.scene(5))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('full = 0.5, zero = 5.0, unit = "mm"', 'full = 0.5, zero = 0.5, unit = "mm"', "tolerance.position"),
        ('full = 0.5, zero = 5.0, unit = "mm"', 'full = 0.5, zero = 5.0, unit = "inch"', 'unit = "mm"'),
        ("position = { full", "positon = { full", "positon is not a number of this exercise. Did you mean"),
        ("tilt_deg = 25.0", "tilt_deg = 95.0", "scene.tilt_deg is 95.0. It must be a number from 0 to 30 deg"),
        ("tilt_deg = 25.0", 'tilt_deg = "steep"', "scene.tilt_deg is 'steep'"),
        ("tilt_deg = 25.0", "", "scene.tilt_deg is missing"),
        ("post_height = [0.22, 0.28]", "post_height = [0.28, 0.22]", "The lower number comes first: [0.22, 0.28]."),
        ("post_height = [0.22, 0.28]", "post_height = [9.0, 0.22]", "each a number from 0.1 to 0.3 m."),
        (
            "position = 24 ",
            "position = { full = 24 } ",
            "points.quality.position is {'full': 24}. It must be a number from 0 to 60 points",
        ),
        ("line = 12", "line = 13", "is 61. It must be 60."),
        ("simulated_s = 120.0", "simulated_s = 0.0", "limits.simulated_s is 0.0"),
        ("commands = 20_000", "commands = 20.5", "a whole number"),
        ("101, 102,", "102, 102,", "8 different seeds"),
        ('level = "elementary"', 'level = "easy"', "elementary, intermediate, advanced"),
        ('version = "1"', "version = 1", "version is 1. It must be a text in quotes"),
        ('version = "1"', "", "version is missing. It must be a text in quotes"),
        ('name = "poses-and-moves"', 'name = ""', "name is empty. It must be a text in quotes"),
        ('version = "1"', 'version = "1"\nversion = "2"', "The entry version is there twice in this table"),
        ("[cycle.per]", "[limits]\n[cycle.per]", "This table is there twice. Put its entries into one table"),
        ("angle = { full = 0.2,", "angle = { full = 0.2, full = 0.3,", "The entry full is there twice"),
        (
            "tilt_deg = 25.0",
            "tilt_d\u0435g = 25.0",
            "The letter \u0435 in column 7 is not Latin (CYRILLIC SMALL LETTER IE)",
        ),
        ("tilt_deg = 25.0", "tilt_d\u0435g = 25.0", "Replace it by the Latin letter e, which looks the same"),
        ("[limits]", "[\u0441omputer]", "The letter \u0441 in column 2 is not Latin"),
        ('version = "1"', "version = \u201c1\u201d", "Column 11 has the quotation mark \u201c. Use the straight"),
        ('version = "1"', "version = \u00ab1\u00bb", "Column 11 has the quotation mark \u00ab"),
        ("post_height = [0.22, 0.28]", "post_height = [0,085, 0,110]", "with a point, 0.085, not with a comma, 0,085"),
        ("post_height = [0.22, 0.28]", "post_height = [0,22, 0,28]", "with a point, [0.22, 0.28], not with a comma"),
        ("zero = 2.0  # no points", "zero = 0.5  # no points", "cycle.full must be less than cycle.zero"),
        ("[limits]", "[limits", "not valid TOML"),
        ("tilt_deg = 25.0", "tilt_deg = 25,0", "with a point, 25.0, not with a comma, 25,0"),
        ("angle = { full = 0.2,", "angle = { full = 0,2,", "Write a number with a point, 0.2, not with a comma"),
        ('full = 0.5, zero = 5.0, unit = "mm"', 'full = 5.0, zero = 0.5, unit = "mm"', "full less than zero"),
        (
            "line_s = 1.0",
            "line_s = 1.0\ntiles = 3.0",
            "The scenes of this exercise do not count 'tiles'. They count: line_s",
        ),
        (
            "line_s = 1.0",
            "line_a = 1.0",
            "do not count 'line_a'. Did you mean line_s? They count: line_s",
        ),
        ("speed = 6  ", "line = 6  ", "points.quality.line, points.procedure.line have the same name"),
        ('arm = "ur5e"', 'arm = "ur55"', 'scene.arm is \'ur55\'. It must be one of "irb1200", "kr6_r900", "ur5e"'),
        ('arm = "ur5e"', "", "scene.arm is missing. It must be one of"),
        ("captures = 0", "captures = 601", "limits.captures is 601. It must be a whole number from 0 to 600"),
        (
            "captures = 0",
            "orbits = 5",
            "These names exist: limits.captures, limits.commands, limits.memory",
        ),
        ("101, 102,", "-1, 102,", "rehearsal.seeds: -1 is not a seed"),
        ("101, 102,", f"{2**256}, 102,", "A seed is a whole number from 0 to 2^256 - 1"),
        ("101, 102,", "'7', 102,", "8 different seeds. A seed is a whole number from 0 to 2^256 - 1."),
    ],
)
def test_a_wrong_number_is_told_with_file_key_and_range(copy: Path, old: str, new: str, says: str) -> None:
    message = refusal(changed(copy, old, new))
    assert says in message
    assert str(copy / "exercise.toml") in message


def test_two_equal_ends_of_a_range_are_a_number_that_no_seed_changes(copy: Path) -> None:
    exercise = load(str(changed(copy, "post_height = [0.22, 0.28]", "post_height = [0.25, 0.25]")))
    assert {dict(exercise.scene(seed).sheet)["post"]["height"] for seed in range(5)} == {0.25}


def test_a_limit_of_the_station_that_is_left_out_is_the_usual_one(copy: Path) -> None:
    assert load(str(copy)).limits.counts == {"captures": 0}
    assert load(str(changed(copy, "captures = 0\n", ""))).limits.counts == {"captures": 60} == CELL.counts


def test_a_teacher_chooses_how_long_a_program_may_be_silent(copy: Path) -> None:
    exercise = load(str(changed(copy, "[limits]", "[limits]\nsilent_s = 7")))
    assert exercise.limits.silent_s == 7.0
    assert "computes or sleeps for 7 s and sends no command" in exercise.text()


def test_an_arm_is_chosen_by_name_and_told_to_students(copy: Path) -> None:
    exercise = load(str(copy))
    assert exercise.numbers.choice("scene.arm") == exercise.scene(1).arm == "ur5e"
    assert "A robot arm (`ur5e`)" in exercise.text()
    assert len(exercise.scene(1).imperfections.joint_zero) == len(arms.load("ur5e").joints)


FAULTS = [
    ("palletising", "stops", [("stops", "feeder")]),
    ("palletising", "sticks", [("sticks", "part_present")]),
    ("palletising", "leaks", [("leaks", "tool")]),
    ("inspection", "goes_dark", [("goes_dark", name) for name in ("ring", "bar_right", "bar_front", "back")]),
    ("conveyor-tracking", "leaks", [("leaks", "tool")]),
    ("tool-change", "leaks", [("leaks", "suction")]),
    ("tool-change", "falls_silent", [("falls_silent", "clamp")]),
]


@pytest.mark.parametrize(("name", "kind", "fail"), FAULTS, ids=lambda value: str(value)[:40])
def test_a_teacher_lets_things_fail_from_when_to_when(name: str, kind: str, fail: list[tuple[str, str]]) -> None:
    exercise = load(name)
    usual = exercise.scene(1)
    assert exercise.written(f"faults.{kind}_s") == [0.0, 0.0]
    spoilt = exercise.with_numbers({f"faults.{kind}_s": [2.5, 4.0]}).scene(1)
    added = [one for one in spoilt.faults if one not in usual.faults]
    assert [(one.kind, one.what) for one in added] == fail
    assert {(one.begins, one.ends) for one in added} == {(2.5, 4.0)}
    assert replace(spoilt, faults=usual.faults) == usual
    with pytest.raises(ExerciseError, match=rf"faults\.{kind}_s is \[4, 2\]. .*The lower number comes first"):
        exercise.with_numbers({f"faults.{kind}_s": [4, 2]})


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_has_a_note_for_teachers(name: str) -> None:
    note = (load(name).folder / "teacher.md").read_text("utf-8")
    for wanted in ("teaches", "mistakes", "ask next", "1+X", "WorldSkills"):
        assert wanted in note


def test_what_is_missing_in_a_folder_is_named(copy: Path) -> None:
    (copy / "text" / "en.md").unlink()
    with pytest.raises(ExerciseError, match=r"en\.md is missing"):
        load(str(copy)).text("kk")
    (copy / "exercise.py").unlink()
    assert "exercise.py is missing" in refusal(copy)
    (copy / "exercise.toml").unlink()
    assert "no folder of that name with an exercise.toml" in refusal(copy)


def test_an_error_in_the_rules_is_told_with_its_line(copy: Path) -> None:
    rules = copy / "exercise.py"
    lines = rules.read_text().splitlines()
    rules.write_text("\n".join([*lines, "", "broken = 1 / 0", ""]))
    message = refusal(copy)
    assert f"{rules}: line {len(lines) + 2}: division by zero" in message
    rules.write_text("def scene(:\n")
    assert "line 1" in refusal(copy)
    rules.write_text("NUMBERS = {}\n")
    assert "The name STATION is not defined." in refusal(copy)
    rules.write_text("NUMBERS, STATION, scene, checks = {}, object(), print, print\n")
    assert "STATION is not a kind of station. It has no 'name'. A kind of station has: name, numbers" in refusal(copy)
    rules.write_text("from sheber.robot.kind import CELL\nNUMBERS, STATION = {}, CELL\n")
    assert "The name scene is not defined." in refusal(copy)


def test_a_kind_of_station_is_asked_for_all_that_a_kind_has() -> None:
    cell: Kind[Scene] = CELL
    asked = {name for name in vars(Kind) if not name.startswith("_")}
    assert set(_KIND) == asked == {name for name in asked if hasattr(cell, name)}


def test_a_scene_counts_what_the_exercise_names(copy: Path) -> None:
    changed(copy, 'COUNTS = ("line_s",)', 'COUNTS = ("line_s", "posts")', "exercise.py")
    with pytest.raises(ExerciseError, match="COUNTS names line_s, posts, but the scene of seed 4 counts line_s"):
        load(str(copy)).scene(4)


def test_the_starter_of_a_copy_connects_to_the_copy(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 'connect(exercise="poses-and-moves")' in load("poses-and-moves").starter
    monkeypatch.chdir(copy.parent)
    assert f'connect(exercise="{copy.resolve().as_posix()}")' in load("my-exercise").starter, "from any folder"
    own = load("my-exercise")
    assert 'connect(exercise="../my-exercise")' in own.starter_in(copy.parent / "work"), "both can move together"
    assert f'connect(exercise="{copy.resolve().as_posix()}")' in own.starter_in(Path("/nothing/in/common"))
    changed(copy, 'connect(exercise="poses-and-moves")', "connect()", "starter.py")
    assert "connect()" in load(str(copy)).starter


def test_letters_stand_upright_in_the_first_view_of_a_report() -> None:
    """Of each letter the lowest stroke is nearest to the viewer, and none of two letters looks like the other."""
    views = (Path(__file__).parents[1] / "frontend" / "src" / "views.js").read_text("utf-8")
    turn = float(re.findall(r"turn = \{ overview: ([-.\d]+),", views)[0])  # from the front, about the vertical
    up = -np.array([np.cos(turn), np.sin(turn)])
    right = np.array([up[1], -up[0]])
    looks = set()
    for name in "ABCDEF":
        shapes = mark(name, Pose((0.4, 0.1, 0.2)), (0.1, 0.1, 0.1)).shapes[1:]
        at = np.array([shape.pose.position[:2] for shape in shapes]) - [0.4, 0.1]
        looks.add(tuple(np.round(np.stack([at @ right, at @ up], axis=1) * 1e3, 1).ravel()))
        if name in "BDEF":
            spine = max(shapes, key=lambda shape: shape.size[0])
            along = spine.pose.rotation[:2, 0]
            assert abs(along @ up) > 0.99, name
            assert (spine.pose.position[:2] - [0.4, 0.1]) @ right < -0.005, name
        if name == "F":
            bars = at[np.abs(at @ right) < 0.005]
            assert (bars @ up).min() > -0.001, "the bars of an F are in its upper half"
    assert len(looks) == 6


# --- texts and programs -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_text_takes_its_numbers_from_the_toml(name: str, tmp_path: Path) -> None:
    exercise = load(name)
    text = exercise.text()
    assert "{{" not in text
    assert exercise.title in text
    assert 20 < len(exercise.summary) < 200
    raw = (exercise.folder / "text" / "en.md").read_text("utf-8")
    used = set(re.findall(r"\{\{\s*([\w.]+)", raw))
    shown = {key for key in exercise.numbers if key.startswith(("points.", "tolerance.")) and key != "points.safety"}
    assert shown - used == set(), "every tolerance and every criterion's points stand in the text"


@pytest.mark.parametrize("name", PROMISED)
def test_the_text_names_the_limits_of_a_run(name: str) -> None:
    exercise = load(name)
    limits, text = exercise.limits, exercise.text()
    for words in (
        f"{limits.simulated_s:g} s of simulated time, {limits.commands} commands",
        f"{limits.processor_s} s of processor time, {limits.wall_s:g} s",
        f"computes or sleeps for {limits.silent_s:g} s and sends no command",
        f"{limits.memory_bytes >> 20} MB of memory, {limits.pictures} pictures and {limits.notes} notes",
    ):
        assert words in text


@pytest.mark.parametrize("name", NAMES)
def test_a_language_that_is_missing_falls_back_to_english(name: str) -> None:
    exercise = load(name)
    assert exercise.text("kk") == exercise.text("en")
    with language("ru"):
        assert exercise.title


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("tolerance.nothing", "tolerance.nothing"),
        ("scene tilt_deg", "scene tilt_deg"),
        ("", "{{}}: "),
        ("cycle.fixed_s | °F", "There is no unit '°F'. The units are: "),
    ],
)
def test_a_placeholder_without_a_number_is_refused(copy: Path, place: str, words: str) -> None:
    """No pair of braces comes through to a student."""
    (copy / "text" / "en.md").write_text(f"# T\n\nUp to {{{{{place}}}}}.\n")
    with pytest.raises(ExerciseError) as caught:
        load(str(copy)).text()
    assert words in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_programs_use_only_what_the_box_has(name: str) -> None:
    exercise = load(name)
    allowed = {"sheber", *PACKAGES, *sys.stdlib_module_names}
    for source in (exercise.starter, exercise.program("reference").read_text()):
        tree = ast.parse(source)
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {name.partition(".")[0] for name in names} <= allowed
    assert set(exercise.expected) == set(PROGRAMS)
    with pytest.raises(ExerciseError, match="no program 'perfect'"):
        exercise.program("perfect")


# --- scenes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_comes_from_its_seed_alone(name: str) -> None:
    exercise = load(name)
    assert exercise.scene(7) == exercise.scene(7)
    assert exercise.scene(7) != exercise.scene(8)
    assert len(exercise.rehearsal) == REHEARSAL_SCENES


@pytest.mark.parametrize("name", PROMISED)
@given(seed=st.integers(0, 2**256 - 1))
@settings(max_examples=4)
def test_a_scene_takes_every_bit_of_a_seed(name: str, seed: int) -> None:
    exercise = load(name)
    for bit in (31, 63, 200, 255):
        assert exercise.scene(seed).frames != exercise.scene(seed ^ (1 << bit)).frames
    assert exercise.scene(seed).noise_seed == seed


@pytest.mark.parametrize("name", CELLS)
def test_the_largest_seed_makes_a_scene(name: str) -> None:
    largest = 2**256 - 1
    assert load(name).scene(largest) == load(name).scene(largest)
    assert load(name).scene(largest).noise_seed == largest


@pytest.mark.parametrize("name", CELLS)
def test_facts_and_sheet_are_plain_json(name: str) -> None:
    scene = load(name).scene(1)
    for table in (dict(scene.facts), dict(scene.sheet)):
        assert json.loads(json.dumps(table)) == json.loads(json.dumps(table, default=None))


def test_the_job_sheet_tells_nothing_of_the_truth() -> None:
    for seed in range(20):
        scene = load("vision-sorting").scene(seed)
        told = json.dumps(dict(scene.sheet)) + json.dumps({n: p.to_list() for n, p in scene.frames})
        assert not any(part.name in told for part in scene.parts)


@pytest.mark.parametrize("name", ["palletising", "vision-sorting"])
def test_nothing_stands_in_anything_else(name: str) -> None:
    for scene in scenes(name):
        at = np.array([part.pose.position[:2] for part in scene.parts])
        gaps = np.linalg.norm(at[:, None] - at[None], axis=2) + np.eye(len(at))
        assert gaps.min() > 0.08


def test_light_and_exposure_of_vision_sorting_vary_as_its_numbers_say() -> None:
    exercise = load("vision-sorting")
    scenes = [exercise.scene(seed) for seed in range(40)]
    exposures = [scene.cameras[0].exposure for scene in scenes]
    reds = [scene.lighting.colour[0] for scene in scenes]
    for values, share in ((exposures, "scene.exposure"), (reds, "scene.warmth")):
        most = exercise.numbers.real(share)
        assert 0.8 * most < max(values) - 1.0 <= most + 1e-3
        assert 0.8 * most < 1.0 - min(values) <= most + 1e-3


def test_counts_of_vision_sorting() -> None:
    seen = set()
    for scene in scenes("vision-sorting"):
        parts = dict(scene.facts)["parts"]
        in_trays = [about["tray"] for about in parts.values() if about["tray"]]
        seen.add(len(parts))
        assert 8 <= len(parts) <= 14
        assert 1 <= len(parts) - len(in_trays) <= 3
        assert max(in_trays.count(tray) for tray in in_trays) <= 4
        assert len(set(in_trays)) == 3
    assert seen == set(range(8, 15))


def approaches(exercise: Exercise, scene: Scene) -> list[Pose]:
    """T_base_tcp of every pose that the job needs, and of those above them."""
    frames, facts = dict(scene.frames), dict(scene.facts)
    if exercise.name == "poses-and-moves":
        taught = [pose for name, pose in frames.items() if name != "post"]
        return taught + [pose.offset(z=max(0.0, 0.36 - pose.position[2])) for pose in taught]
    if exercise.name == "palletising":
        half = dict(scene.sheet)["box"]["z"] / 2
        places = [Pose.from_list(values).offset(z=half) for values in facts["places"]]
        low = [pose @ DOWN for pose in (frames["pick"], *places)]
    else:
        places = [Pose.from_list(values) for tray in facts["trays"].values() for values in tray]
        turns = [part.pose.rotated(z=turn) for part in scene.parts for turn in (0.0, np.pi / 2)]
        low = [pose @ DOWN for pose in (*places, *turns)]
    return low + [pose.offset(z=0.12) for pose in low]


@pytest.mark.parametrize("name", PROMISED)
def test_every_pose_is_within_reach_in_the_configuration_of_home(name: str) -> None:
    exercise, arm = load(name), arms.load("ur5e")
    wanted = [approaches(exercise, scene) for scene in scenes(name)]
    flange = scenes(name)[0].tool.pose.inverse().matrix
    T = np.array([pose.matrix for poses in wanted for pose in poses]) @ flange
    seeds = np.array([seed for seed, poses in zip(MANY_SEEDS, wanted, strict=True) for _pose in poses])
    branch = kinematics.configurations(arm).index(kinematics.configuration(arm, np.array(arm.home)))
    joints = kinematics.inverse(arm, T)[:, branch]
    assert set(seeds[np.isnan(joints).any(axis=1)]) == set()
    near = kinematics.nearness(arm, joints).min(axis=1)
    assert near.min() > 1.5, f"seed {seeds[near.argmin()]} comes near a singularity"


PIN = 0.003  # m, radius of the pointer's thin end: what is above it is wider


def test_the_post_is_in_the_way_of_a_joint_move_and_of_a_line_from_b_to_c() -> None:
    """Both paths of the tip run into the post below its top; the reference's way over it stays clear."""
    arm, share = arms.load("ur5e"), np.linspace(0.0, 1.0, 201)[:, None]
    for seed, scene in enumerate(scenes("poses-and-moves")[:60]):
        frames, sheet = dict(scene.frames), dict(scene.sheet)
        planner = Planner(arm, scene.tool.pose)
        at_b = planner.goal(frames["B"], planner.goal(frames["A"], np.array(arm.home)))
        by_joints = at_b + share * (planner.goal(frames["C"], at_b) - at_b)
        joints = np.array([planner.tcp(q).position for q in by_joints])
        line = (1.0 - share) * frames["B"].position + share * frames["C"].position
        for name, path in (("joint move", joints), ("line", line)):
            away = np.linalg.norm(path[:, :2] - frames["post"].position[:2], axis=1)
            nearest = int(away.argmin())
            clear = float(away[nearest]) - sheet["post"]["radius"] - PIN
            assert clear < 0.0, f"seed {seed}: the {name} passes the post"
            assert path[nearest, 2] < sheet["post"]["height"] - 0.01, f"seed {seed}: the {name} goes over the post"
            assert away[[0, -1]].min() > 0.15, f"seed {seed}: the post stands too near to B or C"


def test_a_thin_post_is_in_the_way_of_the_joint_move_too(copy: Path) -> None:
    exercise, arm = load(str(changed(copy, "post_radius = 0.04", "post_radius = 0.01"))), arms.load("ur5e")
    for seed in range(8):
        frames = dict(exercise.scene(seed).frames)
        planner = Planner(arm, exercise.scene(seed).tool.pose)
        at_b = planner.goal(frames["B"], planner.goal(frames["A"], np.array(arm.home)))
        at_c = planner.goal(frames["C"], at_b)
        path = np.array([planner.tcp(at_b + share * (at_c - at_b)).position for share in np.linspace(0.0, 1.0, 201)])
        assert np.linalg.norm(path[:, :2] - frames["post"].position[:2], axis=1).min() < 0.01 + PIN


SMALLEST = """
name = "one-pose"
version = "1"
level = "elementary"
order = 9
rehearsal.seeds = [1, 2, 3, 4, 5, 6, 7, 8]
points.quality = { position = 40, angle = 20 }
points.cycle.cycle = 15
points.safety.safety = 15
points.procedure.home = 10
cycle = { fixed_s = 5.0, full = 1.0, zero = 2.0 }
safety = { contact = 5, again_s = 5.0, emergency_stop = 10 }
scene.arm = "ur5e"
imperfections = { joint_zero_deg = 0.005, repeatability_mm = 0.02, wrench_N = 1.0 }

[tolerance]
position = { full = 0.5, zero = 5.0, unit = "mm" }
angle = { full = 0.2, zero = 2.0, unit = "deg" }
home = { full = 0.5, zero = 5.0, unit = "deg" }
"""


def test_the_smallest_exercise_of_the_teachers_page_works(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "teacher.md").read_text("utf-8")
    rules = next(block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "NUMBERS" in block)
    folder = tmp_path / "one-pose"
    folder.mkdir()
    (folder / "exercise.toml").write_text(SMALLEST)
    (folder / "exercise.py").write_text(rules)
    exercise = load(folder)
    goal = Pose.from_list(dict(exercise.scene(3).facts)["goal"])
    facts = dict(exercise.scene(3).facts)
    way = along([goal.offset(z=0.1), goal, goal.offset(z=0.1)], [1.0, 1.0])
    joints = np.tile(facts["home"], (len(way), 1))
    joints[5:-5] += 0.5
    done = write_trace(tmp_path / "run.trace", exercise, facts, way, joints, events=[(2.0, "move_done", {})])
    assert exercise.score(done).points == 100.0
    assert exercise.score(idle_run(tmp_path / "idle.trace", exercise)).points == 0.0


COUNTER = """
from types import SimpleNamespace

from sheber.exercises.criteria.common import cycle_time, worth
from sheber.exercises.numbers import Allowed
from sheber.exercises.score import Check
from sheber.i18n import message
from sheber.station import FakeStation, Kind
from sheber.trace import NOTHING

DONE = message("counter.done", "Counted")


class Counter(Kind):
    name, packages = "counter", ()
    numbers = {"tolerance.snr": Allowed(0, 60, "dB", ramp=True, more=True), "limits.passes": Allowed(1, 9, whole=True)}
    counts = {"passes": 3}

    def build(self, scene, limits, recorder):
        return FakeStation(recorder, limits.counts["passes"])


STATION, COUNTS, NUMBERS = Counter(), ("passes",), {}


def scene(seed, numbers):
    return SimpleNamespace(facts=(("counts", {"passes": 2}),))


def checks(trace, numbers):
    count = worth(numbers, "count", "snr")
    return [
        count.check("count", DONE(), 30.0, None, NOTHING),
        cycle_time(trace, numbers, NOTHING),
        *(Check(DONE(), group, points, points) for group, points in (("safety", 15), ("procedure", 10))),
    ]
"""
COUNTER_NUMBERS = """
name = "counter"
version = "1"
level = "elementary"
order = 9
rehearsal.seeds = [1, 2, 3, 4, 5, 6, 7, 8]
limits.passes = 7
points = { quality.count = 60, cycle.cycle = 15, safety.safety = 15, procedure.home = 10 }
cycle = { fixed_s = 1.0, full = 1.0, zero = 2.0, per.passes = 2.0 }
tolerance.snr = { full = 20.0, zero = 5.0, unit = "dB" }
"""


def test_an_exercise_of_another_kind_of_station_needs_no_number_of_a_robot(tmp_path: Path) -> None:
    folder = tmp_path / "counter"
    folder.mkdir()
    (folder / "exercise.toml").write_text(COUNTER_NUMBERS)
    (folder / "exercise.py").write_text(COUNTER)
    exercise = load(folder)
    assert (exercise.station.name, exercise.limits.counts) == ("counter", {"passes": 7})
    with TraceWriter(tmp_path / "run.trace", Header("counter")) as writer:
        writer.begin(
            (), (), (), dict(exercise.scene(1).facts), step_s=0.1, events={"pass": EventKind("pass", action=True)}
        )
        station = exercise.build(1, writer)
        assert isinstance(station, FakeStation)
        assert station.limit == 7
        writer.event(75, "pass", {})
        writer.end(80, Outcome(OutcomeKind.FINISHED))
    cycle = exercise.score(read(tmp_path / "run.trace")).checks[1]
    assert (cycle.measured, cycle.points) == (7.5, 7.5)


@pytest.mark.physics
@pytest.mark.parametrize("name", PROMISED)
def test_no_pose_of_the_job_touches_what_stands_around(name: str) -> None:
    from sheber.robot.cell.planning import CollisionChecker

    exercise, arm = load(name), arms.load("ur5e")
    branch = kinematics.configurations(arm).index(kinematics.configuration(arm, np.array(arm.home)))
    for seed, scene in zip(MANY_SEEDS, scenes(name), strict=True):
        checker = CollisionChecker(scene, arm, surroundings=True)
        poses = approaches(exercise, scene)
        T = np.array([pose.matrix for pose in poses]) @ scene.tool.pose.inverse().matrix
        joints = np.vstack([arm.home, kinematics.inverse(arm, T)[:, branch]])
        touching = {n: pair for n, q in enumerate(joints) if (pair := checker.touching(q))}
        assert touching == {}, f"seed {seed}"


def _yaw(pose: Pose) -> float:
    return math.degrees(math.atan2(pose.rotation[1, 0], pose.rotation[0, 0]))


def test_no_scene_has_a_turn_that_a_program_could_forget() -> None:
    """A turn of nearly 0 would let a program pass that takes the axes of the base for those of the frame."""
    for scene in scenes("palletising"):
        assert 3.99 < abs(_yaw(dict(scene.frames)["pallet"])) < 20.01
    for scene in scenes("vision-sorting"):
        assert 3.99 < abs(_yaw(dict(scene.frames)["tray_1"])) < 10.01
        for part in scene.parts:
            sides = {"square": 4, "bar": 2, "hexagon": 6, "disc": 0}[dict(scene.facts)["parts"][part.name]["shape"]]
            if sides:
                sector = 360.0 / sides
                assert abs((_yaw(part.pose) + sector / 2.0) % sector - sector / 2.0) > 0.59 * sector / 2.0
    for scene in scenes("poses-and-moves"):
        turned = [_yaw(dict(scene.frames)[name] @ DOWN) for name in "ACD"]
        assert min(map(abs, turned)) > 3.99


def test_no_scene_asks_for_nearly_the_same_speed_twice() -> None:
    """A program that takes the speed of the line for the arc too must lose points."""
    numbers = load("poses-and-moves").numbers
    full, (low, high) = numbers.tolerance("speed").full_si, numbers.pair("scene.speed")
    for scene in scenes("poses-and-moves"):
        speeds = dict(scene.facts)["speeds"]
        assert low <= min(speeds.values())
        assert max(speeds.values()) <= high
        assert abs(speeds["line"] / speeds["arc"] - 1.0) > 3.0 * full


def test_a_range_of_turns_without_room_is_what_it_is() -> None:
    rng = np.random.default_rng(1)
    assert [aside(rng, 0.0, 0.07) for _n in range(3)] == [0.0] * 3
    assert {abs(aside(rng, 0.05, 0.07)) for _n in range(3)} == {0.05}
