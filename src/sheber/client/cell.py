"""The cell as a program sees it: robot, tools, cameras, frames, job sheet, inputs and outputs, time."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.client import checks
from sheber.client.camera import Camera
from sheber.client.errors import NotGiven
from sheber.client.fixed import Fixed
from sheber.client.named import Inputs, Named, Outputs, missing
from sheber.client.picture import compressed
from sheber.client.robot import Robot
from sheber.client.session import Session
from sheber.client.tools import Gripper, Suction
from sheber.client.wire import LONGEST_NOTE, LONGEST_TITLE
from sheber.geometry import Pose

__all__ = ["Cell", "State"]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All sensors of one tick.

    >>> state = cell.state()
    >>> state.inputs["part_present"]
    True
    """

    time: float  # simulated s
    joints: NDArray[np.float64]  # (n,) rad, by the encoders
    pose: Pose  # T_base_tcp, by the arm's nominal kinematics
    wrench: NDArray[np.float64]  # (6,) N, Nm at the TCP in TCP axes
    moving: bool  # a move is under way
    holding: bool  # the tool holds something
    width: float | None  # m between the gripper's fingers; None without a gripper
    vacuum: float | None  # kPa below the air; None without a suction cup
    inputs: Mapping[str, bool]  # digital inputs by name
    outputs: Mapping[str, bool]  # digital outputs by name


class Cell(Fixed):
    """The cell that this program was started for; `connect()` gives it.

    >>> from sheber import connect
    >>> cell = connect()
    >>> robot = cell.robot
    """

    __slots__ = ("_session", "_tools", "cameras", "frames", "inputs", "limits", "outputs", "robot", "sheet")

    def __init__(self, session: Session, facts: Mapping[str, Any]) -> None:
        self._session = session
        self.robot = Robot(session, facts["robot"])  # the arm
        # what was taught, by name: T_base_frame
        self.frames: Named[Pose] = Named("frame", {n: Pose.from_list(p) for n, p in facts["frames"].items()})
        self.sheet: Named[Any] = Named("entry of the job sheet", facts["sheet"])  # job data: plain numbers, m
        self.inputs = Inputs(session, facts["inputs"])  # digital inputs by name
        self.outputs = Outputs(session, facts["outputs"])  # digital outputs by name
        self.cameras: Named[Camera] = Named(
            "camera", {name: Camera(session, name, camera) for name, camera in facts["cameras"].items()}
        )
        self.limits: Named[Any] = Named("limit", facts["run_limits"])  # what this run may use: simulated_s, ...
        tool = facts["robot"]["tool"]
        self._tools: dict[str, Gripper | Suction] = {}
        if tool["kind"] == "gripper":
            self._tools["gripper"] = Gripper(session, tool["stroke"], tool["max_force"])
        elif tool["kind"] == "suction":
            self._tools["suction"] = Suction(session)

    def __repr__(self) -> str:
        named: dict[str, Collection[str]] = {
            "frames": self.frames,
            "cameras": self.cameras,
            "sheet": self.sheet,
            "inputs": self.inputs,
            "outputs": self.outputs,
        }
        parts = [f"robot {self.robot.model}", *(f"tool {name}" for name in self._tools)]
        parts += [f"{what} {', '.join(names)}" for what, names in named.items() if len(names)]
        return f"Cell({'; '.join(parts)})"

    @property
    def gripper(self) -> Gripper:
        """The parallel gripper; raises NotGiven where this cell has another tool.

        >>> cell.gripper.open()
        """
        tool = self._tools.get("gripper")
        if not isinstance(tool, Gripper):
            raise NotGiven(missing("tool", "gripper", self._tools))
        return tool

    @property
    def suction(self) -> Suction:
        """The suction cup; raises NotGiven where this cell has another tool.

        >>> cell.suction.on()
        """
        tool = self._tools.get("suction")
        if not isinstance(tool, Suction):
            raise NotGiven(missing("tool", "suction", self._tools))
        return tool

    @property
    def time(self) -> float:
        """Simulated time [s] since the start of the run, as the last reply told it; costs nothing.

        >>> start = cell.time
        """
        return self._session.time

    def wait(self, seconds: float) -> None:
        """Let `seconds` of simulated time pass, in whole ticks of 10 ms, at least one; moves under way go on.

        Raises ValueError for a negative time. (`time.sleep` passes no simulated time at all.)

        >>> cell.wait(0.5)
        """
        self._session.call("wait", seconds=checks.number(seconds, "seconds", "s", least=0.0))

    def wait_for(self, name: str, value: bool = True, timeout: float = 10.0) -> None:
        """Wait until the digital input `name` is `value`; takes at least one tick.

        Raises Timeout after `timeout` simulated seconds, NotGiven for a name that does not exist.

        >>> cell.wait_for("part_present", timeout=10.0)
        """
        if name not in self.inputs:
            raise NotGiven(missing("digital input", name, self.inputs))
        self._session.call(
            "wait_for",
            name=name,
            value=checks.truth(value, "value"),
            timeout=checks.number(timeout, "timeout", "s", least=0.0),
        )

    def state(self) -> State:
        """All sensors, read in one tick: joints, pose, wrench, tool, inputs and outputs; see `State` for units.

        >>> state = cell.state()
        >>> print(state.pose)
        Pose(491.9, 133.3, 367.9 mm; rotvec 127.3, -127.3, 0.0 deg)
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
            tool.get("width"),
            tool.get("vacuum"),
            reply["inputs"],
            reply["outputs"],
        )

    def note(self, text: str) -> None:
        """Put a mark with a text (at most 200 characters) into the trace and the report; costs no simulated time.

        >>> cell.note("third box picked")
        """
        self._session.call("note", text=checks.text(text, "text", LONGEST_NOTE))

    def show(self, image: NDArray[Any], title: str = "") -> None:
        """Put a picture into the trace and the report; costs no simulated time.

        `image` (h, w, 3) BGR or (h, w) grey: uint8, bool, or floats from 0 to 1. It is made smaller where
        needed (longest side 640 px) and stored as JPEG. The number of pictures in a run is limited.
        Raises TypeError or ValueError for what is no picture.

        >>> cell.show(mask, "red parts")
        """
        data = base64.b64encode(compressed(image)).decode()
        self._session.call("show", jpeg=data, title=checks.text(title, "title", LONGEST_TITLE))
