"""Every function of the program's side is described: in its docstring with an example, and in docs/program.md."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import sheber
from sheber import client

PAGE = (Path(__file__).parents[1] / "docs" / "program.md").read_text("utf-8")
OBJECTS = (client.Cell, client.Robot, client.Gripper, client.Suction, client.Camera)


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
    assert text.splitlines()[0].endswith((".", ":", ",", ";")) or len(text.splitlines()[0]) > 40


@pytest.mark.parametrize("name", ALL)
def test_the_page_describes_it(name: str) -> None:
    owner, _, member = name.rpartition(".")
    thing = {"Cell": "cell", "Robot": "robot", "Gripper": "gripper", "Suction": "suction", "Camera": "camera"}.get(
        owner
    )
    wanted = f"{thing}.{member}" if thing else f"{member}("
    assert wanted in PAGE, f"docs/program.md does not speak of {wanted}"


def test_the_page_names_every_public_name() -> None:
    for name in sheber.__all__:
        assert name in PAGE, f"docs/program.md does not name {name}"


def test_the_page_names_every_field_that_a_program_reads() -> None:
    for kind in (client.State, client.Image, client.Tool, client.RobotLimits):
        for field in kind.__dataclass_fields__:  # type: ignore[attr-defined]
            assert f".{field}" in PAGE, f"docs/program.md does not name {kind.__name__}.{field}"
