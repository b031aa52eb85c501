"""The kernels of the codes: how they are compiled says `sheber.jit`."""

from __future__ import annotations

from pathlib import Path

from sheber.jit import Kernels

__all__ = ["KERNELS", "kernel"]

KERNELS = Kernels(Path(__file__).parent, ("words", "trellis", "seeking"))
kernel = KERNELS.kernel
