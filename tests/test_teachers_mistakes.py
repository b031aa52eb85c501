"""A teacher's mistake is told as the teacher's, by its own name and with its place. A fault of ours stays ours."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from exercise_traces import idle_run
from sheber.exercises import PROGRAMS, ExerciseError, load
from sheber.trace import Header, TraceWriter
from teachers_copy import changed, refusal

# --- exercise.toml and the texts --------------------------------------------------------------------


@pytest.mark.parametrize("key", ["foo = 1", "rehearsals = 1"])
def test_no_silly_name_is_offered(copy: Path, key: str) -> None:
    for table in ('version = "1"', "[scene]", "[cycle.per]"):
        again = copy.with_name("again")
        shutil.copytree(copy, again)
        assert "Did you mean" not in refusal(changed(again, table, f"{key}\n{table}"))
        shutil.rmtree(again)


def test_a_name_in_the_wrong_table_is_recognised(copy: Path) -> None:
    message = refusal(changed(copy, 'version = "1"', 'version = "1"\ntilt_deg = 25.0'))
    assert "tilt_deg is not a number of this exercise. Did you mean scene.tilt_deg?" in message


def test_a_byte_order_mark_is_accepted(copy: Path) -> None:
    for name in ("exercise.toml", "exercise.py", "text/en.md", "starter.py", "programs/expected.toml"):
        (copy / name).write_bytes(b"\xef\xbb\xbf" + (copy / name).read_bytes())
    exercise = load(str(copy))
    assert exercise.title == "Poses and moves"
    assert exercise.starter.isprintable() or exercise.starter[0] == '"'
    assert set(exercise.expected) == set(PROGRAMS)


def everything_read(folder: Path) -> list[object]:
    exercise = load(str(folder))
    return [exercise.text(), exercise.starter, exercise.expected]


@pytest.mark.parametrize("name", ["exercise.toml", "text/en.md", "starter.py", "programs/expected.toml"])
def test_a_file_in_another_encoding_is_told_in_words(copy: Path, name: str) -> None:
    text = (copy / name).read_text("utf-8")

    def told() -> str:
        with pytest.raises(ExerciseError) as caught:
            everything_read(copy)
        return str(caught.value)

    (copy / name).write_bytes("# first\n# \u043f\u0440\u0438\u043c\u0435\u0440\n".encode("cp1251") + text.encode())
    assert f"{copy / name}: line 2: The text here is not UTF-8 (byte 0xef). Save the file as UTF-8." in told()
    (copy / name).write_text(text, encoding="utf-16")
    assert f"{copy / name}: This file is saved as UTF-16. Save the file as UTF-8." in told()


SCENE = """
from dataclasses import replace
from sheber.geometry import Pose
from sheber.robot.cell.scene import Belt, Dock, Fault, Fixture, Handshake, LightBarrier, Part, Scene, Shape, ToolSpec
from sheber.robot.cell.stock import changer, dock, gripper
_first = scene
def scene(seed, numbers):
    found = _first(seed, numbers)
    return {}
"""
PART = "replace(found, parts=(Part('cube', ({},), Pose((0.4, 0.4, 0.1)), {}),))"


def lines(file: Path) -> int:
    return len(file.read_text("utf-8").splitlines())


@pytest.mark.parametrize(
    ("returns", "words"),
    [
        (PART.format("Shape('cuboid', (1, 1, 1))", 1.0), "Shape 1 of 'cube': There is no shape 'cuboid'. The shapes"),
        (PART.format("Shape('box', (0.1, -0.1, 0.1))", 1.0), "Shape 1 of 'cube': The size of a box is (0.1, -0.1,"),
        (PART.format("Shape('box', (0.1, float('nan'), 0.1))", 1.0), "size is (0.1, nan, 0.1). It must be a tuple of"),
        (PART.format("Shape('box', (0.1, 0.1))", 1.0), "It must be a tuple of 3 numbers above zero, in metres."),
        (PART.format("Shape('box', 0.1)", 1.0), "Shape 1 of 'cube': size is 0.1. It must be a tuple"),
        (PART.format("Shape('lathe', (), polygon=((0, 0), (1, 1)))", 1.0), "A lathe is only drawn, never touched"),
        (PART.format("Shape('prism', (0.1,), polygon=((0, 0), (1, 1)))", 1.0), "It must have 3 or more points"),
        (PART.format("Shape('box', (1, 1, 1), texture='gold')", 1.0), "There is no texture 'gold'. The textures are: "),
        (PART.format("Shape('box', (1, 1, 1), colour='red')", 1.0), "colour is 'red'. It must be three numbers"),
        (PART.format("'box'", 1.0), "Shape 1 of 'cube' is 'box'. It must be a Shape"),
        (PART.format("Shape('box', (1, 1, 1), solid=False)", 1.0), "The part 'cube' has no solid shape"),
        (PART.format("Shape('box', (1, 1, 1))", 0), "parts 1 ('cube'): mass is 0. It must be a number above zero"),
        (PART.format("Shape('box', (1, 1, 1))", "float('nan')"), "mass is nan. It must be a number above zero"),
        ("replace(found, fixtures=found.fixtures * 2)", "Two bodies have the name "),
        ("replace(found, fixtures=(Fixture('', ()),))", "name is ''. It must be a text that is not empty"),
        ("replace(found, tool=ToolSpec('hammer', Pose(), 1.0, (0, 0, 0)))", "no tool of the kind 'hammer'"),
        ("replace(found, tool=None)", "The scene: tool has None. It must be a ToolSpec."),
        ("replace(found, parts=(*found.fixtures,))", "The scene: parts has Fixture("),
        ("replace(found, arm='ur55')", "There is no arm 'ur55'. The arms are: irb1200, kr6_r900, ur5e"),
        ("replace(found, frames=(('A', (1, 2, 3)),))", "Each entry must be a name and a Pose"),
        ("replace(found, sheet=(('when', {1, 2}),))", "The job sheet must have plain values"),
        ("replace(found, belts=(Belt('b', Pose(), 1.0, 0.2, until='eye'),))", "No light barrier has this name."),
        ("replace(found, belts=(Belt('b', Pose(), 1.0, 0.0),))", "belts 1 ('b'): width is 0.0"),
        (
            "replace(found, belts=(Belt('b', Pose(), 1.0, 0.2, encoder='way'),))",
            "The belt 'b' has an encoder and 0.0 counts per metre. It must have a number above zero.",
        ),
        (
            "replace(found, outputs=('turn_request',), plc=(Handshake('turn'), Handshake('turn')))",
            "Two signals of the scene have the name 'turn_busy'.",
        ),
        ("replace(found, plc=(Handshake('turn', takes=-1.0),))", "plc 1 ('turn'): takes is -1.0"),
        (
            "replace(found, plc=(Handshake('turn', late=(2.0,)),))",
            "The job 'turn' of the PLC: late has the entry 2.0. It must be the number of a request and seconds.",
        ),
        (
            "replace(found, analog_inputs=(('part', ''),), plc=(Handshake('turn', gives=((('place', 1.0),),)),))",
            "The job 'turn' of the PLC: gives has the entry ('place', 1.0). It must be the name of an analog input and "
            "a number. The analog inputs are: part.",
        ),
        (
            "replace(found, plc=(Handshake('turn', clears=('belt',)),))",
            "The job 'turn' of the PLC clears 'belt'. What can fail is: turn.",
        ),
        ("replace(found, plc=(Handshake('turn', calls=-1.0),))", "plc 1 ('turn'): calls is -1.0"),
        (
            "replace(found, plc=(Handshake('turn'),), faults=(Fault('stops', 'turn', 0.0),))",
            "There is no fault 'stops' of 'turn'. In this scene there can be: 'falls_silent' of 'turn'.",
        ),
        (
            "replace(found, plc=(Handshake('turn'),), faults=(Fault('falls_silent', 'turn', 2.0, 1.0),))",
            "The fault 'falls_silent' of 'turn' begins at 2 s and ends at 1.0. It must end later, or be None.",
        ),
        ("replace(found, parts=Part('cube', (), Pose(), 1.0))", "A tuple of one thing needs a comma"),
        ("replace(found, meant_contacts=('tool', 'plate'))", "meant_contacts has the entry 'tool'. Each entry must"),
        ("replace(found, measured_contacts=(('a', 1),))", "measured_contacts has the entry ('a', 1). Each entry must"),
        ("replace(found, analog_inputs=('flow', 'l/min'))", "analog_inputs has the entry 'flow'. Each entry must"),
        ("replace(found, analog_outputs=(('flow', float('nan')),))", "analog_outputs has the entry ('flow', nan)."),
        ("replace(found, outputs=('lamp', 1))", "outputs has the entry 1. Each entry must be a text"),
        (
            "replace(found, imperfections=replace(found.imperfections, joint_zero=(0.0, 0.0)))",
            "imperfections: joint_zero is (0.0, 0.0). It must be 6 numbers, or () for none.",
        ),
        (
            "replace(found, barriers=(LightBarrier('eye', (0.1, 0.2), (0, 0, 0)),))",
            "barriers ('eye'): start is (0.1, 0.2). It must be three numbers, in metres.",
        ),
        ("replace(found, tool=replace(found.tool, centre=(0.0, 0.0)))", "tool: centre is (0.0, 0.0). It must be"),
        ("replace(found, tool=replace(found.tool, numbers=('ball', 0.004)))", "tool: numbers has the entry 'ball'."),
        ("replace(found, tool=replace(found.tool, carries=('box',)))", "A shape that tool carries is 'box'."),
        ("replace(found, docks=(Dock('dock', Pose(), 'gripper', 'g'),), tool=changer())", "It must be a ToolSpec"),
        (
            "replace(found, docks=(dock('dock', Pose(), replace(gripper(), numbers=(('stroke', 'far'),)), 'g'),), "
            "tool=changer())",
            "docks ('dock') tool: numbers has the entry ('stroke', 'far'). Each entry must be a name and a number",
        ),
        (
            "replace(found, docks=(dock('grip_tool', Pose(), gripper(), 'grip'),), tool=changer())",
            "Two bodies have the name 'grip_tool'.",
        ),
        ("replace(found, fixtures=(Fixture('world', ()),))", "Two bodies have the name 'world'."),
        ("type('Other', (), {'facts': found.facts})()", "It must be a Scene of a robot cell"),
        ("None", "scene() gives nothing (None) for seed 3. It must return the scene"),
        ("[1, 2]", "scene() gives list for seed 3. It must return a scene"),
        ("replace(found, facts=(('when', {1, 2}),))", "The facts of seed 3 must be names with"),
        ("replace(found, facts=(('much', float('nan')),))", "The facts of seed 3 must be names with"),
        ("1 / 0", ": line {line}: There is no scene for seed 3: ZeroDivisionError: division by zero"),
        ("Pose((float('nan'), 0, 0))", "There is no scene for seed 3: A position must be finite numbers"),
    ],
)  # fmt: skip
@pytest.mark.physics
def test_a_teachers_scene_that_cannot_be_is_told_as_the_teachers(copy: Path, returns: str, words: str) -> None:
    with (copy / "exercise.py").open("a", encoding="utf-8") as file:
        file.write(SCENE.format(returns))
    line = lines(copy / "exercise.py")  # the last one
    with TraceWriter(copy / "run.trace", Header("mine")) as writer, pytest.raises(ExerciseError) as caught:
        load(str(copy)).build(3, writer)
    assert words.replace("{line}", str(line)) in str(caught.value)
    assert str(caught.value).startswith(str(copy / "exercise.py"))


@pytest.mark.physics
def test_a_fault_of_ours_while_a_scene_is_built_stays_ours(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise ValueError("a bug of ours")

    monkeypatch.setattr("sheber.robot.cell.cell.make_tool", broken)
    with TraceWriter(copy / "run.trace", Header("mine")) as writer, pytest.raises(ValueError, match="a bug of ours"):
        load(str(copy)).build(3, writer)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("return None", "checks() gives nothing (None). It must return a list of checks."),
        ("return 5", "checks() gives int. It must return a list of checks."),
        ("return ['a check']", "checks() gives list. It must return a list of checks."),
        ("return 1 / 0", ": line {line}: These criteria cannot judge this trace: ZeroDivisionError: division by zero."),
        ("assert False", ": line {line}: These criteria cannot judge this trace: AssertionError."),
        ("return trace.facts['nothing']", "These criteria cannot judge this trace: KeyError: 'nothing'"),
        ("return [Check(trace, 'quality', float('nan'), 60.0)]", "These criteria cannot judge this trace: "),
    ],
)
def test_criteria_that_break_are_told_as_the_teachers(copy: Path, code: str, words: str) -> None:
    with (copy / "exercise.py").open("a", encoding="utf-8") as file:
        file.write(f"\ndef checks(trace, numbers):\n    {code}\n")
    line = lines(copy / "exercise.py")  # the last one
    exercise = load(str(copy))
    with pytest.raises(ExerciseError) as caught:
        exercise.score(idle_run(copy / "idle.trace", exercise))
    assert words.replace("{line}", str(line)) in str(caught.value)
    assert str(caught.value).startswith(str(copy / "exercise.py"))


def test_a_fault_of_ours_while_a_trace_is_judged_stays_ours(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("a bug of ours")

    exercise = load(str(copy))
    monkeypatch.setattr(sys.modules["sheber.exercises.criteria.closing"], "cycle_time", broken)
    with pytest.raises(RuntimeError, match="a bug of ours"):
        exercise.score(idle_run(copy / "idle.trace", exercise))
