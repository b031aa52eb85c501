"""Restoring: a backup becomes a school again, in an empty folder, after every byte of it was compared with its hash.

A school is restored aside and renamed when all of it is there, so a restore that was broken off leaves no half school.
Rows go into tables of the edition that they were taken from; then the tables are brought to the newest one.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import secrets
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Engine, delete, inspect
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from sheber.i18n import _
from sheber.school import migrating
from sheber.school.database import open_engine
from sheber.school.errors import DatabaseAway, Refused
from sheber.school.operating import records
from sheber.school.operating.backups import ABOUT, FORMAT, SECRET, WHOLE, Progress
from sheber.school.queue.models import Worker

__all__ = ["Backup", "Restored", "examine", "restore"]

_TABLE: Final = re.compile(r"tables/([a-z_]{1,60})\.jsonl\.gz")
_TRACE: Final = re.compile(r"traces/(\d{4}-\d{2}/[\w.-]{1,120}\.trace)", re.ASCII)
_LARGEST_PLAIN: Final = 512 << 20  # bytes of about.json and whole.json
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is whole."""

    file: Path
    made: str  # ISO 8601
    sheberkhana: str  # the version that made it
    edition: str  # of the tables
    tables: dict[str, list[str]]  # name → columns
    secret: bool
    traces: bool
    lost: tuple[str, ...]  # traces that were not there when it was made


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored."""

    rows: int
    traces: int
    secret: bool


def examine(file: Path) -> Backup:
    """Read a backup to its end and compare every byte with its hash. Raises Refused where it is not whole."""
    try:
        hashes, plain = _hashed(file)
        about, whole = plain[ABOUT], plain[WHOLE]
        told = whole["sha256"]
        broken = sorted(name for name in told.keys() | hashes.keys() if told.get(name) != hashes.get(name))
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError, TypeError, AttributeError) as error:
        text = _(
            "{file} is not a whole backup, so nothing was restored. It may have been broken off. Take an older one."
        )
        raise Refused(text.format(file=file)) from error
    if broken:
        text = _("{file} was changed after it was made, or its disk is damaged ({names}). Nothing was restored.")
        raise Refused(text.format(file=file, names=", ".join(broken[:3])))
    if about["format"] != FORMAT:
        text = _("{file} has the format {found} of backups. This Sheberkhana reads {known}. Use the version {version}.")
        raise Refused(text.format(file=file, found=about["format"], known=FORMAT, version=about["sheberkhana"]))
    return Backup(
        file=file,
        made=about["made"],
        sheberkhana=about["sheberkhana"],
        edition=about["edition"],
        tables=about["tables"],
        secret=about["secret"],
        traces=about["traces"],
        lost=tuple(whole["lost"]),
    )


def restore(file: Path, folder: Path, database: str = "", tell: Progress = lambda _what: None) -> Restored:
    """Make a school of a backup, in a folder that is empty or not there.

    database: URL of an empty database; the file `school.db` in the folder if left out. Raises Refused, DatabaseAway,
    and OSError where the disk is full; then nothing is left.
    """
    _refuse_full(folder)
    backup = examine(file)
    aside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    engine = open_engine(database or f"sqlite:///{aside / 'school.db'}")
    try:
        aside.mkdir(parents=True, mode=0o700)
        if database:
            _refuse_used(engine)
        traces = _unpack(backup, aside)
        rows = _filled(engine, backup, tell)
        engine.dispose()
        os.replace(aside, folder)  # an empty folder gives way
    finally:
        engine.dispose()
        shutil.rmtree(aside, ignore_errors=True)
    return Restored(rows, traces, backup.secret)


def _refuse_full(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        text = _("{folder} is not an empty folder. A backup is restored into an empty one, so that nothing is lost.")
        raise Refused(text.format(folder=folder))


def _refuse_used(engine: Engine) -> None:
    try:
        found = set(inspect(engine).get_table_names()) - {records.EDITIONS}
    except OperationalError as error:
        text = _("The database does not answer ({why}). Nothing was restored.")
        raise DatabaseAway(text.format(why=str(error.orig).strip().splitlines()[0])) from error
    if found:
        text = _("The database has tables already ({names}). A backup is restored into an empty database.")
        raise Refused(text.format(names=", ".join(sorted(found)[:3])))


# --- what is in the file ---------------------------------------------------------------------------


def _hashed(file: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """The SHA-256 of every member but the last, and what the two members in JSON say."""
    hashes: dict[str, str] = {}
    plain: dict[str, Any] = {}
    for member, content in _members(file):
        digest = hashlib.sha256()
        if member.name in (ABOUT, WHOLE):
            text = content.read(_LARGEST_PLAIN)
            plain[member.name] = json.loads(text)
            digest.update(text)
        while piece := content.read(_PIECE):
            digest.update(piece)
        if member.name in hashes:
            raise ValueError("a name twice")
        if member.name != WHOLE:
            hashes[member.name] = digest.hexdigest()
    return hashes, plain


def _members(file: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Each file of the archive; only names that a backup has, and nothing but files."""
    with tarfile.open(file, "r:") as tar:
        for member in tar:
            known = (
                member.name in (ABOUT, WHOLE, SECRET) or _TABLE.fullmatch(member.name) or _TRACE.fullmatch(member.name)
            )
            content = tar.extractfile(member) if member.isreg() else None
            if not known or content is None:
                raise ValueError(f"{member.name!r} is not in a backup of ours")
            yield member, content


def _unpack(backup: Backup, folder: Path) -> int:
    """The files of a backup, into a new folder; gives how many traces."""
    count = 0
    for member, content in _members(backup.file):
        if found := _TRACE.fullmatch(member.name):
            _write(folder / "traces" / found[1], content)
            count += 1
        elif member.name == SECRET:
            _write(folder / SECRET, content)
    return count


def _write(file: Path, content: IO[bytes]) -> None:
    for parent in (file.parent.parent, file.parent):
        parent.mkdir(exist_ok=True, mode=0o700)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        shutil.copyfileobj(content, stream, _PIECE)
        stream.flush()
        os.fsync(stream.fileno())


# --- rows ------------------------------------------------------------------------------------------


def _filled(engine: Engine, backup: Backup, tell: Progress) -> int:
    """Make the tables and put the rows in; where that fails, the database is as empty as before."""
    try:
        migrating.upgrade(engine, backup.edition)
        rows = _fill(engine, backup, tell)
        migrating.upgrade(engine)
        with engine.begin() as connection:
            connection.execute(delete(Worker))  # those of the school that was backed up: none of them judges here
    except BaseException:
        migrating.downgrade(engine, "base")
        raise
    return rows


def _fill(engine: Engine, backup: Backup, tell: Progress) -> int:
    """All rows in one transaction."""
    count = 0
    try:
        with engine.begin() as connection:
            known = {table.name: table for table in records.tables(connection)}
            if known.keys() != backup.tables.keys():
                raise ValueError("other tables than those of its edition")
            with tarfile.open(backup.file, "r:") as tar:
                for name, table in known.items():
                    tell(name)
                    packed = tar.extractfile(f"tables/{name}.jsonl.gz")
                    with gzip.GzipFile(fileobj=packed) as rows:
                        count += records.store(connection, table, backup.tables[name], rows)
    except (ValueError, KeyError, SQLAlchemyError) as error:
        text = _("The rows in {file} do not fit the tables of its edition {edition} ({why}). Nothing was restored.")
        why = str(error).strip().splitlines()[0][:200]
        raise Refused(text.format(file=backup.file, edition=backup.edition, why=why)) from error
    return count
