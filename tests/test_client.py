"""The program's side alone: wire, errors in the student's words, arguments, names, camera geometry. No physics."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import linecache
import os
import socket
import struct
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sheber
from sheber import DOWN, Pose
from sheber.client import (
    Collision,
    Connected,
    NotGiven,
    RunOver,
    SheberError,
    Station,
    Timeout,
    Unreachable,
    checks,
    messages,
)
from sheber.client import errors as error_module
from sheber.client.connection import CLIENTS, client_of
from sheber.client.messages import TimedLines, explain, set_clock
from sheber.client.named import INPUT, Named
from sheber.client.picture import LARGEST_PICTURE, compressed
from sheber.client.robot_cell import Camera, Cell, Image
from sheber.client.session import Session, student_line
from sheber.client.wire import Channel, WireClosed, _SocketStream, open_endpoint
from sheber.i18n import Text
from sheber.robot import commands

GIVEN: dict[str, Any] = {
    "station": "robot-cell",
    "robot": {
        "model": "UR5e",
        "home": [0.0] * 6,
        "limits": {
            "joints": [[-6.28, 6.28]] * 6,
            "joint_speed": [3.14] * 6,
            "joint_acceleration": [8.0] * 6,
            "linear_speed": 1.0,
            "linear_acceleration": 5.0,
            "reach": 0.85,
            "payload": 5.0,
            "force": 100.0,
            "torque": 10.0,
        },
        "tool": {
            "kind": "suction",
            "pose": Pose((0, 0, 0.12)).to_list(),
            "mass": 0.6,
            "centre": [0.0, 0.0, 0.05],
            "strength": 200.0,
        },
    },
    "frames": {"pick": Pose((0.4, 0.1, 0.05)).to_list()},
    "sheet": {"count": 12},
    "inputs": ["part_present"],
    "outputs": ["belt"],
    "cameras": {"overhead": {"width": 4, "height": 3, "depth": True, "matrix": np.eye(3).tolist()}},
    "run_limits": {"captures": 60},
}


def reply(time: float = 0.0, **fields: Any) -> bytes:
    return json.dumps({**fields, "time": time}).encode()


@contextmanager
def session(answer: Callable[[dict[str, Any]], tuple[bytes, bytes]]) -> Iterator[Session]:
    """A session whose requests `answer` answers, with the body and the bytes behind it."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with theirs, theirs.makefile("rb") as file:
            while len(head := file.read(4)) == 4:
                body, binary = answer(json.loads(file.read(struct.unpack("<I", head)[0])))
                if not body:
                    return
                theirs.sendall(struct.pack("<I", len(body)) + body + binary)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    one = Session(Channel(_SocketStream(ours)))
    try:
        yield one
    finally:
        one.close()
        thread.join(5.0)


def recorded(into: list[dict[str, Any]], **fields: Any) -> Callable[[dict[str, Any]], tuple[bytes, bytes]]:
    def answer(request: dict[str, Any]) -> tuple[bytes, bytes]:
        into.append(request)
        return reply(**fields), b""

    return answer


# --- errors ---------------------------------------------------------------------------------


def test_public_names_are_those_that_exist() -> None:
    assert sorted(sheber.__all__) == sorted(name for name in sheber.__all__ if hasattr(sheber, name))
    kinds = {
        name for name, kind in vars(error_module).items() if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert kinds <= set(sheber.__all__), "every error that a program can get must be importable from sheber"


@pytest.mark.parametrize("kind", sorted(error_module.KINDS))
def test_every_kind_of_error_arrives_as_its_class_with_message_and_line(kind: str) -> None:
    with (
        session(lambda r: (reply(error={"kind": kind, "message": "so it is", "line": 7}), b"")) as one,
        pytest.raises(error_module.KINDS[kind], match="so it is") as caught,
    ):
        one.call("stop")
    assert caught.value.line == 7


def test_only_the_thread_that_connected_can_talk() -> None:
    """Two threads would make the order of the calls, and with it the trace, another one in each run."""
    asked: list[dict[str, Any]] = []
    told: list[SheberError] = []
    with session(recorded(asked)) as one:

        def ask() -> None:
            try:
                one.call("stop")
            except SheberError as error:
                told.append(error)

        second = threading.Thread(target=ask)
        second.start()
        second.join()
        one.call("stop")
    assert len(asked) == 1
    assert "comes from a second thread of your program" in str(told[0])
    assert len(f"sheber.client.errors.SheberError: {told[0]}") < 200, "a terminal cuts longer lines"
    assert told[0].line > 0


FORM = {"id": "robot.so_it_is", "values": {"joint": 3, "part": {"id": "robot.post", "values": {}}}}


def test_an_error_keeps_the_id_and_the_values_of_its_sentence() -> None:
    about = {"kind": "Unreachable", "message": "so it is", "line": 7, "text": FORM}
    with session(lambda r: (reply(error=about), b"")) as one, pytest.raises(Unreachable, match="so it is") as caught:
        one.call("stop")
    assert caught.value.text == FORM


@pytest.mark.parametrize("text", [None, "words", {"id": 3, "values": {}}, {"id": "robot.so_it_is"}])
def test_a_sentence_of_another_form_is_left_out(text: object) -> None:
    about = {"kind": "Unreachable", "message": "so it is", "line": 7, "text": text}
    with session(lambda r: (reply(error=about), b"")) as one, pytest.raises(Unreachable, match="so it is") as caught:
        one.call("stop")
    assert caught.value.text is None


@pytest.mark.parametrize(("form", "words"), [(FORM, FORM), (None, "too loud")])
def test_a_kind_of_error_that_the_client_does_not_know_is_told_by_its_name(form: object, words: object) -> None:
    about = {"kind": "Interference", "message": "too loud", "line": 7, "text": form}
    with (
        session(lambda r: (reply(error=about), b"")) as one,
        pytest.raises(SheberError, match=r"The station reports Interference: too loud") as caught,
    ):
        one.call("stop")
    assert type(caught.value) is SheberError
    assert caught.value.line == 7
    assert caught.value.text == {"id": "client.unknown_kind", "values": {"kind": "Interference", "words": words}}


def test_our_own_errors_carry_id_and_values_and_say_the_same_in_any_language() -> None:
    with session(recorded([])) as one:
        cell = Cell(one, GIVEN)
        for call in (lambda: cell.frames["picks"], lambda: cell.wait(-1), lambda: cell.robot.movel()):
            with pytest.raises((NotGiven, ValueError, AttributeError)) as caught:
                call()
            told = messages.told(caught.value)
            assert told["kind"] == type(caught.value).__name__
            assert str(Text.from_form(json.loads(json.dumps(told["text"], allow_nan=False)))) == str(caught.value)
    assert messages.told(SyntaxError("no", ("program.py", 1, 1, "x = (1,"))) == {}
    assert messages.told(ZeroDivisionError("division by zero")) == {}


def test_after_a_collision_and_after_the_end_nothing_can_be_asked() -> None:
    asked: list[Any] = []
    with session(recorded(asked, error={"kind": "Collision", "message": "hit", "line": 3})) as one:
        with pytest.raises(Collision):
            one.call("stop")
        with pytest.raises(RunOver, match="The run is over: hit"):
            one.call("stop")
    assert len(asked) == 1


def test_run_over_passes_through_except_exception() -> None:
    assert not issubclass(RunOver, Exception)
    with session(lambda r: (b"", b"")) as one, pytest.raises(RunOver, match="closed the connection"):
        one.call("stop")


def test_each_request_carries_the_line_of_the_program_and_time_comes_back() -> None:
    asked: list[dict[str, Any]] = []
    with session(recorded(asked, time=1.25)) as one:
        cell = Cell(one, GIVEN)
        cell.wait(0.5)
        here = student_line()
    assert asked[0]["line"] == here - 1
    assert cell.time == 1.25


def test_the_line_is_that_of_the_program_when_a_library_calls_back() -> None:
    asked: list[dict[str, Any]] = []
    with session(recorded(asked)) as one:
        cell = Cell(one, GIVEN)
        list(map(cell.wait, (0.1,)))
        json.loads("{}", object_pairs_hook=lambda _: cell.wait(0.1))
        here = student_line()
    assert [r["line"] for r in asked] == [here - 2, here - 1]


# --- the wire -------------------------------------------------------------------------------


def test_a_descriptor_and_a_tcp_endpoint_carry_the_same_frames() -> None:
    ours, theirs = socket.socketpair()
    channel = open_endpoint(f"fd:{ours.detach()}")
    channel.send({"do": "stop"})
    assert theirs.recv(100) == struct.pack("<I", 13) + b'{"do":"stop"}'
    theirs.sendall(struct.pack("<I", 14) + b'{ "binary": 3}' + b"abc")
    assert channel.exchange({"do": "stop"}) == ({"binary": 3}, b"abc")
    theirs.close()
    with pytest.raises(WireClosed):
        channel.exchange({"do": "stop"})
    channel.close()


def test_a_tcp_endpoint_shows_its_token_first() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        channel = open_endpoint(f"tcp:127.0.0.1:{server.getsockname()[1]}:secret")
        theirs, _ = server.accept()
        with theirs:
            assert theirs.recv(100)[4:] == b'{"do":"hello","token":"secret"}'
        channel.close()


@pytest.mark.parametrize("endpoint", ["", "fd:", "fd:x", "tcp:127.0.0.1:80", "tcp:127.0.0.1:x:t", "udp:1:2:3"])
def test_an_endpoint_that_is_none_is_refused_in_words(endpoint: str) -> None:
    with pytest.raises(ValueError, match="An endpoint is"):
        open_endpoint(endpoint)


def test_a_request_longer_than_a_frame_is_refused_on_this_side() -> None:
    with session(recorded([])) as one, pytest.raises(ValueError, match="65536 bytes"):
        one.call("note", text="x" * 70_000)


# --- stations -------------------------------------------------------------------------------


def test_the_answer_to_connect_chooses_the_client() -> None:
    with session(recorded([])) as one:
        assert isinstance(client_of(one, GIVEN), Cell)
        with pytest.raises(SheberError, match="something that is not a sheber station"):
            client_of(one, {"ok": True})


def test_a_station_without_a_client_of_its_own_is_a_plain_one() -> None:
    asked: list[dict[str, Any]] = []
    with session(recorded(asked, time=2.5, level=-80.5)) as one:
        station = client_of(one, {"station": "toy", "band": [1.0, 2.0]})
        assert station.call("tune", frequency=1.5)["level"] == -80.5
        with pytest.raises(TypeError):
            station.call("tune", frequency=np.zeros(2))
        station.note("tuned")
        station.show(np.zeros((2, 2), np.uint8), "waterfall")
        with pytest.raises(AttributeError, match=r"Station has no attribute 'robot'\. It has: call, given"):
            station.robot  # noqa: B018
        with pytest.raises(TypeError, match="does not support item assignment"):
            station.given["band"] = []
    assert isinstance(station, Station)
    assert (station.name, station.given["band"], station.time, repr(station)) == (
        "toy",
        [1.0, 2.0],
        2.5,
        "Station(toy)",
    )
    assert [request["do"] for request in asked] == ["tune", "note", "show"], "after a wrong value it goes on"
    assert asked[0]["frequency"] == 1.5


@pytest.mark.parametrize("name", CLIENTS)
def test_the_client_of_each_station_exists(name: str) -> None:
    module, kind = CLIENTS[name]
    assert issubclass(getattr(importlib.import_module(module), kind), Connected)


# --- signals and sensors ----------------------------------------------------------------------

ANALOG = GIVEN | {
    "inputs": ["part_present", "flow"],
    "outputs": ["belt", "heat"],
    "analog": {"inputs": {"flow": "ml/s"}, "outputs": {"heat": "V"}},
}
STATE: dict[str, Any] = {
    "joints": [0.0] * 6,
    "pose": Pose().to_list(),
    "wrench": [0.0] * 6,
    "moving": False,
    "tool": {"holding": True, "width": 0.02},
    "inputs": {"part_present": True, "flow": 2},
    "outputs": {"belt": False, "heat": 1.5},
}


def test_a_tool_without_commands_is_named() -> None:
    """A pointer is a tool, though a program cannot command it."""
    pointer = GIVEN["robot"]["tool"] | {"kind": "pointer"}
    with session(lambda r: (reply(), b"")) as one:
        cell = Cell(one, GIVEN | {"robot": GIVEN["robot"] | {"tool": pointer}})
    for name in ("gripper", "suction"):
        with pytest.raises(NotGiven, match=rf"no {name}\. The tool of its robot is a pointer\. It needs no commands"):
            getattr(cell, name)


def test_a_state_is_read_only_and_says_what_it_has() -> None:
    with session(lambda r: (reply(**STATE), b"")) as one:
        state = Cell(one, ANALOG).state()
    assert state.holding
    assert dict(state.tool) == {"holding": True, "width": 0.02}
    assert (state.inputs["flow"], state.outputs["heat"], state.inputs["part_present"]) == (2, 1.5, True)
    with pytest.raises(NotGiven, match=r"no reading of the tool 'vacuum' here\. These exist: holding, width"):
        state.tool["vacuum"]
    for values in (state.tool, state.inputs, state.outputs):
        with pytest.raises(TypeError, match="does not support item assignment"):
            values["width"] = 1.0  # type: ignore[index]


def test_analog_signals_are_numbers_and_digital_ones_are_not() -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: dict[str, Any]) -> tuple[bytes, bytes]:
        asked.append(request)
        return reply(**STATE), b""

    with session(answer) as one:
        cell = Cell(one, ANALOG)
        flow, present = cell.inputs["flow"], cell.inputs["part_present"]
        cell.outputs["heat"] = np.float64(1.5)
        cell.outputs["belt"] = 1
        with pytest.raises(TypeError, match=r"heat must be a number in V\. You gave True"):
            cell.outputs["heat"] = True
        with pytest.raises(TypeError, match=r"belt must be True or False\. You gave 0.5"):
            cell.outputs["belt"] = 0.5
        with pytest.raises(TypeError, match=r"waits for a digital input\. 'flow' is a number in ml/s"):
            cell.wait_for("flow")
    assert (flow, type(flow), present) == (2.0, float, True)
    assert (cell.inputs.units, cell.outputs.units) == ({"flow": "ml/s"}, {"heat": "V"})
    assert [(r["name"], r["value"]) for r in asked if r["do"] == "output"] == [("heat", 1.5), ("belt", True)]
    assert len(asked) == 4, "what is wrong is told before anything is sent"


# --- arguments ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda c: c.robot.move_joints([0.0] * 5), ValueError, "6 joint angles in rad. You gave an array of shape"),
        (lambda c: c.robot.move_joints("home"), TypeError, "6 joint angles in rad"),
        (lambda c: c.robot.move_joints(Pose()), TypeError, "move_to and move_linear take poses"),
        (lambda c: c.robot.move_joints([float("nan")] * 6), ValueError, "finite"),
        (lambda c: c.robot.move_to((0.4, 0.1, 0.2)), TypeError, "must be a Pose"),
        (lambda c: c.robot.move_to(Pose((1e7, 0, 0))), ValueError, "Positions are in metres"),
        (lambda c: c.robot.move_linear(Pose(), speed=0.0), ValueError, "greater than 0 m/s"),
        (lambda c: c.robot.move_linear(Pose(), speed="fast"), TypeError, "speed must be a number in m/s"),
        (lambda c: c.robot.move_linear(Pose(), blend=-0.1), ValueError, "at least 0 m"),
        (lambda c: c.robot.move_linear(Pose(), wait="no"), TypeError, "True or False"),
        (lambda c: c.robot.move_to(Pose(), frame="pallet"), TypeError, "frame must be a Pose"),
        (lambda c: setattr(c.robot, "speed_override", 1.5), ValueError, "from 0.01 to 1. You gave 1.5"),
        (lambda c: setattr(c.robot, "speed_override", 0.001), ValueError, "from 0.01 to 1. You gave 0.001"),
        (lambda c: setattr(c.robot, "speed_override", float("nan")), ValueError, "from 0.01 to 1. You gave nan"),
        (lambda c: setattr(c.robot, "speed_override", "slow"), TypeError, "from 0.01 to 1. You gave 'slow'"),
        (lambda c: c.wait(-1), ValueError, "at least 0 s"),
        (lambda c: c.wait(True), TypeError, "must be a number"),
        (lambda c: c.note(5), TypeError, "must be a string"),
        (lambda c: c.suction.on(timeout=0), ValueError, "greater than 0 s"),
        (lambda c: c.outputs.__setitem__("belt", 2), TypeError, "True or False"),
        (lambda c: c.outputs.__setitem__("bell", True), NotGiven, "no output 'bell' here. These exist: belt"),
        (lambda c: c.inputs["part"], NotGiven, "no input 'part' here. These exist: part_present"),
        (lambda c: c.wait_for("part"), NotGiven, "part_present"),
        (lambda c: c.frames["picks"], NotGiven, "no frame 'picks'.*pick"),
        (lambda c: c.cameras["left"], NotGiven, "no camera 'left'.*overhead"),
        (lambda c: c.sheet["n"], NotGiven, "no entry of the job sheet 'n'.*count"),
        (lambda c: c.gripper, NotGiven, "no tool 'gripper'.*suction"),
        (lambda c: c.cameras["overhead"].pose, NotGiven, "does not give camera.pose.*It gives: matrix"),
        (lambda c: c.show("picture"), TypeError, "takes an array"),
        (lambda c: c.show(Image(np.zeros((2, 2, 3), np.uint8), None, 0.0)), TypeError, "Show its .colour"),
        (lambda c: c.show(np.zeros((2, 2, 4), np.uint8)), ValueError, r"You gave an array of shape \(2, 2, 4\)"),
        (lambda c: c.show(np.zeros((2, 2), np.int64)), TypeError, "int64"),
        (
            lambda c: c.show(np.full((2, 2), 700.0)),
            ValueError,
            "to 1 .white.. You gave 700 to 700. Divide",
        ),
        (lambda c: c.show(np.array([[np.inf, 0.0]])), ValueError, "You gave 0 to inf"),
        (lambda c: c.robot.move_to(Pose(), blend=30), ValueError, "not in millimetres: 30 mm is 0.03"),
        (lambda c: c.robot.move_linear(Pose(), blend=1), ValueError, "blend is 1 m.*in metres"),
        (
            lambda c: lens_camera().to_plane(1, 1, height=30),
            ValueError,
            "height is 30 m.*in metres, not in mill",
        ),
        (lambda c: lens_camera().project((400, 100, 30)), ValueError, "400 m.*in metres, not in millimetres"),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_sent(
    call: Callable[[Cell], Any], kind: type[Exception], words: str
) -> None:
    asked: list[Any] = []
    with session(recorded(asked)) as one:
        cell = Cell(one, GIVEN)
        with pytest.raises(kind, match=words):
            call(cell)
    assert asked == []


def test_the_longest_texts_that_a_client_lets_through_are_commands() -> None:
    asked: list[dict[str, Any]] = []
    with session(recorded(asked)) as one:
        cell = Cell(one, GIVEN)
        cell.note("x" * 1000)
        cell.show(np.zeros((4, 4), np.uint8), "x" * 1000)
        cell.robot.move_to(Pose(), configuration="x" * 1000)
    note, show, move = (commands.decoder.decode(json.dumps(request).encode()) for request in asked)
    assert (len(note.text), len(show.title), len(move.configuration)) == (200, 100, 64)


def test_what_a_program_may_give_travels_as_plain_numbers() -> None:
    asked: list[dict[str, Any]] = []
    with session(recorded(asked)) as one:
        cell = Cell(one, GIVEN)
        frame = Pose((1.0, 0.0, 0.0))
        cell.robot.move_linear(DOWN.offset(x=0.2), speed=np.float64(0.1), frame=frame, wait=np.bool_(False))
        cell.robot.move_to(np.eye(4), blend=np.array(0.02))
        cell.robot.move_joints(np.arange(6), speed=1)
        cell.note("lone \ud800 surrogate")
    assert asked[0]["pose"] == pytest.approx((frame @ DOWN.offset(x=0.2)).to_list())
    assert (asked[0]["speed"], asked[0]["wait"], asked[0]["blend"]) == (0.1, False, 0.0)
    assert asked[1]["pose"] == [0, 0, 0, 1, 0, 0, 0]
    assert asked[2]["q"] == [0, 1, 2, 3, 4, 5]
    assert asked[3]["text"] == "lone ? surrogate"


def gripper_cell(one: Session) -> Cell:
    tool = GIVEN["robot"]["tool"] | {"kind": "gripper", "stroke": 0.085, "max_force": 125.0}
    return Cell(one, GIVEN | {"robot": GIVEN["robot"] | {"tool": tool}})


def test_a_width_in_millimetres_is_told_and_one_beyond_the_stroke_is_the_cells_affair() -> None:
    asked: list[dict[str, Any]] = []
    with session(recorded(asked)) as one:
        gripper = gripper_cell(one).gripper
        with pytest.raises(ValueError, match=r"width is 50 m.*not in millimetres: 50 mm is 0\.05"):
            gripper.open(50)
        gripper.open(0.09)
    assert [request["width"] for request in asked] == [0.09]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda c: setattr(c.robot, "sped_override", 0.3),
            "Robot has no attribute 'sped_override'. Did you mean speed_override?",
        ),
        (lambda c: setattr(c, "robott", 1), "Cell has no attribute 'robott'. Did you mean robot?"),
        (lambda c: setattr(c.suction, "vacum", 1), "Did you mean vacuum?"),
        (lambda c: setattr(c.cameras["overhead"], "exposure", 1), "Camera has no attribute.*It has: capture"),
        (lambda c: setattr(c.robot, "pose", Pose()), "cannot set Robot.pose"),
        (lambda c: setattr(c, "robot", None), "cannot set Cell.robot"),
        (lambda c: setattr(c.robot, "move_to", print), "cannot set Robot.move_to"),
        (lambda c: setattr(c.inputs, "part_present", True), r"name in brackets: \['part_present'\]"),
        (lambda c: setattr(c.frames, "pick", Pose()), "pick"),
        (lambda c: c.robot.move_linea(Pose()), "Did you mean move_linear.*It has: compliance, forward, home"),
        (lambda c: c.robot.movel(Pose()), "Did you mean move_linear"),
        (lambda c: c.robot.MoveJ(Pose()), "Did you mean move_joints or move_to"),
        (lambda c: c.move_joints, "Cell has no attribute 'move_joints'. Did you mean robot.move_joints[?] It has: "),
        (lambda c: c.camera, "Cell has no attribute 'camera'. Did you mean cameras"),
        (lambda c: c.frames.pick, r"name in brackets: \['pick'\], not .pick"),
        (lambda c: c.frames.picks, "no frame 'picks' here. These exist: pick"),
    ],
)
def test_an_attribute_that_does_not_exist_is_told(call: Callable[[Cell], Any], words: str) -> None:
    asked: list[Any] = []
    with session(recorded(asked)) as one, pytest.raises(AttributeError, match=words):
        call(Cell(one, GIVEN))
    assert asked == []


def test_what_a_program_holds_prints_readably_without_asking_the_cell() -> None:
    asked: list[Any] = []
    with session(recorded(asked)) as one:
        cell = Cell(one, GIVEN)
        shown = [repr(thing) for thing in (cell, cell.robot, cell.suction, cell.cameras["overhead"])]
        shown.append(repr(gripper_cell(one).gripper))
        shown.append(repr(Image(np.zeros((3, 4, 3), np.uint8), np.zeros((3, 4), np.float32), 1.234)))
    assert asked == []
    assert shown == [
        "Cell(robot UR5e; tool suction; frames pick; cameras overhead; sheet count; inputs part_present; outputs belt)",
        "Robot(UR5e, 6 joints, reach 850 mm, tool suction)",
        "Suction(on, off, vacuum, holding)",
        "Camera('overhead', 4 x 3 px; given: matrix)",
        "Gripper(opens to 85 mm, grips with up to 125 N)",
        "Image(4 x 3 px, with depth, at 1.23 s)",
    ]


@given(st.one_of(st.floats(), st.integers(), st.just(10**400), st.text(), st.none(), st.booleans(), st.binary()))
def test_a_number_is_finite_or_refused(value: Any) -> None:
    with contextlib.suppress(TypeError, ValueError):
        assert 0.0 < checks.number(value, "speed", "m/s", above=0.0) <= 1e6


def test_names_behave_like_a_dict() -> None:
    frames = Named(INPUT, {"pick": 1, "pallet": 2})
    assert "pick" in frames
    assert list(frames) == ["pick", "pallet"]
    assert frames.get("nothing") is None
    with pytest.raises(NotGiven, match="None exists"):
        Named(INPUT, {})["left"]


# --- pictures and the camera ------------------------------------------------------------------


def test_shown_pictures_fit_a_request_whatever_they_show() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    data = compressed(noise)
    assert len(data) <= LARGEST_PICTURE
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape[2] == 3
    mask = np.zeros((40, 60), dtype=bool)
    mask[10:30, 20:40] = True
    back = cv2.imdecode(np.frombuffer(compressed(mask), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert back.shape == (40, 60)
    assert back[20, 30] > 250
    assert back[5, 5] < 5
    assert len(compressed(np.linspace(0.0, 1.0, 100).reshape(10, 10))) > 100


def test_a_capture_is_shaped_as_it_says() -> None:
    colour = np.arange(36, dtype=np.uint8)
    depth = np.linspace(0.5, 1.0, 12, dtype=np.float32)
    about = {"width": 4, "height": 3, "depth": True, "shown_at": 0.5, "binary": 84}
    with session(lambda r: (reply(**about), colour.tobytes() + depth.tobytes())) as one:
        image = Cell(one, GIVEN).cameras["overhead"].capture()
    assert image.colour.shape == (3, 4, 3)
    assert image.colour.dtype == np.uint8
    assert image.depth is not None
    assert image.depth.shape == (3, 4)
    assert image.depth[2, 3] == 1.0
    assert image.time == 0.5
    image.colour[0, 0] = 7  # a picture is the program's own: it may draw on it


MATRIX = [[610.0, 0.0, 322.0], [0.0, 612.0, 236.0], [0.0, 0.0, 1.0]]
LENS = [-0.11, 0.05, 0.0008, -0.0011, -0.01]


def lens_camera() -> Camera:
    pose = Pose((0.5, 0.1, 1.1)) @ DOWN.rotated(x=0.08, y=-0.05, z=0.3)
    given = {"width": 640, "height": 480, "matrix": MATRIX, "distortion": LENS, "pose": pose.to_list()}
    return Camera(None, "overhead", given)  # type: ignore[arg-type]


def test_project_agrees_with_opencv() -> None:
    camera = lens_camera()
    points = np.random.default_rng(2).uniform((0.2, -0.2, 0.0), (0.8, 0.4, 0.1), (50, 3))
    T_camera_base = camera.pose.inverse()
    seen, _ = cv2.projectPoints(points, T_camera_base.rotvec, T_camera_base.position, camera.matrix, camera.distortion)
    u, v = camera.project(points)
    np.testing.assert_allclose(np.stack((u, v), axis=1), seen[:, 0], atol=1e-9)
    assert all(np.isnan(camera.project(camera.pose @ np.array((0.0, 0.0, -1.0)))))


@given(st.floats(0, 639), st.floats(0, 479), st.floats(-0.05, 0.3))
@settings(max_examples=50)
def test_a_pixel_met_with_a_plane_is_seen_at_that_pixel(u: float, v: float, height: float) -> None:
    camera = lens_camera()
    x, y = camera.to_plane(u, v, height)
    np.testing.assert_allclose(camera.project((x, y, height)), (u, v), atol=1e-8)


def test_to_plane_of_no_pixels_at_all_is_empty_and_of_no_numbers_an_error() -> None:
    camera = lens_camera()
    x, y = camera.to_plane([], [])
    assert x.shape == y.shape == (0,)
    with pytest.raises(TypeError, match=r"u must be numbers in pixels\. You gave 'left'"):
        camera.to_plane("left", 0.0)
    with pytest.raises(ValueError, match=r"u and v must have the same shape. You gave \(2,\) and \(3,\)"):
        camera.to_plane([1, 2], [1, 2, 3])


@pytest.mark.parametrize(("value", "number"), [(3, 3), ("17", 17), (np.int64(5), 5), ((1 << 256) - 1, (1 << 256) - 1)])
def test_a_seed_is_any_whole_number(value: object, number: int) -> None:
    assert checks.seed(value) == number


@pytest.mark.parametrize("value", [-1, 3.7, "3.7", "three", True, None, 1 << 256, str(1 << 256)])
def test_what_is_no_seed_is_told(value: object) -> None:
    with pytest.raises(ValueError, match=r"is not a seed\. A seed is a whole number from 0 to"):
        checks.seed(value)


def test_to_plane_is_nan_where_the_lens_has_no_ray() -> None:
    """A barrel lens folds over far outside the picture: no point in front of it is seen there."""
    strong = {"width": 640, "height": 480, "matrix": MATRIX, "distortion": [-0.4, 0.0, 0.0, 0.0, 0.0]}
    camera = Camera(None, "overhead", strong | {"pose": (Pose((0.5, 0.1, 1.1)) @ DOWN).to_list()})  # type: ignore[arg-type]
    x, y = camera.to_plane([320.0, 9000.0, 500.0], [240.0, 240.0, 300.0])
    assert np.isnan([x[1], y[1]]).all()
    u, v = camera.project(np.stack((x[[0, 2]], y[[0, 2]], np.zeros(2)), axis=1))
    np.testing.assert_allclose((u, v), ((320.0, 500.0), (240.0, 300.0)), atol=1e-8)
    assert np.isnan(camera.to_plane(9000.0, 240.0)).all()


def test_to_plane_takes_arrays_and_knows_rays_that_never_meet() -> None:
    camera = lens_camera()
    u, v = np.meshgrid(np.arange(5), np.arange(3))
    x, y = camera.to_plane(u, v, height=0.02)
    assert x.shape == y.shape == (3, 5)
    assert camera.to_plane(u[0, 1], v[0, 1], 0.02) == pytest.approx((x[0, 1], y[0, 1]), abs=1e-12)
    assert np.isnan(camera.to_plane(300.0, 200.0, height=2.0)).all()


# --- words ------------------------------------------------------------------------------------


def failure(source: str, tmp_path: Path, **names: Any) -> str:
    """What a student reads when this program fails."""
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), {"__name__": "__main__", **names})
    except BaseException as error:
        linecache.clearcache()
        return explain(error, path)
    raise AssertionError("the program did not fail")


def test_an_error_names_the_line_and_shows_it(tmp_path: Path) -> None:
    words = failure(
        """
        def place(n):
            return 1 / n

        place(0)
        """,
        tmp_path,
    )
    assert words == "Line 3: ZeroDivisionError: division by zero\n    return 1 / n\n(called from line 5)"


def test_an_error_of_the_cell_shows_none_of_our_insides(tmp_path: Path) -> None:
    words = failure(
        """
        from sheber.client.checks import number
        speed = number(-1, "speed", "m/s", above=0.0)
        """,
        tmp_path,
    )
    assert words.splitlines() == [
        "Line 3: ValueError: speed must be greater than 0 m/s. You gave -1 (int).",
        '    speed = number(-1, "speed", "m/s", above=0.0)',
    ]
    assert "checks.py" not in words


def test_an_error_of_an_earlier_move_names_both_lines(tmp_path: Path) -> None:
    words = failure("from sheber import Collision\nraise Collision('the arm hit the post', line=1)", tmp_path)
    assert words.startswith("Line 2: Collision: the arm hit the post (The move in line 1 caused this.)")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = (1,\n", "Line 1: The program cannot be read as Python: '(' was never closed"),
        ("x = 1\n  y = 2\n", "Line 2: The program cannot be read as Python: unexpected indent"),
        ("import pandas_of_nobody\n", "You cannot import anything else there"),
        ("p = Pose()\n", "You must import Pose: from sheber import Pose"),
        ("p = np.zeros(3)\n", "import numpy as np"),
        ("def f():\n    f()\nf()\n", "RecursionError: a function called itself too many times"),
        ("raise MemoryError\n", "Line 1: MemoryError: the program used all of its memory"),
        ("{}['a']\n", "Line 1: KeyError: there is no entry 'a'"),
        ("raise KeyboardInterrupt\n", "Line 1: The program was interrupted."),
        ("open('/nowhere/at/all')\n", "files only in /tmp"),
        ("assert False\n", "Line 1: AssertionError"),
    ],
)
def test_usual_mistakes_are_told_in_plain_words(source: str, words: str, tmp_path: Path) -> None:
    said = failure(source, tmp_path)
    assert words in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("Pose().ofset(z=1)", "Did you mean offset? These names exist: abc, angle"),
        ("image.color", "Did you mean colour? These names exist: colour, depth, flange, time"),
        ("robot.move_to(Pose(), velocity=0.3)", "Did you mean speed? move_to takes: pose, speed, acceleration, blend"),
        ("robot.move_linear()", "move_linear takes: pose, speed"),
        ("Pose(x=1.0)", "Pose takes: position, quaternion"),
        ("connect(exercice='palletising')", "Did you mean exercise? connect takes: exercise, seed"),
        ("length = 1\nprint(lenght)", "Did you mean length?"),
        ("np.arrray(3)", "Did you mean array?"),
        ("from sheber import Dwon", "Did you mean DOWN? These names exist: Collision, Contact, DOWN"),
        ("pose = Pose()\npose.z = 0.1", "Line 2: You cannot change this. Make a new pose: pose.offset(z=0.1)."),
        ("Pose().position[2] = 0.1", "Line 1: You cannot change this"),
        ("robot.home[0] = 0.1", "make a copy of an array: array.copy()"),
    ],
)
def test_what_was_meant_is_suggested(source: str, words: str, tmp_path: Path) -> None:
    with session(recorded([])) as one:
        robot = Cell(one, GIVEN).robot
        image = Image(np.zeros((3, 4, 3), np.uint8), None, 0.0)
        said = failure(source, tmp_path, robot=robot, image=image, Pose=Pose, np=np, connect=sheber.connect)
    assert words in said


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("cv2.imshow('parts', picture)", 'OpenCV has no window here. cell.show(image, "title") puts the picture into'),
        ("cv2.imshow('parts', None)", 'OpenCV has no window here. cell.show(image, "title") puts the picture into'),
        ("cv2.waitKey(1)", 'OpenCV has no window here. cell.show(image, "title") puts the picture into'),
        ("cv2.cvtColor(None, cv2.COLOR_BGR2HSV)", "You gave OpenCV an empty picture, or None instead of a picture"),
        ("cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)", "OpenCV says: Invalid number of channels in input image: 'VScn"),
        ("cv2.findContours(np.zeros((4, 4, 3), np.uint8), 0, 1)", "OpenCV says: Modes other than RETR_FLOODFILL and"),
        (
            "cv2.cvtColor([1, 2], cv2.COLOR_BGR2HSV)",
            "OpenCV's cvtColor says: Overload resolution failed: - src is not a numpy array",
        ),
        ("cv2.resize(picture, (0, 0))", "OpenCV's resize needs this, but it is not true: inv_scale_x > 0"),
    ],
)
def test_an_error_of_opencv_keeps_the_part_for_people(source: str, sentence: str, tmp_path: Path) -> None:
    said = failure(source, tmp_path, cv2=cv2, np=np, picture=np.zeros((4, 4), np.uint8))
    assert said.startswith(f"Line 1: {sentence}")
    assert len(said.splitlines()) == 2
    assert "/io/" not in said


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def read_line():\n    raise EOFError('EOF when reading a line')\nread_line()", "input() has nothing to read"),
        (
            "import bdb\nraise bdb.BdbQuit",
            "so breakpoint() does not work there. Remove it, or start the program by hand",
        ),
        ("from urllib.request import urlopen\nurlopen('http://127.0.0.1:1')", "A program in the box has no network"),
        ("import subprocess\nsubprocess.run(['/nowhere'])", "A program in the box cannot start other programs"),
        (
            "raise PermissionError(1, 'Operation not permitted')",
            "The box does not allow this. It has no other programs or",
        ),
    ],
)
def test_what_the_box_does_not_have_is_one_sentence(
    source: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHEBER_ENDPOINT", "fd:3")
    said = failure(source, tmp_path)
    assert sentence in said.splitlines()[0]
    assert "Errno" not in said
    assert "A program in the box can write files" not in said, "the hint about files is another matter"


def test_outside_the_box_the_network_and_the_debugger_keep_their_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHEBER_ENDPOINT", raising=False)
    assert "refused" in failure("from urllib.request import urlopen\nurlopen('http://127.0.0.1:1')", tmp_path)
    assert failure("import bdb\nraise bdb.BdbQuit", tmp_path).startswith("Line 2: You left the debugger.")


def test_printed_lines_carry_the_simulated_time() -> None:
    out = io.StringIO()
    lines = TimedLines(out)
    set_clock(lambda: 3.416)
    try:
        print("placed", 3, file=lines)
        print("two\nlines", end="", file=lines)
        set_clock(lambda: 123.0)
        print(" and more", file=lines)
        print("", file=lines)
    finally:
        set_clock(lambda: 0.0)
    assert out.getvalue() == ("[   3.42 s] placed 3\n[   3.42 s] two\n[   3.42 s] lines and more\n[ 123.00 s] \n")


def test_a_program_that_only_sleeps_gets_one_hint(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import time\nfrom sheber.client.messages import hint_on_sleep\n"
        "hint_on_sleep(lambda seconds: print('told', seconds))\n"
        "for n in range(3):\n    time.sleep(0.001)\n"
    )
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "told 0.001\n"
    assert done.stderr.count("\n") == 1
    assert "in line 5. The station stands still while a program sleeps" in done.stderr
    assert "cell.wait(0.001)" in done.stderr


def test_connect_without_an_exercise_says_how_to_name_one(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import sheber\ntry:\n    sheber.connect()\nexcept ValueError as error:\n    print(error)\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SHEBER")}
    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, timeout=60, check=True, env=environment
    )
    assert 'connect(exercise="palletising")' in done.stdout
    assert "SHEBER_EXERCISE" in done.stdout


def test_importing_sheber_brings_in_nothing_heavy() -> None:
    script = "import sys, sheber; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"cv2", "msgspec", "mujoco", "numba", "rich", "ruckig", "jinja2", "subprocess", "asyncio"}


def test_errors_are_one_tree() -> None:
    assert issubclass(Unreachable, sheber.RobotError)
    assert not issubclass(Timeout, sheber.RobotError)
    assert issubclass(Timeout, SheberError)


def test_what_the_client_tells_of_itself_is_the_same_on_every_python(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from sheber.client import connection, messages

    def call(do: str, **fields: object) -> None:
        told.update(fields, do=do)
        raise ConnectionAbortedError

    told: dict[str, object] = {}
    monkeypatch.setattr(connection, "open_endpoint", lambda endpoint: None)
    monkeypatch.setattr(connection, "Session", lambda stream: SimpleNamespace(call=call, time=0.0))
    monkeypatch.setattr(messages, "set_clock", lambda clock: None)
    with pytest.raises(ConnectionAbortedError):
        connection._open("fd:3")
    assert told == {"do": "connect", "protocol": 1, "client": "python"}
