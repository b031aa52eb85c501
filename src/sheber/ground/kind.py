"""Kind: the ground station as its exercises know it: what it counts, how a scene comes alive.

What is heavy is imported where it is used: an exercise that is only listed or scored loads neither orbits nor filters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sheber.allowed import Allowed, Choice
from sheber.i18n import N_, _
from sheber.station import Kind, Limits, Mesh, Station

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sheber.diagrams import Diagram
    from sheber.ground.scene import Scene
    from sheber.trace import Trace, TraceWriter

__all__ = ["GROUND", "GroundStation"]


class GroundStation(Kind["Scene"]):
    """The satellite ground station as a kind of station (`sheber.station.Kind`)."""

    name = "ground-station"
    numbers: Mapping[str, Allowed | Choice] = {}
    counts: Mapping[str, int] = {}
    packages = ("scipy", "sgp4", "space-packet-parser", "numba")
    extra = "ground"

    def build(self, scene: Scene, limits: Limits, recorder: TraceWriter) -> Station:
        """The station of a scene, alive, writing to the recorder."""
        from sheber.ground.controller import Controller

        return Controller(scene, limits, recorder)

    def flaws(self, scenes: Mapping[int, Scene]) -> Iterator[str]:
        """Scenes that are alike but for noise."""
        drawn = [(seed, replace(scene, noise_seed=0)) for seed, scene in scenes.items()]
        for place, (seed, scene) in enumerate(drawn):
            twins = [other for other, one in drawn[place + 1 :] if one == scene]
            if twins:
                text = _("The seeds {seeds} give the same scene.")
                yield text.format(seeds=", ".join(map(str, (seed, *twins))))

    def warm(self, scene: Scene) -> None:
        """Import what every run of such a scene needs."""
        from sheber.ground import controller  # noqa: F401

    def prepare(self) -> Mapping[str, Iterator[tuple[str, int, int]]]:
        """The kernels of the decoders, compiled."""
        from sheber.ground.coding.jit import KERNELS

        return {N_("kernels of the decoders"): KERNELS.compile("sheber.ground.coding")}

    def diagrams(self, trace: Trace) -> tuple[Diagram, ...]:
        """Sky, pointing, Doppler, waterfall, eye, constellation, modes, timetable: those that were recorded."""
        from sheber.ground.drawn import drawn

        return drawn(trace)

    def mesh(self, name: str) -> Mesh:
        """The mesh that a visual names; raises as `sheber.ground.looks.mesh` does."""
        from sheber.ground.looks import mesh

        return mesh(name)

    def texture(self, name: str) -> NDArray[np.uint8]:
        """The texture (h, w, 3) RGB that a visual names; raises as `sheber.ground.looks.texture` does."""
        from sheber.ground.looks import texture

        return texture(name)


GROUND: Final = GroundStation()
