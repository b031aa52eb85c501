"""Units: what one of each is in SI. Standard library only."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["SI", "shown"]

SI: Final = {
    "": 1.0,  # a count
    "mm": 1e-3,
    "m": 1.0,
    "km": 1e3,
    "deg": math.pi / 180.0,
    "rad": 1.0,
    "deg/s": math.pi / 180.0,
    "rad/s": 1.0,
    "s": 1.0,
    "ms": 1e-3,
    "min": 60.0,
    "mm/s": 1e-3,
    "m/s": 1.0,
    "m3": 1.0,
    "mm3": 1e-9,
    "m3/s": 1.0,
    "mm3/s": 1e-9,
    "kg": 1.0,
    "N": 1.0,
    "Nm": 1.0,
    "kPa": 1e3,
    "Hz": 1.0,
    "kHz": 1e3,
    "MHz": 1e6,
    "dB": 1.0,  # a ratio on its own scale: not converted
    "dBHz": 1.0,  # a carrier over the density of its noise: not converted
    "W": 1.0,
    "Wh": 3600.0,
    "V": 1.0,
    "A": 1.0,
    "°C": 1.0,  # on its own scale: not converted to kelvin
    "%": 1e-2,
    "px": 1.0,  # of a picture: not converted
}
"""What one unit is in SI: `value_si = value * SI[unit]`."""


def shown(value: float, recorded: str, wanted: str) -> float:
    """A value recorded in one unit, in another one of the same kind; raises KeyError for a unit that is not known.

    >>> round(shown(3.141592653589793, "rad", "deg"), 6)
    180.0
    """
    return value if recorded == wanted else value * SI[recorded] / SI[wanted]
