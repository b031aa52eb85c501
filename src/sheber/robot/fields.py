"""Fields: the values that commands of a robot cell carry beside those of every station."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from sheber.desk import Number

__all__ = ["Joints", "Seven"]

Joints = Annotated[list[Number], Meta(min_length=1, max_length=16)]
Seven = Annotated[list[Number], Meta(min_length=7, max_length=7)]  # x, y, z [m], w, x, y, z
