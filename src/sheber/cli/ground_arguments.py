"""Arguments of the commands of the ground station's library."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sheber.i18n import _

__all__ = ["COMMANDS"]

Maker = Callable[..., argparse.ArgumentParser]


def _decode(commands: Any, command: Maker) -> None:
    added = command(
        commands,
        "decode",
        "ground.decode",
        _("Decode a recording: print the frames of a satellite in a WAV or SigMF file."),
        "  sheber decode pass.wav --satellite Al-Farabi-2\n"
        "  sheber decode pass.wav --satellite 43805 --json\n"
        "  sheber decode iq.wav --satellite Al-Farabi-2 --iq --kiss frames.kiss # stereo: left is I, right is Q",
    )
    added.add_argument("file", type=Path, metavar="FILE", help=_("WAV, or one of a pair of SigMF files"))
    added.add_argument(
        "--satellite", required=True, metavar="NAME", help=_("name or NORAD number; a wrong one lists them")
    )
    added.add_argument("--iq", action="store_true", help=_("the WAV is IQ: left is I, right is Q"))
    added.add_argument("--json", action="store_true", help=_("print JSON: time_s, hex and mended of each frame"))
    added.add_argument("--kiss", type=Path, metavar="FILE", help=_("write the frames as KISS too, for other programs"))


def _passes(commands: Any, command: Maker) -> None:
    added = command(
        commands,
        "passes",
        "ground.passes",
        _("List passes: when satellites are above the skyline of a site."),
        "  sheber passes amateur.txt --latitude 43.22 --longitude 76.85 --altitude 800\n"
        "  sheber passes amateur.csv --latitude 43.22 --longitude 76.85 --satellite AL-FARABI-2 --days 3 --minimum 10\n"
        "  sheber passes amateur.json --latitude 43.22 --longitude 76.85 --skyline roof.csv --csv week.csv --days 7\n"
        "  sheber passes amateur.txt --latitude 43.22 --longitude 76.85 --satellite 43805 --sky sky.svg",
    )
    added.add_argument("elements", type=Path, metavar="FILE", help=_("elements: TLE, or OMM as CSV, JSON or XML"))
    added.add_argument(
        "--satellite", action="append", metavar="NAME", help=_("name or NORAD number; may be repeated (default: all)")
    )
    place = added.add_argument_group(_("site"))
    place.add_argument("--latitude", type=float, required=True, metavar="DEG", help=_("north positive"))
    place.add_argument("--longitude", type=float, required=True, metavar="DEG", help=_("east positive"))
    place.add_argument("--altitude", type=float, default=0.0, metavar="M", help=_("metres above the ellipsoid"))
    place.add_argument("--site", default=_("the site"), metavar="NAME", help=_("what it is called"))
    place.add_argument("--skyline", type=Path, metavar="FILE", help=_("lines of azimuth,elevation in degrees"))
    place.add_argument(
        "--minimum", type=float, default=0.0, metavar="DEG", help=_("lowest elevation that is used (default: 0)")
    )
    when = added.add_argument_group(_("window"))
    when.add_argument(
        "--start", metavar="MOMENT", help=_("such as 2026-11-29T18:00Z; without a zone UTC (default: now)")
    )
    when.add_argument("--days", type=float, default=1.0, metavar="N", help=_("length of the window (default: 1)"))
    when.add_argument(
        "--oldest",
        type=_from(0.0, 100_000.0),
        metavar="DAYS",
        help=_("use elements up to so many days from their epoch (default: 14)"),
    )
    added.add_argument("--json", action="store_true", help=_("print JSON: passes, and which satellites were refused"))
    added.add_argument("--csv", type=Path, metavar="FILE", help=_("write the passes as CSV too"))
    added.add_argument("--sky", type=Path, metavar="FILE", help=_("write a plot of the sky too, as SVG"))


def _schedule(commands: Any, command: Maker) -> None:
    added = command(
        commands,
        "schedule",
        "ground.schedule",
        _("Make the best timetable of shared antennas: proven, with shares, and each refusal explained."),
        "  sheber schedule week.toml # sites, elements, partners and rules in one file\n"
        "  sheber schedule week.toml --why c0042 # who took this contact, and what it would cost to give it\n"
        "  sheber schedule week.toml --prices --csv week.csv --svg week.svg\n"
        "  sheber schedule week.json --json > plan.json",
    )
    added.add_argument("file", type=Path, metavar="FILE", help=_("description of the schedule: TOML or JSON"))
    added.add_argument("--json", action="store_true", help=_("print only JSON on the standard output"))
    added.add_argument("--csv", type=Path, metavar="FILE", help=_("write the timetable as CSV too"))
    added.add_argument("--svg", type=Path, metavar="FILE", help=_("draw the timetable as bars too"))
    added.add_argument("--why", metavar="CONTACT", help=_("only tell why this contact was refused, and its cost"))
    added.add_argument("--refused", action="store_true", help=_("tell of every refused contact why, and draw it"))
    added.add_argument("--prices", action="store_true", help=_("tell what each rule costs"))
    added.add_argument(
        "--gap",
        type=_from(0.0, 100.0),
        default=0.0,
        metavar="PERCENT",
        help=_("stop where no plan can be better by more"),
    )
    added.add_argument(
        "--limit",
        type=_from(0.1, 86_400.0),
        default=60.0,
        metavar="S",
        help=_("stop after S seconds (default: 60)"),
    )


def _serve_mount(commands: Any, command: Maker) -> None:
    added = command(
        commands,
        "serve-mount",
        "ground.mount",
        _("Serve a simulated mount and receiver to rotctl, rigctl and other programs, for practice."),
        "  sheber serve-mount # then, in another terminal: rotctl -m 2 -r 127.0.0.1:4533 P 120 45\n"
        "  sheber serve-mount --mount flipping --wind storm --seed 4\n"
        "  sheber serve-mount --pace 10 # ten seconds in one",
    )
    added.add_argument(
        "--mount",
        choices=("dish", "overlapping", "flipping"),
        default="dish",
        help=_("fine drives and 450 deg; a rotator with 450 deg; one that goes over the top (default: dish)"),
    )
    added.add_argument(
        "--wind", choices=("none", "breeze", "storm"), default="none", help=_("what bends it (default: none)")
    )
    added.add_argument("--seed", type=_whole(0, 2**63), default=0, metavar="N", help=_("of the wind (default: 0)"))
    added.add_argument("--host", default="127.0.0.1", help=_("address to listen at (default: 127.0.0.1)"))
    port = _whole(1, 65535)
    added.add_argument("--port", type=port, default=4533, metavar="N", help=_("of the mount (default: 4533)"))
    added.add_argument("--radio-port", type=port, default=4532, metavar="N", help=_("of the receiver (default: 4532)"))
    added.add_argument(
        "--pace", type=_from(0.1, 100.0), default=1.0, metavar="N", help=_("simulated seconds in one (default: 1)")
    )
    added.add_argument(
        "--for", dest="seconds", type=_from(0.1, 1e7), metavar="S", help=_("stop after S seconds (default: never)")
    )


def _whole(least: int, most: int) -> Callable[[str], int]:
    """What reads a whole number of an option that is in a range."""

    def whole(text: str) -> int:
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
        if not least <= value <= most:
            message = _("{text!r} is not a whole number from {least} to {most}.")
            raise argparse.ArgumentTypeError(message.format(text=text, least=least, most=most))
        return value

    return whole


def _from(least: float, most: float) -> Callable[[str], float]:
    """What reads a number of an option that is in a range."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not least <= value <= most:
            message = _("{text!r} is not a number from {least:g} to {most:g}.").format(
                text=text, least=least, most=most
            )
            raise argparse.ArgumentTypeError(message)
        return value

    return number


COMMANDS: Final[tuple[Callable[[object, Maker], None], ...]] = (_passes, _decode, _schedule, _serve_mount)
"""What adds each command: (commands, maker) -> None, as in `school_arguments`."""
