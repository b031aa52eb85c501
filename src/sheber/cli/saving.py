"""Commands that save a school: backup, restore."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sheber.cli.errors import DONE, Refused
from sheber.cli.extras import need_school
from sheber.cli.output import shown_path
from sheber.i18n import _

if TYPE_CHECKING:
    from sheber.school.opening import School

__all__ = ["backup", "existing_school", "restore"]


def backup(arguments: argparse.Namespace) -> int:
    """`sheber backup`: a school into one file."""
    need_school(arguments.database)
    from sheber.school.operating.backups import back_up

    nothing = _("There is no school in {folder}. Name its folder with --folder.")
    school = existing_school(arguments.folder, arguments.database, nothing)
    try:
        how = {"secret": arguments.with_secret, "traces": not arguments.without_traces}
        made = back_up(school, arguments.file, **how, tell=_telling())
    except OSError as error:
        raise _unwritable(arguments.file, error) from error
    finally:
        school.close()
    text = _("Wrote {file}: {rows} rows, {traces} traces, {size:.1f} MB. Only you can read it (mode 0600).")
    print(text.format(file=shown_path(arguments.file), rows=made.rows, traces=made.traces, size=made.size / 1e6))
    if made.lost:
        text = _("{count} traces were not there any more, for example {name}. Their scores are in the backup.")
        print(text.format(count=len(made.lost), name=made.lost[0]))
    print(_with_secret() if made.secret else _without_secret())
    return DONE


def restore(arguments: argparse.Namespace) -> int:
    """`sheber restore`: a school from one file."""
    need_school(arguments.database)
    from sheber.school.operating.restoring import restore as restore_backup

    try:
        made = restore_backup(arguments.file, arguments.folder, arguments.database, _telling())
    except OSError as error:
        raise _unwritable(arguments.folder, error) from error
    text = _("Restored {rows} rows and {traces} traces into {folder}.")
    print(text.format(rows=made.rows, traces=made.traces, folder=shown_path(arguments.folder)))
    if not made.secret:
        print(_copy_secret().format(folder=shown_path(arguments.folder)))
    print(_("Start it with: sheber serve {folder}").format(folder=shown_path(arguments.folder)))
    return DONE


def existing_school(folder: Path, database: str, nothing: str) -> School:
    """A school that is there already, as it is. Raises Refused with the sentence `nothing` where there is none."""
    from sheber.school.opening import open_school

    if not (folder / "secret").is_file():
        raise Refused(nothing.format(folder=folder))
    return open_school(folder, database, migrate=False)


def _with_secret() -> str:
    return _(
        "The file holds the secret of the hidden scenes: whoever reads it can compute them. "
        "Keep it as safe as the server."
    )


def _without_secret() -> str:
    return _("The secret of the hidden scenes is not in it. Keep a copy of the file `secret` in another place.")


def _copy_secret() -> str:
    return _(
        "The backup holds no secret. Copy the file `secret` of the old folder to {folder} before you start the school. "
        "Without it, new hidden scenes are drawn, and everybody must log in again."
    )


def _unwritable(path: object, error: OSError) -> Refused:
    text = _("{path} cannot be written: {why}. Nothing was left half done.")
    return Refused(text.format(path=path, why=(error.strerror or str(error)).lower()))


def _telling() -> Callable[[str], None]:
    """Names the table that is being copied, on a terminal."""
    shown = sys.stderr.isatty()
    return lambda what: print(f"  {what}", file=sys.stderr) if shown else None
