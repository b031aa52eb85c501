"""A backup holds everything, also while the school works; half a backup is never taken for a whole one."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Float, Integer, LargeBinary, Table, insert, null, text

from postgresql import fresh_database
from school.making import make_class
from sheber.school import clock, migrating
from sheber.school.courses.models import Course
from sheber.school.database import Moment, is_sqlite, open_engine
from sheber.school.errors import DatabaseAway, Refused
from sheber.school.opening import School, open_school
from sheber.school.operating import backups, restoring
from sheber.school.operating.backups import back_up
from sheber.school.operating.measures import health
from sheber.school.operating.restoring import examine, restore
from sheber.school.queue.models import Worker
from sheber.school.tables import metadata

HOSTILE = "Серікқызы <b>'\"\\\n\t\u2028 李伟 \U0001f916"
TRACES = ("2026-11/1-1.trace", "2026-11/1-2-try2.trace", "2026-12/2-1-regrade7.trace")


def fill(school: School) -> None:
    """Two rows of everything that a table can hold: odd values, and nothing where nothing is allowed."""
    with school.engine.begin() as connection:
        for table in metadata.sorted_tables:
            for number in (1, 2):
                connection.execute(insert(table), row(table, number))
    for name in TRACES:
        (school.traces / name).parent.mkdir(exist_ok=True)
        (school.traces / name).write_bytes(os.urandom(5000))


def row(table: Table, number: int) -> dict[str, Any]:
    return {column.name: value(column, number) for column in table.columns}


def value(column: Any, number: int) -> Any:
    kind = column.type
    if column.foreign_keys or column.primary_key:
        return number if isinstance(kind, Integer) else f"{number} {HOSTILE}"
    if column.name == "trouble":
        return JSON.NULL if number == 2 else null()  # told apart by queries of the queue
    if column.nullable and number == 2:
        return None
    if (column.table.name, column.name) == ("scene_results", "trace"):
        return TRACES[number - 1]
    if (column.table.name, column.name) == ("campaign_results", "result"):
        return {"trace": TRACES[2], "points": 0.1 + 0.2, "deep": [None, True, HOSTILE]}
    if isinstance(kind, Moment):
        return datetime(2026, 11, 29, 12, 0, 0, 1000 * number, tzinfo=UTC)
    if isinstance(kind, JSON):
        return {"number": 1 / 3, "text": HOSTILE, "none": None, "list": [1, 2.5, False]}
    if isinstance(kind, LargeBinary):
        return bytes(range(256)) * number
    if isinstance(kind, Boolean):
        return number == 1
    if isinstance(kind, Float):
        return 1 / 3 + number
    if isinstance(kind, Integer):
        return 7 * number
    return f"{number}{HOSTILE}"[: getattr(kind, "length", None) or 200]


def everything(school: School) -> list[str]:
    """Every row of a database, in the words of the database itself; but those of workers, who do not come along."""
    if is_sqlite(school.engine):
        with sqlite3.connect(school.folder / "school.db") as connection:
            return [one for one in connection.iterdump() if not one.startswith('INSERT INTO "workers"')]
    with school.engine.connect() as connection:
        return [
            f"{table.name} {one}"
            for table in metadata.sorted_tables
            if table.name != "workers"
            for one in connection.scalars(text(f'SELECT t::text FROM "{table.name}" t ORDER BY 1'))
        ]


def files(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*.trace")}


def test_a_restored_school_has_everything(any_school: School, tmp_path: Path) -> None:
    fill(any_school)
    made = back_up(any_school, tmp_path / "backup.tar", secret=True)
    assert (made.rows, made.traces, made.lost) == (2 * len(metadata.tables), 3, ())
    url = "" if is_sqlite(any_school.engine) else fresh_database()
    restored = restore(tmp_path / "backup.tar", tmp_path / "restored", url)
    assert (restored.rows, restored.traces, restored.secret) == (made.rows, 3, True)
    there = open_school(tmp_path / "restored", url)
    assert everything(there) == everything(any_school)
    assert files(there.traces) == files(any_school.traces)
    assert len(files(there.traces)) == 3
    assert (there.folder / "secret").read_bytes() == (any_school.folder / "secret").read_bytes()
    assert stat.S_IMODE((there.folder / "secret").stat().st_mode) == 0o600
    with there.writing() as session:  # numbers go on behind those that were restored
        session.add(course := Course(title="new", created=datetime.now(UTC)))
        session.flush()
        assert course.id == 3
    there.close()


def test_a_school_moves_to_another_database_and_back(school: School, tmp_path: Path) -> None:
    fill(school)
    url = fresh_database()
    back_up(school, tmp_path / "1.tar")
    restore(tmp_path / "1.tar", tmp_path / "postgresql", url)
    moved = open_school(tmp_path / "postgresql", url)
    back_up(moved, tmp_path / "2.tar")
    restore(tmp_path / "2.tar", tmp_path / "sqlite")
    back = open_school(tmp_path / "sqlite")
    assert everything(back) == everything(school)
    assert files(back.traces) == files(school.traces)
    moved.close()
    back.close()


def test_the_workers_of_the_school_that_was_backed_up_do_not_live_in_the_restored_one(
    any_school: School, tmp_path: Path
) -> None:
    about = {"executor": "local", "places": 2, "level": "B", "processor": "x", "started": clock.now()}
    with any_school.writing() as session:
        session.add(Worker(name="real-1", seen=clock.now(), **about))
    assert health(any_school).worker
    back_up(any_school, tmp_path / "backup.tar")
    url = "" if is_sqlite(any_school.engine) else fresh_database()
    restore(tmp_path / "backup.tar", tmp_path / "restored", url)
    drill = open_school(tmp_path / "restored", url)
    assert (health(drill).worker, health(drill).worker_seen_s) == (False, None)
    drill.close()


def test_the_secret_is_in_it_only_if_asked_for(school: School, tmp_path: Path) -> None:
    back_up(school, tmp_path / "backup.tar")
    assert stat.S_IMODE((tmp_path / "backup.tar").stat().st_mode) == 0o600
    assert (school.folder / "secret").read_bytes() not in (tmp_path / "backup.tar").read_bytes()
    assert not restore(tmp_path / "backup.tar", tmp_path / "restored").secret
    assert not (tmp_path / "restored" / "secret").exists()  # a new one would draw new scenes without a word


def test_traces_may_be_left_out_and_may_have_gone(school: School, tmp_path: Path) -> None:
    fill(school)
    (school.traces / TRACES[0]).unlink()
    assert back_up(school, tmp_path / "1.tar").lost == (TRACES[0],)
    assert examine(tmp_path / "1.tar").lost == (TRACES[0],)
    assert back_up(school, tmp_path / "2.tar", traces=False).traces == 0
    assert restore(tmp_path / "2.tar", tmp_path / "restored").traces == 0


def test_a_backup_sees_one_moment_while_others_write(any_school: School, tmp_path: Path) -> None:
    """Members and their courses are written together by another thread: a backup has both or neither."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            make_class(any_school, f"Course {number}", students=2)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            back_up(any_school, tmp_path / f"{number}.tar")
    finally:
        stop.set()
        writer.join()
    url = "" if is_sqlite(any_school.engine) else fresh_database()
    restored = restore(tmp_path / "2.tar", tmp_path / "restored", url)  # foreign keys are checked
    there = open_school(tmp_path / "restored", url)
    with there.reading() as session:
        counts = [
            session.scalar(text(f"SELECT count(*) FROM {name}")) for name in ("courses", "members", "assignments")
        ]
    there.close()
    assert restored.rows > 0
    assert counts[0] == counts[2]
    assert counts[1] == 3 * counts[0]


@pytest.mark.parametrize("part", [0.001, 0.2, 0.5, 0.9, 0.999])
def test_half_a_backup_is_never_taken_for_a_whole_one(school: School, tmp_path: Path, part: float) -> None:
    fill(school)
    back_up(school, tmp_path / "backup.tar")
    whole = (tmp_path / "backup.tar").read_bytes()
    end = whole.rindex(b"whole.json")
    (tmp_path / "half.tar").write_bytes(whole[: int(part * end)])
    with pytest.raises(Refused, match=r"is not a whole backup, so nothing was restored"):
        restore(tmp_path / "half.tar", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_every_changed_byte_is_noticed(school: School, tmp_path: Path) -> None:
    fill(school)
    back_up(school, tmp_path / "backup.tar")
    whole = bytearray((tmp_path / "backup.tar").read_bytes())
    place = whole.index((school.traces / TRACES[0]).read_bytes())
    whole[place + 100] ^= 1
    (tmp_path / "backup.tar").write_bytes(whole)
    with pytest.raises(Refused, match=r"was changed after it was made, .*traces/2026-11/1-1.trace"):
        restore(tmp_path / "backup.tar", tmp_path / "restored")


def rewritten(file: Path, change: Callable[[tarfile.TarFile], None]) -> None:
    """The same archive with one more member."""
    with tarfile.open(file, "a:") as tar:
        change(tar)


def member(name: str, content: bytes = b"x", kind: bytes = tarfile.REGTYPE, target: str = "") -> Any:
    def add(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.type, info.linkname = len(content) if kind == tarfile.REGTYPE else 0, kind, target
        tar.addfile(info, io.BytesIO(content))

    return add


@pytest.mark.parametrize(
    "added",
    [
        member("../outside"),
        member("traces/2026-11/../../../outside.trace"),
        member("/tmp/outside"),
        member("traces/2026-11/link.trace", kind=tarfile.SYMTYPE, target="/etc/passwd"),
        member("traces/2026-11/1-1.trace"),
        member("school.db"),
    ],
)
def test_an_archive_with_something_else_in_it_is_refused(school: School, tmp_path: Path, added: Any) -> None:
    fill(school)
    back_up(school, tmp_path / "backup.tar")
    rewritten(tmp_path / "backup.tar", added)
    with pytest.raises(Refused, match="is not a whole backup"):
        restore(tmp_path / "backup.tar", tmp_path / "restored")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["backup.tar", "school"]


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    for name in ("notes.txt", "missing.tar", "."):
        with pytest.raises(Refused, match="is not a whole backup"):
            examine(tmp_path / name)


def test_a_backup_replaces_no_file(school: School, tmp_path: Path) -> None:
    (tmp_path / "thesis.tar").write_text("precious")
    with pytest.raises(Refused, match="is there already"):
        back_up(school, tmp_path / "thesis.tar")
    (tmp_path / "link.tar").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Refused, match="is there already"):
        back_up(school, tmp_path / "link.tar")
    assert (tmp_path / "thesis.tar").read_text() == "precious"


def test_a_disk_without_links_takes_a_backup_too(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(*_names: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", without)
    back_up(school, tmp_path / "backup.tar")
    assert examine(tmp_path / "backup.tar").tables
    assert sorted(one.name for one in tmp_path.iterdir()) == ["backup.tar", "school"]


def test_a_file_that_came_in_the_meantime_is_not_replaced(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = backups._write

    def slow(*what: Any, **more: Any) -> Any:
        made = real(*what, **more)
        (tmp_path / "backup.tar").write_text("precious")
        return made

    monkeypatch.setattr(backups, "_write", slow)
    with pytest.raises(Refused, match="is there already"):
        back_up(school, tmp_path / "backup.tar")
    assert (tmp_path / "backup.tar").read_text() == "precious"


def test_a_full_disk_leaves_no_file(school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(school)

    def full(*_what: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "_add_trace", full)
    with pytest.raises(OSError, match="No space left"):
        back_up(school, tmp_path / "backup.tar")
    assert [one.name for one in tmp_path.iterdir()] == ["school"]
    assert not list(school.folder.glob(".backup-*"))


def test_a_restore_goes_only_into_an_empty_folder(school: School, tmp_path: Path) -> None:
    back_up(school, tmp_path / "backup.tar")
    with pytest.raises(Refused, match="is not an empty folder"):
        restore(tmp_path / "backup.tar", school.folder)
    (tmp_path / "empty").mkdir()
    restore(tmp_path / "backup.tar", tmp_path / "empty")
    assert (tmp_path / "empty" / "school.db").is_file()


def test_a_restore_goes_only_into_an_empty_database(school: School, tmp_path: Path) -> None:
    url = fresh_database()
    used = open_school(tmp_path / "used", url)
    make_class(used)
    before = everything(used)
    back_up(school, tmp_path / "backup.tar")
    with pytest.raises(Refused, match="has tables already"):
        restore(tmp_path / "backup.tar", tmp_path / "restored", url)
    assert everything(used) == before
    assert not (tmp_path / "restored").exists()
    used.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_restore_that_fails_leaves_nothing(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    fill(school)
    back_up(school, tmp_path / "backup.tar")
    url = fresh_database() if kind == "postgresql" else ""
    real = restoring.records.store

    def breaks(connection: Any, table: Table, *rest: Any) -> int:
        if table.name == "jobs":
            raise ValueError("a row of nobody")
        return real(connection, table, *rest)

    with monkeypatch.context() as broken:
        broken.setattr(restoring.records, "store", breaks)
        with pytest.raises(Refused, match="do not fit the tables"):
            restore(tmp_path / "backup.tar", tmp_path / "restored", url)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["backup.tar", "school"]
    restore(tmp_path / "backup.tar", tmp_path / "restored", url)  # so the database is empty again


def test_the_format_and_the_edition_are_in_it(school: School, tmp_path: Path) -> None:
    back_up(school, tmp_path / "backup.tar")
    with tarfile.open(tmp_path / "backup.tar") as tar:
        about = json.load(tar.extractfile("about.json"))  # type: ignore[arg-type]
    assert about["edition"] == migrating.newest()
    assert about["database"] == "sqlite"
    assert set(about["tables"]) == set(metadata.tables)
    assert examine(tmp_path / "backup.tar").edition == migrating.newest()


def test_a_newer_format_is_refused_by_name(school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "FORMAT", 99)
    back_up(school, tmp_path / "backup.tar")
    with pytest.raises(Refused, match=r"has the format 99 of backups. This Sheberkhana reads 1"):
        restore(tmp_path / "backup.tar", tmp_path / "restored")


def test_a_database_that_is_away_is_said(tmp_path: Path) -> None:
    away = open_school(tmp_path / "school")
    away = replace(away, engine=open_engine("postgresql://nobody@127.0.0.1:1/x"))
    with pytest.raises(DatabaseAway, match="No backup was made"):
        back_up(away, tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()
