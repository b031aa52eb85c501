"""What the cell's wires say: digital signals as bits, and the tool's commands and sensors as a program has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sheber.robot.cell.scene import ToolSpec

__all__ = ["GripperPort", "PointerPort", "Signals", "SuctionPort", "ToolPort", "tool_port"]


class Signals:
    """Named booleans as bits, in the order of the names; tells what has changed since it last looked."""

    def __init__(self, values: Mapping[str, bool]) -> None:
        self.names = tuple(values)
        if len(self.names) > 32:
            raise ValueError(f"a trace holds 32 signals a kind, this cell has {len(self.names)}")
        self.values = values  # the cell's own dict, alive
        self.seen = dict(values)  # as of the last call of `changed`
        self.bits = self._packed()

    def changed(self) -> list[tuple[str, bool]]:
        """Names and new values of what changed since the last call; `values != seen` tells whether there is any."""
        changes = [(name, value) for name, value in self.values.items() if self.seen[name] != value]
        self.seen = dict(self.values)
        self.bits = self._packed()
        return changes

    def _packed(self) -> int:
        return sum(1 << index for index, name in enumerate(self.names) if self.values[name])


class ToolPort(Protocol):
    """A tool as the program's side knows it."""

    kind: str
    holding: str  # name of the part, for the trace; a program is told only whether there is one

    def facts(self) -> dict[str, Any]:
        """What a program is told of it at the start."""
        ...

    def read(self) -> dict[str, Any]:
        """What a program is told when it asks for the sensors."""
        ...

    def row(self) -> tuple[float, float]:
        """The two numbers of a sample."""
        ...


class PointerPort:
    """A fixed pin: nothing to command, nothing to read."""

    def __init__(self, tool: Any) -> None:
        self.kind, self.holding = "pointer", ""

    def facts(self) -> dict[str, Any]:
        """Nothing beyond its frame."""
        return {}

    def read(self) -> dict[str, Any]:
        """Holds nothing."""
        return {"holding": False}

    def row(self) -> tuple[float, float]:
        """Nothing."""
        return 0.0, 0.0


class GripperPort:
    """The parallel gripper."""

    USUAL_FORCE = 0.4  # of the strongest, where a program names none

    def __init__(self, tool: Any) -> None:
        self.kind = "gripper"
        self._tool = tool
        self.stroke: float = tool.stroke  # m
        self.max_force: float = tool.max_force  # N

    @property
    def holding(self) -> str:
        """Name of the part between the fingers, or ""."""
        holding: str = self._tool.holding
        return holding

    @property
    def width(self) -> float:
        """Opening [m]."""
        return float(self._tool.width)

    @property
    def busy(self) -> bool:
        """The fingers are still on their way."""
        return bool(self._tool.moving)

    def open(self, width: float | None) -> float:
        """Start opening; returns the width [m] that is aimed at."""
        wanted = self.stroke if width is None else width
        self._tool.command(wanted, self.USUAL_FORCE * self.max_force)
        return wanted

    def close(self, force: float | None) -> None:
        """Start closing with `force` [N]."""
        self._tool.command(0.0, self.USUAL_FORCE * self.max_force if force is None else force)

    def facts(self) -> dict[str, Any]:
        """Stroke and force."""
        return {"stroke": self.stroke, "max_force": self.max_force}

    def read(self) -> dict[str, Any]:
        """Width, and whether something is between the fingers."""
        return {"width": self.width, "holding": bool(self.holding)}

    def row(self) -> tuple[float, float]:
        """Width [m], force [N]."""
        return self._tool.width, self._tool.force


class SuctionPort:
    """The suction cup. What it holds a program knows from the vacuum alone, as in a real cell."""

    def __init__(self, tool: Any) -> None:
        self.kind = "suction"
        self._tool = tool

    @property
    def holding(self) -> str:
        """Name of the part on the cup, or ""."""
        holding: str = self._tool.holding
        return holding

    @property
    def sealed(self) -> bool:
        """The vacuum is enough to hold."""
        return bool(self._tool.sealed)

    @property
    def vacuum(self) -> float:
        """kPa below the air."""
        return float(self._tool.vacuum_kPa)

    def switch(self, on: bool) -> None:
        """Switch the ejector."""
        self._tool.command(on)

    def facts(self) -> dict[str, Any]:
        """Nothing beyond its frame."""
        return {}

    def read(self) -> dict[str, Any]:
        """The sensor and its switch."""
        return {"vacuum": self.vacuum, "holding": self.sealed}

    def row(self) -> tuple[float, float]:
        """Vacuum [kPa], sealed 0 or 1."""
        return self._tool.vacuum_kPa, self._tool.sealed


_PORTS: dict[str, type[Any]] = {"pointer": PointerPort, "gripper": GripperPort, "suction": SuctionPort}


def tool_port(spec: ToolSpec, tool: Any) -> ToolPort:
    """The port of a cell's tool; raises ValueError for a kind that a program cannot talk to."""
    if spec.kind not in _PORTS:
        raise ValueError(f"no port for a tool of kind {spec.kind!r}; there are: {', '.join(_PORTS)}")
    port: ToolPort = _PORTS[spec.kind](tool)
    return port
