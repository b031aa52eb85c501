"""Hearing an emitter: its IQ at any times of a run, with Doppler, delay, fading and the link's strength."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from sheber.ground.chains import waveform
from sheber.ground.link import carrier_at
from sheber.ground.reception.emitters import Emitter, Tone
from sheber.ground.signals import DopplerLaw, FskWaveform, rotor

__all__ = ["Arrival", "Heard", "Seen", "add_tone"]

Array = NDArray[np.float64]

_STEP_S: Final = 0.5  # of the grid of distance and strength
_EDGE: Final = (0.40, 0.48)  # of the rate: where the receiver's filter begins to fall, and where nothing passes
_SILENT_DBHZ: Final = 0.0  # weaker than this is not worth its samples: 40 dB below the last frame that can be heard


class Seen(Protocol):
    """Where the satellite truly is: `sheber.ground.orbit.Look`."""

    @property
    def azimuth(self) -> Array: ...
    @property
    def elevation(self) -> Array: ...
    @property
    def range(self) -> Array: ...
    @property
    def range_rate(self) -> Array: ...


@dataclass(frozen=True, slots=True)
class Arrival:
    """One transmission as it comes to the station."""

    number: int  # among the emitter's bursts
    start: float  # s after the start of the run
    end: float
    data: bytes
    wave: FskWaveform


class Heard:
    """One emitter during one run."""

    def __init__(
        self, emitter: Emitter, look: Callable[[Array], Seen], hidden: Callable[[Seen], Array], until_s: float
    ):
        """`look`: where it truly is at times; `hidden`: what skyline and horizon take from it then [dB]."""
        self.emitter = emitter
        times = np.arange(0.0, until_s + 2 * _STEP_S, _STEP_S)
        seen = look(times)
        frequency = emitter.link.frequency_hz + emitter.offset_hz
        self.law = DopplerLaw(frequency, 0.0, _STEP_S, np.asarray(seen.range), np.asarray(seen.range_rate))
        shadow = hidden(seen) + _turning_db(emitter, times)
        self._times = times
        self._cn0 = carrier_at(emitter.link, seen.elevation, seen.range, shadow_db=shadow).cn0_dbhz
        self.arrivals = tuple(self._arrivals())

    def cn0_dbhz(self, times: Array, pointing_db: float = 0.0) -> Array:
        """Carrier over noise density at the receiver, less what the antenna's pointing takes."""
        strength: Array = np.interp(times, self._times, self._cn0) - pointing_db
        return strength

    def carrier_hz(self, times: Array) -> Array:
        """Where the carrier arrives, with the error of its oscillator and with Doppler."""
        nominal = self.emitter.link.frequency_hz + self.emitter.offset_hz
        arrived: Array = nominal + np.asarray(self.law.shift_hz(times))
        return arrived

    def add_to(
        self,
        iq: NDArray[np.complex64],
        times: Array,
        frequency_hz: float,
        rate_hz: float,
        pointing_db: float = 0.0,
    ) -> None:
        """Add what arrives at these times to IQ around a frequency; noise of density 1 a hertz has power `rate_hz`."""
        for arrival in self.arrivals:
            if arrival.end < times[0] or arrival.start > times[-1]:
                continue
            sent = times - self.law.delay_s(times) - self.emitter.bursts[arrival.number].start_s
            on = arrival.wave.sent(sent)
            at, when = times[on], sent[on]
            strength = self.cn0_dbhz(at, pointing_db)
            if not len(at) or strength.max() < _SILENT_DBHZ:
                continue
            beside = self.emitter.link.frequency_hz + self.emitter.offset_hz - frequency_hz
            turns = arrival.wave.turns(when) + self.law.turns(at) + beside * at
            loud = 10.0 ** (strength / 20.0) * _passed(beside + self.law.shift_hz(at), rate_hz)
            iq[on] += rotor(turns) * loud.astype(np.float32)

    def _arrivals(self) -> Iterator[Arrival]:
        for number, burst in enumerate(self.emitter.bursts):
            wave = waveform(burst.data, self.emitter.downlink)
            edges = np.array([burst.start_s, burst.start_s + wave.seconds])
            arrived = edges + self.law.delay_s(edges)  # the delay changes by less than a millisecond meanwhile
            yield Arrival(number, float(arrived[0]), float(arrived[1]), burst.data, wave)


def add_tone(iq: NDArray[np.complex64], times: Array, tone: Tone, frequency_hz: float, rate_hz: float) -> None:
    """Add somebody else's carrier."""
    on = (times >= tone.from_s) & (times < tone.until_s)
    since = times[on] - tone.from_s
    beside = tone.frequency_hz - frequency_hz
    turns = beside * times[on] + tone.drift_hz_s * since**2 / 2.0
    loud = 10.0 ** (tone.cn0_dbhz / 20.0) * _passed(beside + tone.drift_hz_s * since, rate_hz)
    iq[on] += rotor(turns) * loud.astype(np.float32)


def _turning_db(emitter: Emitter, times: Array) -> Array:
    """What the satellite's own turning takes [dB]."""
    if not emitter.turn_s:
        return np.zeros_like(times)
    lost: Array = emitter.turn_db * (0.5 - 0.5 * np.cos(2.0 * np.pi * (times / emitter.turn_s + emitter.turn_phase)))
    return lost


def _passed(beside_hz: Array, rate_hz: float) -> Array:
    """How much of a carrier the receiver's filter lets pass, by how far it lies from the middle."""
    low, high = _EDGE
    share: Array = np.clip((high - np.abs(beside_hz) / rate_hz) / (high - low), 0.0, 1.0)
    return share
