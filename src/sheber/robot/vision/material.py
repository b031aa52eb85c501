"""Material: how a surface takes light, beside its colour. Plain data."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DULL", "Material"]


@dataclass(frozen=True, slots=True)
class Material:
    """How a surface takes light, beside its colour."""

    gloss: float = 0.0  # height of the highlight, as a factor on the light that arrives
    shininess: int = 40  # whole exponent of the highlight: 10 satin, 40 paint, 200 polished
    relief: str = ""  # name of a relief (see `textures`): scratches and chips
    light: str = ""  # name of the light whose bright panel it is


DULL = Material()
