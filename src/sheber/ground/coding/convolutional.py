"""The convolutional code of CCSDS: constraint length 7, rate 1/2 and punctured (131.0-B-3, section 3).

Two symbols leave for each bit; the second one is inverted where nothing is punctured. The decoder is Viterbi's on soft
symbols. Both symbols upside down give all bits upside down, so a receiver that is half a turn wrong is noticed by the
sync marker alone. A receiver that begins within a period is out of step: `decode` takes the step, and `steps` says
which one fits. The last bits of a row are the least sure, because nothing follows that would settle them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.ground.coding.bits import Bits, Soft, hard, soft
from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["PUNCTURING", "Convolutional", "ConvolutionalError"]

PUNCTURING: Final = {
    "1/2": ("1", "1"),
    "2/3": ("10", "11"),
    "3/4": ("101", "110"),
    "5/6": ("10101", "11010"),
    "7/8": ("1000101", "1111010"),
}
"""Which of the first and second symbols are sent, by rate (131.0-B-3, table 3-2)."""

_POLYNOMIALS = (0b1001111, 0b1101101)  # 1111001 and 1011011 with the newest bit lowest
_BLOCK, _TAIL = 2048, 128  # bits; over 5 to 6 constraint lengths paths meet, punctured ones over more (Proakis)
_BAD_RATE = message("ground.convolutional_rate", "there is no rate {rate}; there are {rates}")


class ConvolutionalError(GroundError):
    """The code does not have such a rate."""


@dataclass(frozen=True)
class Convolutional:
    """The code at one rate."""

    rate: str = "1/2"  # a key of PUNCTURING
    inverted: bool | None = None  # whether second symbols are inverted; None: as CCSDS has it, at rate 1/2 only

    def __post_init__(self) -> None:
        """Raise ConvolutionalError for an unknown rate."""
        if self.rate not in PUNCTURING:
            raise ConvolutionalError(_BAD_RATE(rate=self.rate, rates=", ".join(PUNCTURING)))

    @property
    def sent(self) -> NDArray[np.bool_]:
        """Which symbols of a period are sent (2 * bits,), in the order in which they go."""
        rows = [[mark == "1" for mark in row] for row in PUNCTURING[self.rate]]
        sent: NDArray[np.bool_] = np.array(rows).T.ravel()
        return sent

    @property
    def turned(self) -> bool:
        """Whether second symbols are inverted."""
        return self.rate == "1/2" if self.inverted is None else self.inverted

    @property
    def step_count(self) -> int:
        """How many symbols a receiver may be out of step: symbols in a period."""
        return int(np.count_nonzero(self.sent))

    def encode(self, bits: ArrayLike, before: ArrayLike = ()) -> Bits:
        """The symbols of bits; `before`: the bits that were encoded just before (the last six count), or zeros."""
        row = hard(bits)
        earlier = np.concatenate((np.zeros(6, np.uint8), hard(np.asarray(before, np.uint8))))[-6:]
        pairs = self._pairs(np.concatenate((earlier, row)))
        return np.ascontiguousarray(pairs.ravel()[np.resize(self.sent, 2 * row.size)])

    def decode(self, symbols: ArrayLike, step: int = 0) -> Bits:
        """The most likely bits of symbols, soft or hard. `step`: symbols at the beginning that belong to no period."""
        from sheber.ground.coding.trellis import follow

        pairs = self._placed(soft(symbols)[step:])
        out = np.empty(pairs.shape[0], np.uint8)
        follow(pairs, self._signs(), _BLOCK, _TAIL, out)
        return out

    def wrong_symbols(self, symbols: ArrayLike, bits: Bits, step: int = 0) -> NDArray[np.bool_]:
        """Which symbols differ from those of the decoded bits: some are the channel's errors, half where none fit."""
        row = hard(symbols)[step:]
        again = self.encode(bits)
        differ: NDArray[np.bool_] = row[: again.size] != again[: row.size]
        return differ

    def steps(self, symbols: ArrayLike, window: int = 4096) -> list[int]:
        """The steps from the likeliest on, by how many symbols at the beginning do not fit."""
        head = np.asarray(symbols)[: window + self.step_count]
        rates = [self.wrong_symbols(head, self.decode(head, step), step).mean() for step in range(self.step_count)]
        return [int(step) for step in np.argsort(rates, kind="stable")]

    def _pairs(self, row: Bits) -> Bits:
        """Both symbols of each bit but the first six (n, 2)."""
        out = np.zeros((row.size - 6, 2), np.uint8)
        for which, polynomial in enumerate(_POLYNOMIALS):
            for age in range(7):
                if polynomial >> age & 1:
                    out[:, which] ^= row[6 - age : row.size - age]
        out[:, 1] ^= self.turned
        return out

    def _placed(self, row: Soft) -> NDArray[np.float32]:
        """Soft symbols in pairs (n, 2), zeros where nothing was sent; a last pair that is not whole is dropped."""
        places = np.flatnonzero(np.tile(self.sent, row.size // self.step_count + 1))
        bits = int(places[row.size]) // 2  # the pair of the next symbol is not whole
        out = np.zeros(2 * bits, np.float32)
        inside = places[: row.size][places[: row.size] < 2 * bits]
        out[inside] = row[: inside.size]
        return out.reshape(bits, 2)

    def _signs(self) -> NDArray[np.float32]:
        """Signs of both symbols when a 0 follows state j (2, 32)."""
        states = 2 * np.arange(32)
        ones = [np.bitwise_count(states & polynomial) % 2 for polynomial in _POLYNOMIALS]
        ones[1] = ones[1] ^ self.turned
        return (2.0 * np.stack(ones) - 1.0).astype(np.float32)
