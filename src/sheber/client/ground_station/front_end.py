"""The front end: recorded soft symbols, and a processor with a Viterbi and a Reed-Solomon decoder."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.client import checks
from sheber.client.errors import wrong
from sheber.client.fixed import Fixed
from sheber.client.session import Session
from sheber.i18n import message

__all__ = ["FrontEnd", "Word"]

WORD = message("client.word_bytes", "A word must be bytes. You gave {value}.")


@dataclass(frozen=True, slots=True)
class Word:
    """A Reed-Solomon word that was decoded.

    >>> word = station.front_end.reed_solomon(bytes(255))
    >>> print(word.good, word.mended)
    """

    data: bytes  # 223 bytes without the parity; as they came where the word could not be mended
    mended: int  # bytes of the word that were wrong; -1: too many

    @property
    def good(self) -> bool:
        """Whether the word is right now.

        >>> print(station.front_end.reed_solomon(bytes(255)).good)
        True
        """
        return self.mended >= 0


class FrontEnd(Fixed):
    """The disk with the recorded symbols of a pass, and the processor beside it."""

    __slots__ = ("_session", "rate", "symbols")

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        self._session = session
        self.symbols = int(given["symbols"])  # how many were recorded
        self.rate = float(given["rate"])  # symbols a second that are read or decoded

    def __repr__(self) -> str:
        return f"FrontEnd({self.symbols} symbols, {self.rate:g} a second)"

    def read(self, first: int, count: int) -> NDArray[np.int8]:
        """Soft symbols `first` to `first + count - 1`: positive means 1, the larger the surer; 32 is a clean one.

        Takes count / rate seconds. Raises StationError outside the recording.

        >>> symbols = station.front_end.read(0, 1000)
        """
        fields = _span(first, count)
        _reply, binary = self._session.call_for_bytes("read_symbols", **fields)
        return np.frombuffer(binary, dtype=np.int8)

    def viterbi(self, first: int, count: int) -> NDArray[np.uint8]:
        """The bits that a Viterbi decoder finds in `count` symbols, if `first` is the first symbol of a pair.

        Half as many bits, 0 or 1; nonsense where the pairs are wrong. Takes count / rate seconds. Raises StationError
        outside the recording.

        >>> bits = station.front_end.viterbi(0, 2000)
        """
        fields = _span(first, count)
        reply, binary = self._session.call_for_bytes("viterbi", **fields)
        return np.unpackbits(np.frombuffer(binary, np.uint8))[: int(reply["bits"])]

    def reed_solomon(self, word: bytes) -> Word:
        """Mend one word of 255 bytes, up to 16 wrong ones. Costs no simulated time. Raises StationError, TypeError.

        >>> word = station.front_end.reed_solomon(bytes(255))
        """
        if not isinstance(word, bytes | bytearray | memoryview):
            raise wrong(TypeError, WORD(value=type(word).__name__))
        sent = base64.b64encode(bytes(word)[:256]).decode()
        reply, binary = self._session.call_for_bytes("reed_solomon", word=sent)
        return Word(bytes(binary), int(reply["mended"]))


def _span(first: int, count: int) -> dict[str, int]:
    """Both as whole numbers; raises TypeError or ValueError."""
    return {
        "first": int(checks.number(first, "first", "1", least=0.0, most=1e12)),
        "count": int(checks.number(count, "count", "1", least=1.0, most=1e12)),
    }
