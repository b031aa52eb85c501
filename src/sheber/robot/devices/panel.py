"""Panel: what people see and touch of a cell. Its signals are inputs and outputs; only its events are its own."""

from __future__ import annotations

from sheber.i18n import N_
from sheber.robot.port import Device
from sheber.trace import EventKind

__all__ = ["PANEL"]

PANEL = Device(
    "panel",
    events={
        "operator": EventKind(N_("operator"), "{text}"),
        "lamp": EventKind(N_("lamp"), "{name}: {value}", quiet=True),
    },
)
