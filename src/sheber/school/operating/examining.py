"""Examining: whether the school in a folder could be served, for `sheber doctor`; nothing is changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from sheber.i18n import _
from sheber.school import migrating
from sheber.school.database import open_engine
from sheber.school.errors import Refused
from sheber.school.opening import open_school
from sheber.school.operating.measures import health
from sheber.school.secret import Secret

__all__ = ["Found", "examine_school"]


class Found(NamedTuple):
    """One thing that was looked at."""

    name: str
    value: str
    ok: bool
    advice: str = ""


def examine_school(folder: Path, database: str = "") -> Iterator[Found]:
    """Folder, secret, database, disk and worker of a school."""
    if not folder.is_dir():
        advice = f"sheber serve {folder}"
        yield Found(_("school"), _("there is no folder {folder}").format(folder=folder), False, advice)
        return
    yield _account(folder)
    secret = _secret(folder)
    yield secret
    tables = _tables(folder, database)
    yield tables
    if secret.ok and tables.ok:
        yield from _running(folder, database)


def _account(folder: Path) -> Found:
    """Whose folder it is. A school needs no rights but its own."""
    root = os.name == "posix" and os.geteuid() == 0
    value = _("{folder}, looked at as root") if root else _("{folder}")
    advice = _("Run the school as a user of its own, not as root (docs/operator.md has a unit for systemd).")
    return Found(_("school"), value.format(folder=folder), not root, advice if root else "")


def _secret(folder: Path) -> Found:
    file = folder / "secret"
    if not file.exists():
        text = _("there is none: the next start draws a new one, and with it new hidden scenes")
        return Found(_("secret"), text, False, _("Take the file `secret` back from a backup before you start."))
    try:
        Secret.read(file)
    except Refused as error:
        return Found(_("secret"), str(error), False, f"chmod 600 {file}")
    return Found(_("secret"), _("only its owner can read it"), True)


def _tables(folder: Path, database: str) -> Found:
    file = folder / "school.db"
    if not database and not file.is_file():
        return Found(_("database"), _("there is none yet"), False, f"sheber serve {folder}")
    engine = open_engine(database or f"sqlite:///{file}")
    try:
        edition, newest = migrating.edition(engine), migrating.newest()
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", error)).strip().splitlines()[0]
        return Found(_("database"), _("it does not answer: {why}").format(why=why), False)
    finally:
        engine.dispose()
    value = _("{kind}, tables of edition {edition}").format(kind=engine.dialect.name, edition=edition)
    if edition == newest:
        return Found(_("database"), value, True)
    advice = _("Make a backup. Then start `sheber serve`: it brings the tables to the edition {edition}.")
    return Found(_("database"), value, False, advice.format(edition=newest))


def _running(folder: Path, database: str) -> Iterator[Found]:
    school = open_school(folder, database, migrate=False)
    try:
        found = health(school)
    finally:
        school.close()
    room = _("{free:.1f} GB free").format(free=found.free_bytes / 1e9)
    advice = _("Make room, or let traces go sooner: sheber serve --quota-gb (docs/operator.md)")
    yield Found(_("disk"), room, found.disk, "" if found.disk else advice)
    if found.worker_seen_s is None or not found.worker:
        yield Found(_("worker"), _("none runs now"), True)
    else:
        yield Found(_("worker"), _("seen {s:.0f} s ago").format(s=found.worker_seen_s), True)
