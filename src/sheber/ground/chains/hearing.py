"""Hearing: the soft bits of a downlink in a recording, in several ways.

Theory of operation. A recording is audio or IQ. The audio of an FM receiver holds the two levels of FSK, or the tones
of AFSK; that of an SSB receiver the signal itself, moved to audible frequencies, which is what BPSK needs. IQ holds
everything, at the frequency where Doppler left it: the law that came with the recording takes most of that out, and
what is left is found in the signal.

No setting suits every signal: a long average of the clock is good in noise, a short one for a bad transmitter; a mean
over a whole bit is best in white noise, a shorter one where the receiver's audio filter has rounded the bits already.
So each downlink is heard in several ways, and a frame counts where any of them finds it. Check sequences make that
safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sheber.ground.chains.satellites import Downlink
from sheber.ground.recordings import Recording
from sheber.ground.signals import SignalError, Soft, rotor
from sheber.ground.signals.carrier import follow_power, turned_back
from sheber.ground.signals.filters import low_pass, to_rate
from sheber.ground.signals.msk import demodulate_msk
from sheber.ground.signals.psk import demodulate_psk
from sheber.ground.signals.receiving import demodulate_afsk, demodulate_fsk, discriminate, slice_levels
from sheber.ground.signals.soft import RATE_TOO_LOW

__all__ = ["hear"]

_LEVELS: Final = ((1.0, 100.0, 400.0), (1.0, 40.0, 150.0), (0.7, 250.0, 2000.0), (0.5, 1000.0, 400.0))
"""Ways to slice FM audio: mean over a bit, average of the clock, average of the middle [bits]."""
_TONES: Final = ((1.0, 40.0), (0.7, 100.0))
_PHASES: Final = ((0.35, 60.0, 20.0), (None, 200.0, 60.0))
_COHERENT: Final = ((100.0, 40.0), (40.0, 20.0))
"""Ways to receive MSK coherently: averages of the clock and of the phase [bits]."""
_MSK: Final = 0.05  # how far the deviation may be from a quarter of the baud, so that FSK is MSK
_SPECTRUM_S: Final = 0.1  # how long a spectrum is taken to find a carrier
_NEAR_HZ: Final = 600.0  # how far a carrier may be from where its band seems to be
_FM_HZ: Final = 8000.0  # half the width of an FM channel with tones
_RESIDUAL_HZ: Final = 2000.0  # how wrong a foretold law of Doppler may be


def hear(recording: Recording, downlink: Downlink) -> Iterator[Soft]:
    """The soft bits of a downlink, once for each way of listening. Raises SignalError where the rate is too low."""
    least = _least_rate(downlink, recording.is_iq)
    if recording.rate_hz < least:
        raise SignalError(RATE_TOO_LOW(baud=downlink.baud, least=least, rate=recording.rate_hz))
    yield from {"FSK": _fsk, "AFSK": _afsk, "BPSK": _bpsk}[downlink.modulation](recording, downlink)


def _least_rate(downlink: Downlink, iq: bool) -> float:
    """Samples a second below which a signal does not fit: IQ holds its whole band, audio half of its rate."""
    band = {
        "FSK": 2.0 * downlink.deviation_hz + downlink.baud if iq else 0.6 * downlink.baud,
        "AFSK": 2.0 * _FM_HZ if iq else downlink.tone_hz + downlink.deviation_hz + 0.5 * downlink.baud,
        "BPSK": 1.35 * downlink.baud,
    }[downlink.modulation]
    return band if iq else 2.0 * band


def _fsk(recording: Recording, downlink: Downlink) -> Iterator[Soft]:
    if not recording.is_iq:
        for width, window, level_window in _LEVELS:
            yield slice_levels(recording.samples, recording.rate_hz, downlink.baud, width, window, level_window)  # type: ignore[arg-type]
        return
    iq, rate_hz = _centred(recording, 2.0 * downlink.deviation_hz + 0.8 * downlink.baud)
    if abs(4.0 * downlink.deviation_hz / downlink.baud - 1.0) < _MSK and rate_hz >= 4.0 * downlink.baud:
        for window, phase_window in _COHERENT:
            yield demodulate_msk(iq, rate_hz, downlink.baud, window=window, phase_window=phase_window)
    for width, window, level_window in _LEVELS[:3]:
        yield demodulate_fsk(
            iq, rate_hz, downlink.baud, downlink.deviation_hz, width=width, window=window, level_window=level_window
        )


def _afsk(recording: Recording, downlink: Downlink) -> Iterator[Soft]:
    audio, rate_hz = recording.samples, recording.rate_hz
    if recording.is_iq:
        iq, rate_hz = _centred(recording, _FM_HZ)
        audio = discriminate(low_pass(iq, rate_hz, _FM_HZ), rate_hz)
    for width, window in _TONES:
        yield demodulate_afsk(
            audio,  # type: ignore[arg-type]
            rate_hz,
            downlink.baud,
            downlink.tone_hz,
            downlink.deviation_hz,
            width=width,
            window=window,
        )


def _bpsk(recording: Recording, downlink: Downlink) -> Iterator[Soft]:
    samples, rate_hz = recording.samples, recording.rate_hz
    iq = _undopplered(recording) if recording.is_iq else _analytic(samples)  # type: ignore[arg-type]
    middle = _band_middle(iq, rate_hz, downlink.baud)
    iq = (iq * rotor(-middle * np.arange(len(iq)) / rate_hz)).astype(np.complex64)
    iq = low_pass(iq, rate_hz, _NEAR_HZ + 0.75 * downlink.baud)
    iq, rate_hz = to_rate(iq, rate_hz, max(4.0 * downlink.baud, 2.5 * (_NEAR_HZ + 0.75 * downlink.baud)))
    for roll_off, window, phase_window in _PHASES:
        yield demodulate_psk(
            iq,
            rate_hz,
            downlink.baud,
            roll_off=roll_off,
            window=window,
            phase_window=phase_window,
            within_hz=_NEAR_HZ,
            block_symbols=_SPECTRUM_S * downlink.baud,
        )


def _undopplered(recording: Recording) -> NDArray[np.complex64]:
    """IQ without the Doppler that was foretold, where a law came with it."""
    iq: NDArray[np.complex64] = recording.samples  # type: ignore[assignment]
    if recording.doppler is None:
        return iq
    times = np.arange(len(iq)) / recording.rate_hz
    return (iq * rotor(-recording.doppler.turns(times))).astype(np.complex64)


def _centred(recording: Recording, width_hz: float) -> tuple[NDArray[np.complex64], float]:
    """IQ whose signal, of this width, lies at 0 Hz, and its rate."""
    iq, rate_hz = _undopplered(recording), recording.rate_hz
    within = _RESIDUAL_HZ if recording.doppler is not None else max(0.0, (rate_hz - width_hz) / 2.0)
    path = follow_power(iq, rate_hz, _SPECTRUM_S, width_hz, within)
    return turned_back(iq, rate_hz, *path), rate_hz


def _analytic(audio: NDArray[np.float32]) -> NDArray[np.complex64]:
    """The positive frequencies of audio."""
    from scipy import signal

    taps = signal.remez(127, [0.005, 0.495], [1.0], type="hilbert")  # imaginary part: all frequencies by a quarter turn
    turned = signal.oaconvolve(audio, taps.astype(np.float32), mode="same")
    made: NDArray[np.complex64] = (audio + 1j * turned).astype(np.complex64)
    return made


def _band_middle(iq: NDArray[np.complex64], rate_hz: float, width_hz: float) -> float:
    """The middle of the band of this width that has the most power over the whole recording [Hz]."""
    from scipy import ndimage, signal

    size = min(len(iq), 1 << round(np.log2(32.0 * rate_hz / width_hz)))
    frequencies, power = signal.welch(iq, rate_hz, nperseg=size, return_onesided=False, detrend=False)
    frequencies, power = np.fft.fftshift(frequencies), np.fft.fftshift(power)
    width = max(1, round(width_hz / (rate_hz / size)))
    return float(frequencies[int(np.argmax(ndimage.uniform_filter1d(power, width, mode="constant")))])
