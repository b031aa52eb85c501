"""Records: the rows of every table as lines of JSON, and back; the same lines from both databases.

Tables are taken as the database has them, not as this Sheberkhana names them, so that a backup of an older edition can
be read. Bytes are base64. What a column keeps as JSON stays the text that it is: "null" is not the same as nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    cast,
    func,
    insert,
    select,
    text,
    type_coerce,
)
from sqlalchemy.types import NullType

__all__ = ["EDITIONS", "lines", "store", "tables"]

EDITIONS: Final = "alembic_version"  # the table that says which edition the others are of
CHUNK: Final = 500  # rows that are read and stored at a time


def tables(connection: Connection) -> list[Table]:
    """Every table of this database, each after those that it refers to."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != EDITIONS]


def lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """Each row as a line, the oldest first; only a part of them is in the memory at a time."""
    columns = [_as_kept(connection, column) for column in table.columns]
    ordered = select(*columns).order_by(*table.primary_key.columns)
    rows = connection.execution_options(yield_per=CHUNK).execute(ordered)
    for row in rows:
        values = [base64.b64encode(one).decode() if isinstance(one, bytes) else one for one in row]
        yield json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def store(connection: Connection, table: Table, names: list[str], rows: Iterable[bytes]) -> int:
    """Put the lines of a table into an empty one; gives how many. Raises ValueError for what is no row of it."""
    if set(names) != set(table.columns.keys()):
        raise ValueError(f"the table {table.name} has other columns")
    for column in table.columns:
        if isinstance(column.type, JSON):
            column.type = JSON(none_as_null=True)  # nothing stays nothing
    columns = [table.columns[name] for name in names]
    count, chunk = 0, []
    for line in rows:
        values = json.loads(line)
        chunk.append({column.key: _stored(column, value) for column, value in zip(columns, values, strict=True)})
        if len(chunk) == CHUNK:
            connection.execute(insert(table), chunk)
            count, chunk = count + len(chunk), []
    if chunk:
        connection.execute(insert(table), chunk)
    _count_on(connection, table)
    return count + len(chunk)


def _as_kept(connection: Connection, column: Column[Any]) -> Any:
    """A column as it is kept: JSON as its text."""
    if not isinstance(column.type, JSON):
        return column
    sqlite = connection.dialect.name == "sqlite"
    return type_coerce(column, Text) if sqlite else cast(column, Text)


def _stored(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, JSON):
        return JSON.NULL if value == "null" else json.loads(value)
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(value, validate=True)
    assert not isinstance(column.type, NullType), column
    return value


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows after the stored ones; SQLite does by itself."""
    key = list(table.primary_key.columns)
    if connection.dialect.name != "postgresql" or len(key) != 1 or not isinstance(key[0].type, Integer):
        return
    highest = connection.scalar(select(func.max(key[0])))
    if highest is not None:
        sequence = text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)")
        connection.execute(sequence, {"table": table.name, "column": key[0].name, "highest": highest})
