"""Port: a device of the cell as the program's side sees it, and what the device's file declares of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sheber.desk import Command
from sheber.i18n import Text
from sheber.trace import Channel, EventKind

__all__ = ["Device", "Exchange", "Port"]


class Port(Protocol):
    """A tool, or what stands beside the arm, as the program's side knows it."""

    @property
    def kind(self) -> str:
        """What kind of tool it is: "gripper"."""
        ...

    @property
    def holding(self) -> str:
        """Name of the part that is held, or "": for the trace; a program is told only whether there is one."""
        ...

    def given(self) -> dict[str, Any]:
        """What a program is told of it at the start: plain values."""
        ...

    def read(self) -> dict[str, Any]:
        """What a program is told when it asks for the sensors: plain values, `holding` among them."""
        ...

    def row(self) -> tuple[float, ...]:
        """What a sample records of it, in the order of the device's channels."""
        ...


class Exchange(ABC):
    """A port that stands for another one from time to time: what takes tools and gives them back."""

    @abstractmethod
    def worn(self) -> Port | None:
        """The port of the tool that is on; None: none is."""

    @abstractmethod
    def off(self, kind: str) -> Text:
        """The sentence for a tool of this kind that was asked for, and is not on."""


@dataclass(frozen=True, slots=True)
class Device:
    """A kind of device: its commands, what is recorded of it, and its port where it is flanged to the arm."""

    kind: str
    commands: tuple[type[Command], ...] = ()
    channels: tuple[Channel, ...] = ()  # each a number of the sample
    events: Mapping[str, EventKind] = field(default_factory=dict)  # kinds that no other device records
    port: Callable[[Any], Port] | None = None  # of the simulated tool; None: nothing that the arm carries
