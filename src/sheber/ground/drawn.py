"""Drawn: the diagrams of a run at the ground station, from what its equipment recorded, and from nothing else.

Each line of the table below names what must be on the record and how it is drawn: a station without an antenna has no
sky plot. A record may come from a stranger, so every diagram is attempted by itself.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sheber.diagrams import Axis, Bar, Bars, Diagram, Lane, Lines, Missing, Series, Words, attempted
from sheber.ground import pictures
from sheber.i18n import N_, message
from sheber.trace import Trace

__all__ = ["drawn"]

Array = NDArray[np.float64]

MOST_ROWS: Final = 400  # of a waterfall
MOST_AIMS: Final = 12  # passes in one sky
MOST_LANES: Final = 40  # satellites of a timetable
_DAY: Final = 86_400.0
_GIVEN: Final = N_("handed in")
_NOT_GIVEN: Final = N_("not handed in")
_NOBODY: Final = N_("The program never listened.")
_IDLE: Final = N_("out of work")
_AIM: Final = message("ground.drawn_aim", "{satellite}, pass {number:d}")


class _Drawing(NamedTuple):
    """A diagram, the channel or the kind of event that it is made of, and how."""

    title: Words
    needs: str
    make: Callable[[Trace, Mapping[str, Any]], Diagram]


def drawn(trace: Trace) -> tuple[Diagram, ...]:
    """The diagrams of a run, those of the antenna first. Raises nothing."""
    return tuple(_made(trace))


def _made(trace: Trace) -> Iterator[Diagram]:
    told = next((event.data for event in trace.events_of("described")), {})
    there = {channel.name for channel in trace.channels} | {event.kind for event in trace.events}
    there |= {f"entry {event.data.get('form')}" for event in trace.events_of("entry")}
    for one in _DRAWINGS:
        if one.needs in there and len(trace.time):
            yield attempted(one.title, lambda one=one: one.make(trace, told))  # type: ignore[misc]


# --- the antenna ------------------------------------------------------------------------------------------


def _sky(trace: Trace, told: Mapping[str, Any]) -> Diagram:
    """The ways of the satellites that the antenna should look at, and of the antenna meanwhile."""
    aim, times = trace["mount_aim"], trace.time
    names, beam = told["mount"]["aims"], float(told["mount"]["beam_deg"])
    ways = []
    for number in np.unique(aim[aim > 0])[:MOST_AIMS].tolist():
        rows = aim == number
        name = _AIM(satellite=str(names[number - 1]), number=number)
        azimuth, elevation = trace["mount_wanted"][rows].T
        ways.append(pictures.Way(name, times[rows], azimuth, elevation))
    during = np.where((aim > 0)[:, None], trace["mount_true"], np.nan)
    ways.append(pictures.Way(N_("antenna"), times, during[:, 0], during[:, 1], beam))
    site = told["site"]
    azimuth, high = np.transpose(site["skyline_deg"])
    return pictures.sky(ways, skyline_deg=(azimuth, high), minimum_deg=site["minimum_deg"])


def _way(trace: Trace, told: Mapping[str, Any]) -> pictures.Way:
    """The way of the satellite that an antenna follows by itself, while it was up."""
    up = np.where(trace["following"][:, 1:] > 0.0, trace["following"], np.nan)
    return pictures.Way(str(told["following"]["satellite"]), trace.time, up[:, 0], up[:, 1])


def _followed(trace: Trace, told: Mapping[str, Any]) -> Diagram:
    """The way of the satellite that an antenna follows by itself."""
    azimuth, high = np.transpose(told["site"]["skyline_deg"])
    return pictures.sky([_way(trace, told)], skyline_deg=(azimuth, high), minimum_deg=told["site"]["minimum_deg"])


def _height(trace: Trace, told: Mapping[str, Any]) -> Diagram:
    """How high that satellite stood."""
    return pictures.elevations([_way(trace, told)], minimum_deg=told["site"]["minimum_deg"])


def _pointing(trace: Trace, told: Mapping[str, Any]) -> Diagram:
    error = np.where(trace["mount_aim"] > 0, trace["mount_error"], np.nan)
    return pictures.pointing(trace.time, error, float(told["mount"]["beam_deg"]))


# --- the receiver -----------------------------------------------------------------------------------------


def _frequency(trace: Trace, _told: Mapping[str, Any]) -> Diagram:
    """Where the carrier truly was, and where the receiver was tuned while somebody listened."""
    carrier = trace["receiver_carrier"]
    if not np.isfinite(carrier).any():
        return Missing(N_("Doppler shift"), _NOBODY)
    tuned = np.where(np.isfinite(carrier), trace["receiver_frequency"], np.nan)
    middle = float(np.nanmean(carrier))
    times = trace.time
    return pictures.doppler((times, carrier - middle), tuned=(times, tuned - middle))


def _waterfall(trace: Trace, told: Mapping[str, Any]) -> Diagram:
    """The spectra of the time in which somebody listened, in rows of equal time."""
    rows = trace["receiver_spectrum"]
    read = np.flatnonzero(rows.any(axis=1))
    if not len(read):
        return Missing(N_("Waterfall"), _NOBODY)
    about, times = told["receiver"], trace.time[read]
    apart = float(np.median(np.diff(times))) if len(times) > 1 else trace.step_s
    number = np.round((times - times[0]) / apart).astype(np.int64)
    together = -(-(int(number[-1]) + 1) // MOST_ROWS)
    power = np.full((int(number[-1]) // together + 1, rows.shape[1]), np.nan)
    np.fmax.at(power, number // together, about["db_a_step"] * rows[read].astype(np.float64) + about["lowest_db"])
    first = float(times[0]) - apart  # a row is recorded at the end of its time
    return pictures.waterfall(power, (first, first + len(power) * together * apart), float(about["rate_hz"]))


def _strongest(trace: Trace) -> tuple[NDArray[np.complex128], float]:
    """The IQ of the strongest transmission that was read, about its own carrier, and samples a symbol."""
    told = trace.events_of("strongest")[-1].data
    pairs = np.frombuffer(base64.b64decode(told["iq"]), np.int8).reshape(-1, 2).astype(np.float64)
    iq = pairs[:, 0] + 1j * pairs[:, 1]
    turns = np.exp(-2j * np.pi * float(told["beside_hz"]) / float(told["rate_hz"]) * np.arange(len(iq)))
    return iq * turns / max(float(np.abs(iq).max()), 1e-9), float(told["rate_hz"]) / float(told["baud"])


def _eye(trace: Trace, _told: Mapping[str, Any]) -> Diagram:
    """The frequency of the signal, a mean over half a symbol: what an FSK receiver decides by."""
    iq, per_symbol = _strongest(trace)
    frequency = np.angle(iq[1:] * np.conj(iq[:-1])) * per_symbol / (2.0 * np.pi)
    window = max(1, round(per_symbol / 2.0))
    return pictures.eye(np.convolve(frequency, np.full(window, 1.0 / window), "valid"), per_symbol)


def _constellation(trace: Trace, _told: Mapping[str, Any]) -> Diagram:
    return pictures.constellation(_strongest(trace)[0])


# --- modem and schedule -----------------------------------------------------------------------------------


def _carrier(trace: Trace, told: Mapping[str, Any]) -> Diagram:
    """How strong the satellite was, and what each mode needs."""
    ends = [float(trace.time[0]), float(trace.time[-1])]
    needs = [Series(str(name), ends, [float(value)] * 2) for name, value in told["modem"]["needs_dbhz"].items()]
    carrier = Series(N_("C/N0"), trace.time, trace["modem_cn0"])
    return Lines(
        N_("Carrier and modes"), (carrier, *needs), pictures.run_time(), Axis(N_("C/N0, and what modes need"), "dBHz")
    )


def _modes(trace: Trace, _told: Mapping[str, Any]) -> Diagram:
    """Which mode the downlink had when, beside the best law."""
    used = [(event.step * trace.step_s, str(event.data["mode"])) for event in trace.events_of("modem_mode")]
    best = [
        (float(start), str(name)) for event in trace.events_of("downlink") for start, name in event.data["best_law"]
    ]
    lanes = (Lane(N_("as used"), _spans(used, trace.duration)), Lane(N_("best"), _spans(best, trace.duration)))
    return Bars(N_("Modes of the downlink"), lanes, pictures.run_time())


def _spans(changes: list[tuple[float, str]], end: float) -> tuple[Bar, ...]:
    """From each change to the next; "" and "-" are no mode."""
    ends = [start for start, _name in changes[1:]] + [max([end, *(start for start, _name in changes)])]
    return tuple(
        Bar(start, until, name, name)
        for (start, name), until in zip(changes, ends, strict=True)
        if name not in ("", "-")
    )


def _timetable(trace: Trace, _told: Mapping[str, Any]) -> Diagram:
    """What was held at the end, what was refused or lost on the way, and when antennas did not work."""
    rows = [row for event in trace.events_of("timetable") for row in event.data["bookings"]]
    idle = [event.data for event in trace.events_of("outage")]
    broken = [pictures.Booking(one["antenna"], "", one["start"], one["until"], _IDLE) for one in idle]
    return pictures.timetable([*broken, *(pictures.Booking(*row) for row in rows)])


def _recording(trace: Trace, _told: Mapping[str, Any]) -> Diagram:
    """Which frames of a recording were handed in, and what happened to the signal, over the numbers of the frames."""
    told = trace.events_of("recording")[-1].data
    entries = (event.data["values"].get("data", "") for event in trace.events_of("entry"))
    given = {hashlib.sha256(bytes.fromhex(data)).hexdigest() for data in entries}
    frames = [_frame_bar(n, digest in given) for n, digest in enumerate(told["sent"])]
    count = len(frames)
    lanes = (
        Lane(N_("frames"), tuple(frames)),
        Lane(N_("upside down"), _every_second(told["turns"], count)),
        Lane(N_("slipped by a symbol"), _every_second(told["slips"], count)),
        Lane(N_("faded"), tuple(Bar(float(begin), float(end)) for begin, end in told["fades"])),
    )
    return Bars(N_("Frames of the recording"), lanes, Axis(N_("Frame"), low=0.0, high=float(count)))


def _frame_bar(number: int, given: bool) -> Bar:
    return Bar(number, number + 1.0, owner=N_("handed in") if given else N_("not handed in"))


def _every_second(changes: list[float], end: float) -> tuple[Bar, ...]:
    """From the first change to the second, from the third to the fourth; a last one lasts to the end."""
    marks = [*map(float, changes), end]
    return tuple(Bar(marks[n], marks[n + 1]) for n in range(0, len(marks) - 1, 2))


def _passes(trace: Trace, _told: Mapping[str, Any]) -> Diagram:
    """The passes of the first day that were handed in, a lane for each satellite, and those that were not."""
    lanes: dict[str, list[Bar]] = {}
    entries = [event.data["values"] for event in trace.events_of("entry") if event.data["form"] == "pass"]
    given = [(str(one["satellite"]), float(one["aos"]), float(one["los"])) for one in entries]
    for name, aos, los in given:
        lanes.setdefault(name, []).append(Bar(aos, los, owner=_GIVEN))
    for name, rows in trace.facts.get("passes", {}).items():
        own = [(aos, los) for satellite, aos, los in given if satellite == name]
        missing = [(row[0], row[2]) for row in rows if not any(aos < row[2] and los > row[0] for aos, los in own)]
        lanes.setdefault(name, []).extend(Bar(aos, los, owner=_NOT_GIVEN, refused=True) for aos, los in missing)
    shown = [Lane(name, tuple(map(_of_first_day, bars))) for name, bars in sorted(lanes.items())[:MOST_LANES]]
    first = [Lane(lane.label, tuple(bar for bar in lane.bars if bar.end > bar.start)) for lane in shown]
    return Bars(N_("Passes of the first day"), tuple(first), pictures.run_time())


def _of_first_day(bar: Bar) -> Bar:
    """The part of a bar that lies in the first day."""
    return replace(bar, start=min(max(bar.start, 0.0), _DAY), end=max(min(bar.end, _DAY), 0.0))


_DRAWINGS: Final = (
    _Drawing(N_("Sky"), "mount_aim", _sky),
    _Drawing(N_("Sky"), "following", _followed),
    _Drawing(N_("Elevation"), "following", _height),
    _Drawing(N_("Pointing error"), "mount_aim", _pointing),
    _Drawing(N_("Doppler shift"), "receiver_carrier", _frequency),
    _Drawing(N_("Waterfall"), "receiver_spectrum", _waterfall),
    _Drawing(N_("Eye"), "strongest", _eye),
    _Drawing(N_("Constellation"), "strongest", _constellation),
    _Drawing(N_("Carrier and modes"), "modem_cn0", _carrier),
    _Drawing(N_("Modes of the downlink"), "downlink", _modes),
    _Drawing(N_("Timetable"), "timetable", _timetable),
    _Drawing(N_("Frames of the recording"), "recording", _recording),
    _Drawing(N_("Passes of the first day"), "entry pass", _passes),
)
