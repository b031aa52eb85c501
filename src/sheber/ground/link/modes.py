"""Modes: how a downlink is modulated and coded, how many bits it carries, and how often a frame is lost.

A frame is a TM transfer frame of 8920 bits: what five Reed-Solomon words of (255, 223) hold (CCSDS 131.0-B,
interleaving depth 5). Every mode sends the same frames, so that their loss can be compared. The frame error rate
against Eb/N0 of the frame's bits:

* uncoded: each of 8920 bits must be right, with Q(sqrt(2 Eb/N0)) (BPSK, and QPSK with Gray's labels);
* Reed-Solomon: a word of 255 symbols is lost where more than 16 are wrong (the binomial distribution; a decoder that
  mends a wrong word unnoticed is left out: it is rarer than 1e-13 of the lost ones);
* convolutional: the rate of wrong symbols after a soft Viterbi decoder is simulated; `viterbi.toml` has the numbers and
  `tools/viterbi_table.py` makes them. Depth 5 is taken as an ideal interleaver, which is right within
  0.15 dB by the table.

The attached sync marker (32 bits a frame, 0.3 %) is not counted anywhere.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from math import comb, log10
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from sheber.ground.link.errors import Floats, LinkError, checked, finite
from sheber.i18n import message

__all__ = ["FRAME_BITS", "MODES", "X_BAND_MODES", "Mode", "bit_error_rate", "mode"]

FRAME_BITS: Final = 8920
WORDS, SYMBOLS, DATA, MENDED = 5, 255, 223, 16  # of the Reed-Solomon code at depth 5
ALLOWED: Final = 1e-3  # frame error rate that "required" means where nobody says another

_MODULATIONS: Final = {"BPSK": 1, "QPSK": 2}  # bits a symbol
_INNER: Final = {"": 1.0, "1/2": 1 / 2, "2/3": 2 / 3, "3/4": 3 / 4, "7/8": 7 / 8}

NO_MODE: Final = message("ground.link.no_mode", "There is no mode {name!r}. The modes are: {names}.")
NO_MODULATION: Final = message("ground.link.no_modulation", "A mode cannot have {asked!r}. It can have: {names}.")
INNER_ALONE: Final = message(
    "ground.link.inner_alone", "The mode {name!r} has a convolutional code alone. Here it goes with Reed-Solomon."
)


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to send frames. Raises LinkError for a modulation or a code that is not in the tables."""

    name: str  # "qpsk-1/2-rs"
    modulation: str  # BPSK or QPSK
    inner: str = ""  # rate of the convolutional code: 1/2, 2/3, 3/4, 7/8; "" for none; it needs the outer one
    outer: bool = False  # whether the frames are in Reed-Solomon words

    def __post_init__(self) -> None:
        for asked, known in ((self.modulation, _MODULATIONS), (self.inner, _INNER)):
            if asked not in known:
                raise LinkError(NO_MODULATION(asked=str(asked)[:40], names=[name for name in known if name]))
        if self.inner and not self.outer:
            raise LinkError(INNER_ALONE(name=self.name))

    @property
    def bits_a_symbol(self) -> float:
        """Bits of frames in one symbol of the channel."""
        return _MODULATIONS[self.modulation] * _INNER[self.inner] * (DATA / SYMBOLS if self.outer else 1.0)

    def bit_rate(self, symbol_rate: float) -> float:
        """Bits of frames in a second, at so many symbols in a second."""
        checked({"symbol_rate": (symbol_rate, 1.0, 1e10)})
        return symbol_rate * self.bits_a_symbol

    def frame_error_rate(self, eb_n0_db: ArrayLike) -> Floats:
        """The part of the frames that is lost, by Eb/N0 of their bits in dB; (n,) to (n,)."""
        level = finite("eb_n0_db", eb_n0_db)
        if not self.outer:
            wrong = bit_error_rate(level)
            return np.asarray(-np.expm1(FRAME_BITS * np.log1p(-np.minimum(wrong, 0.5))))
        inside = level + 10.0 * log10(DATA / SYMBOLS)
        lost = _lost_words(self._wrong_symbols(inside))
        return np.asarray(-np.expm1(WORDS * np.log1p(-np.minimum(lost, 1.0 - 1e-12))))

    def required_db(self, frame_error_rate: float = ALLOWED) -> float:
        """Eb/N0 at which so many frames are lost, in dB (found by halving, to 0.001 dB)."""
        checked({"frame_error_rate": (frame_error_rate, 1e-9, 0.99)})
        low, high = -5.0, 20.0
        while high - low > 5e-4:
            middle = (low + high) / 2.0
            low, high = (middle, high) if self.frame_error_rate(middle) > frame_error_rate else (low, middle)
        return high

    def _wrong_symbols(self, eb_n0_db: Floats) -> Floats:
        """Wrong symbols of 8 bits that reach the Reed-Solomon decoder, by Eb/N0 of its bits."""
        if self.inner:
            return _after_viterbi(self.inner, eb_n0_db)
        return np.asarray(-np.expm1(8.0 * np.log1p(-bit_error_rate(eb_n0_db))))


def bit_error_rate(eb_n0_db: ArrayLike) -> Floats:
    """Wrong bits of BPSK, and of QPSK with Gray's labels, without a code: Q(sqrt(2 Eb/N0)); (n,) to (n,)."""
    from scipy.special import erfc

    return np.asarray(0.5 * erfc(np.sqrt(10.0 ** (finite("eb_n0_db", eb_n0_db) / 10.0))))


@cache
def _viterbi() -> dict[str, tuple[Floats, Floats]]:
    """By rate: Eb/N0 in dB, and the natural logarithm of the rate of wrong symbols."""
    form = tomllib.loads((Path(__file__).parent / "viterbi.toml").read_text(encoding="utf-8"))
    tables = {}
    for rate in (rate for rate in _INNER if rate):
        levels, wrong = (np.array(form[rate][part], float) for part in ("eb_n0_db", "wrong_symbols"))
        seen = wrong > 3e-5  # ten symbols of the simulation
        tables[rate] = (levels[seen], np.log(wrong[seen]))
    return tables


def _after_viterbi(rate: str, eb_n0_db: Floats) -> Floats:
    """Wrong symbols after the decoder; beyond the table the curve goes on as steep as at its ends."""
    levels, logs = _viterbi()[rate]
    steep = np.polyfit(levels[-4:], logs[-4:], 1)[0]
    beyond = steep * np.maximum(eb_n0_db - levels[-1], 0.0)
    below = np.maximum(levels[0] - eb_n0_db, 0.0)
    return np.asarray(np.minimum(np.exp(np.interp(eb_n0_db, levels, logs) + beyond + below), 1.0))


def _lost_words(wrong: Floats) -> Floats:
    """Words of 255 symbols of which more than 16 are wrong, when this part of the symbols is; (n,) to (n,)."""
    p = np.clip(wrong, 1e-12, 1.0 - 1e-12)
    many = np.arange(MENDED + 1, SYMBOLS + 1)
    ways = np.array([float(comb(SYMBOLS, int(k))) for k in many])
    logs = np.log(ways) + many * np.log(p[..., None]) + (SYMBOLS - many) * np.log1p(-p[..., None])
    return np.asarray(np.minimum(np.exp(logs).sum(axis=-1), 1.0))


X_BAND_MODES: Final = (
    Mode("bpsk-1/2-rs", "BPSK", "1/2", outer=True),
    Mode("qpsk-1/2-rs", "QPSK", "1/2", outer=True),
    Mode("qpsk-3/4-rs", "QPSK", "3/4", outer=True),
    Mode("qpsk-rs", "QPSK", outer=True),
    Mode("qpsk-uncoded", "QPSK"),
)
"""Five modes of a downlink at one symbol rate, the sturdiest first."""

MODES: Final = {
    one.name: one
    for one in (
        *X_BAND_MODES,
        Mode("bpsk-uncoded", "BPSK"),
        Mode("bpsk-rs", "BPSK", outer=True),
        Mode("bpsk-3/4-rs", "BPSK", "3/4", outer=True),
        Mode("qpsk-2/3-rs", "QPSK", "2/3", outer=True),
        Mode("qpsk-7/8-rs", "QPSK", "7/8", outer=True),
    )
}
"""All modes by name."""


def mode(name: str) -> Mode:
    """The mode of this name. Raises LinkError that names those there are."""
    if name not in MODES:
        raise LinkError(NO_MODE(name=str(name)[:40], names=", ".join(MODES)))
    return MODES[name]
