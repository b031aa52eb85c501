"""Signals: what a modulator makes, a demodulator hears, as well as theory allows; Doppler and blocks leave no seam."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from sheber.ground.signals import (
    DopplerLaw,
    FskWaveform,
    PskWaveform,
    SignalError,
    Soft,
    add_noise,
    demodulate_afsk,
    demodulate_fsk,
    demodulate_msk,
    demodulate_psk,
    discriminate,
    noise,
    rotor,
)

RATE, BAUD, DEVIATION = 48000.0, 4800.0, 1200.0  # Al-Farabi-2


def some_bits(n: int, seed: int = 1) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 2, n).astype(np.uint8)


def errors(heard: Soft, sent: NDArray[np.uint8], baud: float = BAUD, start: float = 0.0) -> tuple[int, int]:
    """How many of the bits were heard wrongly, and how many were heard: each is found by its time."""
    number = np.floor((heard.times - start) * baud).astype(int)
    inside = (number >= 0) & (number < len(sent))
    assert len(np.unique(number[inside])) >= 0.999 * inside.sum()
    return int((heard.hard()[inside] != sent[number[inside]]).sum()), int(inside.sum())


def test_fsk_is_heard_without_noise() -> None:
    bits = some_bits(2000)
    for bt in (None, 0.5):
        heard = demodulate_fsk(FskWaveform.of(bits, BAUD, DEVIATION, bt).sampled(RATE), RATE, BAUD, DEVIATION)
        wrong, all_ = errors(heard, bits)
        assert wrong == 0
        assert all_ >= 1998


def test_fsk_at_ten_decibels() -> None:
    """A discriminator receiver of MSK: 1.2e-3 at Eb/N0 10 dB."""
    bits = some_bits(20000)
    iq = add_noise(
        FskWaveform.of(bits, BAUD, DEVIATION).sampled(RATE), RATE, 10 + 10 * math.log10(BAUD), np.random.default_rng(2)
    )
    wrong, all_ = errors(demodulate_fsk(iq, RATE, BAUD, DEVIATION), bits)
    assert all_ > 19990
    assert wrong / all_ < 2e-3


@pytest.mark.parametrize("bt", [None, 0.5])
def test_the_phase_has_the_shift_of_each_bit(bt: float | None) -> None:
    wave = FskWaveform.of(np.repeat([1, 0, 1], 20), BAUD, DEVIATION, bt)
    shift = discriminate(wave.sampled(RATE), RATE)
    assert shift[100] == pytest.approx(DEVIATION, abs=1)
    assert shift[300] == pytest.approx(-DEVIATION, abs=1)
    assert wave.seconds == pytest.approx(60 / BAUD)


def test_blocks_have_no_seam() -> None:
    """A receiver asks for block after block; all together they are what one question gives."""
    wave = FskWaveform.of(some_bits(500), BAUD, DEVIATION, 0.5)
    law = DopplerLaw.steady(436.5e6, 8000.0, -150.0, 10.0)
    times = np.arange(-500, 6000) / RATE

    def heard(at: NDArray[np.float64]) -> NDArray[np.complex64]:
        return rotor(wave.turns(at) + law.turns(at)) * wave.sent(at)

    blocks = [heard(times[k : k + 777]) for k in range(0, len(times), 777)]
    assert np.array_equal(np.concatenate(blocks), heard(times))
    on = np.abs(heard(times)) > 0.5
    assert on.sum() == pytest.approx(wave.seconds * RATE, abs=1)


def test_the_law_of_doppler_agrees_with_itself() -> None:
    """Shift, phase and range rate are one thing: derivatives of each other."""
    t = np.arange(0.0, 60.0, 0.5)
    range_m = np.hypot(500e3, 7500.0 * (t - 30.0))
    law = DopplerLaw(8.2e9, 0.0, 0.5, range_m, 7500.0**2 * (t - 30.0) / range_m)
    at = np.arange(1.0, 58.0, 0.037)
    assert law.range_at(at) == pytest.approx(np.hypot(500e3, 7500.0 * (at - 30.0)), abs=1e-4)
    slope = (law.turns(at + 1e-4) - law.turns(at - 1e-4)) / 2e-4
    assert law.shift_hz(at) == pytest.approx(slope, abs=0.05)
    assert law.shift_hz(np.array([2.0]))[0] > 1000.0  # it comes nearer


def test_noise_has_its_density() -> None:
    made = noise(200_000, RATE, 1e-5, np.random.default_rng(3))
    assert np.mean(np.abs(made) ** 2) == pytest.approx(1e-5 * RATE, rel=0.01)


def test_no_bits_are_told() -> None:
    with pytest.raises(SignalError, match="0 and 1"):
        FskWaveform.of([0, 1, 2], BAUD, DEVIATION)


def test_too_few_samples_are_told() -> None:
    from sheber.ground.signals.clock import symbol_times

    with pytest.raises(SignalError, match="14400 samples"):
        symbol_times(np.zeros(100, np.float32), 9600.0, 4800.0, 50.0)


def lost_db(error_rate: float, ebn0_db: float, *, differential: bool) -> float:
    """How many decibels a receiver lost: its Eb/N0 less the one at which theory has as many wrong bits."""
    grid = np.linspace(0.0, 12.0, 4801)
    rates = np.array([0.5 * math.erfc(math.sqrt(10 ** (one / 10))) for one in grid])
    rates = 2 * rates * (1 - rates) if differential else rates
    return ebn0_db - float(np.interp(-math.log(error_rate), -np.log(rates), grid))


@pytest.mark.parametrize("bt", [None, 0.5])
def test_msk_and_gmsk_come_close_to_theory(bt: float | None) -> None:
    """Coherent, with an unknown and drifting carrier, within 0.4 dB."""
    bits = some_bits(60_000)
    iq = FskWaveform.of(bits, BAUD, DEVIATION, bt).sampled(38_400.0)
    iq = iq * rotor(DopplerLaw.steady(436.5e6, 500.0, -60.0).turns(np.arange(len(iq)) / 38_400.0))
    heard = demodulate_msk(
        add_noise(iq, 38_400.0, 6 + 10 * math.log10(BAUD), np.random.default_rng(4)), 38_400.0, BAUD, bt=bt
    )
    wrong, all_ = errors(heard, bits)
    assert all_ > 59_990
    assert lost_db(wrong / all_, 6.0, differential=True) < 0.4


@pytest.mark.parametrize("order", [1, 2])
def test_psk_comes_close_to_theory(order: int) -> None:
    """BPSK and QPSK with a drifting carrier; which of the phases is which, nobody can know."""
    bits = some_bits(60_000)
    iq = PskWaveform.of(bits, 9600.0, order).sampled(38_400.0)
    assert np.mean(np.abs(iq) ** 2) == pytest.approx(1.0, rel=0.01)
    iq = iq * rotor(DopplerLaw.steady(436.5e6, -700.0, 150.0).turns(np.arange(len(iq)) / 38_400.0))
    noisy = add_noise(iq, 38_400.0, 6 + 10 * math.log10(9600.0 * order), np.random.default_rng(5))
    heard = demodulate_psk(noisy, 38_400.0, 9600.0, bits_a_symbol=order, within_hz=2000.0, phase_window=100.0)
    number = np.floor(heard.times * 9600.0 * order).astype(int).clip(0, len(bits) - 1)
    sent = bits[number]
    rates = [np.mean(heard.hard()[k::order] != sent[m::order]) for k in range(order) for m in range(order)]
    best = min(min(rate, 1 - rate) for rate in rates)
    assert lost_db(best, 6.0, differential=False) < 0.4


def test_afsk_is_heard_in_noise() -> None:
    bits = some_bits(2000)
    wave = FskWaveform.of(bits, 1200.0, 500.0)
    times = np.arange(round(wave.seconds * 22_050.0)) / 22_050.0
    audio = np.cos(2 * np.pi * (wave.turns(times) + 1700.0 * times)).astype(np.float32)
    audio = audio + np.random.default_rng(6).normal(0.0, 0.4, len(audio)).astype(np.float32)
    wrong, all_ = errors(demodulate_afsk(audio, 22_050.0, 1200.0, 1700.0, 500.0), bits, 1200.0)
    assert all_ > 1990
    assert wrong < 4
    with pytest.raises(SignalError, match="5600 samples"):
        demodulate_afsk(audio, 4000.0, 1200.0, 1700.0, 500.0)
