"""Poses, places and joints in words, in the units that people use: millimetres and degrees.

An orientation is written as the arm's maker writes it, so that it can be compared with a teach pendant.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose, steady_rotvec

__all__ = ["in_words", "joints_in_words", "place"]


def _numbers(values: NDArray[np.float64]) -> str:
    return ", ".join(f"{value:.1f}" for value in np.round(values, 1) + 0.0)


def place(position: NDArray[np.float64]) -> str:
    """A position (3,) m: "(400.0, 100.0, 50.0) mm"."""
    return f"({_numbers(np.asarray(position) * 1000.0)}) mm"


def in_words(pose: Pose, orientation: str = "rotvec") -> str:
    """A pose: its place, and its orientation in one of `sheber.robot.arms.description.ORIENTATIONS`."""
    return f"{place(pose.position)}, {_ORIENTATIONS[orientation](pose)}"


def _rotvec(pose: Pose) -> str:
    return f"rotvec ({_numbers(np.degrees(steady_rotvec(pose)))}) deg"


def _abc(pose: Pose) -> str:
    return f"A, B, C ({_numbers(np.degrees(pose.abc))}) deg"


def _quaternion(pose: Pose) -> str:
    return f"q1 to q4 ({', '.join(f'{value:.4f}' for value in np.round(pose.quaternion, 4) + 0.0)})"


_ORIENTATIONS: dict[str, Callable[[Pose], str]] = {"rotvec": _rotvec, "abc": _abc, "quaternion": _quaternion}


def joints_in_words(q: NDArray[np.float64]) -> str:
    """Joints (n,) rad: "(0.0, -90.0, ...) deg"."""
    return f"({_numbers(np.degrees(q))}) deg"
