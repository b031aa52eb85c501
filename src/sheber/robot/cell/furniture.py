"""Furniture: all bodies of a scene that stand still and that the engine knows as fixtures. No physics."""

from __future__ import annotations

from sheber.robot.cell.docks import dock_fixture
from sheber.robot.cell.lights import light_fixture
from sheber.robot.cell.operator import control_fixture
from sheber.robot.cell.positioner import stand
from sheber.robot.cell.scene import Fixture, Scene
from sheber.robot.cell.stacks import stack_fixture
from sheber.robot.cell.turntable import column

__all__ = ["standing"]


def standing(scene: Scene) -> tuple[Fixture, ...]:
    """The fixtures of a scene, its docks, and what stands still of its lights, lamps, controls and driven machines."""
    machines = scene.docks or scene.turntables or scene.positioner
    if not (machines or scene.lights or scene.stacks or scene.controls):
        return scene.fixtures
    return (
        *scene.fixtures,
        *map(dock_fixture, scene.docks),
        *(light_fixture(light) for light in scene.lights if not light.mount),
        *(stack_fixture(stack) for stack in scene.stacks),
        *(control_fixture(control) for control in scene.controls),
        *(column(table) for table in scene.turntables),
        *([stand(scene.positioner)] if scene.positioner else []),
    )
