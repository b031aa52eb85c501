"""Budget: every line of a link budget as a value with its unit and a sentence.

The numbers are those of `carrier_at`: a budget is one of its moments, told. Lines are of three kinds: what adds (gain),
what takes (loss), and what stands between (sum).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from sheber.ground.link.carrier import Carrier, Link, carrier_at
from sheber.ground.link.errors import Floats, checked
from sheber.ground.link.laws import eb_n0_db
from sheber.ground.link.modes import ALLOWED, Mode
from sheber.ground.link.noise import figure_of_merit_db
from sheber.i18n import N_, Message, Text, _, message

__all__ = ["Budget", "Line", "budget"]

Kind = Literal["gain", "loss", "sum", "fact"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a budget."""

    name: str  # "free_space"; stays when the words are mended
    title: str  # marked for translation where it stands
    kind: Kind  # a loss is written as a positive number
    value: float
    unit: str
    text: Text  # what it is, in a sentence


@dataclass(frozen=True, slots=True)
class Budget:
    """A link budget of one moment."""

    lines: tuple[Line, ...]

    def __getitem__(self, name: str) -> float:
        """The value of a line: `budget["eb_n0"]`. Raises KeyError for a line that is not there."""
        return {line.name: line.value for line in self.lines}[name]

    def __str__(self) -> str:
        """The budget as a table."""
        signs = {"gain": "+", "loss": "-", "sum": "=", "fact": " "}
        rows = (f"{signs[line.kind]} {_(line.title):<24} {line.value:9.2f} {line.unit}" for line in self.lines)
        return "\n".join(rows)


POWER: Final = message("ground.link.power", "The transmitter gives {value:.4g} W.")
SATELLITE_GAIN: Final = message(
    "ground.link.satellite_gain",
    "The satellite's antenna sends {value:.1f} dB more towards the station than to all sides.",
)
LINE_LOSS: Final = message("ground.link.line_loss", "{value:.1f} dB are lost between transmitter and antenna.")
EIRP: Final = message(
    "ground.link.eirp", "An antenna without direction would need {value:.1f} dBW for the same signal."
)
FREE_SPACE: Final = message("ground.link.free_space", "The wave spreads over {range_km:.0f} km: {value:.1f} dB.")
GAS: Final = message(
    "ground.link.gas", "Oxygen and water vapour absorb {value:.2f} dB at {elevation_deg:.1f}° (ITU-R P.676)."
)
WEATHER: Final = message(
    "ground.link.weather",
    "Cloud, rain and flicker take up to {value:.2f} dB, but for {percent:g} % of the year (ITU-R P.618).",
)
RAIN_NOW: Final = message("ground.link.rain_now", "The rain and the cloud of this moment take {value:.2f} dB.")
POLARISATION: Final = message("ground.link.polarisation", "The polarisations of the antennas differ: {value:.1f} dB.")
POINTING: Final = message(
    "ground.link.pointing", "The beam points {error_deg:.3f}° beside the satellite: {value:.2f} dB."
)
SHADOW: Final = message("ground.link.shadow", "Something in the way, or a satellite that turns, takes {value:.2f} dB.")
GAIN: Final = message(
    "ground.link.gain",
    "The station's antenna hears {value:.1f} dB more in its beam of {beam_deg:.2f}° than an antenna without direction.",
)
RECEIVED: Final = message("ground.link.received", "{value:.1f} dBW arrive at the terminals of the antenna.")
SYSTEM: Final = message(
    "ground.link.system", "Sky, ground and receiver together are as noisy as a resistor of {value:.0f} K."
)
MERIT: Final = message(
    "ground.link.merit", "Gain over temperature, the station's figure of merit, is {value:.1f} dB/K."
)
DENSITY: Final = message("ground.link.density", "The noise has {value:.1f} dBW in each hertz.")
CARRIER: Final = message("ground.link.carrier", "The carrier is {value:.1f} dB above the noise of one hertz.")
RATE: Final = message("ground.link.rate", "Each second is divided among {rate:.4g} bits: {value:.1f} dB.")
IMPLEMENTATION: Final = message("ground.link.implementation", "The demodulator loses {value:.1f} dB to an ideal one.")
LEVEL: Final = message("ground.link.level", "Each bit has {value:.1f} dB more energy than the noise has in one hertz.")
REQUIRED: Final = message(
    "ground.link.required", "The mode {mode} needs {value:.1f} dB to lose no more than {lost:g} of the frames."
)
MARGIN: Final = message("ground.link.margin", "{value:.1f} dB are left.")


def budget(
    link: Link,
    elevation: float,
    range_m: float,
    bit_rate: float,
    *,
    mode: Mode | None = None,
    pointing_error: float = 0.0,
    rain_db: float | None = None,
    shadow_db: float = 0.0,
    implementation_db: float = 0.0,
    frame_error_rate: float = ALLOWED,
) -> Budget:
    """The budget of one moment, line by line; radians, metres, bits of frames in a second.

    With a mode it ends with what that mode needs and the margin. Raises LinkError for numbers that no link has.
    """
    checked({"elevation": (elevation, -np.pi / 2, np.pi / 2)})
    found = carrier_at(link, elevation, range_m, pointing_error, rain_db, shadow_db)
    level = float(eb_n0_db(found.cn0_dbhz, bit_rate, implementation_db))
    lines = [
        *_sent(link),
        *_on_the_way(link, found, elevation, range_m, pointing_error, rain_db is not None),
        *_heard(link, found),
        _line("rate", N_("Bit rate"), "loss", 10.0 * np.log10(bit_rate), "dBHz", RATE, rate=bit_rate),
        _line("implementation", N_("Implementation"), "loss", implementation_db, "dB", IMPLEMENTATION),
        _line("eb_n0", N_("Eb/N0"), "sum", level, "dB", LEVEL),
    ]
    if mode is not None:
        needed = mode.required_db(frame_error_rate)
        lines.append(
            _line(
                "required", N_("Required Eb/N0"), "loss", needed, "dB", REQUIRED, mode=mode.name, lost=frame_error_rate
            )
        )
        lines.append(_line("margin", N_("Margin"), "sum", level - needed, "dB", MARGIN))
    return Budget(tuple(lines))


def _sent(link: Link) -> Iterator[Line]:
    one = link.transmitter
    yield _line("power", N_("Transmitter"), "gain", 10.0 * np.log10(one.power_w), "dBW", POWER, shown=one.power_w)
    yield _line("satellite_gain", N_("Satellite's antenna"), "gain", one.gain_dbi, "dBi", SATELLITE_GAIN)
    yield _line("line", N_("Line"), "loss", one.line_db, "dB", LINE_LOSS)
    yield _line("eirp", N_("EIRP"), "sum", one.eirp_dbw, "dBW", EIRP)


def _on_the_way(
    link: Link, found: Carrier, elevation: float, range_m: float, error: float, now: bool
) -> Iterator[Line]:
    weather = float(found.air.total_db - found.air.gas_db)
    up = float(np.degrees(elevation))
    yield _line("free_space", N_("Free space"), "loss", found.free_space_db, "dB", FREE_SPACE, range_km=range_m / 1e3)
    yield _line("gas", N_("Air"), "loss", found.air.gas_db, "dB", GAS, elevation_deg=up)
    if now:
        yield _line("weather", N_("Rain and cloud"), "loss", weather, "dB", RAIN_NOW)
    else:
        yield _line(
            "weather", N_("Rain, cloud, flicker"), "loss", weather, "dB", WEATHER, percent=link.exceeded_percent
        )
    yield _line("polarisation", N_("Polarisation"), "loss", link.polarisation_db, "dB", POLARISATION)
    yield _line(
        "pointing", N_("Pointing"), "loss", found.pointing_db, "dB", POINTING, error_deg=float(np.degrees(error))
    )
    yield _line("shadow", N_("Shadow"), "loss", found.shadow_db, "dB", SHADOW)


def _heard(link: Link, found: Carrier) -> Iterator[Line]:
    frequency = link.frequency_hz
    gain = link.antenna.gain_dbi(frequency)
    beam = float(np.degrees(link.antenna.beam_rad(frequency)))
    yield _line("gain", N_("Station's antenna"), "gain", gain, "dBi", GAIN, beam_deg=beam)
    yield _line("received", N_("Received power"), "sum", found.received_dbw, "dBW", RECEIVED)
    yield _line("system", N_("System temperature"), "fact", found.system_k, "K", SYSTEM)
    yield _line("merit", N_("G/T"), "fact", figure_of_merit_db(gain, found.system_k), "dB/K", MERIT)
    yield _line("density", N_("Noise density"), "loss", found.noise_dbw_hz, "dBW/Hz", DENSITY)
    yield _line("cn0", N_("C/N0"), "sum", found.cn0_dbhz, "dBHz", CARRIER)


def _line(
    name: str,
    title: str,
    kind: Kind,
    value: Floats | float,
    unit: str,
    text: Message,
    shown: float | None = None,
    **values: float | str,
) -> Line:
    number = float(value)
    return Line(name, title, kind, number, unit, text(value=number if shown is None else shown, **values))
