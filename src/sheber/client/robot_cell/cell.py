"""The robot cell: robot, tools, cameras, frames, job sheet, inputs and outputs, time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sheber.client import checks
from sheber.client.errors import NotGiven, wrong
from sheber.client.named import ENTRY, INPUT, LIMIT, OUTPUT, Inputs, Named, Outputs, missing
from sheber.client.robot_cell.camera import Camera
from sheber.client.robot_cell.changer import Changer
from sheber.client.robot_cell.dispenser import Dispenser
from sheber.client.robot_cell.gripper import Gripper
from sheber.client.robot_cell.positioner import Positioner
from sheber.client.robot_cell.robot import Robot
from sheber.client.robot_cell.suction import Suction
from sheber.client.session import Session
from sheber.client.station import Connected
from sheber.geometry import Pose
from sheber.i18n import Message, Text, message

__all__ = ["Cell", "State"]

FRAME = message("client.what_frame", "frame")
CAMERA = message("client.what_camera", "camera")
TOOL = message("client.what_tool", "tool")
NO_POSITIONER = message("client.no_positioner", "This cell has no positioner.")
READING = message("client.what_reading", "reading of the tool")
NO_COMMANDS = message(
    "client.tool_without_commands",
    "This cell has no {name}. The tool of its robot is a {tool}. It needs no commands: move the robot.",
)
FIXED = message("client.tool_is_fixed", "This cell has no quick changer. Its tool, a {tool}, is fixed to the flange.")
ANALOG = message(
    "client.wait_for_analog",
    "wait_for waits for a digital input. {name!r} is a number in {unit}. Read cell.inputs[{name!r}] in a loop instead.",
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All sensors of one tick, read-only.

    >>> state = cell.state()
    >>> state.inputs["part_present"]
    True
    """

    time: float  # simulated s
    joints: NDArray[np.float64]  # (n,) rad, as the encoders read
    pose: Pose  # T_base_tcp, with the arm's nominal kinematics
    wrench: NDArray[np.float64]  # (6,) N, Nm at the TCP in TCP axes
    moving: bool  # the robot moves
    holding: bool  # the tool holds something
    tool: Mapping[
        str, Any
    ]  # all values of the tool, by name: "holding", and "width" [m], "vacuum" [kPa] or "flow" [m³/s]
    inputs: Mapping[str, bool | float]  # by name: digital ones True or False, analog ones in their units
    outputs: Mapping[str, bool | float]  # by name, as inputs


class Cell(Connected):
    """The robot cell of this program. `connect()` gives it.

    >>> from sheber import connect
    >>> cell = connect()
    >>> robot = cell.robot
    """

    __slots__ = (
        "_changer",
        "_positioner",
        "_tools",
        "cameras",
        "frames",
        "inputs",
        "limits",
        "outputs",
        "robot",
        "sheet",
    )

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        """Take the answer to connect."""
        super().__init__(session)
        analog = given.get("analog", {})
        self.robot = Robot(session, given["robot"])  # the arm
        self.frames: Named[Pose] = Named(FRAME, _frames(given["frames"]))  # taught poses by name: T_base_frame
        self.sheet: Named[Any] = Named(ENTRY, given["sheet"])  # job data: plain numbers, lengths in m
        self.inputs = Inputs(session, given["inputs"], analog.get("inputs"))  # by name
        self.outputs = Outputs(session, given["outputs"], analog.get("outputs"))  # by name
        self.cameras: Named[Camera] = Named(CAMERA, _cameras(session, given["cameras"]))  # by name
        self.limits: Named[Any] = Named(LIMIT, given["run_limits"])  # what this run may use: simulated_s, ...
        tool = given["robot"]["tool"]
        parked: Mapping[str, Any] = tool.get("tools", {})
        self._tools = _tools(session, parked or {tool["kind"]: tool})
        self._changer = Changer(session, tool, self.robot._takes_tool) if "tools" in tool else None
        beside = given.get("positioner")
        self._positioner = Positioner(session, beside) if beside is not None else None

    def __repr__(self) -> str:
        named: dict[str, Collection[str]] = {
            "frames": self.frames,
            "cameras": self.cameras,
            "sheet": self.sheet,
            "inputs": self.inputs,
            "outputs": self.outputs,
        }
        parts = [f"robot {self.robot.model}", *(f"tool {name}" for name in self._tools)]
        parts += [f"positioner {', '.join(self._positioner.axes)}"] if self._positioner else []
        parts += [f"{what} {', '.join(names)}" for what, names in named.items() if len(names)]
        return f"Cell({'; '.join(parts)})"

    @property
    def changer(self) -> Changer:
        """The quick changer. Raises NotGiven if the tool of this cell is fixed.

        >>> cell.changer.lock()
        """
        if self._changer is None:
            raise NotGiven(FIXED(tool=self.robot.tool.kind))
        return self._changer

    @property
    def gripper(self) -> Gripper:
        """The parallel gripper. Raises NotGiven if this cell has another tool.

        In a cell with a quick changer its commands raise ToolError while it is not on the arm. Of two grippers this is
        the one on the arm.

        >>> cell.gripper.open()
        """
        return self._tool("gripper", Gripper)

    @property
    def suction(self) -> Suction:
        """The suction cup. Raises NotGiven if this cell has another tool.

        >>> cell.suction.on()
        """
        return self._tool("suction", Suction)

    @property
    def dispenser(self) -> Dispenser:
        """The glue head. Raises NotGiven if this cell has another tool.

        >>> cell.dispenser.on(flow=3e-7)
        """
        return self._tool("dispenser", Dispenser)

    def _tool(self, name: str, kind: type[T]) -> T:
        """The tool of a kind: the one on the arm, else the first that the cell has."""
        on = self._tools.get(self._changer._on) if self._changer else None
        for tool in (on, *self._tools.values()):
            if isinstance(tool, kind):
                return tool
        raise NotGiven(self._other_tool(name))

    @property
    def positioner(self) -> Positioner:
        """The positioner: external axes that tilt and turn a plate. Raises NotGiven if this cell has none.

        >>> cell.positioner.move_joints([0.5, 1.57])
        """
        if self._positioner is None:
            raise NotGiven(NO_POSITIONER())
        return self._positioner

    def _other_tool(self, name: str) -> Text:
        """The sentence for a tool that this cell does not have; one without commands is not in `_tools`."""
        if self._tools:
            return missing(TOOL, name, self._tools)
        return NO_COMMANDS(name=name, tool=self.robot.tool.kind)

    def wait(self, seconds: float) -> None:
        """Let `seconds` of simulated time pass, in whole ticks of 10 ms, at least one tick. A move continues.

        Raises ValueError for a negative time. (No simulated time passes during `time.sleep`.)

        >>> cell.wait(0.5)
        """
        self._session.call("wait", seconds=checks.number(seconds, "seconds", "s", least=0.0))

    def wait_for(self, name: str, value: bool = True, timeout: float = 10.0) -> None:
        """Wait until the digital input `name` is `value`. Takes at least one tick.

        Raises Timeout after `timeout` simulated seconds, NotGiven for a name that does not exist, TypeError for an
        analog input.

        >>> cell.wait_for("part_present", timeout=10.0)
        """
        if name not in self.inputs:
            raise NotGiven(missing(INPUT, name, self.inputs))
        if (unit := self.inputs.units.get(name)) is not None:
            raise wrong(TypeError, ANALOG(name=name, unit=unit))
        self._session.call(
            "wait_for",
            name=name,
            value=checks.truth(value, "value"),
            timeout=checks.number(timeout, "timeout", "s", least=0.0),
        )

    def state(self) -> State:
        """Read all sensors in one tick: joints, pose, wrench, tool, inputs and outputs. See `State` for units.

        >>> state = cell.state()
        >>> print(state.pose)
        Pose(491.9, 133.3, 367.9 mm; rotvec 180.0, 0.0, 0.0 deg)
        """
        reply = self._session.call("state")
        tool = reply["tool"]
        return State(
            float(reply["time"]),
            np.array(reply["joints"]),
            Pose.from_list(reply["pose"]),
            np.array(reply["wrench"]),
            bool(reply["moving"]),
            bool(tool.get("holding", False)),
            _read_only(READING, tool),
            _read_only(INPUT, reply["inputs"]),
            _read_only(OUTPUT, reply["outputs"]),
        )


def _frames(given: Mapping[str, Any]) -> dict[str, Pose]:
    return {name: Pose.from_list(pose) for name, pose in given.items()}


def _cameras(session: Session, given: Mapping[str, Any]) -> dict[str, Camera]:
    return {name: Camera(session, name, camera) for name, camera in given.items()}


def _tools(session: Session, given: Mapping[str, Mapping[str, Any]]) -> dict[str, Dispenser | Gripper | Suction]:
    """The tools that a program can command, by the names under which they are given."""
    tools: dict[str, Dispenser | Gripper | Suction] = {}
    for name, tool in given.items():
        if tool["kind"] == "gripper":
            tools[name] = Gripper(session, tool["stroke"], tool["max_force"])
        elif tool["kind"] == "dispenser":
            tools[name] = Dispenser(session, tool)
        elif tool["kind"] == "suction":
            tools[name] = Suction(session)
    return tools


def _read_only(what: Message, values: Mapping[str, T]) -> Mapping[str, T]:
    """Values by name that cannot be changed; a wrong name raises NotGiven with the names that exist."""
    return MappingProxyType(Named(what, values))
