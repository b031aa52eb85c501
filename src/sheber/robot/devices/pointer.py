"""Pointer: a fixed pin. Nothing to command, nothing to read, nothing to record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sheber.robot.port import Device

if TYPE_CHECKING:
    from sheber.robot.cell.pointer import Pointer

__all__ = ["POINTER", "PointerPort"]


class PointerPort:
    """A fixed pin."""

    kind = "pointer"
    holding = ""

    def __init__(self, tool: Pointer) -> None:
        pass

    def given(self) -> dict[str, Any]:
        """Nothing beyond its frame."""
        return {}

    def read(self) -> dict[str, Any]:
        """Holds nothing."""
        return {"holding": False}

    def row(self) -> tuple[float, ...]:
        """Nothing."""
        return ()


POINTER = Device("pointer", port=PointerPort)
