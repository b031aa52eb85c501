"""The kernels of the cameras: how they are compiled says `sheber.jit`."""

from __future__ import annotations

from pathlib import Path

from sheber.jit import Kernels, inlined

__all__ = ["KERNELS", "inlined", "kernel"]

KERNELS = Kernels(
    Path(__file__).parent,
    ("project", "creases", "coverage", "texels", "lamps", "panels", "shading", "tiles", "resample"),
)
kernel = KERNELS.kernel
