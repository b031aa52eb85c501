"""Signals: bits to IQ and back. Modulators, demodulators, noise, and the law of Doppler.

Conventions. IQ is complex64 at a rate in samples a second, centred on the nominal frequency. A phase is counted in
*turns* (1 turn = 2π rad), because what matters of it is its fraction. Bits are uint8, 0 or 1. Soft bits are float32:
the sign says which bit (positive means 1), the size how sure; each has the time of its middle. C/N0 is carrier power
over noise density [dBHz]; a carrier of amplitude 1 has power 1.

The modulators are functions of time: they can be asked for any samples in any order, so a receiver that takes IQ
block by block gets a continuous phase without keeping anything.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sheber.ground.signals.doppler import DopplerLaw
from sheber.ground.signals.fsk import FskWaveform
from sheber.ground.signals.noise import add_noise, noise, noise_density
from sheber.ground.signals.psk import PskWaveform, demodulate_psk
from sheber.ground.signals.soft import SignalError, Soft, rotor

if TYPE_CHECKING:
    from sheber.ground.signals.msk import demodulate_msk
    from sheber.ground.signals.receiving import demodulate_afsk, demodulate_fsk, discriminate

__all__ = [
    "DopplerLaw",
    "FskWaveform",
    "PskWaveform",
    "SignalError",
    "Soft",
    "add_noise",
    "demodulate_afsk",
    "demodulate_fsk",
    "demodulate_msk",
    "demodulate_psk",
    "discriminate",
    "noise",
    "noise_density",
    "rotor",
]

_LATER = {  # these need scipy, which takes a moment to load
    "demodulate_afsk": "receiving",
    "demodulate_fsk": "receiving",
    "demodulate_msk": "msk",
    "discriminate": "receiving",
}


def __getattr__(name: str) -> Any:
    """The receivers, whose filters need scipy, when they are asked for."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
