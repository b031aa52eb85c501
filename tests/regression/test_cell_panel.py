"""Buttons, selectors and lamp stacks: what the operator does and what is lit, with numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cell_driver import Driver
from conversation import conversation, events
from sheber.geometry import Pose
from sheber.robot.cell import build, stock
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.scene import Act, CameraSpec, Control, Fault, LampStack, Scene
from sheber.station import SceneError

pytestmark = pytest.mark.physics

FACE = Pose((0.5, 0.4, 0.2)).rotated(x=np.pi / 2)  # T_base_panel: looks along -y
STACK = LampStack("stack", Pose((0.5, -0.2, 0.0)))
LENS = {"green": 0.100, "yellow": 0.154, "red": 0.208}  # m, heights of the middles of the lamps
START, STOP = Control("start"), Control("stop", colour=stock.STOP_RED, rests=True)
MODE = Control("mode", positions=("manual", "automatic"))


def with_panel(*acts: Act, controls: tuple[Control, ...] = (START, STOP, MODE), **more: object) -> Scene:
    desk, placed = stock.panel("desk", FACE, *controls)
    given: dict = {"stacks": (STACK,), "outputs": ("ready",), **more}
    return Scene(stock.pointer(), fixtures=(desk,), controls=placed, operator=acts, **given)


def moments(cell: Cell, name: str, seconds: float) -> list[float]:
    """When [s] an input changes, looked at every tick."""
    driver, seen, last = Driver(cell), [], cell.inputs[name]
    for _tick in range(round(seconds / 0.01)):
        driver.wait(0.01)
        if cell.inputs[name] is not last:
            last = cell.inputs[name]
            seen.append(round(cell.step * 0.002, 3))
    return seen


def light(cell: Cell) -> dict[str, float]:
    """How bright (0..1, linear, its brightest channel) a side view shows each lamp."""
    picture = (cell.capture("side").colour.astype(float) / 255.0) ** 2.2
    rows = {colour: round(119.5 - (z - 0.15) * 300.0 / (0.4 - STACK.radius)) for colour, z in LENS.items()}
    return {colour: float(picture[row, 160].max()) for colour, row in rows.items()}


SIDE = CameraSpec(
    "side",
    Pose.from_rotvec((0.5, -0.6, 0.15), (-np.pi / 2, 0.0, 0.0)),
    width=320,
    height=240,
    focal=(300.0, 300.0),
    centre=(159.5, 119.5),
    noise=0.0,
)


# --- the operator


def test_everything_rests_until_somebody_touches_it() -> None:
    cell = build(with_panel())
    expected = {"start": False, "stop": True, "mode_manual": True, "mode_automatic": False}
    assert cell.inputs == expected
    assert list(cell.outputs) == ["ready", "stack_green", "stack_yellow", "stack_red"]
    Driver(cell).wait(1.0)
    assert cell.inputs == expected


@pytest.mark.parametrize("at_once", [5, 10])
def test_a_button_is_pressed_at_its_time_for_as_long_as_said(at_once: int) -> None:
    cell = build(with_panel(Act("start", at=1.0, lasts=0.3), Act("stop", at=2.0, lasts=None)))
    changes = []
    path = np.tile(cell.measured_joints, (at_once, 1))
    before = dict(cell.inputs)
    while cell.step < 2000:
        cell.advance(path)
        changes += [(name, cell.step * 0.002) for name in before if cell.inputs[name] is not before[name]]
        before = dict(cell.inputs)
    assert [name for name, _time in changes] == ["start", "start", "stop"]
    assert [time for _name, time in changes] == pytest.approx([1.0, 1.3, 2.0], abs=0.011)
    assert [str(values["text"]) for _kind, values in cell.happened] == [
        "The operator presses 'start'.",
        "The operator presses 'stop'.",
    ]


def test_two_hands_on_a_button_hold_it_as_long_as_one_does() -> None:
    cell = build(with_panel(Act("start", at=0.5, lasts=1.0), Act("start", at=1.0, lasts=1.0)))
    assert moments(cell, "start", 3.0) == pytest.approx([0.5, 2.0], abs=0.011)


def test_a_selector_is_turned_and_stays() -> None:
    cell = build(with_panel(Act("mode", at=0.5, position="automatic")))
    before = cell.body_pose("mode")
    assert moments(cell, "mode_automatic", 1.0) == pytest.approx([0.5], abs=0.011)
    assert not cell.inputs["mode_manual"]
    turned = before.inverse() @ cell.body_pose("mode")
    assert turned.rotvec == pytest.approx((0.0, 0.0, -np.pi / 4), abs=1e-6)  # to the right, as one looks at it


def test_a_press_after_a_signal_comes_once_or_each_time() -> None:
    for again, expected in ((False, [1.5, 1.8]), (True, [1.5, 1.8, 4.5, 4.8])):
        cell = build(with_panel(Act("start", at=0.5, when="ready", again=again)))
        seen = []
        for on in (False, True, True, False, True, True):  # a second each: two rising edges, at 1 s and at 4 s
            cell.set_output("ready", on)
            seen += moments(cell, "start", 1.0)
        assert seen == pytest.approx(expected, abs=0.011)


def test_an_operator_waits_in_vain_for_the_light_of_a_broken_lamp() -> None:
    for faults, pressed in (((), 1), ((Fault("goes_dark", "stack_red", 0.0),), 0)):
        cell = build(with_panel(Act("start", when="stack_red", lasts=None), faults=faults))
        cell.set_output("stack_red", True)
        assert len(moments(cell, "start", 1.0)) == pressed


def test_the_cap_of_a_button_goes_in_and_comes_out_again() -> None:
    cell = build(with_panel(Act("start", at=0.1, lasts=0.2)))
    driver, rest = Driver(cell), cell.body_pose("start")
    driver.wait(0.2)
    assert rest.inverse() @ cell.body_pose("start").position == pytest.approx((0.0, 0.0, -0.004), abs=1e-9)
    driver.wait(0.2)
    assert cell.body_pose("start").distance(rest) == 0.0


# --- lamps


def test_a_camera_sees_which_lamp_is_lit_and_a_broken_one_stays_dark() -> None:
    cell = build(with_panel(cameras=(SIDE,), faults=(Fault("goes_dark", "stack_red", 1.0, 2.0),)))
    driver = Driver(cell)
    off = light(cell)
    assert max(off.values()) < 0.15
    cell.set_output("stack_yellow", True)
    cell.set_output("stack_red", True)
    driver.wait(0.05)
    on = light(cell)
    assert on["yellow"] > 5.0 * off["yellow"]
    assert on["red"] > 5.0 * off["red"]
    assert on["green"] == pytest.approx(off["green"])
    driver.wait(1.0)
    assert light(cell)["red"] == pytest.approx(off["red"])
    driver.wait(1.0)
    assert light(cell)["red"] == pytest.approx(on["red"])
    assert [(v["name"], v["value"]) for kind, v in cell.happened if kind == "lamp"] == [
        ("stack_yellow", True),
        ("stack_red", True),
        ("stack_red", False),
        ("stack_red", True),
    ]


def test_a_trace_has_what_was_pressed_and_what_was_lit(tmp_path: Path) -> None:
    scene = with_panel(Act("start", at=0.5), faults=(Fault("goes_dark", "stack_red", 0.0),))
    with conversation(scene, tmp_path / "run.trace") as talk:
        cell = talk.cell
        assert cell.inputs["stop"]
        cell.wait_for("start", timeout=2.0)
        assert cell.time == pytest.approx(0.5, abs=0.02)
        cell.outputs["stack_green"] = cell.outputs["stack_red"] = True
        cell.wait(0.1)
    trace = talk.trace
    assert [e.data["name"] for e in trace.events if e.kind == "lamp"] == ["stack_green"]
    (event,) = events(trace, "operator")
    assert str(event.data["text"]) == "The operator presses 'start'."
    heights = {name: trace.body(name)[:, 2] for name in ("stack_green", "stack_red")}
    assert heights["stack_green"][[0, -1]] == pytest.approx((0.035, LENS["green"]), abs=1e-6)
    assert heights["stack_red"][[0, -1]] == pytest.approx((0.035, 0.035), abs=1e-6)
    caps = trace.body("start")[:, 1]
    assert np.ptp(caps) == pytest.approx(0.004, abs=1e-6)


def test_the_program_of_the_docs_waits_for_start_and_ends_at_stop(tmp_path: Path) -> None:
    documented = (Path(__file__).parents[2] / "docs" / "program.md").read_text("utf-8")
    known: dict = {}
    exec(documented[documented.index("def shift(") :].partition("```")[0], known)
    hand = Act("start", at=1.0, when="stack_yellow"), Act("stop", at=3.0, lasts=0.5)
    with conversation(with_panel(*hand), tmp_path / "run.trace") as talk:
        known["shift"](talk.cell, lambda: talk.cell.wait(0.2))
        assert talk.cell.time == pytest.approx(3.1, abs=0.15)
    lit = [(e.data["name"], e.data["value"]) for e in events(talk.trace, "lamp")]
    yellow, green = [("stack_yellow", on) for on in (True, False)], [("stack_green", on) for on in (True, False)]
    assert lit == [*yellow, *green]


def test_a_cell_without_them_does_no_work_for_them() -> None:
    cell = build(Scene(stock.pointer()))
    assert cell._machines == []
    assert cell._drawn == []


# --- bad input


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"operator": (Act("go"),)}, "operator 1: There is no control 'go'. The controls are: start, stop, mode."),
        ({"operator": (Act("mode", position="auto"),)}, "'mode' has no position 'auto'. Its positions are: 'manual',"),
        ({"operator": (Act("start", position="on"),)}, "'start' has no position 'on'. Its positions are: none."),
        ({"operator": (Act("start", when="belt"),)}, "There is no digital signal 'belt'. The digital signals are: st"),
        ({"operator": (Act("start", again=True),)}, "What is done again needs a signal."),
        ({"operator": (Act("start", lasts=0.0),)}, "lasts is 0.0. It must be a number above zero, in seconds, or Non"),
        ({"operator": (Act("start", at=-1.0),)}, "operator 1 ('operator'): at is -1.0. It must be a number, zero or"),
        ({"operator": ("start",)}, "operator has 'start'. It must be a Act."),
        ({"controls": (Control("mode", positions=("one",)),)}, "The selector 'mode' has the positions ('one',)."),
        ({"controls": (Control("mode", positions=("one", "one")),)}, "two or more different names"),
        ({"controls": (START, START)}, "Two signals of the scene have the name 'start'."),
        ({"controls": (replace(START, name="desk"),)}, "Two bodies have the name 'desk'."),
        ({"outputs": ("stack_red",)}, "Two signals of the scene have the name 'stack_red'."),
        ({"stacks": (replace(STACK, colours=("pink",)),)}, "It must have each once, of: red, yellow, green, blue, whi"),
        ({"stacks": (replace(STACK, colours=("red", "red")),)}, "It must have each once, of: red, yellow, green, blu"),
        ({"stacks": (replace(STACK, radius=0.0),)}, "stacks 1 ('stack'): radius is 0.0. It must be a number above zer"),
        ({"outputs": tuple(f"out_{n}" for n in range(30))}, "The scene has 33 digital outputs. It may have up to 32"),
        ({"faults": (Fault("goes_dark", "stack_blue", 0.0),)}, "'goes_dark' of 'stack_red'."),
    ],
)
def test_what_cannot_be_is_told_in_words(changes: dict, words: str) -> None:
    with pytest.raises(SceneError) as caught:
        build(replace(with_panel(), **changes))
    assert words in str(caught.value)
