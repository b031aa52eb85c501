"""Serving: what a piece of equipment is to the controller, and what the controller is to it.

A piece of equipment is one file in `equipment/`. It has a specification (frozen, in the scene), a class that is alive
for one run, its commands with what each does, its channels and its kinds of events. It is named once, in the table
there. Equipment never moves time: a service asks the controller (`Served.run`, `Served.until`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import numpy as np
from msgspec import Meta

from sheber.desk import Command, Reply
from sheber.i18n import Message
from sheber.trace import Channel, EventKind, Visual

if TYPE_CHECKING:
    from sheber.ground.scene import Scene
    from sheber.station import Limits

__all__ = ["SERVICES", "Device", "Equipment", "Hertz", "Instant", "Looks", "Served", "Service", "serves"]

Hertz = Annotated[float, Meta(ge=0.0, le=1e12)]
Instant = Annotated[float, Meta(ge=-1e9, le=1e9)]  # s after the start of the run


class Equipment:
    """One piece of equipment, alive for one run. What a piece does not need it inherits from here."""

    def given(self) -> dict[str, Any]:
        """What a program may know of it without asking: plain JSON values."""
        return {}

    def described(self) -> dict[str, Any]:
        """What a reader of the trace must know to show what is recorded of it: plain JSON values, once for a run."""
        return {}

    @property
    def busy(self) -> bool:
        """Whether something is under way, so that no step may be skipped while a program waits."""
        return False

    def advance(self, steps: int) -> None:
        """Live through whole steps, from `station.step` on; the controller counts them afterwards."""

    def row(self) -> tuple[Any, ...]:
        """The values of its channels now, in their order: numbers, or arrays of the channel's shape."""
        return ()

    def poses(self) -> Sequence[Sequence[float]]:
        """Where its bodies are now: x, y, z [m], w, x, y, z in the station's frame (x east, y north, z up)."""
        return ()

    def settle(self) -> None:
        """The program has gone; finish what is under way, without time passing."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What a piece of equipment looks like, for the replay."""

    bodies: tuple[str, ...] = ()  # names of what moves, in the order of `Equipment.poses`
    visuals: tuple[Visual, ...] = ()  # shapes, on these bodies or on "" (what never moves)


@dataclass(frozen=True, slots=True)
class Device:
    """A kind of equipment, as the controller's table has it."""

    name: str  # what a program calls it: "mount"
    spec: type[Any]  # of the specification in `Scene.equipment`
    make: Callable[[Any, Served], Equipment]  # from a specification and the controller
    commands: Sequence[type[Command]] = ()
    events: Mapping[str, EventKind] = field(default_factory=dict)
    channels: Callable[[Any, Scene], Sequence[Channel]] = lambda _spec, _scene: ()
    looks: Callable[[Any, Scene], Looks] = lambda _spec, _scene: Looks()
    usual: Any = None  # the specification at every station whose scene names none; None: only where one is named


E = TypeVar("E", bound=Equipment)


class Served(Protocol):
    """The controller, as equipment sees it. Time moves in `run` and `until` only."""

    scene: Scene
    limits: Limits
    line: int  # of the command that is served
    step: int  # steps since the start

    @property
    def time(self) -> float:
        """Simulated time [s] since the start."""
        ...

    def run(self, steps: int) -> None:
        """Let whole steps pass."""
        ...

    def steps(self, seconds: float) -> int:
        """Whole steps that cover `seconds`, at least one."""
        ...

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Let steps pass one by one, at least one, until `condition` or `seconds` are over; whether it came true."""
        ...

    def part(self, kind: type[E]) -> E:
        """The equipment of this class at the station. Raises CommandError (NotGiven) where there is none."""
        ...

    def has(self, kind: type[Equipment]) -> bool:
        """Whether the station has equipment of this class."""
        ...

    def rng(self, purpose: str) -> np.random.Generator:
        """A generator of its own for a purpose: the same for the same scene, whatever else draws."""
        ...

    def count(self, what: str, over: Message) -> int:
        """Count one use of what is limited and give how many there were before; one too many ends the run."""
        ...

    def given(self) -> dict[str, Any]:
        """The answer to connect."""
        ...

    def picture(self, jpeg: bytes, title: str) -> None:
        """Record a picture that the program showed now."""
        ...

    def event(self, kind: str, data: dict[str, Any]) -> None:
        """Record that something happened now."""
        ...


C = TypeVar("C", bound=Command)
Service = Callable[[Served, C], Reply | None]

SERVICES: dict[type[Command], Service[Any]] = {}
"""The service of each command."""


def serves(command: type[C]) -> Callable[[Service[C]], Service[C]]:
    """Enter a function as the service of this kind of command."""

    def enter(service: Service[C]) -> Service[C]:
        SERVICES[command] = service
        return service

    return enter
