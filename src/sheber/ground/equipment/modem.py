"""The modem: a downlink whose mode a program chooses, and what arrives of it by the physics of the link.

The satellite sends frames while it is up and a mode is on. After each change of mode, and when the satellite rises, the
receiver needs a gap to lock; no frames are sent meanwhile. In each step so many frames are sent as the mode carries,
and each is lost with the mode's frame error rate at the true Eb/N0 of the moment: `sheber.ground.link` for the carrier,
the pointing error of the station's mount where there is one, rain and flicker drawn by the scene's seed.

A program sees readings: C/N0 with an error, and counts of frames. What the best law would have delivered is known here
alone; it is on the record at the end.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from sheber.desk import Command, CommandError, Reply, missing
from sheber.ground.equipment.antenna import Antenna
from sheber.ground.equipment.orbits import Orbits
from sheber.ground.link.carrier import Link, carrier_at
from sheber.ground.link.fading import RAIN_S, flicker_db, normal_process, rain_db, rarity_percent
from sheber.ground.link.laws import best_law, eb_n0_db, volume
from sheber.ground.link.modes import FRAME_BITS, Mode, mode
from sheber.ground.mount.pointing import pointing_error_deg
from sheber.ground.serving import Device, Equipment, Instant, Served, serves
from sheber.i18n import N_, message
from sheber.trace import Channel, EventKind

if TYPE_CHECKING:
    from sheber.ground.scene import Scene

__all__ = ["MODEM", "Modem", "ModemSpec", "Weather"]

Array = NDArray[np.float64]

MOST_CHANGES: Final = 500  # of one plan
NO_SIGNAL: Final = float("nan")  # dBHz: what is recorded where the satellite is not up

MODE = message("ground.what_mode", "mode")
PLAN_NOT_RISING = message(
    "ground.modem_plan_not_rising",
    "The times of a plan must rise, and none may have passed. Change {number:d} does not.",
)
PLAN_UNEVEN = message(
    "ground.modem_plan_uneven", "A plan has as many modes as times. This one has {times:d} times and {modes:d} modes."
)


@dataclass(frozen=True, slots=True)
class Weather:
    """The weather of one run."""

    percent: float  # of the year for which it is worse than at the start: 0.1 is a cloudburst, 5 is drizzle
    flickers: bool = True  # whether the turbulent air flickers


@dataclass(frozen=True, slots=True)
class ModemSpec:
    """A downlink and its receiver."""

    satellite: str
    link: Link
    modes: tuple[str, ...]  # that the satellite has, the sturdiest first
    symbol_rate: float  # symbols in a second, of every mode
    until_s: float  # how long the downlink lives; s after the start
    implementation_db: float = 0.0  # what the demodulator loses to an ideal one
    gap_s: float = 1.0  # to lock anew
    weather: Weather | None = None  # None: the statistics of the link itself, at every moment
    reading_db: float = 0.2  # deviation of a reading of C/N0
    keep_lost: float = 1e-3  # part of the frames that the best law may lose at each moment


@dataclass(frozen=True, slots=True, eq=False)
class _Truth:
    """The downlink at each step, without pointing error; all (n,)."""

    azimuth_deg: Array
    elevation_deg: Array
    up: NDArray[np.bool_]
    cn0_dbhz: Array


class Modem(Equipment):
    """The downlink and its receiver, alive."""

    def __init__(self, spec: ModemSpec, station: Served) -> None:
        self.spec = spec
        self.modes = tuple(mode(name) for name in spec.modes)
        self._station = station
        self._truth = _truth(spec, station)
        self._errors = station.rng("modem reading")
        self._losses = station.rng("frames")
        self._plan: list[tuple[float, int]] = []  # changes to come: time, place of the mode
        self._place = -1  # of the mode that is on; -1: none
        self._since: float | None = None  # when the signal of this mode began; None: there is none
        self._part = 0.0  # of a frame that is under way
        self.sent = self.lost = 0

    def given(self) -> dict[str, Any]:
        """What the program may know: the modes and what each needs, rates, the gap."""
        spec = self.spec
        modes = {
            one.name: {"bits_a_symbol": one.bits_a_symbol, "needed_db": round(one.required_db(spec.keep_lost), 2)}
            for one in self.modes
        }
        told = {"satellite": spec.satellite, "modes": modes, "symbol_rate": spec.symbol_rate, "gap": spec.gap_s}
        return told | {"implementation_db": spec.implementation_db, "frame_bits": FRAME_BITS}

    def described(self) -> dict[str, Any]:
        """The satellite, the beam, and the C/N0 that each mode needs [dBHz]."""
        spec, link = self.spec, self.spec.link
        needs = {
            one.name: one.required_db(spec.keep_lost)
            + spec.implementation_db
            + float(10.0 * np.log10(one.bit_rate(spec.symbol_rate)))
            for one in self.modes
        }
        beam_deg = float(np.degrees(link.antenna.beam_rad(link.frequency_hz)))
        return {"satellite": spec.satellite, "beam_deg": round(beam_deg, 3), "needs_dbhz": needs}

    @property
    def busy(self) -> bool:
        """Whether the satellite is up, or rises before the next sample of a waiting station."""
        scene, now = self._station.scene, self._station.step
        return bool(self._truth.up[now : now + scene.idle_steps + 1].any())

    @property
    def delivered_bits(self) -> int:
        """Bits in frames that arrived."""
        return (self.sent - self.lost) * FRAME_BITS

    def advance(self, steps: int) -> None:
        """Send and receive for these steps."""
        first, step_s = self._station.step, self._station.scene.step_s
        for step in range(first, first + steps):
            self._change(step * step_s)
            self._receive(step, step_s)

    def row(self) -> tuple[Any, ...]:
        """C/N0, the mode, frames sent and lost, and bits so far."""
        now = self._station.step
        level = self._level(now) if self._is_up(now) else NO_SIGNAL
        return level, self._place + 1, self.sent, self.lost, self.delivered_bits

    def settle(self) -> None:
        """Record what the downlink delivered, and what the best law would have."""
        best, law = _best(self.spec, self._truth, self.modes, self._station.scene.step_s)
        values = {"sent": self.sent, "lost": self.lost, "bits": self.delivered_bits, "best_bits": round(best)}
        self._station.event("downlink", {**values, "best_law": [[start, name] for start, name in law]})

    def place(self, name: str) -> int:
        """The place of a mode, -1 for "". Raises CommandError (NotGiven) for a mode that the satellite has not."""
        if name == "":
            return -1
        if name not in self.spec.modes:
            raise missing(MODE(), name, self.spec.modes)
        return self.spec.modes.index(name)

    def use(self, changes: list[tuple[float, int]]) -> None:
        """Take a plan in place of the one before; what is due happens at once."""
        self._plan = changes
        self._change(self._station.time)

    def reading(self) -> dict[str, Any]:
        """What the receiver says now."""
        now, time = self._station.step, self._station.time
        up = self._is_up(now)
        level = self._level(now) + self._errors.normal(0.0, self.spec.reading_db) if up else None
        name = self.spec.modes[self._place] if self._place >= 0 else ""
        counts = {"sent": self.sent, "lost": self.lost, "bits": self.delivered_bits}
        return {"mode": name, "locked": self._locked(time), "cn0_dbhz": level, **counts}

    # --- inside -------------------------------------------------------------------------------

    def _change(self, time: float) -> None:
        """Carry out the changes that are due; of several at once the last one counts, for no other was ever sent."""
        due = bisect.bisect_right(self._plan, time + 1e-9, key=lambda change: change[0])
        if not due:
            return
        place = self._plan[due - 1][1]
        del self._plan[:due]
        if place != self._place:
            self._place, self._since = place, None
            name = self.spec.modes[place] if place >= 0 else ""
            self._station.event("modem_mode", {"mode": name or "-", "line": self._station.line})

    def _receive(self, step: int, step_s: float) -> None:
        """Send and lose the frames of one step."""
        time = step * step_s
        if self._place < 0 or not self._is_up(step):
            self._since = None
            return
        if self._since is None:
            self._since = time
        if not self._locked(time):
            return
        one = self.modes[self._place]
        rate = one.bit_rate(self.spec.symbol_rate)
        self._part += rate * step_s / FRAME_BITS
        frames = int(self._part)
        self._part -= frames
        error_rate = float(one.frame_error_rate(eb_n0_db(self._level(step), rate, self.spec.implementation_db)))
        self.sent += frames
        self.lost += int(self._losses.binomial(frames, error_rate))

    def _locked(self, time: float) -> bool:
        return self._since is not None and time >= self._since + self.spec.gap_s - 1e-9

    def _is_up(self, step: int) -> bool:
        return step < len(self._truth.up) and bool(self._truth.up[step])

    def _level(self, step: int) -> float:
        """True C/N0 in this step, with the mount's pointing error."""
        level = float(self._truth.cn0_dbhz[step])
        if not self._station.has(Antenna):
            return level
        azimuth, elevation = self._station.part(Antenna).mount.true_deg
        truth, link = self._truth, self.spec.link
        aside = pointing_error_deg(azimuth, elevation, float(truth.azimuth_deg[step]), float(truth.elevation_deg[step]))
        return level - float(link.antenna.pointing_loss_db(np.radians(aside), link.frequency_hz))


def _truth(spec: ModemSpec, station: Served) -> _Truth:
    """Where the satellite is, and how strong it is heard, at every step of the downlink's life."""
    times = np.arange(station.steps(spec.until_s) + 1, dtype=np.float64) * station.scene.step_s
    seen = station.part(Orbits).true_look(spec.satellite, times)
    azimuth_deg, elevation_deg = np.degrees(seen.azimuth), np.degrees(seen.elevation)
    up = elevation_deg > station.scene.site.mask_deg(azimuth_deg)
    rain, flicker = _drawn(spec, station, times, seen.elevation)
    found = carrier_at(spec.link, seen.elevation, seen.range, 0.0, rain, flicker)
    return _Truth(azimuth_deg, elevation_deg, up, found.cn0_dbhz)


def _drawn(spec: ModemSpec, station: Served, times: Array, elevation: Array) -> tuple[Array | None, Array | float]:
    """Rain and flicker in dB at these times; None and nothing where the link's own statistics hold."""
    climate, weather, frequency = spec.link.climate, spec.weather, spec.link.frequency_hz
    if weather is None or climate is None:
        return None, 0.0
    from scipy.special import ndtri

    rng = station.rng("weather")
    normal = normal_process(times, RAIN_S, rng, start=-float(ndtri(weather.percent / 100.0)))
    rain = rain_db(climate, elevation, frequency, rarity_percent(normal))
    if not weather.flickers:
        return rain, 0.0
    return rain, flicker_db(climate, times, elevation, frequency, spec.link.antenna.aperture_m, rng)


def _best(
    spec: ModemSpec, truth: _Truth, modes: tuple[Mode, ...], step_s: float
) -> tuple[float, list[tuple[float, str]]]:
    """What the best law delivers with a beam that never misses, and that law: pass by pass."""
    bits, changes = 0.0, []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], truth.up, [False]]).astype(int)))
    for rise, fall in zip(edges[::2], edges[1::2], strict=True):
        times, levels = np.arange(rise, fall) * step_s, truth.cn0_dbhz[rise:fall]
        if times.size < 2:
            continue
        about = {"implementation_db": spec.implementation_db, "gap_s": spec.gap_s}
        law = best_law(times, levels, modes, spec.symbol_rate, frame_error_rate=spec.keep_lost, **about)
        bits += volume(times, levels, law, modes, spec.symbol_rate, **about).delivered_bits
        changes += [*law.changes, (float(fall * step_s), "")]
    return bits, changes


# --- commands ---

ModeName = Annotated[str, Meta(max_length=40)]


class Use(Command, tag="modem_use", frozen=True, kw_only=True):
    """Send in this mode from now on; "" sends nothing."""

    mode: ModeName


class Plan(Command, tag="modem_plan", frozen=True, kw_only=True):
    """Change modes at these times, in place of the plan before."""

    times: Annotated[list[Instant], Meta(max_length=MOST_CHANGES)]
    modes: Annotated[list[ModeName], Meta(max_length=MOST_CHANGES)]


class Read(Command, tag="modem_read", frozen=True, kw_only=True):
    """What the receiver says, one step later."""


@serves(Use)
def _use(station: Served, command: Use) -> None:
    modem = station.part(Modem)
    modem.use([(station.time, modem.place(command.mode))])


@serves(Plan)
def _plan(station: Served, command: Plan) -> None:
    modem, times = station.part(Modem), command.times
    if len(times) != len(command.modes):
        raise CommandError("StationError", PLAN_UNEVEN(times=len(times), modes=len(command.modes)))
    places = [modem.place(name) for name in command.modes]
    for number, (before, time) in enumerate(zip([station.time - 1e-6, *times], times, strict=False), start=1):
        if time <= before:
            raise CommandError("StationError", PLAN_NOT_RISING(number=number))
    modem.use(list(zip(times, places, strict=True)))


@serves(Read)
def _read(station: Served, command: Read) -> Reply:
    modem = station.part(Modem)
    station.run(1)
    return Reply({"reading": modem.reading()})


# --- what is recorded ---

_EVENTS: Final = {
    "modem_mode": EventKind(N_("mode"), "{mode}", action=True),
    "downlink": EventKind(N_("downlink ended"), "{sent:d}, {lost:d}", quiet=True),
}


def _channels(spec: ModemSpec, scene: Scene) -> tuple[Channel, ...]:
    return (
        Channel("modem_cn0", "f4", (), "dBHz", N_("C/N0")),
        Channel("modem_mode", "u1", (), "", N_("Mode")),
        Channel("modem_sent", "u4", (), "", N_("Frames sent"), plot="none"),
        Channel("modem_lost", "u4", (), "", N_("Frames lost")),
        Channel("modem_bits", "f8", (), "", N_("Bits delivered")),
    )


MODEM = Device("modem", ModemSpec, Modem, (Use, Plan, Read), _EVENTS, _channels)
