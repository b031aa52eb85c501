"""Every exported name exists, is documented, and is listed; what a student can reach has an example."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import pkgutil
import subprocess
import sys
import textwrap
import types
import typing
from pathlib import Path

import pytest

import sheber

PUBLIC = [
    "sheber",
    "sheber.client",
    "sheber.client.robot_cell",
    "sheber.geometry",
    "sheber.station",
    "sheber.trace",
    "sheber.exercises",
    "sheber.judge",
]


def members(module: types.ModuleType) -> list[tuple[str, object]]:
    return [(name, getattr(module, name)) for name in module.__all__]


def public_functions(owner: type) -> list[tuple[str, object]]:
    """Public methods and properties that a class defines itself."""
    return [(name, one) for name, one in vars(owner).items() if not name.startswith("_") and _documentable(one)]


def _documentable(one: object) -> bool:
    return isinstance(one, types.FunctionType | property | classmethod | staticmethod)


@pytest.mark.parametrize("name", PUBLIC)
def test_exports_exist_and_are_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no first line that says its subject"
    assert len(set(module.__all__)) == len(module.__all__)
    for export, value in members(module):
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), f"{name}.{export} has no docstring"


def student_classes() -> list[type]:
    from sheber import client
    from sheber.client import robot_cell

    return [value for _, value in [*members(client), *members(robot_cell), *members(sheber)] if inspect.isclass(value)]


@pytest.mark.parametrize("owner", sorted(set(student_classes()), key=lambda c: c.__name__), ids=lambda c: c.__name__)
def test_what_students_reach_is_documented(owner: type) -> None:
    for name, one in public_functions(owner):
        function = one.fget if isinstance(one, property) else getattr(one, "__func__", one)
        text = inspect.getdoc(function) or ""
        assert text, f"{owner.__name__}.{name} has no docstring"


def test_names_of_the_program_api_exist() -> None:
    """The names that lessons print; a renamed one would break every student's program."""
    from sheber.client.robot_cell import Camera, Cell, Gripper, Robot, Suction

    promised: dict[type, str] = {
        Cell: "robot cameras frames sheet inputs outputs wait_for wait time state note show",
        Robot: "joints pose wrench home model limits tool move_joints move_to move_linear move_circular "
        "wait moving stop forward inverse speed_override",
        Gripper: "open close width holding",
        Suction: "on off vacuum holding",
        Camera: "capture matrix distortion pose to_plane project",
        sheber.Pose: "position quaternion inverse offset offset_tool rotated matrix rotvec abc wpr",
    }
    for owner, names in promised.items():
        hints = typing.get_type_hints(owner.__init__) | getattr(owner, "__annotations__", {})
        for name in names.split():
            assert hasattr(owner, name) or name in hints or _set_in_init(owner, name), f"{owner.__name__}.{name}"
    for name in ("RobotError", "Unreachable", "JointLimit", "Singularity", "SpeedLimit", "Collision", "ToolError"):
        assert issubclass(getattr(sheber, name), sheber.RobotError)


def _set_in_init(owner: type, name: str) -> bool:
    """Whether the constructor of the class, or that of one of its bases, assigns `self.NAME`."""
    constructors = [vars(kind)["__init__"] for kind in owner.__mro__ if "__init__" in vars(kind) and kind is not object]
    trees = [ast.parse(textwrap.dedent(inspect.getsource(one))) for one in constructors if hasattr(one, "__code__")]
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and node.attr == name
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        for tree in trees
        for node in ast.walk(tree)
    )


def test_a_name_that_is_only_read_is_not_set() -> None:
    class Reads:
        def __init__(self) -> None:
            self.there = getattr(self, "elsewhere", None)
            print(self.nowhere)  # type: ignore[attr-defined]

    assert _set_in_init(Reads, "there")
    assert not _set_in_init(Reads, "nowhere")
    assert not _set_in_init(Reads, "the")


def test_importing_sheber_is_light() -> None:
    """In the box lie numpy and the standard library; a program that imports sheber must not bring more."""
    script = "import sys, sheber; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"cv2", "jinja2", "markdown_it", "msgspec", "mujoco", "numba", "rich", "ruckig"}
    assert not heavy & set(run.stdout.split())


def test_every_module_says_its_subject() -> None:
    for found in pkgutil.walk_packages(sheber.__path__, "sheber."):
        if ".exercises." in found.name and found.name.count(".") > 2:
            continue
        spec = importlib.util.find_spec(found.name)
        assert spec is not None
        assert spec.origin is not None
        first = Path(spec.origin).read_text("utf-8").lstrip()
        assert first.startswith(('"""', 'r"""')), f"{found.name} does not say its subject in its first line"
