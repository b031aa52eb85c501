"""The mount of the antenna: where it can turn, what its encoders say, and where it shall look."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sheber.client import checks
from sheber.client.errors import wrong
from sheber.client.fixed import Fixed
from sheber.client.session import Session
from sheber.i18n import message

__all__ = ["Axis", "Mount", "MountState"]

TABLE = message(
    "client.track_table",
    "A track table has times, azimuths and elevations of the same length, from 2 to {most:d} finite numbers each. You "
    "gave {shapes}.",
)
MOST_ROWS = 2000  # of one track table

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of the mount: its travel, and how it moves."""

    lowest_deg: float  # end of the travel
    highest_deg: float  # the other end
    speed_deg_s: float  # at most
    acceleration_deg_s2: float  # at most, to start and to brake
    dead_band_deg: float  # an axis at rest does not start for a smaller error


@dataclass(frozen=True, slots=True)
class MountState:
    """What the mount says of itself. Its encoders do not see play and wind.

    >>> state = station.mount.state()
    >>> print(state.azimuth_deg, state.elevation_deg, state.moving)
    """

    time: float  # s after the start of the run
    azimuth_deg: float  # of the axis, not a bearing: 370 is one turn more than 10
    elevation_deg: float  # above 90 the antenna looks over the top
    azimuth_deg_s: float  # speed
    elevation_deg_s: float  # speed
    moving: bool
    latched: bool  # a long turn in azimuth is on its way: a newer azimuth waits for its end
    deaf: bool  # it stopped because an encoder stood still; `reset` mends that


class Mount(Fixed):
    """The mount of the antenna. Each call lets one step of simulated time pass."""

    __slots__ = ("_session", "azimuth", "beam_deg", "elevation", "latch_deg", "park_deg")

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        self._session = session
        self.azimuth = Axis(**given["azimuth"])
        self.elevation = Axis(**given["elevation"])
        self.beam_deg = float(given["beam_deg"])  # full width at half power: half of it is lost at beam_deg / 2
        self.park_deg: tuple[float, float] = tuple(given["park_deg"])  # azimuth, elevation
        self.latch_deg: float | None = given["latch_deg"]  # a longer turn in azimuth is finished first; None: no latch

    def __repr__(self) -> str:
        azimuth, elevation = self.azimuth, self.elevation
        return (
            f"Mount(azimuth {azimuth.lowest_deg:g} to {azimuth.highest_deg:g} deg, elevation {elevation.lowest_deg:g} "
            f"to {elevation.highest_deg:g} deg, {azimuth.speed_deg_s:g} deg/s, beam {self.beam_deg:g} deg)"
        )

    def state(self) -> MountState:
        """What the mount says of itself.

        >>> print(station.mount.state().azimuth_deg)
        """
        return self._asked("mount_state")

    def point(self, azimuth_deg: float, elevation_deg: float) -> MountState:
        """Go to a place and stay there. Gives the state one step later; the mount still moves.

        `azimuth_deg` is an angle of the axis: a mount with overlap has two for some bearings. Raises MountLimit for a
        place that the mount cannot reach, StationError while an encoder stands still.

        >>> station.mount.point(120.0, 45.0)
        """
        azimuth = checks.number(azimuth_deg, "azimuth_deg", "deg")
        return self._asked(
            "mount_point", azimuth_deg=azimuth, elevation_deg=checks.number(elevation_deg, "elevation_deg", "deg")
        )

    def follow(self, times: ArrayLike, azimuths_deg: ArrayLike, elevations_deg: ArrayLike) -> MountState:
        """Follow a track table by itself, smoothly between its rows; it replaces what was asked before.

        `times` [s after the start of the run] must grow; azimuths are angles of the axis, without a jump at north.
        Before the first row the mount waits there, after the last it stays. Raises MountLimit for a row that the mount
        cannot reach, ValueError for what is no table of 2 to 2000 rows.

        >>> now = station.clock.time
        >>> station.mount.follow([now, now + 60.0], [10.0, 40.0], [20.0, 50.0])
        """
        sent = base64.b64encode(_table(times, azimuths_deg, elevations_deg).astype("<f8").tobytes()).decode()
        return self._asked("mount_follow", table=sent)

    def turn(self, azimuth_deg_s: float, elevation_deg_s: float) -> MountState:
        """Turn at speeds until something else is asked. It runs against the end of the travel if you let it.

        >>> station.mount.turn(2.0, 0.0)
        """
        azimuth = checks.number(azimuth_deg_s, "azimuth_deg_s", "deg/s")
        return self._asked(
            "mount_turn",
            azimuth_deg_s=azimuth,
            elevation_deg_s=checks.number(elevation_deg_s, "elevation_deg_s", "deg/s"),
        )

    def stop(self) -> MountState:
        """Brake, and forget what was asked. It also ends a long turn that is latched.

        >>> station.mount.stop()
        """
        return self._asked("mount_stop")

    def park(self) -> MountState:
        """Go to the park position.

        >>> station.mount.park()
        """
        return self._asked("mount_park")

    def reset(self) -> MountState:
        """Stop, and obey again after an encoder stood still.

        >>> station.mount.reset()
        """
        return self._asked("mount_reset")

    def wait(self, timeout: float = 300.0) -> MountState:
        """Let simulated time pass until the mount stands and has nothing to do. Raises Timeout after `timeout` [s].

        >>> station.mount.point(20.0, 30.0)
        >>> station.mount.wait()
        """
        return self._asked("mount_wait", seconds=checks.number(timeout, "timeout", "s", least=0.0))

    def _asked(self, do: str, **fields: Any) -> MountState:
        said = self._session.call(do, **fields)["state"]
        return MountState(
            time=said["time_s"],
            azimuth_deg=said["azimuth_deg"],
            elevation_deg=said["elevation_deg"],
            azimuth_deg_s=said["azimuth_speed_deg_s"],
            elevation_deg_s=said["elevation_speed_deg_s"],
            moving=said["moving"],
            latched=said["latched"],
            deaf=said["deaf"],
        )


def _table(*columns: ArrayLike) -> Array:
    """The columns of a track table (3, n); raises ValueError for anything else."""
    try:
        arrays = [np.atleast_1d(np.array(column, dtype=np.float64)) for column in columns]
    except (TypeError, ValueError):
        raise wrong(ValueError, TABLE(most=MOST_ROWS, shapes=[type(one).__name__ for one in columns])) from None
    fits = arrays[0].ndim == 1 and len({one.shape for one in arrays}) == 1 and 2 <= len(arrays[0]) <= MOST_ROWS
    if not fits or not all(np.isfinite(one).all() for one in arrays):
        raise wrong(ValueError, TABLE(most=MOST_ROWS, shapes=[str(one.shape) for one in arrays]))
    return np.stack(arrays)
