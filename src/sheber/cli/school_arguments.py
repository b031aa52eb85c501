"""Arguments of the commands of a school: serve, work, invite, backup, restore."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sheber.i18n import _

__all__ = ["COMMANDS", "database"]

FOLDER = "school"  # where none is named
Maker = Callable[..., argparse.ArgumentParser]


def _serve(commands: Any, command: Maker) -> None:
    added = command(
        commands,
        "serve",
        "serving",
        _("Serve a school: pages for students and teachers, and a worker that judges. The first start makes it."),
        "  sheber serve # the school in the folder `school`, for browsers of this machine\n"
        "  sheber serve --demo # with people and programs to look at\n"
        "  sheber serve /srv/school --public-url https://school.example --log json\n"
        "  sheber serve --plan 120 # how long 120 students wait when they hand in at one moment",
    )
    _school(added)
    added.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help=_("listen at this address (default: this machine only)")
    )
    added.add_argument("--port", type=_port, default=8000, metavar="N", help=_("port (default: 8000; 0: a free one)"))
    added.add_argument("--public-url", default="", metavar="URL", help=_("address that browsers use, behind a proxy"))
    _judging(added, 0, _("scenes that are judged at a time (default: one for each core; 0: other processes judge)"))
    added.add_argument(
        "--demo",
        action="store_true",
        help=_("make a teacher and three students who have handed in, and tell their passwords"),
    )
    added.add_argument(
        "--plan", type=_positive, metavar="N", help=_("print how long N students wait, and serve nothing")
    )
    keeping = added.add_argument_group(_("traces"), _("Scores, programs and comments are always kept."))
    for name, days, words in (
        ("practice", 30, _("remove traces of practice after so many days (default: 30)")),
        ("graded", 400, _("remove traces of graded scenes after so many days (default: 400)")),
    ):
        keeping.add_argument(f"--keep-{name}", type=_positive, default=days, metavar="DAYS", help=words)
    keeping.add_argument(
        "--quota-gb",
        type=float,
        default=0.0,
        metavar="GB",
        help=_("remove the oldest traces where all take more (default: no quota)"),
    )


def _work(commands: Any, command: Maker) -> None:
    added = command(
        commands,
        "work",
        "serving",
        _("Judge what waits in the queue of a school, until Ctrl-C. `sheber serve` starts this by itself."),
        "  sheber work /srv/school --workers 4\n  sheber work /srv/school --executor ray --address ray://head:10001",
    )
    _school(added)
    _judging(added, 1, _("scenes that are judged at a time (default: one for each core)"))
    added.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)


def _invite(commands: Any, command: Maker) -> None:
    added = command(
        commands,
        "invite",
        "inviting",
        _("Make a one-time link for somebody who cannot log in, for example the only administrator."),
        "  sheber invite admin /srv/school --public-url https://school.example",
    )
    added.add_argument("login", metavar="LOGIN", help=_("whose link it is"))
    _school(added)
    words = _("address that browsers use (default: http://127.0.0.1:8000)")
    added.add_argument("--public-url", default="http://127.0.0.1:8000", metavar="URL", help=words)


def _backup(commands: Any, command: Maker) -> None:
    added = command(
        commands,
        "backup",
        "saving",
        _("Write a backup of a school into one file, also while it is served."),
        "  sheber backup school-2026-11-29.tar\n"
        "  sheber backup school.tar --folder /srv/school --with-secret # also what the hidden scenes are drawn from",
    )
    added.add_argument("file", type=Path, metavar="FILE", help=_("the new file; it must not be there yet"))
    _school(added, option=True)
    added.add_argument(
        "--with-secret",
        action="store_true",
        help=_("put the secret of the hidden scenes into it: keep the file as safe as the server"),
    )
    added.add_argument(
        "--without-traces", action="store_true", help=_("leave the traces out: scores and programs are in the database")
    )


def _restore(commands: Any, command: Maker) -> None:
    added = command(
        commands,
        "restore",
        "saving",
        _("Make a school of a backup, in an empty folder. Every byte is compared with its hash first."),
        "  sheber restore school-2026-11-29.tar restored/\n"
        "  sheber restore school.tar restored/ --database postgresql://school@db/school # an empty database",
    )
    added.add_argument("file", type=Path, metavar="FILE", help=_("a file that `sheber backup` wrote"))
    added.add_argument("folder", type=Path, metavar="FOLDER", help=_("an empty folder, or one that is not there yet"))
    database(added)


def _school(added: argparse.ArgumentParser, option: bool = False) -> None:
    words = _("folder of the school (default: {folder})").format(folder=FOLDER)
    name = "--folder" if option else "folder"
    more: dict[str, Any] = {} if option else {"nargs": "?"}
    added.add_argument(name, type=Path, default=Path(FOLDER), metavar="FOLDER", help=words, **more)
    database(added)


def database(added: argparse.ArgumentParser) -> None:
    """Which database the school has."""
    words = _("postgresql://USER:PASSWORD@HOST/NAME (default: $SHEBER_DATABASE, else the file school.db in the folder)")
    added.add_argument("--database", default=os.environ.get("SHEBER_DATABASE", ""), metavar="URL", help=words)


def _judging(added: argparse.ArgumentParser, least: int, words: str) -> None:
    """What every process that judges has: how many scenes at a time, where, and how it tells of it."""
    added.add_argument("--workers", type=lambda text: _whole(text, least), metavar="N", help=words)
    added.add_argument(
        "--executor", choices=("local", "ray"), default="local", help=_("where scenes are judged (default: local)")
    )
    added.add_argument("--address", default="", metavar="ADDRESS", help=_("of the Ray cluster, for --executor ray"))
    words = _("form of the log (default: text on a terminal, else JSON lines)")
    added.add_argument("--log", choices=("text", "json"), default="", help=words)


def _positive(text: str) -> int:
    return _whole(text, 1)


def _port(text: str) -> int:
    port = _whole(text, 0)
    if port > 65535:
        raise argparse.ArgumentTypeError(_("{text!r} is not a port. It must be from 0 to 65535.").format(text=text))
    return port


def _whole(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        message = _("{text!r} is not allowed. It must be a whole number, at least {least}.")
        raise argparse.ArgumentTypeError(message.format(text=text, least=least))
    return number


COMMANDS = (_serve, _work, _invite, _backup, _restore)
