"""Seeing: the camera against the engine's renderer on software GL; see `camera.py` for how."""

from __future__ import annotations

from sheber.bench.camera import NoSoftwareGL, measure_camera
from sheber.bench.rows import Row, absolute, gated, skipped

__all__ = ["camera"]

GATE = "≥ 1.8"


def camera(quick: bool) -> list[Row]:
    """Both views of vision-sorting; skipped, and said so, where no software GL is."""
    try:
        views = measure_camera(pictures=8 if quick else 24)
    except NoSoftwareGL as error:
        return [skipped(f"camera, {view} view, speed", "times", GATE, str(error)) for view in ("overhead", "side")]
    rows = [gated(f"camera, {one.view} view, speed", one.ratio, "times", GATE) for one in views]
    return rows + [
        absolute(f"camera, {one.view} view", one.ours_ms, "ms", f"the engine's {one.engine_ms:.1f} ms") for one in views
    ]
