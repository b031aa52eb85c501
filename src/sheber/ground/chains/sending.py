"""Sending: what a satellite transmits, for simulations and for recordings that a lesson makes for itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sheber.ground.chains.satellites import ChainError, Downlink
from sheber.ground.coding import g3ruh, hdlc, line_codes
from sheber.ground.recordings import Recording
from sheber.ground.signals import DopplerLaw, FskWaveform, add_noise, rotor
from sheber.i18n import message

__all__ = ["bits_on_air", "synthesise", "waveform"]

_FLAGS_BEFORE: Final = 24  # a transmitter keys up: 40 ms at 4800 Bd, for the receiver's clock and the descrambler
_FLAGS_AFTER: Final = 4
CANNOT_SEND = message("ground.cannot_send", "{downlink} can be heard, but not sent: FSK with AX.25 can.")


def bits_on_air(data: bytes, downlink: Downlink) -> NDArray[np.uint8]:
    """The bits of one transmission that carries one AX.25 frame. Raises ChainError for another framing."""
    if downlink.framing not in ("AX.25", "AX.25 G3RUH"):
        raise ChainError(CANNOT_SEND(downlink=str(downlink)))
    bits = line_codes.nrzi_encode(hdlc.encode(data, _FLAGS_BEFORE, _FLAGS_AFTER))
    scrambled = g3ruh.scramble(bits) if downlink.framing.endswith("G3RUH") else bits
    return np.asarray(scrambled, np.uint8)


def waveform(data: bytes, downlink: Downlink) -> FskWaveform:
    """One transmission as a function of time. Raises ChainError where it cannot be sent."""
    if downlink.modulation != "FSK":
        raise ChainError(CANNOT_SEND(downlink=str(downlink)))
    return FskWaveform.of(bits_on_air(data, downlink), downlink.baud, downlink.deviation_hz)


def synthesise(
    sent: Iterable[tuple[float, bytes]],
    downlink: Downlink,
    *,
    seconds: float,
    cn0_dbhz: float,
    rng: np.random.Generator,
    rate_hz: float = 48000.0,
    law: DopplerLaw | None = None,
) -> Recording:
    """IQ of frames that are sent at times [s], with white noise, and with Doppler where there is a law.

    The recording does not carry the law: whoever decodes it has to find the signal. Raises ChainError.
    """
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    iq = np.zeros(len(times), np.complex64)
    for start, data in sent:
        wave = waveform(data, downlink)
        heard = (times >= start) & (times < start + wave.seconds)
        turns = wave.turns(times[heard] - start) + (law.turns(times[heard]) if law else 0.0)
        iq[heard] += rotor(turns)
    return Recording(add_noise(iq, rate_hz, cn0_dbhz, rng), rate_hz)
