"""`sheber serve-mount`: a simulated mount, and a receiver, for programs that speak Hamlib's protocols."""

from __future__ import annotations

import argparse
import errno
import time
from typing import TYPE_CHECKING, Final

from sheber.cli.errors import DONE, Refused
from sheber.cli.extras import need_ground
from sheber.cli.output import console, plain
from sheber.i18n import Text, _

if TYPE_CHECKING:
    from sheber.ground.mount import Mount
    from sheber.ground.protocols.sockets import Practice

__all__ = ["serve_mount"]

_WIND_DEG: Final = {"none": (0.0, 0.0), "breeze": (0.03, 0.1), "storm": (0.2, 1.0)}  # turbulence, gusts
_LINES_A_SECOND: Final = 5  # of what is refused: a flood of nonsense must not flood the terminal


def serve_mount(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM, or for `--for` seconds."""
    need_ground()
    mount = _mount(arguments)
    practice = _practice(arguments, mount)
    log = _Log()
    practice.log = log.say
    try:
        _greet(arguments, mount, practice)
        end = time.monotonic() + arguments.seconds if arguments.seconds else float("inf")
        practice.serve(lambda: time.monotonic() > end)
    except KeyboardInterrupt:
        pass  # that is how it ends
    finally:
        practice.close()
        log.close()
    return DONE


def _mount(arguments: argparse.Namespace) -> Mount:
    import numpy as np

    from sheber.ground.mount import DISH, FLIPPING, OVERLAPPING, Flaws, Mount, Wind

    spec = {"dish": DISH, "overlapping": OVERLAPPING, "flipping": FLIPPING}[arguments.mount]
    turbulence, gusts = _WIND_DEG[arguments.wind]
    flaws = Flaws(wind=Wind(turbulence_deg=turbulence, gust_deg=gusts))
    return Mount(spec, start_s=time.time(), flaws=flaws, rng=np.random.default_rng(arguments.seed))


def _practice(arguments: argparse.Namespace, mount: Mount) -> Practice:
    from sheber.ground.protocols import Radio, radio_server, rotator_server
    from sheber.ground.protocols.sockets import Practice

    radio = Radio()
    if arguments.port == arguments.radio_port:
        raise Refused(_("Mount and receiver cannot have the same port."))
    doors = {arguments.port: lambda: rotator_server(mount), arguments.radio_port: lambda: radio_server(radio)}
    try:
        return Practice(mount, doors, arguments.host, arguments.pace)
    except OSError as error:
        text = _("The ports {port} and {other} of {host} cannot be had: {why}.")
        why = _("one is taken") if error.errno == errno.EADDRINUSE else (error.strerror or str(error)).lower()
        raise Refused(
            text.format(port=arguments.port, other=arguments.radio_port, host=arguments.host, why=why)
        ) from error


def _greet(arguments: argparse.Namespace, mount: Mount, practice: Practice) -> None:
    """What can be typed in the other terminal."""
    rotator, radio = practice.ports
    azimuth, elevation = mount.spec.azimuth, mount.spec.elevation
    text = _("A mount from {a:.0f} to {b:.0f} deg in azimuth and {c:.0f} to {d:.0f} deg in elevation, and a receiver.")
    print(text.format(a=azimuth.lowest_deg, b=azimuth.highest_deg, c=elevation.lowest_deg, d=elevation.highest_deg))
    print(_("In another terminal:"))
    print(f"    rotctl -m 2 -r {arguments.host}:{rotator} P 120 45")
    print(f"    rotctl -m 2 -r {arguments.host}:{rotator} p")
    print(f"    rigctl -m 2 -r {arguments.host}:{radio} F 436500000")
    print(_("Ctrl-C stops it. For practice: time runs as on the wall, and nothing is graded."), flush=True)


class _Log:
    """Prints what was refused, so many lines a second; the rest is counted."""

    def __init__(self) -> None:
        self._second = 0
        self._said = 0
        self._left_out = 0

    def say(self, text: Text) -> None:
        """Print, or count."""
        now = int(time.monotonic())
        if now != self._second:
            self.close()
            self._second, self._said = now, 0
        self._said += 1
        if self._said > _LINES_A_SECOND:
            self._left_out += 1
        else:
            console().print(plain(str(text)), markup=False, soft_wrap=True)

    def close(self) -> None:
        """Say how many were only counted."""
        if self._left_out:
            print(_("… and {count} more lines like these.").format(count=self._left_out), flush=True)
        self._left_out = 0
