"""Database: one engine, short transactions, and the types that both databases store alike.

SQLite (write-ahead log) is the usual database; PostgreSQL serves where several web processes share one. Times are kept
as whole milliseconds since 1970 in UTC, so that they compare alike in both.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from sqlalchemy import JSON, BigInteger, Dialect, Engine, MetaData, TypeDecorator, create_engine, event
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from sheber.i18n import _
from sheber.school.errors import DatabaseAway

__all__ = ["Base", "Moment", "Sessions", "is_sqlite", "let_go", "open_engine", "transaction"]

REST_S = 2.0  # after which a connection is asked whether its server still lives: no question in a rush
BUSY_S = 20.0  # that a writer of SQLite waits for another
_USED = "used"  # of a connection: when it was last given back, monotonic [s]
_TURN = "turn"  # of a session: who writes now
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}  # so that a migration can name what it changes, on both databases

_writers: WeakKeyDictionary[Engine, threading.Lock] = WeakKeyDictionary()  # of each SQLite file, in this process


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, to the millisecond."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Milliseconds since 1970; raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return (value - EPOCH) // timedelta(milliseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """The moment, in UTC."""
        return None if value is None else EPOCH + timedelta(milliseconds=value)


class Base(DeclarativeBase):
    """What every table is derived from."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Moment, dict[str, Any]: JSON, list[Any]: JSON}


class Sessions(sessionmaker[Session]):
    """Sessions of one engine: of a writer, and of one that only reads. Each kind of engine is made once."""

    def __init__(self, engine: Engine, info: dict[str, Any] | None = None) -> None:
        """info: what every session carries."""
        super().__init__(engine, expire_on_commit=False, info=info)
        self.engine, self._reading = engine, engine.execution_options(write=False)

    def open(self, write: bool) -> Session:
        """A session that has asked the database nothing yet."""
        return self() if write else self(bind=self._reading)


def open_engine(url: str) -> Engine:
    """The database of a URL: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME. Nothing is asked of it yet.

    What a statement carried (hashes of passwords, programs) stands in no error, and so in no log.
    """
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.partition("://")[2]
        engine = create_engine(url, pool_size=20, max_overflow=30, hide_parameters=True)
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", _look_after(engine.dialect))
        return engine
    engine = create_engine(url, connect_args={"timeout": BUSY_S}, pool_size=20, max_overflow=30, hide_parameters=True)
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def is_sqlite(engine: Engine) -> bool:
    """Whether this is the database in one file."""
    return engine.dialect.name == "sqlite"


@contextlib.contextmanager
def transaction(sessions: Sessions, write: bool = True) -> Iterator[Session]:
    """One transaction: all of it is stored at the end of the block, or nothing.

    write: False for one that only reads, which never waits for a writer. Raises DatabaseAway where the database does
    not answer, or its disk is full.
    """
    try:
        with _in_turn(sessions, write) as turn, sessions.open(write) as session:
            session.info[_TURN] = turn
            yield session
            if write:
                session.commit()
    except OperationalError as error:
        text = _("The database does not answer ({why}). Nothing was changed. Please try again in a minute.")
        raise DatabaseAway(text.format(why=str(error.orig).strip().splitlines()[0])) from error


@contextlib.contextmanager
def let_go(session: Session) -> Iterator[None]:
    """Let others use the database while the block computes something long. Nothing may have been changed before it.

    Raises DatabaseAway where the turn does not come again within BUSY_S.
    """
    session.rollback()
    turn: _Turn | None = session.info.get(_TURN)
    if turn is None:
        yield
        return
    turn.end()
    yield
    turn.take()


class _Turn:
    """The turn of one writer to a file of SQLite, in this process."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock, self._held = lock, False

    def take(self) -> None:
        """Wait for it. Raises DatabaseAway after BUSY_S."""
        if not self._lock.acquire(timeout=BUSY_S):
            raise DatabaseAway(_("The database is busy. Nothing was changed. Please try again in a minute."))
        self._held = True

    def end(self) -> None:
        """Let the next one; may be called again."""
        if self._held:
            self._held = False
            self._lock.release()


@contextlib.contextmanager
def _in_turn(sessions: Sessions, write: bool) -> Iterator[_Turn | None]:
    """Let the writers of this process to one file come one after another. SQLite itself lets them sleep and try again,
    so that in a rush the unlucky ones wait for seconds. Raises DatabaseAway after BUSY_S."""
    if not (write and is_sqlite(sessions.engine)):
        yield None
        return
    turn = _Turn(_writers.setdefault(sessions.engine, threading.Lock()))
    turn.take()
    try:
        yield turn
    finally:
        turn.end()


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_USED] = time.monotonic()


def _look_after(dialect: Dialect) -> Callable[[Any, ConnectionPoolEntry, object], None]:
    """What is done with a connection that somebody takes: one that rested is asked whether its server still lives.
    Where it does not, all connections are made anew."""

    def look(connection: Any, record: ConnectionPoolEntry, _taken: object) -> None:
        if time.monotonic() - record.info.get(_USED, math.inf) < REST_S:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    return look


def _tune_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # what somebody was told is on the disk, also after a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={int(BUSY_S * 1000)}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    """A writer takes its lock at the start: to ask for it later may fail at once, whatever the waiting time."""
    write = connection.get_execution_options().get("write", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
