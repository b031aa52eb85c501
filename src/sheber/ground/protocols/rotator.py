"""The language of rotctld, and a server that turns a simulated mount."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sheber.ground.mount.dynamics import Mount, MountDeaf
from sheber.ground.mount.spec import MountError
from sheber.ground.protocols.answering import Asked, Refusal, Said, Server, number
from sheber.ground.protocols.language import Code, Command, Language
from sheber.i18n import message

__all__ = ["ROTATOR", "rotator_server"]

ROTATOR: Final = Language(
    (
        Command("P", "set_pos", ("Azimuth", "Elevation")),
        Command("p", "get_pos", (), ("Azimuth", "Elevation")),
        Command("M", "move", ("Direction", "Speed")),
        Command("S", "stop"),
        Command("K", "park"),
        Command("R", "reset", ("Reset",)),
        Command("_", "get_info", (), ("Info",)),
        Command("s", "get_status", (), ("Status flags",)),
        Command("1", "dump_caps"),
        Command("", "dump_state"),
        Command("q", "quit", ends=True),
        Command("Q", "exit", ends=True),
    )
)
"""The commands of rotctld that turn something, and how a conversation ends."""

_WAYS: Final = {2: (0, 1), 4: (0, -1), 8: (-1, 0), 16: (1, 0)}  # up, down, left, right: azimuth, elevation
_NO_WAY = message("ground.rotctl_direction", "There is no direction {given!r}. 2 is up, 4 down, 8 left, 16 right.")
_NO_SPEED = message("ground.rotctl_speed", "The speed {given} is not from 1 to 100, and not -1 for the usual one.")


def rotator_server(mount: Mount) -> Server:
    """A conversation with one client of rotctld that turns this mount."""
    return Server(ROTATOR, mount, HANDLERS)


def _obey(command: Callable[..., None], *values: float) -> None:
    """Call a function of the mount; raises Refusal with Hamlib's code for what it refuses."""
    try:
        command(*values)
    except MountDeaf as error:
        raise Refusal(Code.IO, error.text) from error
    except MountError as error:
        raise Refusal(Code.INVALID, error.text) from error


def _set_pos(mount: Mount, arguments: Sequence[str]) -> None:
    _obey(mount.point, number("Azimuth", arguments[0]), number("Elevation", arguments[1]))


def _get_pos(mount: Mount, _arguments: Sequence[str]) -> list[str]:
    state = mount.state
    return [f"{state.azimuth_deg:.6f}", f"{state.elevation_deg:.6f}"]


def _move(mount: Mount, arguments: Sequence[str]) -> None:
    way = _WAYS.get(int(number("Direction", arguments[0])))
    percent = number("Speed", arguments[1])
    if way is None:
        raise Refusal(Code.INVALID, _NO_WAY(given=arguments[0][:20]))
    if percent != -1.0 and not 1.0 <= percent <= 100.0:
        raise Refusal(Code.INVALID, _NO_SPEED(given=arguments[1][:20]))
    share = 1.0 if percent == -1.0 else percent / 100.0
    spec = mount.spec
    _obey(mount.turn, way[0] * share * spec.azimuth.speed_deg_s, way[1] * share * spec.elevation.speed_deg_s)


def _stop(mount: Mount, _arguments: Sequence[str]) -> None:
    mount.stop()


def _park(mount: Mount, _arguments: Sequence[str]) -> None:
    _obey(mount.park)


def _reset(mount: Mount, arguments: Sequence[str]) -> None:
    number("Reset", arguments[0])
    mount.reset()


def _info(_mount: Mount, _arguments: Sequence[str]) -> list[str]:
    return ["Sheberkhana, simulated mount"]


def _status(mount: Mount, _arguments: Sequence[str]) -> list[str]:
    state = mount.state
    flags = [("MOVING", state.moving)]
    flags += [("MOVING_AZ", state.azimuth_speed_deg_s != 0.0), ("MOVING_EL", state.elevation_speed_deg_s != 0.0)]
    flags += [("MOVING_LEFT", state.azimuth_speed_deg_s < 0.0), ("MOVING_RIGHT", state.azimuth_speed_deg_s > 0.0)]
    flags += [("MOVING_UP", state.elevation_speed_deg_s > 0.0), ("MOVING_DOWN", state.elevation_speed_deg_s < 0.0)]
    return [" ".join(name for name, true in flags if true)]


def _dump_state(mount: Mount, _arguments: Sequence[str]) -> Said:
    azimuth, elevation = mount.spec.azimuth, mount.spec.elevation
    return Said(
        (
            "1",  # version of the protocol
            "1",  # model of the rotator: the dummy's number, there is none for us
            f"min_az={azimuth.lowest_deg:.6f}",
            f"max_az={azimuth.highest_deg:.6f}",
            f"min_el={elevation.lowest_deg:.6f}",
            f"max_el={elevation.highest_deg:.6f}",
            "south_zero=0",
            "rot_type=AzEl",
            "done",
        )
    )


def _dump_caps(mount: Mount, _arguments: Sequence[str]) -> Said:
    azimuth, elevation = mount.spec.azimuth, mount.spec.elevation
    return Said(
        (
            "Model name:\t\tSimulated mount",
            "Mfg name:\t\tSheberkhana",
            "Rot type:\t\tAz-El",
            f"Min Azimuth:\t\t{azimuth.lowest_deg:.2f}",
            f"Max Azimuth:\t\t{azimuth.highest_deg:.2f}",
            f"Min Elevation:\t\t{elevation.lowest_deg:.2f}",
            f"Max Elevation:\t\t{elevation.highest_deg:.2f}",
        )
    )


HANDLERS: Final[Mapping[str, Asked[Any]]] = {
    "set_pos": _set_pos,
    "get_pos": _get_pos,
    "move": _move,
    "stop": _stop,
    "park": _park,
    "reset": _reset,
    "get_info": _info,
    "get_status": _status,
    "dump_state": _dump_state,
    "dump_caps": _dump_caps,
}
