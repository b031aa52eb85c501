"""The clock: simulated time, which a program lets pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sheber.desk import Command, CommandError, NotNegative
from sheber.ground.serving import Device, Equipment, Instant, Served, serves
from sheber.i18n import message

__all__ = ["CLOCK", "Clock", "ClockSpec"]

PAST = message(
    "ground.clock_past",
    "The clock was asked to wait until {asked:.1f} s after the start of the run. It is {now:.1f} s already.",
)


class Wait(Command, tag="wait", frozen=True, kw_only=True):
    """Let simulated time pass."""

    seconds: NotNegative


class WaitUntil(Command, tag="wait_until", frozen=True, kw_only=True):
    """Let simulated time pass until an instant."""

    instant: Instant


@dataclass(frozen=True, slots=True)
class ClockSpec:
    """Every station has one."""


class Clock(Equipment):
    """Simulated time."""

    def __init__(self, spec: ClockSpec, station: Served) -> None:
        self._station = station

    def given(self) -> dict[str, Any]:
        """The instant of time 0, UTC [s since 1970-01-01], and the step [s]."""
        scene = self._station.scene
        return {"start": scene.start, "step": scene.step_s}


@serves(Wait)
def _wait(station: Served, command: Wait) -> None:
    station.run(station.steps(command.seconds))


@serves(WaitUntil)
def _wait_until(station: Served, command: WaitUntil) -> None:
    if command.instant < station.time - 1e-9:
        raise CommandError("StationError", PAST(asked=command.instant, now=station.time))
    station.run(station.steps(command.instant - station.time))


CLOCK = Device("clock", ClockSpec, Clock, (Wait, WaitUntil), usual=ClockSpec())
