"""Dispenser: a head that lays glue. The program sets a flow and switches the valve; the bead itself nobody measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sheber.desk import Command, CommandError, Positive
from sheber.i18n import N_, message
from sheber.robot.port import Device
from sheber.robot.serving import Served, fitted, serves
from sheber.trace import Channel, EventKind

if TYPE_CHECKING:
    from sheber.robot.cell.dispenser import Dispenser

__all__ = ["DISPENSER", "DispenserOff", "DispenserOn", "DispenserPort"]

MM3 = 1e-9  # m3
COMES = 0.5  # of the flow that was asked for: from here on glue comes
ANSWER_S = 2.0  # the longest time that the valve may take

TOO_MUCH = message(
    "dispenser.too_much",
    "A flow of {asked:g} m³/s was asked for. The limit of the dispenser is {most:g} m³/s ({most_mm3:.0f} mm³/s). "
    "1 mm³ is 1e-9 m³.",
)
NOTHING_COMES = message("dispenser.nothing_comes", "No glue came within {timeout:g} s.")
STILL_COMES = message("dispenser.still_comes", "Glue still came {timeout:g} s after the valve was closed.")


class DispenserOn(Command, tag="dispenser_on", frozen=True, kw_only=True):
    """Open the valve."""

    flow: Positive  # m3/s
    wait: bool = True


class DispenserOff(Command, tag="dispenser_off", frozen=True, kw_only=True):
    """Close the valve."""

    wait: bool = True


class DispenserPort:
    """The glue head."""

    kind = "dispenser"
    holding = ""

    def __init__(self, tool: Dispenser) -> None:
        self._tool = tool
        self.max_flow = tool.max_flow  # m3/s

    @property
    def flow(self) -> float:
        """What leaves the nozzle now [m3/s]."""
        return self._tool.flow

    @property
    def busy(self) -> bool:
        """Glue comes, or will."""
        return self._tool.busy

    def let_out(self, flow: float) -> None:
        """Open the valve for this flow [m3/s]; 0 closes it."""
        self._tool.command(flow)

    def given(self) -> dict[str, Any]:
        """Largest flow [m3/s], bore [m], delays of the valve [s]."""
        tool = self._tool
        delays = {"open_delay": tool.open_s, "close_delay": tool.close_s}
        return {"max_flow": tool.max_flow, "bore": tool.bore} | delays

    def read(self) -> dict[str, Any]:
        """The flow meter [m3/s]."""
        return {"flow": self.flow, "holding": False}

    def row(self) -> tuple[float, ...]:
        """Flow [m3/s], stand-off [m], width of the bead [m], glue laid so far [m3], where it was laid last [m]."""
        tool = self._tool
        x, y, z = tool.place.tolist()
        return tool.flow, tool.stand_off, tool.width, tool.laid, x, y, z


@serves(DispenserOn)
def _on(station: Served, command: DispenserOn) -> None:
    dispenser = fitted(station, DispenserPort, "dispenser")
    if command.flow > dispenser.max_flow:
        most = dispenser.max_flow
        raise CommandError("ToolError", TOO_MUCH(asked=command.flow, most=most, most_mm3=most / MM3))
    dispenser.let_out(command.flow)
    station.event("glue_on", {"flow_mm3": round(command.flow / MM3, 3), "line": station.line})
    if not command.wait:
        station.tick()
    elif not station.until(lambda: dispenser.flow >= COMES * command.flow, ANSWER_S):
        raise CommandError("ToolError", NOTHING_COMES(timeout=ANSWER_S))


@serves(DispenserOff)
def _off(station: Served, command: DispenserOff) -> None:
    dispenser = fitted(station, DispenserPort, "dispenser")
    dispenser.let_out(0.0)
    station.event("glue_off", {"line": station.line})
    if not command.wait:
        station.tick()
    elif not station.until(lambda: not dispenser.busy, ANSWER_S):
        raise CommandError("ToolError", STILL_COMES(timeout=ANSWER_S))


DISPENSER = Device(
    "dispenser",
    (DispenserOn, DispenserOff),
    (
        Channel("glue_flow", "f4", (), "m3/s", N_("Flow of glue"), "mm3/s"),
        Channel("stand_off", "f4", (), "m", N_("Stand-off of the nozzle"), "mm"),
        Channel("bead_width", "f4", (), "m", N_("Width of the bead"), "mm"),
        Channel("glue_laid", "f4", (), "m3", N_("Glue laid so far"), "mm3", plot="none"),
        *(Channel(f"bead_{axis}", "f4", (), "m", N_("Place of the bead"), "mm", plot="none") for axis in "xyz"),
    ),
    {
        "glue_on": EventKind(N_("glue on"), N_("{flow_mm3:.0f} mm³/s"), action=True),
        "glue_off": EventKind(N_("glue off"), action=True),
    },
    port=DispenserPort,
)
