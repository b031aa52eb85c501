"""A thermostat: a second kind of station, small and whole, that no file of the package knows.

A room loses heat to the outside and gains it from a heater that the program sets. One step is 0.1 s:
dT/dt = gain * power - loss * (T - outside). The program reads a noisy sensor; the trace holds the truth.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from sheber.allowed import Allowed, Choice
from sheber.i18n import N_, message
from sheber.station import Answer, Limits, Mesh, ProtocolError, RunEnds
from sheber.trace import Channel, EventKind, Outcome, OutcomeKind, TraceWriter

STEP_S = 0.1
SETTLE_STEPS = 20
ROOMS = {"small": (0.9, 0.02), "large": (0.5, 0.01)}  # gain [°C/s at full power], loss [1/s]

CHANNELS = (
    Channel("temperature", "f8", (), "°C", title=N_("Temperature")),
    Channel("power", "f4", (), "%", title=N_("Heater")),
    Channel("line", "u2", plot="none"),
)
EVENTS = {
    "connect": EventKind(N_("connected"), quiet=True),
    "heat": EventKind(N_("heater set"), N_("{power:.0f} %"), action=True),
    "error": EventKind(N_("error"), N_("{text}"), grave=True),
    "overheated": EventKind(N_("overheated"), N_("{temperature:.1f} °C"), grave=True),
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


DECODER = msgspec.json.Decoder(Command, strict=True)


@dataclass(frozen=True, slots=True)
class Room:
    """A scene: the room, what it is like outside, and what is wanted."""

    room: str  # a name of ROOMS
    start: float  # this and the next three: °C
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
        self.step, self.line, self.heated = 0, 0, 0
        self.scene, self.limits, self.recorder = scene, limits, recorder
        self.temperature, self.power = scene.start, 0.0
        self.rng = np.random.default_rng(scene.noise_seed)
        row = recorder.begin(CHANNELS, [], facts=dict(scene.facts), step_s=STEP_S, events=EVENTS)
        self.row = np.zeros((), row)
        self._sample()

    def handle(self, request: bytes) -> Answer:
        """Carry out connect, read, heat or wait; each takes a step at least."""
        try:
            command = DECODER.decode(request)
        except msgspec.DecodeError as error:
            raise ProtocolError(NO_COMMAND(arrived=request[:60].decode("utf-8", "replace"))) from error
        self.line = command.line
        if command.do == "heat" and not 0.0 <= command.power <= 100.0:
            return self._refuse(command.power)
        if command.do == "heat":
            self._heat(command.power)
        self._pass(max(1, round(command.seconds / STEP_S)))
        if command.do == "connect":
            self.recorder.event(self.step, "connect")
            return self._answer(station="thermostat", wanted=self.scene.wanted, run_limits=self.limits.shown())
        return self._answer(temperature=self.temperature + self.rng.normal(0.0, 0.05))

    def settle(self) -> None:
        """The heater goes off with the program."""
        self.power = 0.0
        for _step in range(SETTLE_STEPS):
            self._advance()

    def close(self) -> None:
        """Nothing is held here."""

    def _heat(self, power: float) -> None:
        self.heated += 1
        limit = self.limits.counts["switchings"]
        if self.heated > limit:
            raise RunEnds(Outcome(OutcomeKind.RESOURCE_LIMIT, TOO_MANY(limit=limit), self.line))
        self.power = power
        self.recorder.event(self.step, "heat", {"power": power, "line": self.line})

    def _refuse(self, asked: float) -> Answer:
        text = TOO_STRONG(asked=asked)
        self.recorder.event(self.step, "error", {"kind": "TooStrong", "text": text, "line": self.line})
        error = {"kind": "TooStrong", "message": str(text), "line": self.line, "text": text.form()}
        return self._answer(error=error)

    def _pass(self, steps: int) -> None:
        for _step in range(steps):
            self._advance()
            if self.temperature > self.scene.fuse:
                told = {"temperature": round(self.temperature, 3)}
                self.recorder.event(self.step, "overheated", told)
                raise RunEnds(Outcome(OutcomeKind.EMERGENCY_STOP, TOO_HOT(**told), self.line))
            if self.step * STEP_S >= self.limits.simulated_s:
                limit = self.limits.simulated_s
                raise RunEnds(Outcome(OutcomeKind.TIME_LIMIT, TIME_UP(limit=limit), self.line))

    def _advance(self) -> None:
        gain, loss = ROOMS[self.scene.room]
        flow = gain * self.power / 100.0 - loss * (self.temperature - self.scene.outside)
        self.temperature += flow * STEP_S
        self.step += 1
        self._sample()

    def _sample(self) -> None:
        self.row["temperature"], self.row["power"], self.row["line"] = self.temperature, self.power, self.line
        self.recorder.sample(self.step, self.row)

    def _answer(self, **fields: Any) -> Answer:
        return Answer(json.dumps({**fields, "time": round(self.step * STEP_S, 6)}).encode())


class ThermostatKind:
    """What the shared parts know of thermostats."""

    name = "thermostat"
    numbers: Mapping[str, Allowed | Choice] = {
        "scene.room": Choice(tuple(ROOMS)),
        "scene.fuse": Allowed(30, 90, "°C"),
        "limits.switchings": Allowed(1, 1000, whole=True),
    }
    counts: Mapping[str, int] = {"switchings": 50}
    packages: tuple[str, ...] = ()

    def build(self, scene: Room, limits: Limits, recorder: TraceWriter) -> Thermostat:
        """The station of a room."""
        return Thermostat(scene, limits, recorder)

    def warm(self, scene: Room) -> None:
        """Load nothing: nothing is heavy here."""

    def prepare(self) -> Mapping[str, Iterator[tuple[str, int, int]]]:
        """Make nothing: nothing is kept."""
        return {}

    def mesh(self, name: str) -> Mesh:
        """Raise: it has no shapes."""
        raise KeyError(name)

    def texture(self, name: str) -> NDArray[np.uint8]:
        """Raise: it has no textures."""
        raise KeyError(name)


THERMOSTAT = ThermostatKind()
