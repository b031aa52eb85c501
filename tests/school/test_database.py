"""The school's database: tables follow the migrations, transactions are whole, times are exact, on both databases."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import SQLAlchemyError, StatementError

from postgresql import fresh_database
from sheber.school import database, migrating
from sheber.school.audit import AuditEntry, record
from sheber.school.courses.models import Course
from sheber.school.errors import DatabaseAway, Refused
from sheber.school.opening import School, open_school
from sheber.school.tables import metadata

NOW = datetime(2026, 9, 1, 8, 30, 15, 123000, tzinfo=UTC)


def test_migrations_make_the_tables_that_the_code_names(any_school: School) -> None:
    with any_school.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert migrating.edition(any_school.engine) == migrating.newest()


def test_migrations_go_down_and_up_again(any_school: School) -> None:
    migrating.downgrade(any_school.engine, "base")
    assert set(inspect(any_school.engine).get_table_names()) == {"alembic_version"}
    migrating.upgrade(any_school.engine)
    with any_school.writing() as session:
        session.add(Course(title="Robotics", created=NOW))


def test_a_database_of_a_newer_edition_is_refused(school: School, tmp_path: Path) -> None:
    with school.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Refused, match="an edition that this Sheberkhana does not know"):
        open_school(school.folder)


def test_a_moment_comes_back_in_utc_to_the_millisecond(any_school: School) -> None:
    almaty = NOW.astimezone(timezone(timedelta(hours=5)))
    with any_school.writing() as session:
        session.add(Course(title="Robotics", created=almaty))
    with any_school.reading() as session:
        (found,) = session.scalars(select(Course.created))
    assert found == NOW
    assert found.tzinfo is UTC
    assert found.microsecond == 123000


def test_a_time_without_a_zone_is_never_stored(school: School) -> None:
    with school.writing() as session:
        session.add(Course(title="Robotics", created=NOW.replace(tzinfo=None)))
        with pytest.raises(StatementError, match="a moment needs its time zone"):
            session.flush()
        session.rollback()


def test_a_transaction_that_fails_leaves_nothing(any_school: School) -> None:
    def break_off() -> None:
        with any_school.writing() as session:
            session.add(Course(title="Robotics", created=NOW))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    with any_school.reading() as session:
        assert session.scalars(select(Course)).all() == []


def test_writers_wait_for_each_other(any_school: School) -> None:
    """Read, then write: with locks taken late, SQLite would refuse some of these at once."""
    with any_school.writing() as session:
        session.add(Course(title="0", created=NOW))

    def count() -> None:
        for _ in range(10):
            with any_school.writing() as session:
                course = session.scalars(select(Course).with_for_update()).one()
                course.title = str(int(course.title) + 1)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with any_school.reading() as session:
        assert session.scalars(select(Course.title)).one() == "80"


def test_a_writer_of_this_process_follows_the_one_before_at_once(school: School) -> None:
    """SQLite's own waiting sleeps up to a tenth of a second between two looks."""
    gone: list[float] = []
    inside, go = threading.Event(), threading.Event()

    def hold() -> None:
        with school.writing() as session:
            session.add(Course(title="0", created=NOW))
            inside.set()
            go.wait(10.0)
        gone.append(time.monotonic())

    waits = []
    for _ in range(10):
        inside.clear()
        go.clear()
        holder = threading.Thread(target=hold)
        holder.start()
        inside.wait(10.0)
        threading.Timer(0.3, go.set).start()
        with school.writing() as session:
            session.add(Course(title="1", created=NOW))
            waits.append(time.monotonic())
        holder.join()
    assert sorted(one - other for one, other in zip(waits, gone, strict=True))[5] < 0.02


def test_a_writer_that_waits_too_long_is_told(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    with school.writing(), pytest.raises(DatabaseAway, match="The database is busy"), school.writing():
        pass
    with school.writing() as session:
        session.add(Course(title="0", created=NOW))


def test_a_change_and_its_audit_entry_are_stored_together(school: School) -> None:
    with school.writing() as session:
        record(session, None, "course.made", "course 1", title="Robotics")
    with school.reading() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.details) == ("course.made", {"title": "Robotics"})


def test_a_database_that_is_away_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAway, match="The database does not answer"):
        open_school(tmp_path / "school", "postgresql://nobody@/nothing?host=/nowhere")


def test_the_secret_is_private_and_stays(school: School) -> None:
    file = school.folder / "secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert open_school(school.folder).secret == school.secret
    assert school.secret._key.hex() not in repr(school)
    file.chmod(0o644)
    with pytest.raises(Refused, match="only its owner can read"):
        open_school(school.folder)


def test_seeds_of_hidden_scenes_are_wide_and_differ(school: School) -> None:
    places = [
        (course, work, place, turn) for course in (1, 2) for work in (1, 2) for place in (1, 2) for turn in (1, 2)
    ]
    seeds = {school.secret.seed(*place) for place in places}
    assert len(seeds) == len(places)
    assert max(seeds).bit_length() > 240
    assert school.secret.seed(1, 1, 1, 1) == school.secret.seed(1, 1, 1, 1)


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_the_database_is_private_also_in_an_open_folder(tmp_path: Path) -> None:
    (tmp_path / "school").mkdir(mode=0o755)
    (tmp_path / "school" / "school.db").touch(mode=0o644)
    opened = open_school(tmp_path / "school")
    with opened.writing() as session:
        session.add(Course(title="Robotics", created=NOW))
    modes = {file.name: file.stat().st_mode & 0o077 for file in opened.folder.iterdir() if file.is_file()}
    opened.close()
    assert len(modes) == 4
    assert not any(modes.values()), modes


def test_an_error_of_the_database_tells_no_value(any_school: School) -> None:
    """Hashes of passwords and programs are such values, and errors go to the log."""
    with any_school.writing() as session, pytest.raises(SQLAlchemyError) as found:
        session.execute(text("INSERT INTO people (id, login) VALUES (1, :login)"), {"login": "a hash of a password"})
    assert "a hash of a password" not in str(found.value).partition("[SQL")[2]


@pytest.fixture
def on_postgresql(tmp_path: Path) -> Iterator[School]:
    found = open_school(tmp_path / "school", fresh_database())
    yield found
    found.close()


def test_a_connection_that_rested_is_made_anew_where_its_server_ended_it(
    on_postgresql: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    _end_connections(on_postgresql)
    monkeypatch.setattr(database, "REST_S", 0.0)
    with on_postgresql.reading() as session:
        assert session.scalar(select(1)) == 1


def test_a_connection_that_its_server_ended_a_moment_ago_is_told_once(on_postgresql: School) -> None:
    _end_connections(on_postgresql)
    with pytest.raises(DatabaseAway, match="Nothing was changed"), on_postgresql.reading() as session:
        session.scalar(select(1))
    with on_postgresql.reading() as session:
        assert session.scalar(select(1)) == 1


def _end_connections(school: School) -> None:
    """Let the server end the connections of a school, as one that starts anew does."""
    with school.reading() as session:  # the school keeps the connection of this one
        name = session.scalar(text("SELECT current_database()"))
    with psycopg.connect(school.url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as other:
        ends = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> %s"
        assert other.execute(ends, [name, other.info.backend_pid]).fetchall()


def test_a_session_that_reads_never_asks_to_write(school: School) -> None:
    with school.writing() as session, school.reading() as other:
        session.add(Course(title="Robotics", created=NOW))
        session.flush()
        assert other.scalars(select(Course.title)).all() == []
