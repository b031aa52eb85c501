"""Kind: the robot cell as its exercises know it: its numbers, what it counts, how a scene comes alive.

What is heavy is imported where it is used: an exercise that is only listed or scored loads neither engine nor camera.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sheber.allowed import Allowed, Choice
from sheber.i18n import N_, _
from sheber.station import Limits, Mesh, Station

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sheber.diagrams import Diagram
    from sheber.robot.cell.scene import Scene
    from sheber.trace import Trace, TraceWriter

__all__ = ["CELL", "RobotCell"]


class RobotCell:
    """The robot cell as a kind of station (`sheber.station.Kind`)."""

    name: str = "robot-cell"
    numbers: Mapping[str, Allowed | Choice] = {
        "limits.captures": Allowed(0, 600, whole=True, title=N_("Camera pictures")),
        "safety.contact": Allowed(0, 15, "points", title=N_("Points lost for an unintended contact")),
        "safety.again_s": Allowed(0.1, 600, "s", title=N_("A contact counts again after")),
        "safety.emergency_stop": Allowed(0, 15, "points", title=N_("Points lost for an emergency stop")),
        "tolerance.home": Allowed(0.01, 90, "deg", ramp=True, title=N_("Joints at home")),
        "imperfections.joint_zero_deg": Allowed(0, 0.1, "deg", title=N_("Error of a joint’s zero")),
        "imperfections.repeatability_mm": Allowed(0, 1, "mm", title=N_("Repeatability")),
        "imperfections.wrench_N": Allowed(0, 20, "N", title=N_("Noise of the force sensor")),
    }
    counts: Mapping[str, int] = {"captures": 60}
    extra: str = ""
    packages: tuple[str, ...] = ("mujoco-core", "numba", "opencv-python-headless", "ruckig", "zxing-cpp")

    def build(self, scene: Scene, limits: Limits, recorder: TraceWriter) -> Station:
        """The cell of a scene, alive, and its controller, writing to the recorder."""
        from sheber.robot.cell import build
        from sheber.robot.controller import Controller

        return Controller(build(scene), scene, limits, recorder)

    def flaws(self, scenes: Mapping[int, Scene]) -> Iterator[str]:
        """Scenes that are alike but for noise, things that do not stand where they should, frames out of reach."""
        from sheber.robot.cell.reaching import out_of_reach
        from sheber.robot.cell.scene import Imperfections
        from sheber.robot.cell.standing import flaws

        drawn = {seed: replace(scene, noise_seed=0, imperfections=Imperfections()) for seed, scene in scenes.items()}
        for seeds in _alike(drawn):
            yield _("The seeds {seeds} give the same scene.").format(seeds=", ".join(map(str, seeds)))
        for seed, scene in scenes.items():
            for flaw in (*flaws(scene), *out_of_reach(scene)):
                yield _("Seed {seed}: {flaw}").format(seed=seed, flaw=flaw)

    def warm(self, scene: Scene) -> None:
        """Import what every run of such a scene needs; compile the kernels of cameras where it has one."""
        from sheber.robot import controller  # noqa: F401

        if scene.cameras:
            from sheber.robot import vision

            for _kernel in vision.compile():
                pass

    def prepare(self) -> Mapping[str, Iterator[tuple[str, int, int]]]:
        """The meshes of the arms, simplified, and the kernels of the cameras, compiled."""
        from sheber.robot import appearance, vision

        return {N_("meshes"): appearance.prepare(), N_("kernels"): vision.compile()}

    def mesh(self, name: str) -> Mesh:
        """The mesh that a visual names; raises as `sheber.robot.appearance.mesh` does."""
        from sheber.robot.appearance import mesh

        return mesh(name)

    def texture(self, name: str) -> NDArray[np.uint8]:
        """The texture (h, w, 3) RGB that a visual names; raises as `sheber.robot.appearance.texture` does."""
        from sheber.robot.appearance import texture

        return texture(name)

    def diagrams(self, trace: Trace) -> tuple[Diagram, ...]:
        """None: the replay and the plots show a cell."""
        return ()

    def portrait(self, trace: Trace) -> NDArray[np.uint8]:
        """The whole cell at the first moment of a trace, (h, w, 3) RGB, by the renderer of the cameras."""
        from sheber.robot.portrait import portrait

        return portrait(trace)


def _alike(scenes: Mapping[int, Scene]) -> list[list[int]]:
    """The seeds that give one and the same scene, group by group."""
    groups: list[tuple[Scene, list[int]]] = []
    for seed, scene in scenes.items():
        seeds = next((seeds for other, seeds in groups if other == scene), None)
        if seeds is None:
            groups.append((scene, [seed]))
        else:
            seeds.append(seed)
    return [seeds for _scene, seeds in groups if len(seeds) > 1]


CELL: Final = RobotCell()
