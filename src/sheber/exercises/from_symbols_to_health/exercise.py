"""From symbols to health: frames out of soft symbols, packets, parameters, and the alarms that are news."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sheber.exercises.criteria.common import cut_off, cycle_time, worth
from sheber.exercises.criteria.entries import (
    alarms_raised,
    false_alarms,
    frames_handed_in,
    frames_once,
    gaps_told,
    values_told,
)
from sheber.exercises.numbers import Allowed, Numbers
from sheber.exercises.score import Check
from sheber.ground.equipment import ArchiveSpec, Field, Form, FrontEndSpec
from sheber.ground.kind import GROUND
from sheber.ground.scene import Scene
from sheber.ground.site import Site
from sheber.i18n import N_, message
from sheber.trace import NOTHING, Trace

if TYPE_CHECKING:
    from sheber.ground.packets.channels import Received
    from sheber.ground.packets.telemetry import Limits

STATION = GROUND
COUNTS = ("frames",)
NUMBERS = {
    "scene.frames": Allowed(30, 120, whole=True, title=N_("Frames that were sent")),
    "scene.esn0_db": Allowed(-0.5, 10, "dB", pair=True, title=N_("Symbol energy over noise density")),
    "scene.stale_s": Allowed(600, 3600, "s", title=N_("Age at which a packet is no news")),
    "tolerance.frames": Allowed(0, 100, "%", ramp=True, title=N_("Frames that are missing")),
    "tolerance.values": Allowed(0, 100, "%", ramp=True, title=N_("Values that are missing or wrong")),
    "tolerance.alarms": Allowed(0, 100, "%", ramp=True, title=N_("Alarms that are missing or too many")),
    "tolerance.gaps": Allowed(0, 100, "%", ramp=True, title=N_("Gaps that are missing or too many")),
    "tolerance.once": Allowed(0, 100, "%", ramp=True, title=N_("Frames that are wrong or came before")),
    "safety.false_alarm": Allowed(0, 15, N_("points"), title=N_("Points lost for a false alarm")),
}
TITLES = {
    "points.frames": N_("Frames"),
    "points.values": N_("Values of parameters"),
    "points.alarms": N_("Alarms"),
    "points.cycle": N_("Cycle time"),
    "points.false": N_("No false alarms"),
    "points.gaps": N_("Gaps"),
    "points.once": N_("Each frame once"),
    "cycle.per.frames": N_("Reference time for each frame"),
}

SITE: Final = Site("Almaty", 43.2220, 76.9210, 850.0)
SPACECRAFT: Final = 0x2A7
FRAME: Final = 1115  # bytes
INTERLEAVING: Final = 5
SYMBOLS: Final = 16 * (4 + FRAME + 32 * INTERLEAVING)  # of a frame with marker and parity
FRAME_S: Final = 8.5  # from frame to frame on the link: 1200 bit/s
LATE_S: Final = 60.0  # packets of the second channel wait so long on board
NIGHT_S: Final = 18_000.0  # before the pass: when the recorder recorded what is dumped now
POWER, ATTITUDE, PAYLOAD, SCIENCE = 100, 101, 102, 200  # applications
REPORT: Final = ("BATTERY_VOLTAGE", "RATE_Z", "PAYLOAD_TEMPERATURE")

FORMS: Final = (
    Form("frame", (Field("data", "bytes"),), most=600),
    Form("value", (Field("time", unit="s"), Field("parameter", "text"), Field("value")), most=5000),
    Form("alarm", (Field("time", unit="s"), Field("parameter", "text"), Field("level", "text")), most=500),
    Form("gap", (Field("channel"), Field("after"), Field("missing")), most=500),
)


@dataclass(frozen=True, slots=True)
class Excursion:
    """A parameter that goes astray for a while. Times are seconds after the start of the run."""

    parameter: str
    begins: float
    ends: float
    value: float


def scene(seed: int, numbers: Numbers) -> Scene:
    """The recording of one pass: what was sent, what became of it, and what of it can be had."""
    rng = np.random.default_rng([seed, 16])
    count = numbers.whole("scene.frames")
    start = 1_805_000_000.0 + 86_400.0 * int(rng.integers(0, 300)) + int(rng.integers(0, 80_000))
    begins = -count * FRAME_S
    changes = _changes(rng, begins)
    frames = _frames(rng, count, start, _excursions(rng, begins, changes))
    harm, lost = _harm(rng, count)
    truth = _truth(start, [frame for n, frame in enumerate(frames) if n not in lost], changes, numbers)
    return Scene(
        start=start,
        site=SITE,
        equipment=(
            FrontEndSpec(
                tuple(frames), INTERLEAVING, round(float(rng.uniform(*numbers.pair("scene.esn0_db"))), 2), **harm
            ),
            ArchiveSpec(FORMS),
        ),
        sheet=(
            ("frame_bytes", FRAME),
            ("interleaving", INTERLEAVING),
            ("marker", "1acffc1d"),
            ("spacecraft", SPACECRAFT),
            ("tai_minus_utc", 37),
            ("stale", numbers.real("scene.stale_s")),
            ("report", list(REPORT)),
            ("limits", changes),
            ("xtce", _document()),
        ),
        facts=(
            ("counts", {"frames": count}),
            ("sent", [_digest(frame) for frame in frames]),
            ("lost", sorted(lost)),
            *truth.items(),
        ),
        noise_seed=seed,
    )


def _document() -> str:
    """The telemetry dictionary."""
    return Path(__file__).with_name("telemetry.xml").read_text("utf-8")


def _digest(frame: bytes) -> str:
    return hashlib.sha256(frame).hexdigest()[:16]


# --- what the satellite does ------------------------------------------------------------------------


def _changes(rng: np.random.Generator, begins: float) -> list[dict[str, Any]]:
    """Limits that the operators changed during the pass: the wheel's are wider from then on, the payload's narrower."""
    wheel, payload = (round(begins * float(rng.uniform(*part)), 1) for part in ((0.55, 0.65), (0.40, 0.50)))
    return [
        {"parameter": "WHEEL_TEMPERATURE", "since": wheel, "warning": [-5.0, 60.0], "critical": [-10.0, 70.0]},
        {"parameter": "PAYLOAD_TEMPERATURE", "since": payload, "warning": [-5.0, 35.0], "critical": [-10.0, 40.0]},
    ]


def _excursions(rng: np.random.Generator, begins: float, changes: list[dict[str, Any]]) -> list[Excursion]:
    """What goes astray in the pass, and what went astray in the night."""

    def somewhere(
        parameter: str, part: tuple[float, float], value: tuple[float, float], shift: float = 0.0
    ) -> Excursion:
        at = begins * float(rng.uniform(*part)) + shift
        return Excursion(parameter, at, at + float(rng.uniform(45.0, 60.0)), float(rng.uniform(*value)))

    wheel, payload = (float(change["since"]) for change in changes)
    return [
        somewhere("BATTERY_VOLTAGE", (0.80, 0.85), (6.5, 6.9)),
        somewhere("BATTERY_VOLTAGE", (0.25, 0.35), (6.0, 6.3)),
        somewhere("MODE", (0.55, 0.60), (0.0, 0.0)),
        somewhere("RATE_Z", (0.85, 0.90), (0.7, 1.8)),
        somewhere("RATE_Z", (0.45, 0.50), (-3.5, -2.2)),
        Excursion(
            "WHEEL_TEMPERATURE", wheel - 50.0, wheel - 5.0, float(rng.uniform(47.0, 53.0))
        ),  # told after the change
        Excursion("WHEEL_TEMPERATURE", wheel + 50.0, wheel + 110.0, float(rng.uniform(47.0, 53.0))),  # allowed by then
        Excursion(
            "PAYLOAD_TEMPERATURE", payload - 50.0, payload - 5.0, float(rng.uniform(36.5, 39.0))
        ),  # allowed still
        Excursion("PAYLOAD_TEMPERATURE", payload + 20.0, payload + 70.0, float(rng.uniform(36.5, 39.0))),
        somewhere("BATTERY_VOLTAGE", (0.5, 0.7), (6.0, 6.8), -NIGHT_S),
        somewhere("WHEEL_TEMPERATURE", (0.3, 0.6), (57.0, 62.0), -NIGHT_S),
    ]


def _frames(rng: np.random.Generator, count: int, start: float, astray: Sequence[Excursion]) -> list[bytes]:
    """The frames of three channels, mixed: power now, attitude and payload a minute late, the night's record."""
    from sheber.ground.packets.frames import Frame, Layout

    layout = Layout(FRAME, spacecraft=SPACECRAFT)
    per = [count // 3, count // 3, count - 2 * (count // 3)]
    begins = -count * FRAME_S
    made = [
        [(POWER, t) for t in np.arange(begins + 1.0, -1.0, 4.0)],
        [(app, t - LATE_S) for t in np.arange(begins + 1.0, -1.0, 8.0) for app in (ATTITUDE, PAYLOAD)],
        [(app, t - NIGHT_S) for t in np.arange(begins + 1.0, -1.0, 12.0) for app in (POWER, ATTITUDE)],
    ]
    counters: dict[int, int] = {}
    fields = [
        _fields(
            rng,
            [_packet(rng, app, float(t), start, astray, counters) for app, t in packets],
            frames,
            layout.room(),
            counters,
        )
        for packets, frames in zip(made, per, strict=True)
    ]
    numbers = [int(rng.integers(0, 256)) for _channel in fields]
    master = int(rng.integers(0, 256))
    out = []
    for channel in rng.permutation(np.repeat([0, 1, 2], per)).tolist():
        data, first = fields[channel].pop(0)
        out.append(layout.encoded(Frame(SPACECRAFT, channel, numbers[channel], data, first, master)))
        numbers[channel], master = (numbers[channel] + 1) % 256, (master + 1) % 256
    return out


def _packet(
    rng: np.random.Generator,
    application: int,
    t: float,
    start: float,
    astray: Sequence[Excursion],
    counters: dict[int, int],
) -> bytes:
    """A packet of telemetry that is made at t [s after the start of the run]."""
    from sheber.ground.packets.space_packets import Packet
    from sheber.ground.packets.times import Cuc

    def value(parameter: str, usual: float, spread: float) -> float:
        now = [one.value for one in astray if one.parameter == parameter and one.begins <= t < one.ends]
        return float(now[0] if now else usual) + spread * float(rng.uniform(-1.0, 1.0))

    if application == POWER:
        volts, amperes = round(value("BATTERY_VOLTAGE", 7.7, 0.05) / 0.0025), round(value("", -0.6, 0.2) / 0.002)
        body = (volts << 12 | amperes & 0xFFF).to_bytes(3, "big")
        body += struct.pack(">hB", round(value("", 22.0, 1.0) / 0.01), round(value("MODE", 2.0, 0.0)))
    elif application == ATTITUDE:
        rates = value("", 0.0, 0.1), value("", 0.0, 0.1), value("RATE_Z", 0.0, 0.1)
        body = struct.pack(">fffh", *rates, round(value("WHEEL_TEMPERATURE", 33.0, 1.0) / 0.01))
    else:
        body = struct.pack(">hI", round(value("PAYLOAD_TEMPERATURE", 27.0, 0.5) / 0.01), int(100_000 + t))
    return Packet(application, _next(counters, application), Cuc().encoded(start + t) + body, secondary=True).encoded()


def _next(counters: dict[int, int], application: int) -> int:
    """The next sequence count of an application."""
    counters[application] = (counters.get(application, 16_300 + application) + 1) % (1 << 14)
    return counters[application]


def _fields(
    rng: np.random.Generator, packets: list[bytes], frames: int, room: int, counters: dict[int, int]
) -> list[tuple[bytes, int]]:
    """The data of frames and where the first packet begins: packets in their order, with science data between them."""
    from sheber.ground.packets.space_packets import IDLE, NOTHING_BEGINS, Packet

    spare = (frames * room - sum(map(len, packets))) / len(packets)
    stream, starts = b"", []
    for packet in packets:
        size = max(20, int(spare * rng.uniform(0.6, 1.2)))
        science = Packet(SCIENCE, _next(counters, SCIENCE), rng.bytes(size)).encoded()
        for one in (packet, science):
            starts.append(len(stream))
            stream += one
    starts.append(len(stream))
    stream += Packet(IDLE, 0, bytes(max(1, frames * room - len(stream) - 6))).encoded()
    out = []
    for at in range(0, frames * room, room):
        inside = [start - at for start in starts if at <= start < at + room]
        out.append((stream[at : at + room], inside[0] if inside else NOTHING_BEGINS))
    return out


# --- what becomes of it -----------------------------------------------------------------------------


def _harm(rng: np.random.Generator, count: int) -> tuple[dict[str, Any], set[int]]:
    """What happens to the signal, and the frames that are lost by it. Each harm has a stretch of the pass to itself."""
    places = rng.permutation(np.arange(2, count - 3, 3))[:8].tolist()  # never two in frames that touch
    gone, twice = sorted(places[:2])
    turned, border, faded, short, longer, marker = places[2:]
    inside = {n: n * SYMBOLS + int(SYMBOLS * rng.uniform(0.25, 0.6)) for n in (gone, twice, turned, short, longer)}
    harm = {
        "lead": int(rng.integers(1500, 4000)),
        "turns": (inside[turned], border * SYMBOLS),
        "lost": (inside[gone],),
        "twice": (inside[twice],),
        "fades": (
            (faded * SYMBOLS + 3000, (faded + 1) * SYMBOLS + 9000),  # two frames
            (inside[short], inside[short] + 240),
            (inside[longer], inside[longer] + 480),
            (marker * SYMBOLS, marker * SYMBOLS + 70),
        ),
    }
    return harm, {gone, twice, turned, faded, faded + 1}


def _truth(start: float, frames: list[bytes], changes: list[dict[str, Any]], numbers: Numbers) -> dict[str, Any]:
    """Values, alarms and gaps of the frames that can be had."""
    from sheber.ground.packets.channels import Demultiplexer
    from sheber.ground.packets.frames import Layout
    from sheber.ground.packets.telemetry import Dictionary, Level, news

    sorter = Demultiplexer(Layout(FRAME, spacecraft=SPACECRAFT))
    dictionary = Dictionary(_document())
    samples = _samples(start, sorter.take_all(frames), dictionary)
    values = [(round(one.time, 4), name, one.values[name]) for one in samples for name in REPORT if name in one.values]
    worse: list[tuple[float, str, str]] = []
    level: dict[str, Level] = {}
    for alarm in news(samples, _limits(dictionary, changes), numbers.real("scene.stale_s")):
        if alarm.level > level.get(alarm.parameter, Level.NORMAL):
            worse.append((round(alarm.time, 4), alarm.parameter, alarm.level.name.lower()))
        level[alarm.parameter] = alarm.level
    gaps = [(name, gap.after, gap.missing) for name, channel in sorter.channels.items() for gap in channel.gaps]
    return {"values": values, "alarms": worse, "gaps": gaps}


def _limits(dictionary: Any, changes: list[dict[str, Any]]) -> Limits:
    """The limits of the dictionary, and those that were changed."""
    from sheber.ground.packets.telemetry import Limit
    from sheber.ground.packets.telemetry import Limits as Judged

    limits = Judged(dictionary.limits)
    for change in changes:
        limit = Limit(tuple(change["warning"]), tuple(change["critical"]))
        limits.change(change["parameter"], change["since"], limit)
    return limits


def _samples(start: float, received: list[Received], dictionary: Any) -> list[Any]:
    """The parameters of packets that the dictionary knows; times are seconds after the start of the run."""
    from sheber.ground.packets.telemetry import Sample
    from sheber.ground.packets.times import Cuc

    known = [one for one in received if one.packet.application in (POWER, ATTITUDE, PAYLOAD)]
    return [
        Sample(Cuc().decoded(one.packet.data[:6]) - start, dictionary.values(one.packet.encoded()), received=0.0)
        for one in known
    ]


NOT_ALL = message("from_symbols_to_health.not_all", "Frames or values are missing.")


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """Frames, values, alarms, time, false alarms, gaps, and whether each frame was handed in once."""
    frames = frames_handed_in(trace, worth(numbers, "frames", "frames"))
    values = values_told(trace, worth(numbers, "values", "values"))
    alarms = alarms_raised(trace, worth(numbers, "alarms", "alarms"))
    done = min(one.points / one.maximum for one in (frames, values)) > 0.85 and not cut_off(trace)
    return [
        frames,
        values,
        alarms,
        cycle_time(trace, numbers, NOTHING if done else NOT_ALL()),
        false_alarms(trace, numbers.points("false"), numbers.real("safety.false_alarm")),
        gaps_told(trace, worth(numbers, "gaps", "gaps")),
        frames_once(trace, worth(numbers, "once", "once")),
    ]
