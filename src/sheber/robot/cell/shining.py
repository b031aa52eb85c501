"""Shining: the light of a scene's lamps and lights, as the rasteriser takes it. Imports machine vision."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from sheber.geometry import Pose
from sheber.robot.cell.scene import Lamp, Light
from sheber.robot.vision.lamps import PARALLEL, POINT, SHEET
from sheber.robot.vision.rasteriser import Lights

__all__ = ["lights_now"]

RING_LEDS, BAR_LEDS = 8, 6

Row = tuple[float, ...]  # kind, place [m], direction, strength: see `sheber.robot.vision.lamps.add_lamps`


def lights_now(
    lamps: Sequence[Lamp], lights: Sequence[Light], brightness: Mapping[str, float], T_base_flange: Pose
) -> Lights:
    """Light beside the room's first lamp; `brightness`: of each light by name, 0..1; 0 where it is not named."""
    rows = [_lamp(lamp) for lamp in lamps]
    for light in lights:
        level = brightness.get(light.name, 0.0) * light.strength
        if level > 0.0 and light.kind != "back":
            pose = T_base_flange @ light.pose if light.mount else light.pose
            rows += _leds(light, pose, level)
    backs = [light for light in lights if light.kind == "back" and brightness.get(light.name, 0.0) > 0.0]
    panels = tuple((light.name, brightness[light.name] * light.strength) for light in backs)
    return Lights(tuple(rows), panels)


def _lamp(lamp: Lamp) -> Row:
    """A lamp of the room."""
    if lamp.position:
        return (POINT, *map(float, lamp.position), 0.0, 0.0, 0.0, lamp.strength)
    x, y, z = lamp.direction
    length = math.sqrt(x * x + y * y + z * z)
    return (PARALLEL, 0.0, 0.0, 0.0, -x / length, -y / length, -z / length, lamp.strength)


def _leds(light: Light, pose: Pose, level: float) -> Iterator[Row]:
    """The small flat lamps that a light is made of."""
    places = list(_places(light))
    x, y, z = (float(value) for value in pose.rotation[:, 2])
    for place in places:
        at = pose @ place
        yield (SHEET, float(at[0]), float(at[1]), float(at[2]), x, y, z, level / len(places))


def _places(light: Light) -> Iterator[tuple[float, float, float]]:
    """Where they sit, in the frame of the light [m]."""
    if light.kind == "spot":
        yield (0.0, 0.0, 0.0)
    elif light.kind == "bar":
        for number in range(BAR_LEDS):
            yield (light.size[0] * ((number + 0.5) / BAR_LEDS - 0.5), 0.0, 0.0)
    else:
        for number in range(RING_LEDS):
            # rounded, because the last bits of sine and cosine are another processor's others
            angle = 2.0 * math.pi * number / RING_LEDS
            yield (light.size[0] * round(math.cos(angle), 12), light.size[0] * round(math.sin(angle), 12), 0.0)
