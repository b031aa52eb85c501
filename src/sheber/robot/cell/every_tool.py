"""Every tool: what the cell asks of whatever is flanged to the arm."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Tool"]


class Tool(Protocol):
    """What every tool has; each kind adds its own commands and sensors."""

    @property
    def kind(self) -> str:
        """What kind of tool it is."""
        ...

    @property
    def holding(self) -> str:
        """Name of the part that is held, or ""."""
        ...

    @property
    def busy(self) -> bool:
        """Whether its drives change, so that it must be asked every tick."""
        ...

    def before(self) -> None:
        """Write the drives; called before the physics of a tick, or of several while the tool is not busy."""
        ...

    def after(self, step: int) -> None:
        """Read the sensors; called after the physics."""
        ...

    def unplug(self) -> None:
        """Air, current and signals are cut: it leaves the arm."""
        ...

    def pull(self) -> float:
        """Force [N] with which the tool draws what it holds to itself along its z (0 where friction holds)."""
        ...
