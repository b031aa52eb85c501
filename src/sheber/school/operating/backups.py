"""Backups: a school in one file, made while it runs, and known to be whole before anything is taken out of it.

The file is a tar archive, so that any system can open it: `about.json`, `tables/NAME.jsonl.gz` (rows as lines of JSON,
the same from SQLite and PostgreSQL, so that a school can move between them), `traces/...`, `secret` if it was asked
for, and at the end `whole.json` with the SHA-256 of everything before it. A file without that end is half a backup.

SQLite gives its rows from a copy that its online backup makes in one piece; PostgreSQL gives them from one transaction
that sees one moment. The file is written aside, with mode 0600, and renamed when it is whole and on the disk.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection, Engine, Table, select
from sqlalchemy.exc import OperationalError

from sheber.i18n import _
from sheber.school import clock, migrating, notices
from sheber.school.database import is_sqlite, open_engine
from sheber.school.errors import DatabaseAway, Refused
from sheber.school.opening import School
from sheber.school.operating import records

__all__ = ["ABOUT", "FORMAT", "SECRET", "WHOLE", "BackedUp", "Progress", "back_up"]

FORMAT: Final = 1
ABOUT, WHOLE, SECRET = "about.json", "whole.json", "secret"
_NO_LINKS: Final = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What is in a backup that was made."""

    rows: int
    traces: int
    lost: tuple[str, ...]  # traces that the database names and that are not there
    size: int  # bytes
    secret: bool


def back_up(
    school: School, file: Path, *, secret: bool = False, traces: bool = True, tell: Progress = lambda _what: None
) -> BackedUp:
    """Write a backup of a school that may be running. The file must not exist.

    secret: put the key of the hidden scenes into it as well. Raises Refused, DatabaseAway, OSError (a full disk).
    """
    if file.exists() or file.is_symlink():
        raise _there(file)
    aside = file.with_name(f".{file.name}.part")
    aside.unlink(missing_ok=True)
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            made = _write(school, stream, file.parent, secret=secret, traces=traces, tell=tell)
            stream.flush()
            os.fsync(stream.fileno())
        _name(aside, file)
    except OperationalError as error:
        text = _("The database does not answer ({why}). No backup was made.")
        raise DatabaseAway(text.format(why=str(error.orig).strip().splitlines()[0])) from error
    finally:
        aside.unlink(missing_ok=True)
    size = file.stat().st_size
    notices.backup_made(school.folder, size, traces=traces, secret=secret)
    return BackedUp(made.rows, made.traces, tuple(made.lost), size, secret)


def _name(aside: Path, file: Path) -> None:
    """Give a file its name, which must be free, and see that the disk has it. Raises Refused."""
    try:
        os.link(aside, file)  # unlike a rename, this never replaces a file that came in the meantime
    except FileExistsError as error:
        raise _there(file) from error
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.rename(aside, file)  # a stick or a share without links
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _there(file: Path) -> Refused:
    return Refused(_("{file} is there already. A backup never takes the place of another file.").format(file=file))


@dataclass
class _Archive:
    """An archive that is being written."""

    tar: tarfile.TarFile
    room: Path
    hashes: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    traces: int = 0
    lost: list[str] = field(default_factory=list)

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        """Add so many bytes of a stream."""
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, 0o600, int(clock.now().timestamp())
        hashing = _Hashing(content)
        self.tar.addfile(member, hashing)  # type: ignore[arg-type]
        self.hashes[name] = hashing.digest.hexdigest()

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a small file."""
        self.add(name, io.BytesIO(content), len(content))


class _Hashing:
    """A stream that is hashed while it is read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int) -> bytes:
        """The next bytes."""
        piece = self._stream.read(size)
        self.digest.update(piece)
        return piece


def _write(school: School, stream: IO[bytes], room: Path, *, secret: bool, traces: bool, tell: Progress) -> _Archive:
    """The whole archive. room: a folder with room for the rows of a table."""
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        archive = _Archive(tar, room)
        with _moment_of(school) as connection:
            found = records.tables(connection)
            archive.add_bytes(ABOUT, _json(_about(connection, school, found, secret, traces)))
            for table in found:
                tell(table.name)
                _add_table(archive, connection, table)
            names = _trace_names(connection, found) if traces else []
        for name in names:
            _add_trace(archive, school, name)
        if secret:
            archive.add_bytes(SECRET, (school.folder / "secret").read_bytes())
        archive.add_bytes(WHOLE, _json({"sha256": archive.hashes, "lost": archive.lost}))
        return archive


def _about(connection: Connection, school: School, found: list[Table], secret: bool, traces: bool) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "sheberkhana": version("sheberkhana"),
        "made": clock.now().isoformat(),
        "edition": migrating.edition_of(connection),
        "database": school.engine.dialect.name,
        "tables": {table.name: table.columns.keys() for table in found},
        "secret": secret,
        "traces": traces,
    }


@contextlib.contextmanager
def _moment_of(school: School) -> Iterator[Connection]:
    """A connection that sees the database as it was at one moment, whatever is written in the meantime."""
    if not is_sqlite(school.engine):
        with school.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            yield connection
        return
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=school.folder) as folder:
        copy = Path(folder, "school.db")
        _copy_online(school.engine, copy)
        engine = open_engine(f"sqlite:///{copy}")
        try:
            with engine.connect().execution_options(write=False) as connection:
                yield connection
        finally:
            engine.dispose()


def _copy_online(engine: Engine, copy: Path) -> None:
    """The whole database by SQLite's online backup, while others write to it."""
    raw = engine.raw_connection()
    try:
        source = raw.driver_connection
        assert isinstance(source, sqlite3.Connection)
        with contextlib.closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    finally:
        raw.close()


def _add_table(archive: _Archive, connection: Connection, table: Table) -> None:
    with tempfile.TemporaryFile(dir=archive.room) as spool:
        with gzip.GzipFile(fileobj=spool, mode="wb", compresslevel=3, mtime=0) as packed:
            for line in records.lines(connection, table):
                packed.write(line)
                archive.rows += 1
        size = spool.tell()
        spool.seek(0)
        archive.add(f"tables/{table.name}.jsonl.gz", spool, size)


def _trace_names(connection: Connection, found: list[Table]) -> list[str]:
    """The traces that the rows of this moment name."""
    named = {table.name: table for table in found}
    names: set[str] = set()
    with contextlib.suppress(KeyError):  # a table that an older edition does not have
        names.update(connection.scalars(select(named["scene_results"].columns["trace"])))
        results = connection.scalars(select(named["campaign_results"].columns["result"]))
        names.update(str(result.get("trace", "")) for result in results)
    return sorted(names - {""})


def _add_trace(archive: _Archive, school: School, name: str) -> None:
    """Add a trace, if it is there: the rule of how long traces are kept may have removed it in this moment."""
    try:
        with (school.traces / name).open("rb") as file:
            archive.add(f"traces/{name}", file, os.fstat(file.fileno()).st_size)
            archive.traces += 1
    except FileNotFoundError:
        archive.lost.append(name)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()
