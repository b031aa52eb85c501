"""Reed-Solomon codes of CCSDS: (255, 223) and (255, 239), shortened, interleaved, in both bases (131.0-B-3, section 4).

A word of up to 255 symbols ends with 32 (or 16) symbols of parity; 16 (or 8) wrong symbols are put right. The field is
that of x^8 + x^7 + x^2 + x + 1, the roots are powers 112 to 143 (or 120 to 135) of alpha^11. Satellites send symbols in
Berlekamp's dual basis; the AX100 radio and others in the conventional one. Interleaving by I deals the symbols of a
block to I words in turn, so that a burst meets each of them little.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["E8", "E8_CONVENTIONAL", "E16", "E16_CONVENTIONAL", "Mended", "ReedSolomon", "ReedSolomonError"]

U1 = NDArray[np.uint8]

_BAD_LENGTH = message(
    "ground.reed_solomon_length",
    "a block of {count} bytes does not fit: with interleaving {interleaving} it has {least} to {most} bytes, a "
    "multiple of {interleaving}",
)
_BAD_INTERLEAVING = message("ground.reed_solomon_interleaving", "interleaving is 1 to 8, not {interleaving}")
_ROOT = 11  # the code's root is alpha to this power


class ReedSolomonError(GroundError):
    """A block has a length that the code does not have."""


def _powers() -> NDArray[np.int64]:
    """Powers of alpha, 0 to 509."""
    out = [1]
    while len(out) < 510:
        doubled = out[-1] << 1
        out.append(doubled ^ 0x187 if doubled & 0x100 else doubled)
    return np.array(out)


_ALPHA = _powers()
POWER = _ALPHA[np.arange(510) * _ROOT % 255]
"""Powers of the code's root beta = alpha^11, 0 to 509."""
LOG = np.zeros(256, np.int64)
LOG[POWER[:255]] = np.arange(255)


def multiplied(a: int, b: int) -> int:
    """The product in the field of 256 elements."""
    return int(POWER[LOG[a] + LOG[b]]) if a and b else 0


def _trace(x: int) -> int:
    """The trace of an element, 0 or 1: the sum of x^(2^k), k from 0 to 7."""
    total = 0
    for _ in range(8):
        total ^= x
        x = multiplied(x, x)
    return total


TO_DUAL = np.array(
    [sum(_trace(multiplied(x, int(_ALPHA[117 * j % 255]))) << 7 - j for j in range(8)) for x in range(256)], np.uint8
)
"""Conventional symbols in the dual basis: bit j, sent in this order, is Tr(x alpha^(117 j)) (131.0-B-3, 4.4.2)."""
TO_CONVENTIONAL = np.argsort(TO_DUAL).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Mended:
    """A block that was decoded."""

    data: bytes  # without parity; as received where a word could not be mended
    wrong: tuple[int, ...]  # symbols put right in each word; -1 where there were too many

    @property
    def good(self) -> bool:
        """Whether every word is right now."""
        return min(self.wrong) >= 0

    @property
    def count(self) -> int:
        """Symbols put right in all."""
        return sum(wrong for wrong in self.wrong if wrong > 0)


@dataclass(frozen=True)
class ReedSolomon:
    """One of the codes: how many symbols it mends in a word, and its basis."""

    mends: int = 16  # symbols of a word that may be wrong: E, 16 or 8
    dual: bool = True  # Berlekamp's basis, as CCSDS wants it

    @property
    def parity(self) -> int:
        """Symbols of parity in a word."""
        return 2 * self.mends

    @property
    def first(self) -> int:
        """The power of the first root."""
        return 128 - self.mends

    @cached_property
    def generator(self) -> U1:
        """The generator polynomial (parity + 1,), the highest power first."""
        out = [1]
        for j in range(self.first, self.first + self.parity):
            root = int(POWER[j % 255])
            shifted = [*out, 0]
            out = [one ^ multiplied(other, root) for one, other in zip(shifted, [0, *out], strict=True)]
        return np.array(out, np.uint8)

    @cached_property
    def _table(self) -> NDArray[np.uint64]:
        """What each symbol that leaves the register adds to it (256, 4), highest power in the highest byte."""
        rows = np.zeros((256, 32), np.uint8)
        for symbol in range(256):
            rows[symbol, : self.parity] = [multiplied(symbol, int(one)) for one in self.generator[1:]]
        return np.ascontiguousarray(rows.view(">u8").astype(np.uint64))

    def _remainders(self, words: U1, count: int) -> U1:
        """The remainders of the first symbols of words, times x^parity (n, 32)."""
        from sheber.ground.coding.words import remainders

        out = np.empty((words.shape[0], 32), np.uint8)
        remainders(words, count, self._table, out)
        return out

    def encode(self, data: bytes, interleaving: int = 1) -> bytes:
        """The block of data: the data, then its parity. Shorter data make a shortened code. Raises ReedSolomonError."""
        words = self._words(data, interleaving, 0)
        parity = self._remainders(words, words.shape[1])[:, : self.parity]
        return data + _dealt_back(TO_DUAL[parity] if self.dual else parity)

    def decode(self, block: bytes, interleaving: int = 1) -> Mended:
        """The data of a block, and how much of it was wrong. Raises ReedSolomonError where the length is none."""
        words = self._words(block, interleaving, self.parity)
        wrong = self.mend_inplace(words)
        data = words[:, : -self.parity]
        return Mended(_dealt_back(TO_DUAL[data] if self.dual else data), tuple(wrong.tolist()))

    def mend_inplace(self, words: U1) -> NDArray[np.int64]:
        """Put words right, conventional symbols (n, length); symbols that were wrong (n,), -1 where too many."""
        from sheber.ground.coding.words import mend

        data = words.shape[1] - self.parity
        rest = self._remainders(words, data)
        rest[:, : self.parity] ^= words[:, data:]
        wrong = np.zeros(words.shape[0], np.int64)
        for n in np.flatnonzero(rest.any(axis=1)):
            wrong[n] = mend(words[n], rest[n], self.parity, self.first, POWER, LOG)
        return wrong

    def _words(self, block: bytes, interleaving: int, parity: int) -> U1:
        """The words of a block, in the conventional basis (interleaving, length). Raises ReedSolomonError."""
        if not 1 <= interleaving <= 8:
            raise ReedSolomonError(_BAD_INTERLEAVING(interleaving=interleaving))
        least, most = parity + 1, 255 - self.parity + parity
        length, over = divmod(len(block), interleaving)
        if over or not least <= length <= most:
            raise ReedSolomonError(
                _BAD_LENGTH(
                    count=len(block), interleaving=interleaving, least=least * interleaving, most=most * interleaving
                )
            )
        symbols = np.frombuffer(block, np.uint8).reshape(length, interleaving)
        return np.ascontiguousarray((TO_CONVENTIONAL[symbols] if self.dual else symbols).T).copy()


def _dealt_back(words: U1) -> bytes:
    """The symbols of words in the order in which they are sent."""
    return words.T.tobytes()


E16 = ReedSolomon()
E8 = ReedSolomon(mends=8)
E16_CONVENTIONAL = ReedSolomon(dual=False)
E8_CONVENTIONAL = ReedSolomon(mends=8, dual=False)
