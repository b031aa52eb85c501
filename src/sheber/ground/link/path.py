"""The path from the satellite to the antenna: distance, air, cloud, rain, and the flicker of turbulent air.

What the air does is a statistic: "3.9 dB are exceeded for 0.1 % of an average year". The numbers for a place come from
a table (`climates/almaty.toml`) that `tools/climate_table.py` makes with the package `itur`; the table says of
which version. It holds gas (ITU-R P.676), cloud (P.840) and rain (P.618 with P.838). Scintillation (P.618-13, section
2.4.1) depends on the antenna too, so it is computed here, from the wet term of the refractivity in the table.

    total = gas + sqrt((rain + cloud)^2 + scintillation^2)             P.618-13, equation 64

The table covers 1 to 12 GHz and 5 to 90 degrees. Below 1 GHz the air counts as nothing. That makes a step at 1 GHz:
at 5 degrees the table's air takes 0.3 dB there by gas, and scintillation 0.62 dB more for 0.1 % of the year.
Below 5 degrees the values go on to grow with the length of the path through the lower 3 km of air on a round earth
(P.618-13, equation 1), as steeply as they did above; there they are a guess.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from sheber.ground.link.antenna import wavelength_m
from sheber.ground.link.errors import Floats, LinkError, checked, finite
from sheber.i18n import message

__all__ = ["Air", "Climate", "climate", "free_space_db", "scintillation_db", "scintillation_deviation_db"]

_FOLDER: Final = Path(__file__).parent / "climates"
_EARTH_M: Final = 8_500_000.0  # effective radius: rays bend
_LAYER_M: Final = 3_000.0  # of rain and moist air above the station
_TURBULENT_M: Final = 1_000.0  # height of the turbulent layer
_NOTHING_DB: Final = 1e-4  # the table's last digit
_LOWEST: Final = float(np.radians(5.0))  # elevation down to which the table holds

NO_CLIMATE: Final = message(
    "ground.link.no_climate", "There is no climate table for {name}. There are tables for: {names}."
)
ABOVE_TABLE: Final = message(
    "ground.link.above_table",
    "The climate table of {name} ends at {highest:.0f} GHz. A frequency of {asked:.2f} GHz was asked for.",
)


def free_space_db(range_m: ArrayLike, frequency_hz: float) -> Floats:
    """Loss between isotropic antennas: 20 log(4 pi d / lambda) (ITU-R P.525). Metres, (n,) to (n,)."""
    distance = finite("range_m", range_m)
    for extreme in (distance.min(initial=1e11), distance.max(initial=1.0)):
        checked({"range_m": (float(extreme), 1.0, 1e11)})
    return np.asarray(20.0 * np.log10(4.0 * np.pi * distance / wavelength_m(frequency_hz)))


@dataclass(frozen=True, slots=True, eq=False)
class Air:
    """What the air takes, line by line, in dB; arrays (n,)."""

    gas_db: Floats
    cloud_db: Floats
    rain_db: Floats
    scintillation_db: Floats

    @property
    def absorbed_db(self) -> Floats:
        """Without the flicker: what also glows as noise."""
        return self.gas_db + self.cloud_db + self.rain_db

    @property
    def total_db(self) -> Floats:
        """All together; the flicker is not there at the same time as the deepest rain."""
        return np.asarray(self.gas_db + np.hypot(self.rain_db + self.cloud_db, self.scintillation_db))


@dataclass(frozen=True, slots=True, eq=False)
class Climate:
    """What the air takes at one place, as a statistic of years; read by `climate(name)`."""

    name: str
    source: str  # recommendations, package and version
    wet_refractivity: float  # N_wet, median
    frequencies_hz: Floats  # (f,), rising
    elevations: Floats  # (e,), rising, radians
    percents: Floats  # (p,), rising
    gas_db: Floats  # (f, e, p)
    cloud_db: Floats  # (f, e, p)
    rain_db: Floats  # (f, e, p)

    def air(self, elevation: ArrayLike, frequency_hz: float, exceeded_percent: float, aperture_m: float = 0.0) -> Air:
        """What is exceeded for this part of an average year. Elevation in radians, (n,).

        Raises LinkError for a frequency above the table, and a percentage outside it.
        """
        self._check(frequency_hz, exceeded_percent)
        up = finite("elevation", elevation)
        if frequency_hz < self.frequencies_hz[0]:
            nothing = np.zeros_like(up)
            return Air(nothing, nothing, nothing, nothing)
        parts = [self._looked_up(table, up, frequency_hz, exceeded_percent) for table in self._tables]
        flicker = scintillation_db(up, frequency_hz, exceeded_percent, self.wet_refractivity, aperture_m)
        return Air(parts[0], parts[1], parts[2], flicker)

    @property
    def _tables(self) -> tuple[Floats, Floats, Floats]:
        return self.gas_db, self.cloud_db, self.rain_db

    def _check(self, frequency_hz: float, exceeded_percent: float) -> None:
        wavelength_m(frequency_hz)
        low, high = float(self.percents[0]), float(self.percents[-1])
        checked({"exceeded_percent": (exceeded_percent, low, high)})
        highest = float(self.frequencies_hz[-1])
        if frequency_hz > highest:
            raise LinkError(ABOVE_TABLE(name=self.name, highest=highest / 1e9, asked=frequency_hz / 1e9))

    def rain_at(self, elevation: ArrayLike, frequency_hz: float, percent: ArrayLike) -> Floats:
        """The rain of moments whose weather is exceeded for these parts of the year; (n,).

        Weather that is less rare than the table's last column is dry; weather that is rarer than its first is as there.
        """
        up, rare = np.broadcast_arrays(finite("elevation", elevation), finite("percent", percent))
        self._check(frequency_hz, float(self.percents[0]))
        if frequency_hz < self.frequencies_hz[0]:
            return np.zeros(up.shape)
        wet = self._looked_up(self.rain_db, up, frequency_hz, np.maximum(rare, self.percents[0]))
        return np.where(rare > self.percents[-1], 0.0, wet)

    def _looked_up(self, table: Floats, elevation: Floats, frequency_hz: float, percent: ArrayLike) -> Floats:
        """Between the rows, all in logarithms: over frequency, the path's length and percent; (n,)."""
        logs = np.log(np.maximum(table, _NOTHING_DB))
        band = _between(np.log(self.frequencies_hz), logs, np.log(frequency_hz))  # (e, p)
        lengths = np.log(_path_length(self.elevations))[::-1]  # rising
        way = np.log(_path_length(elevation))
        columns = np.stack([_along(way, lengths, column[::-1]) for column in band.T], axis=-1)  # (n, p)
        return np.asarray(np.exp(_across(columns, np.log(self.percents), np.log(percent))))


@cache
def climate(name: str) -> Climate:
    """The table of a place: `climate("almaty")`. Raises LinkError that names the tables there are."""
    names = sorted(path.stem for path in _FOLDER.glob("*.toml"))
    if name not in names:
        raise LinkError(NO_CLIMATE(name=name, names=", ".join(names)))
    form = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    tables = {part: np.array([band[part] for band in form["band"]], float) for part in ("gas", "cloud", "rain")}
    return Climate(
        name=form["name"],
        source=form["source"],
        wet_refractivity=form["wet_refractivity"],
        frequencies_hz=np.array([band["ghz"] for band in form["band"]], float) * 1e9,
        elevations=np.radians(np.array(form["elevations_deg"], float)),
        percents=np.array(form["percents"], float),
        gas_db=tables["gas"],
        cloud_db=tables["cloud"],
        rain_db=tables["rain"],
    )


def scintillation_db(
    elevation: ArrayLike, frequency_hz: float, exceeded_percent: float, wet_refractivity: float, aperture_m: float = 0.0
) -> Floats:
    """Depth of the flicker that is exceeded for this part of the time (P.618-13, section 2.4.1). Radians, (n,)."""
    p = np.log10(exceeded_percent)
    times = max(-0.061 * p**3 + 0.072 * p**2 - 1.71 * p + 3.0, 0.0)
    return np.asarray(times * scintillation_deviation_db(elevation, frequency_hz, wet_refractivity, aperture_m))


def scintillation_deviation_db(
    elevation: ArrayLike, frequency_hz: float, wet_refractivity: float, aperture_m: float = 0.0
) -> Floats:
    """Standard deviation of the flicker. Radians, (n,); below 5 degrees as at 5.

    `aperture_m`: diameter times the square root of the efficiency; a large dish averages, and flickers less.
    """
    up = np.maximum(finite("elevation", elevation), _LOWEST)
    ghz = frequency_hz / 1e9
    length = 2.0 * _TURBULENT_M / (np.sqrt(np.sin(up) ** 2 + 2.35e-4) + np.sin(up))
    averaging = _averaging(1.22 * aperture_m**2 * ghz / length)
    reference = 3.6e-3 + 1e-4 * wet_refractivity
    return np.asarray(reference * ghz ** (7.0 / 12.0) * averaging / np.sin(up) ** 1.2)


def _averaging(x: Floats) -> Floats:
    """The factor g(x) by which an aperture smooths the flicker."""
    angle = np.arctan2(1.0, np.maximum(x, 0.0))
    squared = 3.86 * (x**2 + 1.0) ** (11.0 / 12.0) * np.sin(11.0 / 6.0 * angle) - 7.08 * x ** (5.0 / 6.0)
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)))


def _path_length(elevation: Floats) -> Floats:
    """Length of the way through the lower air on a round earth, in units of its height; 1 at the zenith."""
    sine = np.sin(np.clip(elevation, 0.0, np.pi / 2))
    return np.asarray(2.0 / (np.sqrt(sine**2 + 2.0 * _LAYER_M / _EARTH_M) + sine))


def _between(nodes: Floats, values: Floats, at: float) -> Floats:
    """Linear between the nodes along the first axis; nodes (k,), values (k, ...)."""
    above = int(np.clip(np.searchsorted(nodes, at), 1, len(nodes) - 1))
    part = (at - nodes[above - 1]) / (nodes[above] - nodes[above - 1])
    return np.asarray(values[above - 1] * (1.0 - part) + values[above] * part)


def _along(at: Floats, nodes: Floats, values: Floats) -> Floats:
    """Linear between the nodes, and beyond the last one as steep as before it; at (n,), nodes and values (k,)."""
    steep = (values[-1] - values[-2]) / (nodes[-1] - nodes[-2])
    return np.asarray(np.interp(at, nodes, values) + steep * np.maximum(at - nodes[-1], 0.0))


def _across(rows: Floats, nodes: Floats, at: Floats) -> Floats:
    """Linear between the nodes, a place of its own for each row; rows (n, k), nodes (k,), at (n,) or one number."""
    above = np.clip(np.searchsorted(nodes, at), 1, len(nodes) - 1)
    part = (at - nodes[above - 1]) / (nodes[above] - nodes[above - 1])
    low, high = (
        np.take_along_axis(rows, np.broadcast_to(k, rows.shape[:-1])[..., None], -1)[..., 0] for k in (above - 1, above)
    )
    return np.asarray(low * (1.0 - part) + high * part)
