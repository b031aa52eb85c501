"""Poses, places and joints in words, in the units that people use: millimetres and degrees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose, steady_rotvec

__all__ = ["in_words", "joints_in_words", "place"]


def _numbers(values: NDArray[np.float64]) -> str:
    return ", ".join(f"{value:.1f}" for value in np.round(values, 1) + 0.0)


def place(position: NDArray[np.float64]) -> str:
    """A position (3,) m: "(400.0, 100.0, 50.0) mm"."""
    return f"({_numbers(np.asarray(position) * 1000.0)}) mm"


def in_words(pose: Pose) -> str:
    """A pose: its place, and its rotation vector in degrees."""
    return f"{place(pose.position)}, rotvec ({_numbers(np.degrees(steady_rotvec(pose)))}) deg"


def joints_in_words(q: NDArray[np.float64]) -> str:
    """Joints (n,) rad: "(0.0, -90.0, ...) deg"."""
    return f"({_numbers(np.degrees(q))}) deg"
