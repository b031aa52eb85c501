"""Suction: a cup that holds by vacuum. What hangs on it a program knows from the vacuum alone, as in a real cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sheber.desk import Command, CommandError, Positive
from sheber.i18n import N_, message
from sheber.robot.port import Device
from sheber.robot.serving import Served, fitted, serves
from sheber.trace import Channel

if TYPE_CHECKING:
    from sheber.robot.cell.suction import Suction

__all__ = ["SUCTION", "SuctionOff", "SuctionOn", "SuctionPort"]

RELEASE_S = 3.0  # the longest time that the cup may take to let go
VENTED_KPA = 1.0  # less than this holds nothing

NOTHING_HELD = message(
    "suction.nothing_held",
    "The suction cup holds nothing after {timeout:g} s: the vacuum is {vacuum:.0f} kPa. Is the cup on the part, "
    "not beside it and not above it?",
)
STUCK = message("suction.stuck", "The suction cup did not let go within {timeout:g} s.")


class SuctionOn(Command, tag="suction_on", frozen=True, kw_only=True):
    """Vacuum on, until something is held."""

    timeout: Positive = 1.0  # s
    wait: bool = True


class SuctionOff(Command, tag="suction_off", frozen=True, kw_only=True):
    """Vacuum off, until it is let go."""

    wait: bool = True


class SuctionPort:
    """The suction cup."""

    kind = "suction"

    def __init__(self, tool: Suction) -> None:
        self._tool = tool

    @property
    def holding(self) -> str:
        """Name of the part on the cup, or ""."""
        return self._tool.holding

    @property
    def sealed(self) -> bool:
        """The vacuum is enough to hold."""
        return self._tool.sealed

    @property
    def vacuum(self) -> float:
        """kPa below the air."""
        return self._tool.vacuum_kPa

    def switch(self, on: bool) -> None:
        """Switch the ejector."""
        self._tool.command(on)

    def given(self) -> dict[str, Any]:
        """Nothing beyond its frame."""
        return {}

    def read(self) -> dict[str, Any]:
        """The sensor [kPa] and its switch."""
        return {"vacuum": self.vacuum, "holding": self.sealed}

    def row(self) -> tuple[float, ...]:
        """Vacuum [kPa], whether it is enough to hold."""
        return self._tool.vacuum_kPa, self._tool.sealed


@serves(SuctionOn)
def _on(station: Served, command: SuctionOn) -> None:
    suction = fitted(station, SuctionPort, "suction")
    station.watch.hold()
    suction.switch(True)
    if not command.wait:
        station.tick()
    elif not station.until(lambda: suction.sealed, command.timeout):
        raise CommandError("ToolError", NOTHING_HELD(timeout=command.timeout, vacuum=suction.vacuum))


@serves(SuctionOff)
def _off(station: Served, command: SuctionOff) -> None:
    suction = fitted(station, SuctionPort, "suction")
    station.watch.let_go(station.line)
    suction.switch(False)
    if not command.wait:
        station.tick()
    elif not station.until(lambda: suction.vacuum <= VENTED_KPA and not suction.holding, RELEASE_S):
        raise CommandError("ToolError", STUCK(timeout=RELEASE_S))


SUCTION = Device(
    "suction",
    (SuctionOn, SuctionOff),
    (
        Channel("vacuum", "f4", (), "kPa", N_("Vacuum")),
        Channel("sealed", "u1", (), "", N_("Sealed"), plot="none"),
    ),
    port=SuctionPort,
)
