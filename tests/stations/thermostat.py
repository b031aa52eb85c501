"""A thermostat: a second kind of station, small and whole, that no file of the package knows.

A room loses heat to the outside and gains it from a heater that the program sets, dT/dt = gain * power - loss * (T -
outside), in steps of 0.1 s. The program reads a noisy sensor; the trace holds the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from sheber.allowed import Allowed, Choice
from sheber.i18n import N_, message
from sheber.station import Answer, Kind, Limits, ProtocolError, RunEnds
from sheber.trace import Channel, EventKind, Outcome, OutcomeKind, TraceWriter

STEP_S = 0.1
ROOMS = {"small": (0.9, 0.02), "large": (0.5, 0.01)}  # gain [°C/s at full power], loss [1/s]
CHANNELS = (
    Channel("temperature", "f8", (), "°C", N_("Temperature")),
    Channel("power", "f4", (), "%", N_("Heater")),
    Channel("line", "u2", plot="none"),
)
EVENTS = {
    "heat": EventKind(N_("heater set"), "{power:.0f} %", action=True),
    "error": EventKind(N_("error"), "{text}", grave=True),
    "emergency_stop": EventKind(N_("emergency stop"), "{text}", grave=True),
}
NO_COMMAND = message("thermostat.no_command", "This is no command of a thermostat: {arrived!r}.")
TOO_STRONG = message("thermostat.too_strong", "A power of {asked:g} % was asked for; the heater gives 0 to 100 %.")
TOO_MANY = message(
    "thermostat.too_many", "The heater was set more than {limit:d} times. That is the limit of this run."
)
TOO_HOT = message("thermostat.too_hot", "The room reached {temperature:.1f} °C, and the fuse went.")
TIME_UP = message("thermostat.time_up", "The {limit:g} s of this exercise are used up.")


class Command(msgspec.Struct, frozen=True):
    """What a program may ask for."""

    do: Literal["connect", "read", "heat", "wait"]
    line: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0
    seconds: Annotated[float, msgspec.Meta(ge=0.0, le=10_000.0)] = 0.0
    power: float = 0.0  # %


@dataclass(frozen=True, slots=True)
class Room:
    """A scene: which of the `ROOMS`, and temperatures [°C]: at the start, outside, wanted, of the fuse."""

    room: str
    start: float
    outside: float
    wanted: float
    fuse: float
    noise_seed: int

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:
        """The truth for the checks."""
        return ("wanted", self.wanted), ("counts", {"degrees": round(self.wanted - self.start, 3)})


class Thermostat:
    """The station, alive for one run."""

    def __init__(self, scene: Room, limits: Limits, recorder: TraceWriter) -> None:
        self.scene, self.limits, self.recorder = scene, limits, recorder
        self.step, self.line, self.heated, self.temperature, self.power = 0, 0, 0, scene.start, 0.0
        self.rng = np.random.default_rng(scene.noise_seed)
        facts = dict(scene.facts)
        self.row = np.zeros((), recorder.begin(CHANNELS, [], (), facts, step_s=STEP_S, events=EVENTS))
        self._sample()

    def handle(self, request: bytes) -> Answer:
        """Carry out connect, read, heat or wait; each takes a step at least."""
        try:
            command = msgspec.json.decode(request, type=Command)
        except msgspec.DecodeError as error:
            raise ProtocolError(NO_COMMAND(arrived=request[:60].decode("utf-8", "replace"))) from error
        self.line = command.line
        fields: dict[str, Any] = {"temperature": self.temperature + self.rng.normal(0.0, 0.05)}
        if command.do == "connect":
            fields = {"station": "thermostat", "wanted": self.scene.wanted, "run_limits": self.limits.shown()}
        elif command.do == "heat" and not 0.0 <= command.power <= 100.0:
            text = TOO_STRONG(asked=command.power)
            self.recorder.event(self.step, "error", {"kind": "TooStrong", "text": text, "line": self.line})
            fields = {"error": {"kind": "TooStrong", "message": str(text), "line": self.line, "text": text.form()}}
        elif command.do == "heat":
            self._heat(command.power)
        for _step in range(max(1, round(command.seconds / STEP_S))):
            self._advance()
            self._watch()
        return Answer(msgspec.json.encode({**fields, "time": round(self.step * STEP_S, 6)}))

    def settle(self) -> None:
        """The heater goes off with the program, and two seconds are recorded."""
        self.power = 0.0
        for _step in range(20):
            self._advance()

    def close(self) -> None:
        """Nothing is held here."""

    def _heat(self, power: float) -> None:
        self.heated, limit = self.heated + 1, self.limits.counts["switchings"]
        if self.heated > limit:
            raise RunEnds(Outcome(OutcomeKind.RESOURCE_LIMIT, TOO_MANY(limit=limit), self.line))
        self.power = power
        self.recorder.event(self.step, "heat", {"power": power, "line": self.line})

    def _watch(self) -> None:
        if self.temperature > self.scene.fuse:
            text = TOO_HOT(temperature=self.temperature)
            self.recorder.event(self.step, "emergency_stop", {"text": text, "line": self.line})
            raise RunEnds(Outcome(OutcomeKind.EMERGENCY_STOP, text, self.line))
        if self.step * STEP_S >= self.limits.simulated_s:
            raise RunEnds(Outcome(OutcomeKind.TIME_LIMIT, TIME_UP(limit=self.limits.simulated_s), self.line))

    def _advance(self) -> None:
        gain, loss = ROOMS[self.scene.room]
        self.temperature += (gain * self.power / 100.0 - loss * (self.temperature - self.scene.outside)) * STEP_S
        self.step += 1
        self._sample()

    def _sample(self) -> None:
        self.row["temperature"], self.row["power"], self.row["line"] = self.temperature, self.power, self.line
        self.recorder.sample(self.step, self.row)


class ThermostatKind(Kind[Room]):
    """What the shared parts know of thermostats."""

    name, packages, counts = "thermostat", (), {"switchings": 50}
    numbers: Mapping[str, Allowed | Choice] = {
        "scene.room": Choice(tuple(ROOMS)),
        "scene.fuse": Allowed(30, 90, "°C"),
        "limits.switchings": Allowed(1, 1000, whole=True),
    }

    def build(self, scene: Room, limits: Limits, recorder: TraceWriter) -> Thermostat:
        """The station of a room."""
        return Thermostat(scene, limits, recorder)


THERMOSTAT = ThermostatKind()
