"""`sheber serve`, `work`, `backup`, `restore` as one types them: they begin, work, end cleanly, and refuse in words."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time as clocks
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from school.judged import judged
from school.making import Clock, make_class
from sheber.cli import extras, main
from sheber.cli.serving import _address, _environment, _span, _worker_command
from sheber.exercises import load
from sheber.school.courses.models import Assignment, Member
from sheber.school.opening import School, open_school
from sheber.school.operating import keeping
from sheber.school.operating.keeping import WorkerProcess
from sheber.school.people.keys import actor_of
from sheber.school.people.models import Person
from sheber.school.queue.models import Worker
from sheber.school.submissions.handing_in import submit
from sheber.school.submissions.models import Submission

WAIT_S = 120.0  # on a busy machine


def until(what: Callable[[], Any], seconds: float = WAIT_S) -> Any:
    """Wait for something to be true; gives it."""
    deadline = clocks.monotonic() + seconds
    while clocks.monotonic() < deadline:
        if found := what():
            return found
        clocks.sleep(0.1)
    raise AssertionError("it did not happen")


def alive(pid: int) -> bool:
    """Whether a process runs (one that has ended and was not asked for does not)."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def children(pid: int) -> list[int]:
    """The processes that any thread of a process has started and that live."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(one) for file in tasks for one in file.read_text().split() if alive(int(one))]


@dataclass
class Served:
    """A server that runs."""

    process: subprocess.Popen[str]
    folder: Path
    address: str
    greeting: str

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.address + path, timeout=30) as answer:
            return str(answer.read().decode())

    def worker_seen(self) -> bool:
        with contextlib.suppress(urllib.error.HTTPError):
            return bool(json.loads(self.get("/healthz"))["worker"] == "lives")
        return False

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(WAIT_S)


@contextlib.contextmanager
def serving(folder: Path, *more: str, **variables: str) -> Iterator[Served]:
    """A school that is served by a process of its own."""
    command = [sys.executable, "-P", "-m", "sheber", "serve", str(folder), "--port", "0", "--workers", "1", *more]
    with (folder.parent / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | variables)
    assert process.stdout is not None
    greeting = ""
    try:
        for line in process.stdout:
            greeting += line
            if "Ctrl-C" in line:
                break
        found = re.search(r"http://127.0.0.1:\d+", greeting)
        assert found, greeting + (folder.parent / "log").read_text()
        yield Served(process, folder, found[0], greeting)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.box
@pytest.mark.physics
def test_from_the_first_start_to_a_judged_program_and_a_clean_end(tmp_path: Path) -> None:
    with serving(tmp_path / "school") as served:
        link = re.search(r"/invitation/\S+", served.greeting)
        assert link
        assert "password" in served.get(link[0])
        until(served.worker_seen)
        (worker,) = children(served.process.pid)
        school = open_school(served.folder)
        with school.writing() as session:
            admin = actor_of(session.scalars(select(Person)).one())
            assignment = session.scalars(select(Assignment).order_by(Assignment.id)).first()
            assert assignment is not None
            source = load(assignment.exercise).program("reference").read_bytes()
            id_ = submit(school.secret, session, admin, assignment.id, source, "p.py", kind="practice", seed=3)

        def points() -> float | None:
            with school.reading() as session:
                return session.get_one(Submission, id_).points

        assert until(points) > 90.0
        assert served.end(signal.SIGTERM) == 0
        assert not alive(worker)
        with school.reading() as session:
            assert session.scalars(select(Worker)).all() == []  # it said good-bye
        school.close()
    log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {line["level"] for line in log} == {"info"}, log
    assert link[0].rpartition("/")[2] not in str(log)


@pytest.mark.box
def test_a_server_that_is_killed_leaves_no_worker(tmp_path: Path) -> None:
    with serving(tmp_path / "school") as served:
        until(served.worker_seen)
        (worker,) = children(served.process.pid)
        served.end(signal.SIGKILL)
        until(lambda: not alive(worker), 30.0)


@pytest.mark.box
def test_a_worker_that_is_killed_is_started_again(tmp_path: Path) -> None:
    with serving(tmp_path / "school") as served:
        until(served.worker_seen)
        (worker,) = children(served.process.pid)
        os.kill(worker, signal.SIGKILL)
        (other,) = until(lambda: [one for one in children(served.process.pid) if one != worker])
        assert served.end(signal.SIGINT) == 0
        assert not alive(other)
    assert "is started again" in (tmp_path / "log").read_text()


def test_without_workers_only_pages_are_served(tmp_path: Path) -> None:
    with serving(tmp_path / "school", "--workers", "0") as served:
        assert children(served.process.pid) == []
        assert "log-in" in served.get("/log-in")
        assert served.end(signal.SIGTERM) == 0


# --- the worker as a child -----------------------------------------------------------------------


def test_a_child_that_ignores_the_signal_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(keeping, "LEAVE_S", 1.0)
    script = (
        "import signal, sys, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "pathlib.Path(sys.argv[1]).touch(); time.sleep(100)"
    )
    with WorkerProcess([sys.executable, "-c", script, str(tmp_path / "ready")], os.environ) as kept:
        until((tmp_path / "ready").exists)
        pid = kept.pid
        assert pid
    until(lambda: not alive(pid), 10.0)


def test_a_child_that_cannot_start_is_tried_again_ever_more_slowly(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeping, "AGAIN_S", (0.01, 0.04))
    with WorkerProcess(["/nowhere/sheber"], {}):
        until(lambda: caplog.text.count("started again") >= 4, 20.0)
    waits = [record.args[1] for record in caplog.records if record.args]  # type: ignore[index]
    assert waits[:4] == [0.01, 0.02, 0.04, 0.04]


def test_the_password_of_the_database_is_on_no_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from sheber.cli.arguments import parser

    url = "postgresql://school:hunter2@db/school"
    arguments = parser().parse_args(["serve", "x", "--database", url, "--workers", "3", "--log", "json"])
    command = _worker_command(arguments)
    assert "hunter2" not in " ".join(command)
    monkeypatch.setenv("SHEBER_DATABASE", _environment(arguments)["SHEBER_DATABASE"])
    child = parser().parse_args(command[command.index("work") :])
    assert (child.database, child.workers, child.log, child.with_parent) == (url, 3, "json", True)


# --- refusals --------------------------------------------------------------------------------------


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    assert main(arguments) == code
    return capsys.readouterr().err


def test_without_the_extra_the_line_that_mends_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = extras.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name in ("fastapi", "psycopg", "ray") else real(name))
    for command in (["serve"], ["work"], ["backup", "x.tar"], ["restore", "x.tar", "y"]):
        told = refused(capsys, *command)
        assert "(fastapi)" in told
        assert "pip install 'sheberkhana[school]'" in told
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name in ("psycopg", "ray") else real(name))
    assert "pip install 'sheberkhana[school,postgresql]'" in refused(capsys, "serve", "--database", "postgresql://x/y")
    assert "pip install 'sheberkhana[school,cluster]'" in refused(capsys, "work", "--executor", "ray")
    assert list(tmp_path.iterdir()) == []


def test_every_module_of_the_extra_is_asked_for() -> None:
    """A package that is added to the extra and not to the list would end in a traceback."""
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    needed = [one for one in project["optional-dependencies"]["school"] if ";" not in one and "[ground]" not in one]
    names = [re.split(r"[>=\[]", one)[0] for one in needed]
    modules = {"argon2-cffi": "argon2", "markdown-it-py": "markdown_it"}
    assert sorted(modules.get(one, one.replace("-", "_")) for one in names) == sorted(extras._SCHOOL)


def test_a_port_that_is_taken_is_said_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = refused(capsys, "serve", str(tmp_path / "school"), "--port", str(port))
    assert f"cannot listen at 127.0.0.1, port {port}" in told
    assert not (tmp_path / "school").exists()


@pytest.mark.parametrize("wrong", [["--port", "70000"], ["--workers", "-1"], ["--plan", "0"], ["--plan", "many"]])
def test_wrong_numbers_are_refused_in_words(capsys: pytest.CaptureFixture[str], wrong: list[str]) -> None:
    assert f"{wrong[1]!r} is not" in refused(capsys, "serve", *wrong)


def test_a_worker_needs_a_school_of_its_edition(
    school: School, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "There is no school in" in refused(capsys, "work", str(tmp_path / "nowhere"))
    with school.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert "of another edition" in refused(capsys, "work", str(school.folder))


def test_the_operator_lets_an_administrator_in_who_lost_the_password(
    school: School, capsys: pytest.CaptureFixture[str]
) -> None:
    from sheber.school.clock import now
    from sheber.school.people import invitations, logins
    from sheber.school.people.models import Person

    with school.writing() as session:
        session.add(Person(login="boss", name="Boss", rank="administrator", created=now(), disabled=True, password="x"))
        session.add(Person(login="left", name="Left", rank="student", created=now(), disabled=True, password="x"))
    told = ["invite", "boss", str(school.folder), "--public-url", "https://school.example/"]
    assert main(told) == 0
    link = capsys.readouterr().out.splitlines()[0]
    token = link.removeprefix("https://school.example/invitation/")
    assert token != link
    with school.writing() as session:
        assert invitations.accept(session, token, "a long new password").administrator
    with school.writing() as session:
        assert logins.log_in(session, "boss", "a long new password", address="10.0.0.1")
    assert main(["invite", "left", str(school.folder)]) == 2
    assert "This account is closed." in capsys.readouterr().err
    assert main(["invite", "bos", str(school.folder)]) == 2
    assert "Nobody has the login 'bos' in this school. Its administrators are: boss." in capsys.readouterr().err
    assert main(["invite", "boss", str(school.folder / "no")]) == 2
    assert "There is no school in" in capsys.readouterr().err


def test_a_database_that_is_away_is_the_operators(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "postgresql://nobody@127.0.0.1:1/x"
    told = refused(capsys, "serve", str(tmp_path / "school"), "--port", "0", "--database", url, code=4)
    assert "The database does not answer" in told


# --- backup and restore as commands -----------------------------------------------------------------


def test_backup_and_restore_as_one_types_them(
    school: School, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_class(school)
    file, folder = str(tmp_path / "b.tar"), str(tmp_path / "restored")
    assert main(["backup", file, "--folder", str(school.folder)]) == 0
    told = capsys.readouterr().out
    assert "mode 0600" in told
    assert "The secret of the hidden scenes is not in it." in told
    assert main(["restore", file, folder]) == 0
    assert "The backup holds no secret. Copy the file" in capsys.readouterr().out
    restored = open_school(Path(folder))
    with restored.reading() as session:
        assert len(session.scalars(select(Member)).all()) == 4
    restored.close()
    assert main(["backup", str(tmp_path / "c.tar"), "--folder", str(school.folder), "--with-secret"]) == 0
    assert "The file holds the secret of the hidden scenes" in capsys.readouterr().out


def test_what_cannot_be_saved_is_said(school: School, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no school in" in refused(capsys, "backup", str(tmp_path / "x.tar"), "--folder", str(tmp_path))
    missing = str(tmp_path / "no" / "such" / "x.tar")
    assert "cannot be written: no such file" in refused(capsys, "backup", missing, "--folder", str(school.folder))
    assert "is not a whole backup" in refused(capsys, "restore", str(tmp_path / "none.tar"), str(tmp_path / "r"))


# --- the plan ----------------------------------------------------------------------------------------


def test_a_plan_is_a_table(
    school: School, time: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    course = make_class(school)
    for _scene in range(5):
        judged(course, "graded")
    assert main(["serve", str(school.folder), "--plan", "120", "--workers", "2"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"keep-warm +5 +1\.0 +1\.0", told)
    assert re.search(r"120 +960 +8 min +4 min +60 s +15 s", told)
    assert "2 (here)" in told


@pytest.mark.physics
@pytest.mark.box
def test_a_plan_before_there_is_a_school_tries_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(tmp_path / "none"), "--plan", "30", "--workers", "1"]) == 0
    told = capsys.readouterr().out
    assert "Measured on this machine now" in told
    assert "vision-sorting" in told
    assert not (tmp_path / "none").exists()


def test_times_are_said_as_people_say_them() -> None:
    assert [_span(one) for one in (5, 89, 90, 5399, 5400, 10_000)] == [
        "5 s",
        "89 s",
        "2 min",
        "90 min",
        "1.5 h",
        "2.8 h",
    ]


def test_addresses_are_those_that_a_browser_takes() -> None:
    assert _address("0.0.0.0", 80) == "http://localhost:80"
    assert _address("::1", 80) == "http://[::1]:80"
    assert _address("10.0.0.1", 80) == "http://10.0.0.1:80"


# --- what stays light ---------------------------------------------------------------------------------

HEAVY = {"sqlalchemy", "alembic", "fastapi", "starlette", "uvicorn", "argon2", "prometheus_client", "sheber.school"}


@pytest.mark.parametrize(
    "script",
    [
        "import sheber",
        "from sheber import connect",
        "from sheber.cli.arguments import parser; parser().parse_args(['serve', '--plan', '3'])",
        "from sheber.cli import main; main(['exercises'])",
        "from sheber.cli import main; main(['new', 'palletising', 'work'])",
    ],
)
def test_who_has_no_school_loads_nothing_of_it(tmp_path: Path, script: str) -> None:
    assert not HEAVY & loaded(script, tmp_path)


@pytest.mark.physics
@pytest.mark.box
def test_a_run_loads_nothing_of_the_school(tmp_path: Path) -> None:
    program = load("poses-and-moves").folder / "starter.py"
    script = f"from sheber.cli import main; main(['run', 'poses-and-moves', {str(program)!r}, '--no-report', '--json'])"
    names = loaded(script, tmp_path)
    assert "mujoco" in names
    assert not HEAVY & names


def loaded(script: str, folder: Path) -> set[str]:
    """The modules that a script has loaded at its end."""
    script += "\nimport sys; print('\\n', *sys.modules, file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=folder, check=True)
    return set(run.stderr.splitlines()[-1].split())
