"""The front end: the recorded soft symbols of a pass, and a processor with a Viterbi and a Reed-Solomon decoder.

At high rates a station does not demodulate in a program: its modem writes soft symbols to a disk, and a processor
beside it decodes what a program points at. Here the symbols are made from the frames that were sent: coded as CCSDS has
it, with noise, with turns by half (a carrier loop that slipped), with symbols lost or taken twice (a clock that
slipped), and with fades. The program gets symbols, decoded bits and mended words; where frames are, it finds by itself.

Reading and decoding take simulated time, as many symbols a second as the disk and the decoder do. A Reed-Solomon word
takes none.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from sheber.desk import Command, CommandError, Reply
from sheber.ground.serving import Device, Equipment, Served, serves
from sheber.i18n import N_, message
from sheber.trace import Channel, EventKind

if TYPE_CHECKING:
    from sheber.ground.scene import Scene

__all__ = ["FRONT_END", "FrontEnd", "FrontEndSpec"]

_LEVEL: Final = 32.0  # of a clean symbol, in steps of the 8 bit that are recorded
_MOST: Final = 127.0
_WORD: Final = 255

OUTSIDE = message(
    "ground.symbols_outside",
    "The recording has the symbols 0 to {last:d}. The program asked for {count:d} from {first:d} on.",
)
WORD_LENGTH = message(
    "ground.word_length", "A Reed-Solomon word of this link has {wanted:d} bytes. The program sent {count:d}."
)

Index = Annotated[int, Meta(ge=0, le=1 << 40)]
Word = Annotated[bytes, Meta(max_length=_WORD + 1)]  # base64 on the wire; one too many is told in words


@dataclass(frozen=True, slots=True)
class FrontEndSpec:
    """What was sent, and what became of it. Indices count symbols as they were sent, from the first frame's first."""

    frames: tuple[bytes, ...]  # transfer frames, one after the other
    interleaving: int = 5
    esn0_db: float = 1.5  # energy of a symbol over the noise density; Eb/N0 is 3.6 dB more
    lead: int = 0  # symbols of nothing but noise before the first frame, and as many after the last
    turns: tuple[int, ...] = ()  # from here on everything is upside down, or right again
    lost: tuple[int, ...] = ()  # symbols that are missing
    twice: tuple[int, ...] = ()  # symbols that come twice
    fades: tuple[tuple[int, int], ...] = ()  # from and to: nothing but noise
    rate: float = 100_000.0  # symbols a second that are read or decoded


class ReadSymbols(Command, tag="read_symbols", frozen=True, kw_only=True):
    """Give recorded symbols."""

    first: Index
    count: Index


class Viterbi(Command, tag="viterbi", frozen=True, kw_only=True):
    """Decode recorded symbols; the first one is the first of a pair."""

    first: Index
    count: Index


class ReedSolomon(Command, tag="reed_solomon", frozen=True, kw_only=True):
    """Mend a word."""

    word: Word


class FrontEnd(Equipment):
    """The disk and the processor."""

    def __init__(self, spec: FrontEndSpec, station: Served) -> None:
        self.spec = spec
        self._symbols = recorded(spec, station.rng("front_end"))
        self._working = False
        self._place = 0.0  # symbol that is read or decoded now
        self._station = station

    def given(self) -> dict[str, Any]:
        """How many symbols there are, and how fast they are read."""
        return {"symbols": len(self._symbols), "rate": self.spec.rate}

    @property
    def busy(self) -> bool:
        """Whether it reads or decodes."""
        return self._working

    def advance(self, steps: int) -> None:
        """Go on reading or decoding."""
        if self._working:
            self._place += steps * self._station.scene.step_s * self.spec.rate

    def row(self) -> tuple[Any, ...]:
        """Where in the recording it works, counted in frames."""
        return (self._place / self._per_frame,)

    def settle(self) -> None:
        """Put on the record what was sent, and what became of it, for the pictures of the report."""
        spec, per = self.spec, self._per_frame
        self._station.event(
            "recording",
            {
                "sent": [hashlib.sha256(frame).hexdigest() for frame in spec.frames],
                "turns": [round(turn / per, 4) for turn in spec.turns],
                "slips": sorted(round(slip / per, 4) for slip in (*spec.lost, *spec.twice)),
                "fades": [[round(begin / per, 4), round(end / per, 4)] for begin, end in spec.fades],
            },
        )

    @property
    def _per_frame(self) -> int:
        """Symbols of a frame as it was sent: rate 1/2, marker, frame and parity."""
        return 16 * (4 + len(self.spec.frames[0]) + 32 * self.spec.interleaving)

    def symbols(self, first: int, count: int) -> NDArray[np.int8]:
        """Recorded symbols, after the time that the disk needs. Raises CommandError outside the recording."""
        last = len(self._symbols) - 1
        if not first + count - 1 <= last or not count:
            raise CommandError("StationError", OUTSIDE(last=last, first=first, count=count))
        self._working, self._place = True, float(first)
        try:
            self._station.run(self._station.steps(count / self.spec.rate))
        finally:
            self._working = False
        return self._symbols[first : first + count]


def recorded(spec: FrontEndSpec, rng: np.random.Generator) -> NDArray[np.int8]:
    """The symbols that the modem wrote; positive means 1."""
    from sheber.ground.coding.cadu import Cadu
    from sheber.ground.coding.convolutional import Convolutional

    link = Cadu(len(spec.frames[0]), spec.interleaving, convolutional=Convolutional())
    signal = 2.0 * link.encode(spec.frames) - 1.0
    for turn in spec.turns:
        signal[turn:] *= -1.0
    for begin, end in spec.fades:
        signal[begin:end] = 0.0
    repeats = np.ones(signal.size, np.int64)
    repeats[list(spec.lost)] = 0
    repeats[list(spec.twice)] = 2
    signal = np.concatenate((np.zeros(spec.lead), np.repeat(signal, repeats), np.zeros(spec.lead)))
    sigma = np.sqrt(0.5 / 10.0 ** (spec.esn0_db / 10.0))  # of the noise in one dimension, beside a symbol of energy 1
    heard = _LEVEL * (signal + sigma * rng.standard_normal(signal.size))
    symbols: NDArray[np.int8] = np.clip(np.rint(heard), -_MOST, _MOST).astype(np.int8)
    return symbols


@serves(ReadSymbols)
def _read(station: Served, command: ReadSymbols) -> Reply:
    symbols = station.part(FrontEnd).symbols(command.first, command.count).tobytes()
    station.event("read_symbols", {"first": command.first, "count": command.count})
    return Reply({"binary": len(symbols)}, symbols)


@serves(Viterbi)
def _viterbi(station: Served, command: Viterbi) -> Reply:
    from sheber.ground.coding.convolutional import Convolutional

    symbols = station.part(FrontEnd).symbols(command.first, command.count)
    bits = Convolutional().decode(symbols.astype(np.float32))
    station.event("viterbi", {"first": command.first, "count": command.count})
    packed = np.packbits(bits).tobytes()
    return Reply({"binary": len(packed), "bits": len(bits)}, packed)


@serves(ReedSolomon)
def _reed_solomon(station: Served, command: ReedSolomon) -> Reply:
    from sheber.ground.coding.reed_solomon import E16

    station.part(FrontEnd)
    if len(command.word) != _WORD:
        raise CommandError("StationError", WORD_LENGTH(wanted=_WORD, count=len(command.word)))
    out = E16.decode(command.word)
    return Reply({"binary": len(out.data), "mended": out.wrong[0]}, out.data)


def _channels(_spec: FrontEndSpec, _scene: Scene) -> tuple[Channel, ...]:
    return (Channel("front_end_place", "f4", (), "", N_("Frame that is read or decoded")),)


FRONT_END = Device(
    "front_end",
    FrontEndSpec,
    FrontEnd,
    (ReadSymbols, Viterbi, ReedSolomon),
    {
        "read_symbols": EventKind(N_("symbols read"), "{count}", action=True, quiet=True),
        "recording": EventKind(N_("what was recorded"), quiet=True),
        "viterbi": EventKind(N_("symbols decoded"), "{count}", action=True, quiet=True),
    },
    _channels,
)
