"""The receiver: IQ around a frequency, block after block, as the antenna hears it.

A program tunes it and reads. Reading takes as much simulated time as it gives signal, and what passes unread is gone,
as at a real receiver. Two blocks that are read one after the other have no seam between them.

What is recorded: where the receiver is tuned, the power in its band, a row of the spectrum, where the strongest carrier
truly was, and for each transmission how strong it was and how much of it was read. A piece of the strongest one is
kept as IQ. A program is told none of this.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from sheber.desk import Command, CommandError, Number, Positive, Reply
from sheber.ground.equipment.antenna import Antenna
from sheber.ground.equipment.orbits import Orbits
from sheber.ground.mount.pointing import pointing_error_deg
from sheber.ground.serving import Device, Equipment, Hertz, Served, serves
from sheber.i18n import N_, message
from sheber.trace import Channel, EventKind

if TYPE_CHECKING:
    from sheber.ground.reception import Emitter, Heard, Tone
    from sheber.ground.scene import Scene

__all__ = ["RECEIVER", "Receiver", "ReceiverSpec"]

LONGEST_S: Final = 20.0  # of one block
_BINS: Final = 128  # of a row of the spectrum
_PIECE_SYMBOLS: Final = 120  # of the strongest transmission that are kept
_NOISE: Final = 0.02  # of full scale: the noise in each of I and Q at a gain of 0 dB
_FULL: Final = 32767.0
_DB_A_STEP: Final = 0.25  # of a recorded spectrum: 0 is 10 dB below the noise, 255 is 54 dB above it
_FLOOR_DB: Final = 10.0
_HIDDEN_DB: Final = 30.0  # what a mountain takes

OUT_OF_BAND = message(
    "ground.out_of_band",
    "The receiver was asked for {asked:.0f} Hz. It can be tuned from {low:.0f} to {high:.0f} Hz.",
)
TOO_LONG = message(
    "ground.block_too_long", "The receiver gives blocks of up to {most:g} s. It was asked for {asked:g} s."
)
NO_GAIN = message(
    "ground.no_gain", "The receiver's gain is from {low:g} to {high:g} dB. It was asked for {asked:g} dB."
)


@dataclass(frozen=True, slots=True)
class ReceiverSpec:
    """A receiver, and what there is to hear."""

    emitters: tuple[Emitter, ...] = ()
    tones: tuple[Tone, ...] = ()
    rate_hz: float = 48_000.0
    lowest_hz: float = 430e6
    highest_hz: float = 440e6
    tuned_hz: float = 436.5e6  # at the start
    gains_db: tuple[float, float] = (-40.0, 40.0)


class Tune(Command, tag="tune", frozen=True, kw_only=True):
    """Put 0 Hz of the IQ on a frequency."""

    frequency: Hertz


class Gain(Command, tag="gain", frozen=True, kw_only=True):
    """Amplify."""

    gain: Number


class Listen(Command, tag="listen", frozen=True, kw_only=True):
    """Give the IQ of the time that passes now."""

    seconds: Positive


class Receiver(Equipment):
    """The receiver, alive."""

    def __init__(self, spec: ReceiverSpec, station: Served) -> None:
        self.spec, self.tuned_hz, self.gain_db = spec, spec.tuned_hz, 0.0
        self._station = station
        self._rng = station.rng("receiver")
        self._heard: list[Heard] | None = None  # made when it is first listened: it computes every orbit
        self._blocks: list[NDArray[np.complex64]] | None = None  # while a program reads
        self._row: tuple[Any, ...] = self._silent()
        self._strongest: _Piece | None = None
        self._read: dict[tuple[int, int], float] = {}  # seconds of each transmission that were read
        self._told = 0.0  # until when transmissions are on the record

    def given(self) -> dict[str, Any]:
        """Its data sheet, and where it is tuned."""
        spec = self.spec
        return {
            "rate": spec.rate_hz,
            "lowest": spec.lowest_hz,
            "highest": spec.highest_hz,
            "frequency": self.tuned_hz,
            "lowest_gain": spec.gains_db[0],
            "highest_gain": spec.gains_db[1],
        }

    def described(self) -> dict[str, Any]:
        """Its rate, and how levels of the spectrum are written."""
        return {"rate_hz": self.spec.rate_hz, "db_a_step": _DB_A_STEP, "lowest_db": -_FLOOR_DB}

    @property
    def busy(self) -> bool:
        """Whether a program reads."""
        return self._blocks is not None

    def advance(self, steps: int) -> None:
        """Hear these steps where somebody listens; tell of transmissions that are over."""
        step_s = self._station.scene.step_s
        start, end = self._station.step * step_s, (self._station.step + steps) * step_s
        if self._blocks is not None:
            self._blocks.append(self._hear(start, end))
        else:
            self._row = self._silent()
        if self._heard is not None:
            self._tell(end)

    def row(self) -> tuple[Any, ...]:
        """Where it is tuned, the power over the noise [dB], a row of the spectrum, the strongest carrier [Hz]."""
        return self._row

    def settle(self) -> None:
        """Tell of what nobody heard, that which is still to come too, and keep a piece of what was heard best."""
        if self.spec.emitters:
            self._tell(math.inf)
        if self._strongest:
            self._station.event("strongest", self._strongest.told(self.spec.rate_hz))

    def listen(self, seconds: float) -> tuple[float, NDArray[np.complex64]]:
        """Let time pass; when it began, and the IQ of it, noise of density 1 a hertz."""
        start = self._station.time
        blocks: list[NDArray[np.complex64]] = []
        self._blocks = blocks
        try:
            self._station.run(self._station.steps(seconds))
        finally:
            self._blocks = None
        return start, np.concatenate(blocks)

    def heard(self) -> list[Heard]:
        """The emitters of this run."""
        if self._heard is None:
            self._heard = [self._hearing(emitter) for emitter in self.spec.emitters]
        return self._heard

    def _hearing(self, emitter: Emitter) -> Heard:
        from sheber.ground.reception import Heard

        orbits, skyline = self._station.part(Orbits), self._station.scene.site.skyline

        def hidden(seen: Any) -> NDArray[np.float64]:
            edge = np.maximum(skyline.at(np.degrees(seen.azimuth)), 0.0)
            taken: NDArray[np.float64] = np.where(np.degrees(seen.elevation) < edge, _HIDDEN_DB, 0.0)
            return np.where(seen.elevation < 0.0, 200.0, taken)

        until_s = self._station.limits.simulated_s + LONGEST_S
        return Heard(emitter, lambda times: orbits.true_look(emitter.satellite, times), hidden, until_s)

    def _hear(self, start: float, end: float) -> NDArray[np.complex64]:
        """What arrives from `start` to `end`."""
        from sheber.ground.reception import add_tone
        from sheber.ground.signals import noise

        rate = self.spec.rate_hz
        first = round(start * rate)
        times = np.arange(first, round(end * rate)) / rate
        iq = noise(len(times), rate, 1.0, self._rng)
        carriers: list[tuple[float, float]] = []  # strength [dBHz], frequency [Hz]
        for number, heard in enumerate(self.heard()):
            lost = self._pointing_db(heard, start)
            heard.add_to(iq, times, self.tuned_hz, rate, lost)
            self._note_read(number, heard, start, end)
            carriers.append((float(heard.cn0_dbhz(times[:1], lost)[0]), float(heard.carrier_hz(times[:1])[0])))
        for tone in self.spec.tones:
            add_tone(iq, times, tone, self.tuned_hz, rate)
        self._keep_piece(iq, start, carriers)
        power = float(np.mean(np.abs(iq) ** 2)) / rate
        carrier = max(carriers, default=(0.0, math.nan))[1]
        self._row = (self.tuned_hz, 10.0 * np.log10(power), _spectrum(iq, rate), carrier)
        return iq

    def _silent(self) -> tuple[Any, ...]:
        """The row while nobody listens."""
        return self.tuned_hz, 0.0, np.zeros(_BINS, np.uint8), math.nan

    def _keep_piece(self, iq: NDArray[np.complex64], start: float, carriers: list[tuple[float, float]]) -> None:
        """Keep the beginning of this block where a transmission is under way that is stronger than what is kept."""
        for heard, (strength, carrier) in zip(self.heard(), carriers, strict=True):
            best = self._strongest
            sending = next((one for one in heard.arrivals if one.start <= start < one.end), None)
            if sending and (best is None or strength > best.cn0_dbhz):
                piece = iq[: round(_PIECE_SYMBOLS * self.spec.rate_hz / sending.wave.baud)].copy()
                self._strongest = _Piece(piece, start, strength, carrier - self.tuned_hz, sending.wave.baud)

    def _pointing_db(self, heard: Heard, time: float) -> float:
        """What is lost because the antenna looks beside the satellite; nothing where the antenna has no mount."""
        if not self._station.has(Antenna):
            return 0.0
        seen = self._station.part(Orbits).true_look(heard.emitter.satellite, np.array([time]))
        wanted = float(np.degrees(seen.azimuth[0])), float(np.degrees(seen.elevation[0]))
        off = pointing_error_deg(*self._station.part(Antenna).mount.true_deg, *wanted)
        link = heard.emitter.link
        return float(link.antenna.pointing_loss_db(np.radians(off), link.frequency_hz))

    def _note_read(self, number: int, heard: Heard, start: float, end: float) -> None:
        for arrival in heard.arrivals:
            if arrival.start < end and arrival.end > start:
                key = (number, arrival.number)
                read = min(end, arrival.end) - max(start, arrival.start)
                self._read[key] = self._read.get(key, 0.0) + read

    def _tell(self, until: float) -> None:
        """Record the transmissions that ended since the last time."""
        for number, heard in enumerate(self.heard()):
            for arrival in heard.arrivals:
                if self._told < arrival.end <= until:
                    strength = float(heard.cn0_dbhz(np.array([(arrival.start + arrival.end) / 2.0]))[0])
                    share = self._read.get((number, arrival.number), 0.0) / (arrival.end - arrival.start)
                    told = {"number": arrival.number, "satellite": heard.emitter.satellite, "start": arrival.start}
                    told |= {"end": arrival.end, "cn0_dbhz": round(strength, 3), "read": round(min(share, 1.0), 4)}
                    self._station.event("transmission", {**told, "data": arrival.data.hex()})
        self._told = until


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A piece of IQ of a transmission, for people who look at its eye."""

    iq: NDArray[np.complex64]
    time: float  # s after the start of the run
    cn0_dbhz: float
    beside_hz: float  # where its carrier was beside the middle of the band
    baud: float

    def told(self, rate_hz: float) -> dict[str, Any]:
        """As it is recorded: I and Q by turns, one byte each, the largest 127."""
        pairs = self.iq.view(np.float32)
        whole = np.rint(127.0 * pairs / max(float(np.abs(pairs).max()), 1e-9)).astype(np.int8)
        told = {"time": self.time, "cn0_dbhz": round(self.cn0_dbhz, 3), "beside_hz": self.beside_hz, "baud": self.baud}
        return {**told, "rate_hz": rate_hz, "iq": base64.b64encode(whole.tobytes()).decode("ascii")}


def _spectrum(iq: NDArray[np.complex64], rate_hz: float) -> NDArray[np.uint8]:
    """A row of the spectrum, the lowest frequency first, in quarters of a decibel over the noise."""
    blocks = iq[: len(iq) // _BINS * _BINS].reshape(-1, _BINS)
    window = np.hanning(_BINS).astype(np.float32)
    power = np.mean(np.abs(np.fft.fft(blocks * window, axis=1)) ** 2, axis=0) / (rate_hz * np.sum(window**2))
    level = (10.0 * np.log10(np.fft.fftshift(power) + 1e-12) + _FLOOR_DB) / _DB_A_STEP
    return np.clip(np.rint(level), 0, 255).astype(np.uint8)


@serves(Tune)
def _tune(station: Served, command: Tune) -> None:
    receiver = station.part(Receiver)
    low, high = receiver.spec.lowest_hz, receiver.spec.highest_hz
    if not low <= command.frequency <= high:
        raise CommandError("StationError", OUT_OF_BAND(asked=command.frequency, low=low, high=high))
    receiver.tuned_hz = command.frequency
    station.event("tuned", {"frequency_hz": command.frequency, "line": station.line})


@serves(Gain)
def _gain(station: Served, command: Gain) -> None:
    receiver = station.part(Receiver)
    low, high = receiver.spec.gains_db
    if not low <= command.gain <= high:
        raise CommandError("StationError", NO_GAIN(asked=command.gain, low=low, high=high))
    receiver.gain_db = command.gain


@serves(Listen)
def _listen(station: Served, command: Listen) -> Reply:
    if command.seconds > LONGEST_S:
        raise CommandError("StationError", TOO_LONG(asked=command.seconds, most=LONGEST_S))
    receiver = station.part(Receiver)
    start, iq = receiver.listen(command.seconds)
    scale = _NOISE * 10.0 ** (receiver.gain_db / 20.0) * _FULL / np.sqrt(receiver.spec.rate_hz / 2.0)
    sides = iq.view(np.float32) * np.float32(scale)
    clipped = int(np.count_nonzero(np.abs(sides) > _FULL))
    binary = np.rint(np.clip(sides, -_FULL, _FULL)).astype("<i2").tobytes()
    about = {"start": start, "frequency": receiver.tuned_hz, "clipped": clipped, "binary": len(binary)}
    return Reply(about, binary)


_EVENTS: Final = {
    "tuned": EventKind(N_("tuned"), "{frequency_hz:.0f} Hz", action=True, quiet=True),
    "strongest": EventKind(N_("strongest transmission"), "{cn0_dbhz:.1f} dBHz", quiet=True),
    "transmission": EventKind(N_("transmission"), "{number:d}, {cn0_dbhz:.1f} dBHz", quiet=True),
}


def _channels(spec: ReceiverSpec, scene: Scene) -> tuple[Channel, ...]:
    return (
        Channel("receiver_frequency", "f8", (), "Hz", N_("Receiver tuned to"), plot="none"),
        Channel("receiver_power", "f4", (), "dB", N_("Power in the band over the noise")),
        Channel("receiver_spectrum", "u1", (_BINS,), "", N_("Spectrum"), plot="none"),
        Channel("receiver_carrier", "f8", (), "Hz", N_("Strongest carrier"), plot="none"),
    )


RECEIVER = Device("receiver", ReceiverSpec, Receiver, (Tune, Gain, Listen), _EVENTS, _channels)
