"""Channel access data units: the whole way of CCSDS telemetry from frames to symbols and back (131.0-B-3, figure 2-1).

Sending: a transfer frame becomes a block of Reed-Solomon words dealt out by the interleaving; the randomiser goes over
the block; the sync marker before it makes a unit; units, one after the other, become NRZ-M levels if the link has them,
then symbols of the convolutional code. Each part may be left out.

Receiving goes the other way. Nobody tells the receiver which symbol of a pair came first, which way up they are, or
that a symbol was lost or came twice (a slip). So each step of the convolutional code is decoded over the whole row, and
markers are sought in each; where a slip puts the row out of step, frames are found in the other one. Markers may have
wrong bits; where one is spoilt, the places a frame's length beside good frames are tried. Reed-Solomon decides what is
a frame, or the frame's own check sequence where there is no Reed-Solomon.

A trap: the word of 255 symbols FF is a word of the code. So a whole (not shortened) frame that is upside down is a
frame too. Where the signal turned over within the first symbols after the marker, Reed-Solomon "mends" those few
symbols and gives the frame upside down; they differ in all their bits, by which it is noticed.

Another trap: the randomiser's sequence over 255 symbols is a word of the code as well. On a whole frame without
interleaving Reed-Solomon does not notice that the randomiser is missing or too many; what comes out just looks random.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sheber.ground.coding import line_codes, markers
from sheber.ground.coding.bits import Bits, Row, from_bytes, given, hard, to_bytes
from sheber.ground.coding.convolutional import Convolutional
from sheber.ground.coding.crc import crc16_ccsds
from sheber.ground.coding.found import Found
from sheber.ground.coding.randomiser import randomised_bytes
from sheber.ground.coding.reed_solomon import E16, ReedSolomon
from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["Cadu", "CaduError", "Decoded"]

_BAD_FRAME = message("ground.cadu_frame", "a frame of this link has {wanted} bytes, not {count}")


class CaduError(GroundError):
    """A frame does not have the link's length."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What came of a row of symbols."""

    frames: tuple[Found, ...]  # `start` and `end` count symbols of the row
    spoilt: tuple[Found, ...]  # a marker was there and its block could not be mended; the data as received


@dataclass(frozen=True)
class Cadu:
    """How a link makes units of frames."""

    frame: int  # bytes of a transfer frame
    interleaving: int = 1
    code: ReedSolomon | None = E16  # None: no Reed-Solomon; frames are then judged by their check sequence
    randomised: bool = True
    convolutional: Convolutional | None = None
    nrz_m: bool = False
    marker: bytes = markers.CCSDS

    @property
    def block(self) -> int:
        """Bytes of a frame with its parity."""
        return self.frame + (self.code.parity * self.interleaving if self.code else 0)

    @property
    def period(self) -> int:
        """Bits from marker to marker."""
        return 8 * (len(self.marker) + self.block)

    def units(self, frames: Iterable[bytes]) -> bytes:
        """The units of frames, one after the other: what a file of CADUs holds. Raises CaduError."""
        return b"".join(self.marker + self._covered(frame) for frame in frames)

    def encode(self, frames: Iterable[bytes]) -> Bits:
        """The symbols of frames, one after the other. Raises CaduError."""
        bits = from_bytes(self.units(frames))
        levels = line_codes.nrz_m_encode(bits) if self.nrz_m else bits
        return self.convolutional.encode(levels) if self.convolutional else levels

    def decode(self, symbols: ArrayLike, tolerance: int = 3) -> Decoded:
        """The frames of symbols, soft or hard. `tolerance`: wrong bits of a marker that starts a search."""
        row = given(symbols)
        good: list[Found] = []
        spoilt: list[Found] = []
        for step in range(self.convolutional.step_count if self.convolutional else 1):
            for found, right in self._in_step(row, step, tolerance):
                (good if right else spoilt).append(found)
        distance = self._symbols(self.period) // 2
        frames = _apart(sorted(good, key=lambda one: one.start), distance)
        return Decoded(tuple(frames), tuple(_lost(spoilt, frames, distance)))

    def decode_units(self, data: bytes) -> Decoded:
        """The frames of units in bytes, as a file of CADUs holds them; `start` and `end` count bits."""
        return Cadu(self.frame, self.interleaving, self.code, self.randomised, marker=self.marker).decode(
            from_bytes(data)
        )

    def _covered(self, frame: bytes) -> bytes:
        """The block of a frame as it is sent."""
        if len(frame) != self.frame:
            raise CaduError(_BAD_FRAME(wanted=self.frame, count=len(frame)))
        block = self.code.encode(frame, self.interleaving) if self.code else frame
        return randomised_bytes(block) if self.randomised else block

    def _in_step(self, row: Row, step: int, tolerance: int) -> list[tuple[Found, bool]]:
        """Frames, and whether each is right, when the first `step` symbols are left out."""
        bits = self._bits(row, step)
        places = markers.find(bits, self.marker, tolerance)
        out = {place: self._frame_at(bits, place, step) for place in places}
        anchors = [place for place, found in out.items() if found and found[1]]
        while anchors:  # from good frames along those whose marker was spoilt
            beside = [one for one in markers.expected(anchors, self.period, bits.size) if one not in out]
            found = {one: self._frame_at(bits, one, step) for one in beside}
            anchors = [place for place, one in found.items() if one and one[1]]
            out |= {place: one for place, one in found.items() if one and one[1]}
        return [one for one in out.values() if one]

    def _bits(self, row: Row, step: int) -> Bits:
        """Bits before sync."""
        levels = self.convolutional.decode(row, step) if self.convolutional else row
        return hard(line_codes.nrz_m_decode(levels)) if self.nrz_m else hard(levels)

    def _frame_at(self, bits: Bits, place: markers.Place, step: int) -> tuple[Found, bool] | None:
        """The frame whose marker is at a place, and whether it is right; None where the row ends before it does."""
        start = place.start + 8 * len(self.marker)
        body = bits[start : start + 8 * self.block]
        if body.size < 8 * self.block:
            return None
        block = to_bytes(body ^ place.upside_down)
        block = randomised_bytes(block) if self.randomised else block
        data, right, mended = self._judged(block)
        where = step + self._symbols(place.start), step + self._symbols(place.start + self.period)
        return Found(data, *where, mended), right

    def _judged(self, block: bytes) -> tuple[bytes, bool, int]:
        """Data of a block, whether it is right, and how many symbols were mended."""
        if self.code is None:
            return block, crc16_ccsds(block) == 0, 0  # over data and check sequence the remainder is zero
        out = self.code.decode(block, self.interleaving)
        data = out.data
        if out.good and self._turned_over(block, data):
            data = bytes(255 - byte for byte in data)
        return data, out.good, out.count

    def _turned_over(self, block: bytes, data: bytes) -> bool:
        """Whether the signal turned over just after the marker, so that what was decoded is the frame upside down."""
        whole = self.block == 255 * self.interleaving
        return whole and bytes(a ^ b for a, b in zip(block[:2], data, strict=False)) == b"\xff\xff"

    def _symbols(self, bits: int) -> int:
        """How many symbols so many bits take."""
        code = self.convolutional
        return bits if code is None else bits * code.step_count * 2 // code.sent.size


def _apart(frames: list[Found], distance: int) -> list[Found]:
    """Frames of different places; of the same one, found in two steps, that with less to mend."""
    out: list[Found] = []
    for one in frames:
        if out and one.start - out[-1].start < distance:
            out[-1] = min(out[-1], one, key=lambda found: found.mended)
        else:
            out.append(one)
    return out


def _lost(spoilt: list[Found], frames: list[Found], distance: int) -> list[Found]:
    """Spoilt frames, each once, near whose beginning no other step found a good one."""
    starts = np.array([one.start for one in frames])
    lost = [one for one in spoilt if not np.any(np.abs(starts - one.start) < distance)]
    return _apart(sorted(lost, key=lambda one: one.start), distance)
