"""Orbits: SGP4's verification states, and the finder of passes against skyfield and against brute force.

The satellites are synthetic: nobody may pass on the catalogue's elements. Skyfield is a package of the developers;
where it is not installed the comparison is left out and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sheber.bench.rows import Row, absolute, aimed, gated, in_turn, skipped, timed
from sheber.ground import instants
from sheber.ground.elements import BadElements, Elements, Unfit, checksum, from_tle, to_tle
from sheber.ground.orbit import look, propagate_after
from sheber.ground.passes import find_passes
from sheber.ground.site import Site, Skyline

__all__ = ["passes", "sgp4"]

Array = NDArray[np.float64]

START: Final = instants.parse("2026-11-29T00:00:00Z")
DAYS: Final = 7
MANY: Final = 1000
BRUTE: Final = 60  # satellites that are also searched by brute force
OPEN: Final = Site("Almaty", 43.2220, 76.8512, 800.0, minimum_deg=10.0)
NOTCHED: Final = Site(
    "Almaty, between houses",
    43.2220,
    76.8512,
    800.0,
    Skyline(
        (
            (0.0, 4.0),
            (95.0, 12.0),
            (95.0, 33.0),
            (101.0, 33.0),
            (101.0, 7.0),
            (180.0, 25.0),
            (181.0, 6.0),
            (182.0, 25.0),
        )
    ),
    5.0,
)


_NO_ORBIT: Final = 33334  # of the verification set: SGP4 must refuse it (its mean motion is 1e-5 a day)


# --- the verification states of SGP4 ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stated:
    """What the report says of one satellite: minutes, positions [m], and velocities [m/s]."""

    norad_id: int
    minutes: Array
    r: Array
    v: Array


def sgp4(quick: bool) -> list[Row]:
    """All states of the verification set that comes with the package `sgp4` (AIAA 2006-6753)."""
    import sgp4 as package

    folder = Path(package.__file__).parent
    satellites = _verification((folder / "SGP4-VER.TLE").read_text())
    worst, fastest, states, refused = 0.0, 0.0, 0, []
    for stated in _states((folder / "tcppver.out").read_text()):
        try:
            r, v = propagate_after(satellites[stated.norad_id], stated.minutes * 60.0)
        except (Unfit, BadElements, KeyError):
            refused.append(stated.norad_id)
            continue
        worst = max(worst, float(np.linalg.norm(r - stated.r, axis=1).max()))
        fastest = max(fastest, float(np.linalg.norm(v - stated.v, axis=1).max()))
        states += len(r)
    return [
        gated(
            "SGP4, verification states",
            states,
            "states",
            "≥ 666",
            f"refused: {refused}, and {_NO_ORBIT} is meant to be",
        ),
        gated("SGP4, worst position", worst * 1e3, "mm", "≤ 1"),
        absolute("SGP4, worst velocity", fastest, "m/s"),
    ]


def _verification(text: str) -> dict[int, Elements]:
    """The elements of the set. Its lines go on behind their checksums; wrong ones are mended here."""
    lines = [line[:68] for line in text.splitlines() if line.startswith(("1 ", "2 "))]
    mended = [f"{line}{checksum(line)}" for line in lines if line[2:7] != str(_NO_ORBIT)]
    return {one.norad_id: one for one in from_tle("\n".join(mended))}


def _states(text: str) -> Iterator[_Stated]:
    """The states of each satellite in `tcppver.out`: "5 xx", then lines of minutes, position and velocity [km]."""
    norad_id = 0
    rows: list[list[float]] = []
    for words in (*map(str.split, text.splitlines()), ["0", "xx"]):
        if words[1] != "xx":
            rows.append([float(word) for word in words[:7]])
            continue
        if rows:
            table = np.array(rows)
            yield _Stated(norad_id, table[:, 0], table[:, 1:4] * 1e3, table[:, 4:7] * 1e3)
        norad_id, rows = int(words[0]), []


# --- passes -----------------------------------------------------------------------------------------


def low_orbits(count: int, seed: int) -> list[Elements]:
    """Synthetic satellites in low orbits."""
    rng = np.random.default_rng(seed)
    return [
        _drawn(k, rng, rng.uniform(13.5, 15.6), rng.uniform(0.0, 0.01), rng.uniform(40.0, 110.0)) for k in range(count)
    ]


def mixed_orbits(count: int, seed: int) -> list[Elements]:
    """Low orbits and, every third, deep space: navigation, Molniya, transfer, synchronous."""
    rng = np.random.default_rng(seed)
    deep = ((2.0057, 0.005, 55.0), (2.0060, 0.72, 63.4), (3.8, 0.6, 27.0), (1.0027, 0.2, 30.0), (6.2, 0.1, 50.0))
    low = low_orbits(count, seed)
    return [_drawn(k, rng, *deep[k // 3 % len(deep)]) if k % 3 == 0 else low[k] for k in range(count)]


def _drawn(
    number: int, rng: np.random.Generator, revolutions: float, eccentricity: float, inclination: float
) -> Elements:
    raan, argument, anomaly = rng.uniform(0.0, 360.0, 3)
    epoch = START - rng.uniform(0.0, 3.0) * instants.DAY
    return Elements(
        f"S{number}", 90000 + number, epoch, inclination, raan, eccentricity, argument, anomaly, revolutions, bstar=1e-5
    )  # fmt: skip


def passes(quick: bool) -> list[Row]:
    """Speed against skyfield, completeness and moments against brute force."""
    satellites = low_orbits(MANY // 10 if quick else MANY, 1)
    return [*_speed(satellites, rounds=1 if quick else 2), *_complete(mixed_orbits(BRUTE // 6 if quick else BRUTE, 2))]


def _speed(satellites: Sequence[Elements], rounds: int) -> list[Row]:
    """Ours and skyfield's `find_events` by turns, each with its satellites ready."""
    end = START + DAYS * instants.DAY
    name, of = "passes, speed against skyfield", f"{len(satellites)} satellites, {DAYS} days"
    found = len(find_passes(satellites, OPEN, START, end))  # ours are ready after this
    try:
        theirs = _Skyfield(satellites)
    except ImportError:
        ours = timed(lambda: find_passes(satellites, OPEN, START, end))
        return [skipped(name, "times", "≥ 2.5", "skyfield is not installed"), absolute("passes, ours", ours, "s", of)]
    slow, fast, ratio = in_turn(
        lambda: timed(theirs.find), lambda: timed(lambda: find_passes(satellites, OPEN, START, end)), rounds
    )
    return [
        gated(name, ratio, "times", "≥ 2.5", f"{of}, {found} passes; skyfield {theirs.rises} rises"),
        aimed("passes, speed against skyfield, aim", ratio, "times", "≥ 4"),
        absolute("passes, ours", fast, "s", of),
        absolute("passes, skyfield", slow, "s", of),
    ]


class _Skyfield:
    """The same satellites and site in skyfield. Raises ImportError."""

    def __init__(self, satellites: Sequence[Elements]) -> None:
        from skyfield.api import EarthSatellite, load, wgs84

        times: Any = load.timescale(builtin=True)
        self._satellites = [EarthSatellite(*to_tle(one).splitlines()[1:], one.name, times) for one in satellites]
        self._place = wgs84.latlon(OPEN.latitude_deg, OPEN.longitude_deg, OPEN.altitude_m)
        self._from, self._to = (
            times.from_datetime(instants.to_datetime(t)) for t in (START, START + DAYS * instants.DAY)
        )
        self.rises = 0

    def find(self) -> None:
        """Search all; count the rises."""
        self.rises = 0
        for one in self._satellites:
            _, events = one.find_events(self._place, self._from, self._to, altitude_degrees=OPEN.minimum_deg)
            self.rises += int((events == 0).sum())


def _complete(satellites: Sequence[Elements]) -> list[Row]:
    """Every pass of brute force must be ours, from edge to edge; ours may have ones shorter than its step."""
    end = START + DAYS * instants.DAY
    compared = _Compared()
    for number, one in enumerate(satellites):
        site = NOTCHED if number % 2 else OPEN
        ours = [(max(found.aos, START), min(found.los, end)) for found in find_passes(one, site, START, end)]
        compared.add(_brute_force(one, site, START, end), ours)
    of = f"{len(satellites)} satellites, {compared.passes} passes, {compared.edges} over an edge of the window"
    return [
        gated("passes, lost against brute force", compared.lost, "passes", "≤ 0", of),
        gated("passes, more than brute force", compared.added, "passes", "≤ 0", "of a second or longer"),
        gated("passes, worst AOS or LOS", compared.worst, "s", "≤ 0.5"),
    ]


@dataclass(slots=True)
class _Compared:
    """What differs between the truth and what was found."""

    passes: int = 0
    edges: int = 0
    lost: int = 0
    added: int = 0
    worst: float = 0.0  # s

    def add(self, truth: list[tuple[float, float]], ours: list[tuple[float, float]]) -> None:
        """Compare one satellite's passes (AOS, LOS) by the times that they share."""
        of = [[found for found in ours if found[0] < los and found[1] > aos] for aos, los in truth]
        self.passes += len(truth)
        self.edges += sum(aos == START or los == START + DAYS * instants.DAY for aos, los in truth)
        self.lost += sum(not some for some in of)
        nowhere = [found for found in ours if not any(found in some for some in of)]
        self.added += sum(los - aos >= 1.0 for aos, los in nowhere)
        for pair, some in zip(truth, of, strict=True):
            if some:
                self.worst = max(self.worst, abs(some[0][0] - pair[0]), abs(some[-1][1] - pair[1]))


def _brute_force(elements: Elements, site: Site, start: float, end: float) -> list[tuple[float, float]]:
    """(AOS, LOS) within a window: a look every second, then halving between two looks."""
    t = np.append(np.arange(start, end, 1.0), end)
    up = _above(elements, site, t)
    edges = np.flatnonzero(np.diff(up))
    low, high = t[edges], t[edges + 1]
    for _turn in range(12 if len(edges) else 0):
        middle = (low + high) / 2
        same = _above(elements, site, middle) == up[edges]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    moments = [*([start] if up[0] else []), *((low + high) / 2).tolist(), *([end] if up[-1] else [])]
    return list(zip(moments[::2], moments[1::2], strict=True))


def _above(elements: Elements, site: Site, t: Array) -> NDArray[np.bool_]:
    """Whether a satellite is above the mask at instants."""
    seen = look(elements, site, t)
    return np.asarray(np.degrees(seen.elevation) > site.mask_deg(np.degrees(seen.azimuth)))
