"""Satellites by name: what each sends, and how."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["ChainError", "Downlink", "Satellite", "satellite", "satellites"]

UNKNOWN = message(
    "ground.satellite_unknown", "There is no satellite {name!r} in the table. Did you mean {near}? All: {all}."
)
UNKNOWN_FAR = message("ground.satellite_unknown_far", "There is no satellite {name!r} in the table. There are: {all}.")
_TABLE: Final = Path(__file__).with_name("satellites.toml")

Framing = Literal["AX.25", "AX.25 G3RUH", "AX100 ASM+Golay", "CCSDS Reed-Solomon", "CCSDS concatenated"]


class ChainError(GroundError):
    """A recording cannot be decoded as it was asked for."""


@dataclass(frozen=True, slots=True)
class Downlink:
    """One way in which a satellite sends."""

    modulation: Literal["AFSK", "FSK", "BPSK"]
    baud: float
    framing: Framing
    deviation_hz: float = 0.0  # of FSK from the carrier, of AFSK from its middle tone
    tone_hz: float = 0.0  # AFSK: between its two tones
    frame_bytes: int = 0  # CCSDS: of a frame, without its check symbols
    interleaving: int = 1  # CCSDS: Reed-Solomon code words a frame

    def __str__(self) -> str:
        """The downlink in a few words: FSK 4800 Bd, AX.25 G3RUH."""
        return f"{self.modulation} {self.baud:.0f} Bd, {self.framing}"


@dataclass(frozen=True, slots=True)
class Satellite:
    """A satellite that can be heard."""

    name: str
    norad_id: int
    frequency_hz: float
    downlinks: tuple[Downlink, ...]


class _Table(msgspec.Struct):
    satellite: tuple[Satellite, ...]


@cache
def satellites() -> tuple[Satellite, ...]:
    """All satellites of the table, in its order."""
    return msgspec.convert(tomllib.loads(_TABLE.read_text(encoding="utf-8")), _Table).satellite


def satellite(name: str | int) -> Satellite:
    """The satellite of this name or NORAD number; capitals, blanks and dashes do not matter. Raises ChainError."""
    name = str(name)
    known = {_bare(one.name): one for one in satellites()} | {str(one.norad_id): one for one in satellites()}
    if _bare(name) in known:
        return known[_bare(name)]
    near = difflib.get_close_matches(_bare(name), known, n=1, cutoff=0.5)
    all_ = ", ".join(one.name for one in satellites())
    shown = name[:60]
    raise ChainError(
        UNKNOWN(name=shown, near=known[near[0]].name, all=all_) if near else UNKNOWN_FAR(name=shown, all=all_)
    )


def _bare(name: str) -> str:
    return re.sub(r"[\s_.\-]", "", name).lower()
