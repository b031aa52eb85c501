"""Devices, signals, motions and whoever looks on: what the controller is open to, and what it records of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import exercise_traces
from conversation import box_scene, conversation, empty_scene, events, station_for
from sheber.client.errors import KINDS
from sheber.desk import CommandError
from sheber.geometry import DOWN, Pose
from sheber.i18n import Text
from sheber.robot import commands as c
from sheber.robot.cell.cell import Cell
from sheber.robot.cell.stock import dispenser, gripper, pointer, suction
from sheber.robot.clock import SAMPLE_STEPS, TICK_STEPS
from sheber.robot.controller import Controller
from sheber.robot.devices import DEVICES
from sheber.robot.io import Signals
from sheber.robot.kind import CELL
from sheber.robot.motion import errors
from sheber.robot.record import EVENTS, channels
from sheber.robot.serving import SERVICES
from sheber.trace import Channel, read

CONNECT = b'{"do":"connect","protocol":1}'

JOINTS = ["1", "2", "3", "4", "5", "6"]


# --- what is declared ---------------------------------------------------------------------------


def test_the_cycle_time_lasts_until_the_last_of_what_the_equipment_did_for_the_program() -> None:
    """Pictures are among it; what the synthetic traces of the tests declare is the same."""
    declared = EVENTS | {kind: about for device in DEVICES for kind, about in device.events.items()}
    assert {kind for kind, about in declared.items() if about.action} == set(exercise_traces.ACTIONS)


def test_every_command_has_a_service() -> None:
    assert set(SERVICES) == set(c.COMMANDS)


def test_every_error_of_a_move_is_a_kind_that_the_client_knows() -> None:
    kinds = {kind.__name__ for kind in errors.MotionError.__subclasses__()}
    assert {"Unreachable", "JointLimit", "Singularity", "SpeedLimit", "SelfCollision"} <= kinds
    assert kinds <= set(KINDS)


def test_every_error_of_a_command_is_a_kind_that_the_client_knows() -> None:
    """Read from the sources: the kind is written where the error is raised."""
    import ast

    folder = Path(c.__file__).parent
    kinds = set()
    for file in [*folder.glob("*.py"), *folder.glob("devices/*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "CommandError":
                assert isinstance(node.args[0], ast.Constant), f"{file.name}:{node.lineno}"
                kinds.add(node.args[0].value)
    assert {"ToolError", "NotGiven", "Timeout", "RobotError"} <= kinds
    assert kinds <= set(KINDS)


def test_every_channel_is_shown_under_a_title_in_a_unit() -> None:
    numbers = [channel for device in DEVICES for channel in device.channels]
    for channel in channels(JOINTS, numbers):
        assert channel.title, channel.name
        assert channel.plot in ("value", "length", "speed", "none")
    assert len({channel.name for channel in channels(JOINTS, numbers)}) == len(channels(JOINTS, numbers))


@pytest.mark.physics
@pytest.mark.parametrize(
    ("tool", "recorded"),
    [
        (pointer(), set()),
        (gripper(), {"gripper_width", "gripper_force"}),
        (suction(), {"vacuum", "sealed"}),
        (dispenser(), {"glue_flow", "stand_off", "bead_width", "glue_laid", "bead_x", "bead_y", "bead_z"}),
    ],
    ids=["pointer", "gripper", "suction", "dispenser"],
)
def test_a_device_is_recorded_by_name(tool: Any, recorded: set[str], tmp_path: Path) -> None:
    with conversation(box_scene(tool), tmp_path / "run.trace") as talk:
        talk.cell.wait(0.1)
    names = {name for name, *_rest in talk.trace.channels}
    assert names - {name for name, *_rest in channels(JOINTS, [])} == recorded
    if "gripper_width" in recorded:
        assert talk.trace["gripper_width"][0] == pytest.approx(0.085, abs=1e-4)
    assert set(talk.trace.event_kinds) == {*EVENTS, *(kind for device in DEVICES for kind in device.events)}
    assert {event.kind for event in talk.trace.events} <= set(talk.trace.event_kinds)


# --- signals ------------------------------------------------------------------------------------


def test_a_name_belongs_to_one_signal() -> None:
    with pytest.raises(ValueError, match="digital or analog, not both: flow"):
        Signals({"flow": False}, {"flow": 0.0})


@pytest.mark.physics
def test_analog_signals_are_set_read_and_recorded(tmp_path: Path) -> None:
    scene = empty_scene(outputs=("lamp",), analog_inputs=(("flow", "V"),), analog_outputs=(("valve", "%"),))
    station, recorder = station_for(scene, tmp_path / "run.trace")

    def ask(do: str, **fields: Any) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(station.handle(json.dumps({"do": do, "line": 7, **fields}).encode()).body)
        return answer

    def loop_back(now: Controller) -> None:
        now.cell.analog_inputs["flow"] = now.cell.analog_outputs["valve"] / 10.0

    with recorder:
        station.after_tick.append(loop_back)
        known = ask("connect", protocol=1)
        assert (known["station"], known["inputs"], known["outputs"]) == (CELL.name, ["flow"], ["lamp", "valve"])
        assert known["analog"] == {"inputs": {"flow": "V"}, "outputs": {"valve": "%"}}
        assert ask("state")["outputs"] == {"lamp": False, "valve": 0.0}
        ask("output", name="valve", value=42.5)
        ask("output", name="lamp", value=True)
        ask("wait", seconds=0.04)
        state = ask("state")
        assert (state["inputs"], state["outputs"]) == ({"flow": 4.25}, {"lamp": True, "valve": 42.5})
        assert "'lamp' is digital" in ask("output", name="lamp", value=1.5)["error"]["message"]
        assert "'valve' is analog" in ask("output", name="valve", value=True)["error"]["message"]
        assert ask("wait_for", name="flow", value=True)["error"]["kind"] == "NotGiven"
        assert ask("output", name="pump", value=1.0)["error"]["text"]["values"]["names"] == ["lamp", "valve"]
        station.close()
    trace = read(tmp_path / "run.trace")
    assert [event.data for event in events(trace, "output")] == [
        {"name": "valve", "value": 42.5, "line": 7},
        {"name": "lamp", "value": True, "line": 7},
    ]
    units = {channel.name: channel.unit for channel in trace.channels}
    assert (units["input_flow"], units["output_valve"]) == ("V", "%")
    assert trace["output_valve"][0] == 0.0
    assert (trace["output_valve"][-1], trace["input_flow"][-1]) == (42.5, 4.25)
    assert trace["outputs"][-1] == 1


@pytest.mark.physics
def test_a_program_reads_and_sets_numbers_by_name(tmp_path: Path) -> None:
    scene = empty_scene(outputs=("lamp",), analog_inputs=(("flow", "V"),), analog_outputs=(("valve", "%"),))
    with conversation(scene, tmp_path / "run.trace") as talk:
        cell = talk.cell
        talk.station.cell.analog_inputs["flow"] = 2.5
        cell.outputs["valve"] = 40
        cell.outputs["lamp"] = True
        assert (cell.inputs["flow"], cell.outputs["valve"], cell.outputs["lamp"]) == (2.5, 40.0, True)
    assert [event.data["value"] for event in events(talk.trace, "output")] == [40.0, True]


# --- commands without bytes, motions, whoever looks on ------------------------------------------


@pytest.mark.physics
def test_a_command_is_served_without_json(tmp_path: Path) -> None:
    station, recorder = station_for(empty_scene(), tmp_path / "run.trace")
    with recorder:
        assert station.serve(c.Forward(q=station.interpolator.joints.tolist())).values["pose"]
        station.serve(c.Wait(seconds=0.5))
        assert station.time == pytest.approx(0.5)
        with pytest.raises(CommandError) as refused:
            station.serve(c.WaitFor(name="nothing", line=4))
        station.close()
    (error,) = events(read(tmp_path / "run.trace"), "error")
    assert error.data == {"kind": "NotGiven", "text": refused.value.text, "line": 4}


@pytest.mark.physics
def test_an_error_travels_as_words_and_as_id_with_values(tmp_path: Path) -> None:
    station, recorder = station_for(empty_scene(), tmp_path / "run.trace")
    with recorder:
        station.handle(CONNECT)
        error = json.loads(station.handle(b'{"do":"capture","camera":"left","line":3}').body)["error"]
        station.close()
    assert (error["kind"], error["line"]) == ("NotGiven", 3)
    assert error["message"] == "There is no camera 'left' here. None exists."
    assert str(Text.from_form(error["text"])) == error["message"]


@pytest.mark.physics
def test_an_override_that_would_not_be_run_is_refused(tmp_path: Path) -> None:
    station, recorder = station_for(empty_scene(), tmp_path / "run.trace")
    with recorder:
        with pytest.raises(CommandError, match=r"of 0\.001 was asked for\. It must be from 0\.01 to 1") as refused:
            station.serve(c.Override(factor=0.001))
        assert refused.value.kind == "SpeedLimit"
        assert station.interpolator.speed_override == 1.0
        station.close()


class Yielding:
    """Gives way at the base joint by what the encoders show: asked anew every tick."""

    every_tick = True
    moving = True

    def __init__(self, joints: NDArray[np.float64]) -> None:
        self.joints = joints
        self.asked: list[int] = []
        self.seen: list[float] = []

    def next(self, steps: int, cell: Cell) -> NDArray[np.float64]:
        self.asked.append(steps)
        self.seen.append(float(cell.measured_joints[0]))
        rows = np.tile(self.joints, (steps, 1))
        rows[:, 0] = self.seen[-1] + 0.001
        self.joints = rows[-1]
        return rows

    def remaining_steps(self) -> int:
        return 0

    def stop(self) -> None:
        self.moving = False


@pytest.mark.physics
def test_a_motion_that_looks_at_sensors_is_asked_every_tick(tmp_path: Path) -> None:
    station, recorder = station_for(empty_scene(), tmp_path / "run.trace")
    with recorder:
        station.run(10)
        start = float(station.cell.measured_joints[0])
        yielding = station.motion = Yielding(station.interpolator.joints)
        station.run(20)
        assert yielding.asked == [TICK_STEPS] * 20
        assert (np.diff(yielding.seen[2:]) > 0.0).all()
        assert start < station.cell.measured_joints[0] < start + 0.02
        station.close()
    trace = read(tmp_path / "run.trace")
    assert trace["moving"].tolist() == [0] * 6 + [1] * 10
    assert trace["joint_targets"][-1, 0] == yielding.joints[0]


@pytest.mark.physics
def test_who_looks_on_is_called_after_every_tick_and_changes_nothing(tmp_path: Path) -> None:
    def run(where: Path, *hooks: Any) -> str:
        station, recorder = station_for(box_scene(suction()), where)
        station.after_tick += hooks
        with recorder:
            station.serve(c.MoveLinear(pose=(Pose((0.5, 0.1, 0.2)) @ DOWN).to_list()))
            station.serve(c.State())
            station.close()
        return read(where).sha256

    steps: list[int] = []
    assert run(tmp_path / "one.trace", lambda station: steps.append(station.step)) == run(tmp_path / "two.trace")
    gaps = set(np.diff([0, *steps]).tolist())
    assert gaps == {TICK_STEPS, SAMPLE_STEPS}


@pytest.mark.physics
def test_a_half_of_a_row_that_somebody_else_took_is_a_fault_of_ours(tmp_path: Path) -> None:
    station, recorder = station_for(empty_scene(), tmp_path / "run.trace")
    with recorder:
        station.run(10)
        station.cell.keep()
        with pytest.raises(RuntimeError, match="6 rows were kept"):
            station.record.hand_over()


def test_a_device_declares_numbers() -> None:
    for device in DEVICES:
        assert all(isinstance(channel, Channel) and channel.shape == () for channel in device.channels)
        assert device.port is not None or not device.channels
