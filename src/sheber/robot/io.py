"""Signals: what the cell's wires say. Digital ones are bits, analog ones numbers with a unit."""

from __future__ import annotations

from collections.abc import Mapping

from sheber.i18n import N_
from sheber.robot.cell.wires import MOST_BITS
from sheber.trace import Channel

__all__ = ["Signals", "signal_channels"]

TITLES = {"input": N_("Analog inputs"), "output": N_("Analog outputs")}


class Signals:
    """Named values, alive: bits in the order of their names, and numbers. Tells which bits changed since it looked."""

    def __init__(self, digital: Mapping[str, bool], analog: Mapping[str, float]) -> None:
        """`digital`, `analog`: the cell's own mappings, whose values change."""
        if len(digital) > MOST_BITS:
            raise ValueError(f"a trace holds {MOST_BITS} digital signals a kind, this cell has {len(digital)}")
        if both := digital.keys() & analog.keys():
            raise ValueError(f"a signal is digital or analog, not both: {', '.join(sorted(both))}")
        self.digital, self.analog = digital, analog
        self.names = (*digital, *analog)
        self.seen = dict(digital)  # as of the last call of `changed`
        self.bits = self._packed()

    def changed(self) -> list[tuple[str, bool]]:
        """Names and new values of the bits that changed since the last call; `digital != seen` tells if any did."""
        changes = [(name, value) for name, value in self.digital.items() if self.seen[name] != value]
        self.seen = dict(self.digital)
        self.bits = self._packed()
        return changes

    def read(self) -> dict[str, bool | float]:
        """All values by name."""
        return {**self.digital, **self.analog}

    def row(self) -> tuple[float, ...]:
        """The numbers, as a sample records them."""
        return tuple(self.analog.values())

    def _packed(self) -> int:
        return sum(1 << index for index, value in enumerate(self.digital.values()) if value)


def signal_channels(prefix: str, analog: tuple[tuple[str, str], ...]) -> list[Channel]:
    """The channel of each analog signal (name, unit): "input_flow". Those with the same unit share a plot."""
    return [Channel(f"{prefix}_{name}", "f4", (), unit, TITLES[prefix], labels=(name,)) for name, unit in analog]
