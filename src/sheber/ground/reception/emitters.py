"""Emitters: what sends, when, and how strongly."""

from __future__ import annotations

from dataclasses import dataclass

from sheber.ground.chains import Downlink
from sheber.ground.link import Link

__all__ = ["Burst", "Emitter", "Tone"]


@dataclass(frozen=True, slots=True)
class Burst:
    """One transmission with one frame."""

    start_s: float  # when it leaves the satellite, s after the start of the run
    data: bytes  # of the frame, without what the framing adds


@dataclass(frozen=True, slots=True)
class Emitter:
    """A satellite's transmitter."""

    satellite: str  # name in the scene
    downlink: Downlink
    link: Link  # its frequency is the nominal one
    bursts: tuple[Burst, ...]
    offset_hz: float = 0.0  # how wrong the satellite's oscillator is; no program is told
    turn_s: float = 0.0  # it turns once in this time; 0: it does not
    turn_db: float = 0.0  # how much weaker it is when its antenna looks away
    turn_phase: float = 0.0  # turns, at the start of the run


@dataclass(frozen=True, slots=True)
class Tone:
    """Somebody else's carrier: interference."""

    frequency_hz: float  # at `from_s`
    cn0_dbhz: float
    from_s: float
    until_s: float
    drift_hz_s: float = 0.0
