"""Opening: a folder becomes a school, with its database at the newest edition.

The folder holds `school.db` (unless another database is named), `secret` (mode 0600, never in the database or its
backup's listing), `traces/` and `exercises/`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from sheber.school import migrating
from sheber.school.database import Sessions, open_engine, transaction
from sheber.school.secret import Secret

__all__ = ["School", "open_school"]


@dataclass(frozen=True, slots=True)
class School:
    """One school, opened: its folder, database and secret."""

    folder: Path
    url: str  # of the database
    engine: Engine
    sessions: Sessions
    secret: Secret

    @property
    def traces(self) -> Path:
        """Folder of the traces."""
        return self.folder / "traces"

    @property
    def exercises(self) -> Path:
        """Folder of the exercises that teachers uploaded and an administrator admitted."""
        return self.folder / "exercises"

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction that changes something: stored whole at the end of the block, or not at all."""
        with transaction(self.sessions) as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that only reads; it never waits for a writer."""
        with transaction(self.sessions, write=False) as session:
            yield session

    def close(self) -> None:
        """Let go of the database; may be called again."""
        self.engine.dispose()


def open_school(folder: Path, database: str = "", *, migrate: bool = True) -> School:
    """The school in this folder; a new one where there is none.

    database: URL; the file `school.db` in the folder if left out. migrate: bring its tables to the newest edition.
    Raises Refused where the secret is not private or the database is of a newer edition, and DatabaseAway.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = Secret.read(folder / "secret")
    for name in ("traces", "exercises"):
        (folder / name).mkdir(exist_ok=True, mode=0o700)
    if not database:
        _private(folder / "school.db")
    url = database or f"sqlite:///{folder / 'school.db'}"
    engine = open_engine(url)
    if migrate:
        migrating.upgrade(engine)
    sessions = Sessions(engine, info={"exercises": folder / "exercises"})
    return School(folder, url, engine, sessions, secret)


def _private(file: Path) -> None:
    """Let nobody but its owner read this file, nor what SQLite makes beside it: the folder may be open to others."""
    if os.name != "posix":
        return
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        with contextlib.suppress(OSError):  # another's, or not there: the database says so itself
            file.with_name(name).chmod(0o600)
