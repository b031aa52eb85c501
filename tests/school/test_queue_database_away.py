"""A database that goes away and comes back: nothing is lost, nothing is judged twice, and it is told in words."""

from __future__ import annotations

import subprocess
import time as wall
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from making import keep_warm, make_class, program
from test_queue_worker import FakeExecutor, judged, results, rounds, states, until, working

from sheber.bench.school.postgresql import _binaries, _not_as_root
from sheber.school import database
from sheber.school.errors import DatabaseAway
from sheber.school.opening import open_school
from sheber.school.queue import exercises, worker
from sheber.school.queue.claiming import claim
from sheber.school.queue.worker import JudgingWorker


class Server:
    """A PostgreSQL of one test, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self._before, self._binaries = _not_as_root(), _binaries()
        folder.chmod(0o777)
        make = [self._binaries / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run([*self._before, *make, "--no-sync"], check=True, capture_output=True)
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def start(self) -> None:
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        command = [self._binaries / "postgres", "-D", self.data, "-k", self.folder, "-c", "listen_addresses="]
        self._process = subprocess.Popen([*self._before, *command], stderr=subprocess.DEVNULL)
        until(self._answers)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        self._process.send_signal(3)  # SIGQUIT: at once, as after a loss of power
        self._process.wait(30)


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="sheber-away-"))  # the name of a socket must be short
    made = Server(folder)
    yield made
    made.kill()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_server_that_dies_under_a_transaction_is_told_in_words(server: Server, tmp_path: Path) -> None:
    school = open_school(tmp_path / "school", server.url)
    work = make_class(school)
    work.submit(0)

    def broken_off() -> None:
        with school.writing() as session:
            claim(session, "w", 1)
            server.kill()
            claim(session, "w", 1)

    with pytest.raises(DatabaseAway, match="The database does not answer"):
        broken_off()
    for _ in range(2):
        with pytest.raises(DatabaseAway, match="The database does not answer"):
            work.submit(1)
    server.start()
    work.submit(1)
    with school.writing() as session:
        assert [job.tries for job in claim(session, "w", 9)] == [1, 1, 1, 1], "nothing half stored"
    school.close()


@pytest.mark.box
def test_a_worker_outlives_its_database(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exercises, "exercise_of", lambda _school, _job: keep_warm())
    monkeypatch.setattr(worker, "AWAY_S", (0.1, 0.5))
    school = open_school(tmp_path / "school", server.url)
    work = make_class(school, students=2, scenes=8)
    for student in range(2):
        work.submit(student, program("reference"))
    with working(school):
        until(lambda: len(results(school)) >= 3)
        server.kill()
        wall.sleep(2.0)
        server.start()
        until(lambda: states(school) == ["done"] * 2, 120.0)
    assert len({(one.submission_id, one.place) for one in results(school)}) == 16
    assert all((school.traces / one.trace).is_file() for one in results(school))
    school.close()


def test_a_database_file_that_somebody_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_S", 0.2)
    monkeypatch.setattr(exercises, "exercise_of", lambda _school, _job: keep_warm())
    monkeypatch.setattr(worker, "AWAY_S", (0.0, 0.0))
    school = open_school(tmp_path / "school")
    work = make_class(school, students=1, scenes=2)
    submission = work.submit(0)
    made = JudgingWorker(school, FakeExecutor(judged))
    with school.engine.connect() as holder:
        holder.begin()
        with pytest.raises(DatabaseAway, match="database is locked"):
            work.submit(0)
        rounds(made, 2)
    rounds(made, 4)
    assert work.state(submission) == "done"
    school.close()
