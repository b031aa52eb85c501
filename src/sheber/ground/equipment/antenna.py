"""The antenna: a mount with a beam, and the satellites that it should look at.

A program knows the data sheet of the mount and what its encoders say. Play, wind, encoder faults and the angle to the
satellite are the truth: they are on the record, and other equipment asks for them (`Antenna.mount.true_deg`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from sheber.desk import Command, CommandError, NotNegative, Number, Reply
from sheber.ground import looks
from sheber.ground.equipment.orbits import Orbits
from sheber.ground.mount.dynamics import Mount, MountDeaf, MountState
from sheber.ground.mount.flaws import PERFECT, EncoderFault, Flaws
from sheber.ground.mount.pointing import pointing_error_deg
from sheber.ground.mount.spec import MountError, MountSpec
from sheber.ground.mount.track import BadTable, TrackTable
from sheber.ground.serving import Device, Equipment, Looks, Served, serves
from sheber.i18n import N_, message
from sheber.station import ProtocolError
from sheber.trace import Channel, EventKind

if TYPE_CHECKING:
    from sheber.ground.scene import Scene

__all__ = ["ANTENNA", "Aim", "Antenna", "AntennaSpec"]

Array = NDArray[np.float64]

MOST_ROWS: Final = 2000  # of a track table in one command

NO_TABLE = message("ground.no_table", "The program sent a track table that is no table.")
STILL_MOVING = message("ground.mount_moving", "The mount still moves after {seconds:.1f} s.")
SLIPPED = message("ground.encoder_slips", "The {axis} encoder reads wrong by {slip:.1f} deg.")
FROZEN = message("ground.encoder_freezes", "The {axis} encoder stands still.")


@dataclass(frozen=True, slots=True)
class Aim:
    """A satellite that the antenna should look at for a time; s after the start of the run."""

    satellite: str
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class AntennaSpec:
    """An antenna on a mount."""

    mount: MountSpec
    beam_deg: float  # full width of the beam, at half of its power
    flaws: Flaws = PERFECT
    aims: tuple[Aim, ...] = ()  # one after the other: what the pointing error is recorded for


class Antenna(Equipment):
    """The antenna, alive."""

    def __init__(self, spec: AntennaSpec, station: Served) -> None:
        self.spec = spec
        self.mount = Mount(spec.mount, 0.0, station.scene.step_s, spec.flaws, station.rng("wind"))
        self._station = station
        self._aims = [_Target(aim, station) for aim in sorted(spec.aims, key=lambda aim: aim.from_s)]
        self._faults = sorted(spec.flaws.faults, key=lambda fault: fault.from_s)

    def given(self) -> dict[str, Any]:
        """The data sheet of the mount, and the width of the beam."""
        return {**asdict(self.spec.mount), "beam_deg": self.spec.beam_deg}

    def described(self) -> dict[str, Any]:
        """The width of the beam, and the satellites that it should look at, in their order."""
        return {"beam_deg": self.spec.beam_deg, "aims": [one.aim.satellite for one in self._aims]}

    @property
    def busy(self) -> bool:
        """Whether the mount moves or will, or a satellite is there to be looked at or comes before the next sample."""
        now, soon = self.mount.time_s, self._station.scene.idle_steps * self._station.scene.step_s
        return not self.mount.idle or any(one.aim.from_s - soon <= now <= one.aim.until_s for one in self._aims)

    def advance(self, steps: int) -> None:
        """Move for these steps."""
        if self.mount.idle:
            self.mount.skip(steps)
        else:
            for _step in range(steps):
                self.mount.step()
        self._tell()

    def row(self) -> tuple[Any, ...]:
        """Readings, truth, the satellite, the angle to it, and which satellite it is."""
        state, true, target = self.mount.state, self.mount.true_deg, self._target()
        reading = (state.azimuth_deg, state.elevation_deg)
        if target is None:
            return reading, true, (0.0, 0.0), 0.0, 0
        wanted = target.at(self.mount.time_s)
        return reading, true, wanted, pointing_error_deg(*true, *wanted), self._aims.index(target) + 1

    def poses(self) -> list[list[float]]:
        """Yoke, dish, and the satellite that is to be looked at; it waits below the horizon where there is none."""
        target = self._target()
        wanted = (0.0, -90.0) if target is None else target.at(self.mount.time_s)
        return [*_DISH.poses(*self.mount.true_deg), _DISH.satellite_pose(*wanted)]

    def obey(self, asked: str, command: Any, *values: Any) -> MountState:
        """Call a function of the mount, and let one step pass; raises CommandError for what it refuses."""
        try:
            command(*values)
            self._station.event("mount_asked", {"what": asked})
        except (MountDeaf, BadTable) as error:
            raise CommandError("StationError", error.text) from error
        except MountError as error:
            raise CommandError("MountLimit", error.text) from error
        self._station.run(1)
        return self.mount.state

    def _target(self) -> _Target | None:
        """The satellite to look at now."""
        now = self.mount.time_s
        return next((one for one in self._aims if one.aim.from_s <= now <= one.aim.until_s), None)

    def _tell(self) -> None:
        """Record what happened to the mount."""
        for event in self.mount.take_events():
            self._station.event(f"mount_{event.kind}", {"axis": event.axis})
        while self._faults and self._faults[0].from_s <= self.mount.time_s:
            self._station.event("fault", {"text": _says(self._faults.pop(0)), "line": 0})


class _Target:
    """Where a satellite truly is, at each step of an aim: computed once, when it is first asked."""

    def __init__(self, aim: Aim, station: Served) -> None:
        self.aim = aim
        self._station = station
        self._first = round(aim.from_s / station.scene.step_s)
        self._places: list[tuple[float, float]] = []

    def at(self, time_s: float) -> tuple[float, float]:
        """Azimuth and elevation [deg]."""
        step_s = self._station.scene.step_s
        if not self._places:
            times = np.arange(self._first, round(self.aim.until_s / step_s) + 2, dtype=np.float64) * step_s
            seen = self._station.part(Orbits).true_look(self.aim.satellite, times)
            pairs = np.degrees(np.stack([seen.azimuth, seen.elevation], axis=1)).tolist()
            self._places = [(azimuth, elevation) for azimuth, elevation in pairs]
        return self._places[min(round(time_s / step_s) - self._first, len(self._places) - 1)]


def _says(fault: EncoderFault) -> Any:
    return FROZEN(axis=fault.axis) if fault.kind == "freezes" else SLIPPED(axis=fault.axis, slip=fault.slip_deg)


# --- commands ---

Table = Annotated[bytes, Meta(max_length=3 * 8 * MOST_ROWS)]  # base64 on the wire: (3, n) float64, little-endian


class Point(Command, tag="mount_point", frozen=True, kw_only=True):
    """Go to a place and stay."""

    azimuth_deg: Number
    elevation_deg: Number


class Follow(Command, tag="mount_follow", frozen=True, kw_only=True):
    """Follow a track table: times [s after the start], azimuths and elevations [deg]."""

    table: Table


class Turn(Command, tag="mount_turn", frozen=True, kw_only=True):
    """Turn at speeds."""

    azimuth_deg_s: Number
    elevation_deg_s: Number


class Stop(Command, tag="mount_stop", frozen=True, kw_only=True):
    """Brake."""


class Park(Command, tag="mount_park", frozen=True, kw_only=True):
    """Go to the park position."""


class Reset(Command, tag="mount_reset", frozen=True, kw_only=True):
    """Forget that an encoder stood still."""


class State(Command, tag="mount_state", frozen=True, kw_only=True):
    """What the mount says of itself."""


class Await(Command, tag="mount_wait", frozen=True, kw_only=True):
    """Let time pass until the mount stands."""

    seconds: NotNegative


def _reply(state: MountState) -> Reply:
    return Reply({"state": asdict(state)})


@serves(Point)
def _point(station: Served, command: Point) -> Reply:
    antenna = station.part(Antenna)
    return _reply(antenna.obey("point", antenna.mount.point, command.azimuth_deg, command.elevation_deg))


@serves(Follow)
def _follow(station: Served, command: Follow) -> Reply:
    if not command.table or len(command.table) % 24:
        raise ProtocolError(NO_TABLE())
    antenna, columns = station.part(Antenna), np.frombuffer(command.table, dtype="<f8").reshape(3, -1)
    return _reply(antenna.obey("follow", lambda: antenna.mount.follow(TrackTable.of(*columns))))


@serves(Turn)
def _turn(station: Served, command: Turn) -> Reply:
    antenna = station.part(Antenna)
    return _reply(antenna.obey("turn", antenna.mount.turn, command.azimuth_deg_s, command.elevation_deg_s))


@serves(Stop)
def _stop(station: Served, command: Stop) -> Reply:
    antenna = station.part(Antenna)
    return _reply(antenna.obey("stop", antenna.mount.stop))


@serves(Park)
def _park(station: Served, command: Park) -> Reply:
    antenna = station.part(Antenna)
    return _reply(antenna.obey("park", antenna.mount.park))


@serves(Reset)
def _reset(station: Served, command: Reset) -> Reply:
    antenna = station.part(Antenna)
    return _reply(antenna.obey("reset", antenna.mount.reset))


@serves(State)
def _state(station: Served, command: State) -> Reply:
    station.run(1)
    return _reply(station.part(Antenna).mount.state)


@serves(Await)
def _await(station: Served, command: Await) -> Reply:
    mount = station.part(Antenna).mount
    if not station.until(lambda: mount.idle, command.seconds):
        raise CommandError("Timeout", STILL_MOVING(seconds=command.seconds))
    return _reply(mount.state)


# --- what is recorded ---

_ANGLES: Final = (N_("azimuth"), N_("elevation"))
_EVENTS: Final = {
    "mount_asked": EventKind(N_("mount asked"), N_("{what}"), action=True, quiet=True),
    "mount_reversed": EventKind(N_("mount reversed"), N_("{axis}"), quiet=True),
    "mount_limit": EventKind(N_("mount at its limit"), N_("{axis}"), grave=True),
    "mount_latched": EventKind(N_("long turn begun"), N_("{axis}")),
    "mount_released": EventKind(N_("long turn ended"), N_("{axis}"), quiet=True),
    "mount_deaf": EventKind(N_("encoder stood still"), N_("{axis}"), grave=True),
}


_DISH: Final = looks.Antenna(5.0)


def _looks(spec: AntennaSpec, scene: Scene) -> Looks:
    """A dish, the sky above it, and a satellite."""
    visuals = _DISH.visuals(scene.site.skyline.table)
    return Looks((*looks.BODIES, "satellite"), (*visuals, *looks.satellite("satellite", _DISH)))


def _channels(spec: AntennaSpec, scene: Scene) -> tuple[Channel, ...]:
    return (
        Channel("mount_reading", "f8", (2,), "deg", N_("Mount, by its encoders"), labels=_ANGLES),
        Channel("mount_true", "f8", (2,), "deg", N_("Antenna"), labels=_ANGLES),
        Channel("mount_wanted", "f8", (2,), "deg", N_("Satellite"), labels=_ANGLES),
        Channel("mount_error", "f4", (), "deg", N_("Pointing error")),
        Channel("mount_aim", "u1", (), "", N_("Pass"), plot="none"),
    )


ANTENNA = Device(
    "mount",
    AntennaSpec,
    Antenna,
    (Point, Follow, Turn, Stop, Park, Reset, State, Await),
    _EVENTS,
    _channels,
    _looks,
)
