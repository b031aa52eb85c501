"""Seats: where the plates of the tools are: how far from the changer, and in which dock they sit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.robot.cell.coupling import DockTool
from sheber.robot.cell.docks import CHANGER, MASTER, PLATE, T_dock_tool
from sheber.robot.cell.scene import Dock
from sheber.robot.cell.world import World

__all__ = ["NOWHERE", "Offset", "Seats"]

SEATED_M, SEATED_RAD = 4e-3, math.radians(3.0)  # a tool so near to its place in a dock slides to it: it sits in it
STILL_M = 1e-6  # a tool that trembles by less sits where it sat
NEAR_M = 0.09  # between the two flanges: a tool that is farther off is not looked at


@dataclass(frozen=True, slots=True)
class Offset:
    """How far one plate is from where it belongs on the other."""

    across: float  # m
    along: float  # m, away
    angle: float  # rad

    def values(self) -> dict[str, float]:
        """For an event."""
        return {
            "lateral_mm": round(self.across * 1e3, 3),
            "axial_mm": round(self.along * 1e3, 3),
            "angle_deg": round(math.degrees(self.angle), 3),
        }


NOWHERE = Offset(math.inf, math.inf, math.pi)


@dataclass(slots=True)
class _Plate:
    """The plate of a tool or of the changer, in the base frame."""

    place: NDArray[np.float64]  # (3,) m, alive
    turn: NDArray[np.float64]  # (4,) wxyz, alive
    seen: tuple[float, ...] | list[float] = (math.inf, math.inf, math.inf)  # m, where its dock was looked for last
    dock: str = ""  # in which it sat then

    @property
    def pose(self) -> Pose:
        """As it is now."""
        return Pose(self.place, self.turn)


class Seats:
    """Tools, changer and docks of one cell, alive. The engine's poses must be up to date."""

    def __init__(self, world: World, docks: Sequence[Dock], tools: Iterable[DockTool]) -> None:
        def plate(body: int) -> _Plate:
            return _Plate(world.data.xpos[body], world.data.xquat[body])

        self._changer = plate(world.body(CHANGER))
        self._tools = {tool.name: tool for tool in tools}
        self._plates = {name: plate(tool.body) for name, tool in self._tools.items()}
        seats = [dock.pose @ T_dock_tool for dock in docks]
        self._seats = [(dock.name, seat, seat.position.tolist()) for dock, seat in zip(docks, seats, strict=True)]

    def T_changer_tool(self, tool: DockTool) -> Pose:
        """Where a tool is, in the frame of the changer."""
        pose: Pose = self._changer.pose.inverse() @ self._plates[tool.name].pose
        return pose

    def nearest(self) -> tuple[DockTool | None, Offset]:
        """The tool whose plate is the nearest to the changer, and how far it is off; None where none is near."""
        here = self._changer.place.tolist()
        away = [(math.dist(here, plate.place.tolist()), name) for name, plate in self._plates.items()]
        distance, name = min(away, default=(math.inf, ""))
        return (self._tools[name], self.offset(self._tools[name])) if distance < NEAR_M else (None, NOWHERE)

    def offset(self, tool: DockTool) -> Offset:
        """How far a tool's plate is off the changer's face."""
        face = self.T_changer_tool(tool).offset_tool(z=-PLATE)
        x, y, z = face.position
        return Offset(math.hypot(x, y), float(z) - MASTER, face.angle(Pose()))

    def full(self) -> set[str]:
        """Names of the docks in which tools sit; a tool that did not move since sits where it sat."""
        for plate in self._plates.values():
            place = plate.place.tolist()
            if math.dist(place, plate.seen) > STILL_M:
                plate.seen, plate.dock = place, self._dock_at(plate, place)[0]
        return {plate.dock for plate in self._plates.values()}

    def dock_of(self, tool: DockTool) -> tuple[str, Offset]:
        """Name of the dock in which a tool sits, and how far it is off its place; "" for none."""
        plate = self._plates[tool.name]
        return self._dock_at(plate, plate.place.tolist())

    def _dock_at(self, plate: _Plate, place: list[float]) -> tuple[str, Offset]:
        for dock, seat, there in self._seats:
            if math.dist(place, there) <= 2.0 * SEATED_M:
                off = _off_seat(seat, plate.pose)
                if max(off.across, abs(off.along)) <= SEATED_M and off.angle <= SEATED_RAD:
                    return dock, off
        return "", NOWHERE


def _off_seat(seat: Pose, plate: Pose) -> Offset:
    """How far a tool is off its place in a dock."""
    off = seat.inverse() @ plate
    face = Pose((0.0, 0.0, PLATE)) @ off.offset_tool(z=-PLATE)  # of its coupling face, where it belongs
    x, y, z = face.position
    return Offset(math.hypot(x, y), -float(z), off.angle(Pose()))
