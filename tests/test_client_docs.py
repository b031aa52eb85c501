"""Every function of the program's side is described: in its docstring with an example, and in docs/program.md."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sheber
from conversation import conversation
from sheber import DOWN, Pose, client
from sheber.client import robot_cell
from sheber.robot import arms
from sheber.robot.cell.scene import CameraSpec, LightBarrier, Part, Scene, Shape
from sheber.robot.cell.stock import changer, dispenser, dock, gripper, positioner, suction, table

VALUES = (robot_cell.State, robot_cell.Image, robot_cell.Tool, robot_cell.RobotLimits, robot_cell.DockedTool)
PAGE = (Path(__file__).parents[1] / "docs" / "program.md").read_text("utf-8")
OBJECTS = {
    robot_cell.Cell: "cell",
    client.Connected: "cell",  # what a cell has in common with every station
    client.Station: "station",
    robot_cell.Robot: "robot",
    robot_cell.Gripper: "gripper",
    robot_cell.Suction: "suction",
    robot_cell.Dispenser: "dispenser",
    robot_cell.Camera: "camera",
    robot_cell.Changer: "changer",
    robot_cell.Positioner: "positioner",
}


def members() -> Iterator[tuple[str, object]]:
    """Public functions and properties of what a program holds in its hands, and connect."""
    yield "connect", client.connect
    for kind in OBJECTS:
        for name, member in vars(kind).items():
            if not name.startswith("_") and (isinstance(member, property) or inspect.isfunction(member)):
                yield f"{kind.__name__}.{name}", member


ALL = dict(members())


def test_they_are_found() -> None:
    assert {"Robot.move_linear", "Robot.speed_override", "Camera.to_plane", "Cell.wait_for", "Suction.on"} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_docstrings_show_an_example(name: str) -> None:
    text = inspect.getdoc(ALL[name]) or ""
    assert ">>>" in text, f"{name} shows no example"


@pytest.mark.parametrize("name", ALL)
def test_docstrings_begin_with_a_sentence(name: str) -> None:
    """`help` and an editor show the first paragraph: it begins like a sentence and ends like one, on one line."""
    first, *rest = (inspect.getdoc(ALL[name]) or "").splitlines()
    assert first[0].isupper(), first
    assert first.endswith("."), f"{name}: the first line is not a sentence: {first}"
    assert not rest or not rest[0], f"{name}: a blank line follows the first sentence"


@pytest.mark.parametrize("name", ALL)
def test_the_page_describes_it(name: str) -> None:
    owner, _, member = name.rpartition(".")
    things = {kind.__name__: thing for kind, thing in OBJECTS.items()}
    wanted = f"{things[owner]}.{member}" if owner else f"{member}("
    assert wanted in PAGE, f"docs/program.md does not speak of {wanted}"


def test_the_page_names_every_public_name() -> None:
    for name in sheber.__all__:
        assert name in PAGE, f"docs/program.md does not name {name}"


def test_the_page_names_every_field_that_a_program_reads() -> None:
    for kind in VALUES:
        for field in kind.__dataclass_fields__:  # type: ignore[attr-defined]
            assert f".{field}" in PAGE, f"docs/program.md does not name {kind.__name__}.{field}"


def test_the_usual_speeds_that_the_page_and_the_docstrings_name_are_the_arms() -> None:
    arm = arms.load("ur5e")
    joint = (f"{arm.joint_speed:g} rad/s", f"{arm.joint_acceleration:g} rad/s")
    line = (f"{arm.linear_speed:g} m/s", f"{arm.linear_acceleration:g} m/s")
    assert f"| `move_joints`, `move_to` | {joint[0]} | {joint[1]}² | {max(arm.max_speed):.2f} rad/s;" in PAGE
    most = f"{arm.max_linear_speed:g} m/s, {arm.max_linear_acceleration:g} m/s²"
    assert f"| `move_linear`, `move_circular` | {line[0]} | {line[1]}² | {most} |" in PAGE
    assert f"(UR5e: {joint[0]}, {joint[1]}^2)" in (robot_cell.Robot.move_joints.__doc__ or "")
    assert f"(UR5e: {line[0]}, {line[1]}^2)" in (robot_cell.Robot.move_linear.__doc__ or "")


# --- the examples run ---------------------------------------------------------------------------


def documented() -> Iterator[tuple[str, str]]:
    """Name and docstring of everything in the program's side that shows an example."""
    for kind in (*OBJECTS, *VALUES):
        yield kind.__name__, inspect.getdoc(kind) or ""
    for name, member in ALL.items():
        if name != "connect" and not name.startswith("Station."):  # no such station stands here
            yield name, inspect.getdoc(member) or ""


DOCK = Pose((0.35, 0.4, 0.3))


def scene_for(tool: Any) -> Scene:
    """A box under the tool, a lamp, a camera: what the examples speak of."""
    box = Part("box", (Shape("box", (0.06, 0.06, 0.05)),), Pose((0.5, 0.1, 0.025)), 0.4)
    barrier = LightBarrier("part_present", (0.4, 0.1, 0.02), (0.6, 0.1, 0.02))
    camera = CameraSpec("overhead", Pose((0.5, 0.1, 1.1)) @ DOWN)
    docks = (dock("dock_a", DOCK, gripper(), "gripper"), dock("dock_b", DOCK.offset(y=-0.8), suction(), "suction"))
    return Scene(
        tool=tool,
        docks=docks if tool.kind == "changer" else (),
        parts=(box,),
        fixtures=(table(),),
        barriers=(barrier,),
        cameras=(camera, CameraSpec("hand", Pose((0.0, 0.07, 0.02)), mount="flange")),
        outputs=("belt",),
        frames=(("pick", Pose((0.5, 0.1, 0.05))), ("dock_a", DOCK)),
        meant_contacts=(("tool", "box"), ("finger_*", "box"), ("box", "table")),
    )


@pytest.mark.physics
@pytest.mark.parametrize(("name", "text"), list(documented()), ids=[name for name, _ in documented()])
def test_the_example_runs(name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heads = {"gripper": gripper, "dispenser": dispenser, "changer": changer, "DockedTool": changer}
    wanted = (kind for kind in heads if name.startswith((kind.capitalize(), kind)) or name.endswith(kind))
    tool = heads.get(next(wanted, ""), suction)()
    scene, beside = scene_for(tool), "ositioner" in name
    if beside:
        scene = replace(scene, positioner=positioner(Pose((0.3, 0.5, 0.3))))
    with conversation(scene, tmp_path / "run.trace") as talk:
        cell = talk.cell
        monkeypatch.setattr("sheber.client.connection._connected", cell)
        names = {"cell": cell, "robot": cell.robot, "camera": cell.cameras["overhead"], "DOWN": DOWN, "Pose": Pose}
        names |= cell._tools
        if "Suction.on" in name or name in ("Suction", "Cell.suction"):
            cell.robot.move_to(cell.frames["pick"] @ DOWN)
        if tool.kind == "changer":
            names["changer"] = cell.changer
            if "lock()" in text:
                cell.robot.move_to((DOCK @ DOWN).offset(z=0.001))
        if beside:
            names["positioner"] = cell.positioner
        names |= {"end": cell.robot.pose.offset(y=0.02), "speed": 0.05}
        if "image" in text:
            names["image"] = cell.cameras["overhead"].capture()
        if "mask" in text:
            names["mask"] = np.zeros((4, 4), np.uint8)
        example = doctest.DocTestParser().get_doctest(text, names, name, None, 0)
        told: list[str] = []
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=told.append)
        assert not told, "".join(told)
