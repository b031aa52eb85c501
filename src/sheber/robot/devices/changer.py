"""Changer: a quick changer that takes the tools of docks, and gives them back.

On the arm it is the port of whatever tool is locked. Its signals are those of makers: a valve with two coils, sensors
of the piston, of a tool before it and of tools in their docks, and the number that a tool tells of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sheber.desk import Command, CommandError, Positive, Reply, missing
from sheber.i18n import N_, Text, message
from sheber.robot.cell.docks import CHANGER as KIND
from sheber.robot.cell.scene import ToolSpec
from sheber.robot.cell.wires import LOCK, PRESENT, UNLOCK
from sheber.robot.port import Device, Exchange, Port
from sheber.robot.serving import Served, serves
from sheber.robot.tool_given import tool_given
from sheber.trace import Channel, EventKind

if TYPE_CHECKING:
    from sheber.robot.cell.changer import Changer

__all__ = ["CHANGER", "ChangerLock", "ChangerPort", "ChangerUnlock"]

WHAT = message("changer.what", "quick changer")
NOTHING = message("changer.nothing", "nothing")
PARKED = message("changer.parked", "{tool} (a {kind}, at first in {dock})")
OFF = message(
    "changer.off",
    "A command for the {kind} was sent. The {kind} is not on the arm. The changer has {on}. "
    "The tools of this cell are: {tools}.",
)
HAS_ONE = message("changer.has_one", "The changer cannot lock a tool. It already has {tool}.")
NOT_DRAWN_BACK = message(
    "changer.not_drawn_back",
    "The changer cannot lock a tool. Its piston is at its end without a tool. Unlock it first.",
)
NO_TOOL = message(
    "changer.no_tool",
    "The changer did not lock a tool: changer_locked is off after {passed:g} s, and tool_present was {present}. "
    "It takes a tool that is at most {gap:.1f} mm before it, {across:.1f} mm beside it and {angle:g}° turned.",
)
REFUSED = message(
    "changer.refused", "The changer did not unlock. Its interlock holds {tool}: it unlocks only in a dock."
)
STUCK = message("changer.stuck", "The changer did not unlock within {timeout:g} s.")
COMPLIANT = message("changer.compliant", "The robot is compliant. End this before you change the tool.")

OPENS_S = 1.0  # the longest time that the piston may take back


class ChangerLock(Command, tag="changer_lock", frozen=True, kw_only=True):
    """Lock the tool before the changer, until its sensor says so."""

    timeout: Positive = 1.0  # s


class ChangerUnlock(Command, tag="changer_unlock", frozen=True, kw_only=True):
    """Let go of the tool, until the sensor says so."""


class ChangerPort(Exchange):
    """The changer, and through it the tool that it has."""

    def __init__(self, tool: Changer) -> None:
        self._changer = tool
        self._docks = {name: one.dock for name, one in tool.tools.items()}
        self._ports: dict[str, Port] = {}

    def connect(self, ports: Mapping[str, Port]) -> None:
        """Give it the ports of its tools, by name."""
        self._ports = dict(ports)

    def worn(self) -> Port | None:
        """The port of the tool that is locked."""
        worn = self._changer.worn
        return self._ports[worn.name] if worn else None

    def off(self, kind: str) -> Text:
        """What was asked for, what the changer has, what there is."""
        tools = [PARKED(tool=n, kind=port.kind, dock=self._docks[n]) for n, port in self._ports.items()]
        return OFF(kind=kind, on=self.on or NOTHING(), tools=tools)

    @property
    def on(self) -> str:
        """Name of the tool that is locked, or ""."""
        worn = self._changer.worn
        return worn.name if worn else ""

    @property
    def changer(self) -> Changer:
        """The simulated one."""
        return self._changer

    @property
    def kind(self) -> str:
        """Of the tool that is on, or "changer"."""
        return self._changer.kind

    @property
    def holding(self) -> str:
        """Name of the part that the tool holds, or ""."""
        return self._changer.holding

    def given(self) -> dict[str, Any]:
        """The tools, each with what its own port tells."""
        return {
            "on": self.on,
            "face": self._changer.spec.pose.to_list(),  # T_flange_face
            "tools": {
                name: tool_given(self._changer.tools[name].spec)
                | port.given()
                | {"number": self._changer.tools[name].number, "dock": self._docks[name]}
                for name, port in self._ports.items()
            },
        }

    def read(self) -> dict[str, Any]:
        """Name of the tool that is on, and its own values."""
        worn = self.worn()
        return {"holding": False, "on": self.on} | (worn.read() if worn else {})

    def row(self) -> tuple[float, ...]:
        """Number of the tool that is on (0: none), then the numbers of all tools, in their order."""
        worn = self._changer.worn
        numbers = [number for port in self._ports.values() for number in port.row()]
        return (worn.number if worn else 0, *numbers)


def _changer(station: Served) -> ChangerPort:
    if not isinstance(station.tool, ChangerPort):
        raise missing(WHAT(), KIND, ())
    if station.motion is not station.interpolator:
        raise CommandError("RobotError", COMPLIANT())
    station.stand()
    return station.tool


@serves(ChangerLock)
def _lock(station: Served, command: ChangerLock) -> Reply:
    port = _changer(station)
    changer = port.changer
    if changer.worn is not None:
        raise CommandError("ToolError", HAS_ONE(tool=port.on))
    if changer.missed:
        raise CommandError("ToolError", NOT_DRAWN_BACK())
    present, began = bool(station.inputs.digital[PRESENT]), station.time
    _switch(station, lock=True)
    if not station.until(lambda: changer.locked or changer.missed, command.timeout) or changer.missed:
        if not changer.missed:
            _switch(station, lock=False)  # else it would lock later, and nobody would know
        values = {"gap": changer.gap * 1e3, "across": changer.lead_in * 1e3, "angle": changer.angle_deg}
        raise CommandError("ToolError", NO_TOOL(passed=round(station.time - began, 2), present=present, **values))
    return _takes(station)


@serves(ChangerUnlock)
def _unlock(station: Served, command: ChangerUnlock) -> Reply:
    port = _changer(station)
    changer = port.changer
    before = port.on
    station.watch.hold()
    _switch(station, lock=False)
    if not station.until(lambda: changer.unlocked, OPENS_S):
        if not port.on:
            raise CommandError("ToolError", STUCK(timeout=OPENS_S))
        _switch(station, lock=True)  # else the interlock would let it go at the next dock, and nobody would know
        raise CommandError("ToolError", REFUSED(tool=before))
    return _takes(station)


def _switch(station: Served, lock: bool) -> None:
    """Give one coil of the valve current, and none to the other."""
    for name, value in ((LOCK, lock), (UNLOCK, not lock)):
        station.cell.set_output(name, value)
    for name, now in station.outputs.changed():
        station.event("output", {"name": name, "value": now, "line": station.line})


def _takes(station: Served) -> Reply:
    """Let the controller plan with what is in front of the flange now, and tell the program."""
    now: ToolSpec = station.cell.tool_now
    station.use_tool(now.told)
    on = station.tool.on if isinstance(station.tool, ChangerPort) else ""
    return Reply({"on": on, "tool": tool_given(now)})


CHANGER = Device(
    KIND,
    (ChangerLock, ChangerUnlock),
    (Channel("tool_on", "u1", (), "", N_("Tool on the arm"), plot="none"),),
    {
        "docked": EventKind(
            N_("tool drawn in"),
            N_("{tool}: {lateral_mm:.1f} mm beside, {axial_mm:.1f} mm before the changer, {angle_deg:.1f}°"),
        ),
        "tool_on": EventKind(N_("tool locked"), "{tool}", action=True),
        "tool_off": EventKind(N_("tool unlocked"), "{tool}", action=True),
        "lock_missed": EventKind(N_("not locked"), "{text}", grave=True),
        "unlock_refused": EventKind(N_("the interlock refused to unlock"), "{tool}", grave=True),
        "unlocked_off_dock": EventKind(N_("unlocked outside a dock"), "{tool}", grave=True),
        "unlocked_under_load": EventKind(N_("unlocked with a part in the tool"), "{tool}, {part}", grave=True),
        "load_dropped": EventKind(N_("part let go in the air"), "{part}", grave=True),
        "left_unlocked": EventKind(N_("left a tool that was not locked"), "{tool}", grave=True),
    },
    ChangerPort,
)
