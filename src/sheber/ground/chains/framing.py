"""Framing: the frames in the soft bits of a demodulator, by the name of the framing.

A chain hears noise most of the time, and a check sequence of 16 bits lets one in 65,536 wrong frames pass. So an AX.25
frame must have addresses too: capitals, digits and blanks where a call sign is, and their end where it belongs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from sheber.ground.chains.frames import Frame
from sheber.ground.chains.satellites import Downlink
from sheber.ground.coding import ax100, g3ruh, hdlc, line_codes
from sheber.ground.coding.bits import Bits
from sheber.ground.coding.found import Found
from sheber.ground.signals import Soft

__all__ = ["FRAMINGS", "frames_in"]

_SHORTEST_AX25: Final = 7 + 7 + 1 + 2  # two addresses, control, check sequence
_CALLSIGN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ")
_MOST_ADDRESSES: Final = 10


def frames_in(soft: Soft, downlink: Downlink) -> Iterator[Frame]:
    """The frames of this downlink in soft bits."""
    return FRAMINGS[downlink.framing](soft, downlink)


def _ax25(soft: Soft, downlink: Downlink) -> Iterator[Frame]:
    return _packets(soft, soft.hard())


def _ax25_g3ruh(soft: Soft, downlink: Downlink) -> Iterator[Frame]:
    return _packets(soft, g3ruh.descramble(soft.hard()))


def _packets(soft: Soft, bits: Bits) -> Iterator[Frame]:
    """AX.25 frames in the bits that belong to these soft bits."""
    for found in hdlc.decode(line_codes.nrzi_decode(bits), shortest=_SHORTEST_AX25):
        if _has_addresses(found.data):
            yield Frame(float(soft.times[min(found.start, len(soft.times) - 1)]), found.data)


def _ax100(soft: Soft, downlink: Downlink) -> Iterator[Frame]:
    return _timed(soft, ax100.decode_mode_5(soft.bits))


def _ccsds(soft: Soft, downlink: Downlink) -> Iterator[Frame]:
    """Transfer frames with Reed-Solomon, and with the convolutional code where the framing says so."""
    from sheber.ground.coding.cadu import Cadu
    from sheber.ground.coding.convolutional import Convolutional

    code = Convolutional() if downlink.framing == "CCSDS concatenated" else None
    cadu = Cadu(downlink.frame_bytes, downlink.interleaving, convolutional=code)
    return _timed(soft, cadu.decode(soft.bits).frames)


def _timed(soft: Soft, found: Iterable[Found]) -> Iterator[Frame]:
    """Frames with the times of their first bits."""
    for one in found:
        yield Frame(float(soft.times[min(max(one.start, 0), len(soft.times) - 1)]), one.data, one.mended)


def _has_addresses(data: bytes) -> bool:
    """Whether a frame begins with two to ten addresses."""
    ends = [at for at in range(6, min(len(data), 7 * _MOST_ADDRESSES), 7) if data[at] & 1]
    if not ends or ends[0] < 13:
        return False
    letters = (byte for at, byte in enumerate(data[: ends[0]]) if at % 7 != 6)
    return all(byte & 1 == 0 and byte >> 1 in _CALLSIGN for byte in letters)


FRAMINGS: Final[Mapping[str, Callable[[Soft, Downlink], Iterator[Frame]]]] = MappingProxyType(
    {
        "AX.25": _ax25,
        "AX.25 G3RUH": _ax25_g3ruh,
        "AX100 ASM+Golay": _ax100,
        "CCSDS Reed-Solomon": _ccsds,
        "CCSDS concatenated": _ccsds,
    }
)
"""What finds frames, by the name of the framing."""
