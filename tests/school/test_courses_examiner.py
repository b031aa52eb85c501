"""The examiner: uploads are checked by the worker's process, after an administrator allowed it, and never lost."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time as stopwatch
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from making import a_person

from school.making import Clock
from school.test_courses_exercises import OWN, do, found, packed
from sheber.school import leases
from sheber.school.audit import AuditEntry
from sheber.school.courses import checking, exercises
from sheber.school.courses.examiner import CHECKS, Examiner
from sheber.school.courses.models import OwnExercise
from sheber.school.errors import DatabaseAway
from sheber.school.leases import LEASE_S
from sheber.school.opening import School

GOOD = checking.Examined([{"promise": "all", "broken": []}])
BAD = checking.Examined([{"promise": "all", "broken": ["It breaks."]}])


def proposed(school: School, **change: bytes) -> int:
    """An upload that nobody has allowed yet."""
    teacher = a_person(school, f"t{len(change)}", "teacher")
    own_id: int = do(school, exercises.propose, teacher, packed({**OWN, **change}))
    return own_id


def allowed(school: School, **change: bytes) -> int:
    """An upload whose check is allowed."""
    own_id = proposed(school, **change)
    do(school, exercises.allow_check, a_person(school, f"root{own_id}", "administrator"), own_id)
    return own_id


def until(what: Callable[[], Any], seconds: float = 120.0) -> Any:
    """Wait for something to be true; gives it."""
    deadline = stopwatch.monotonic() + seconds
    while stopwatch.monotonic() < deadline:
        if it := what():
            return it
        stopwatch.sleep(0.1)
    raise AssertionError("it did not happen")


def test_only_what_an_administrator_allowed_is_taken_and_by_one_alone(any_school: School) -> None:
    own_id = proposed(any_school)
    assert do(any_school, CHECKS.take, "a") is None
    root = a_person(any_school, "root", "administrator")
    do(any_school, exercises.allow_check, root, own_id)
    assert do(any_school, CHECKS.take, "a") == own_id
    assert do(any_school, CHECKS.take, "b") is None
    assert do(any_school, CHECKS.keep, "a", own_id)
    assert not do(any_school, CHECKS.keep, "b", own_id)


def test_a_lost_worker_s_check_is_begun_anew_and_its_own_result_comes_too_late(any_school: School, time: Clock) -> None:
    own_id = allowed(any_school)
    assert do(any_school, CHECKS.take, "a") == own_id
    time.forward(seconds=LEASE_S - 1)
    assert do(any_school, CHECKS.take, "b") is None
    assert do(any_school, CHECKS.keep, "a", own_id)
    time.forward(seconds=LEASE_S + 1)
    assert do(any_school, CHECKS.take, "b") == own_id
    assert not do(any_school, CHECKS.keep, "a", own_id)
    assert not checking.store(any_school, own_id, BAD, "a")
    assert checking.store(any_school, own_id, GOOD, "b")
    assert not checking.store(any_school, own_id, GOOD, "b")  # once
    own = found(any_school, own_id)
    assert (own.state, own.checker, own.check_until) == ("checked", "", None)


def test_a_clock_that_was_set_back_holds_nothing_up(school: School, time: Clock) -> None:
    own_id = allowed(school)
    assert do(school, CHECKS.take, "a") == own_id
    time.forward(days=-1)
    assert do(school, CHECKS.take, "b") == own_id


def test_a_check_that_is_lost_again_and_again_goes_back_to_the_administrator(school: School, time: Clock) -> None:
    own_id = allowed(school)
    for _n in range(CHECKS.most):
        assert do(school, CHECKS.take, "a") == own_id
        time.forward(seconds=LEASE_S + 1)
    assert do(school, CHECKS.take, "a") is None
    own = found(school, own_id)
    assert own.state == "proposed"  # no refusal: nothing is known against it
    assert f"begun {CHECKS.most} times" in own.findings[0]["broken"][0]
    do(school, exercises.allow_check, a_person(school, "other", "administrator"), own_id)
    assert do(school, CHECKS.take, "a") == own_id


def test_what_is_given_back_counts_as_no_try(school: School) -> None:
    own_id = allowed(school)
    for _n in range(CHECKS.most + 1):
        assert do(school, CHECKS.take, "a") == own_id
        do(school, CHECKS.give_back, "a", own_id)
    do(school, CHECKS.give_back, "b", own_id)  # not its own
    assert found(school, own_id).check_tries == 0


def test_the_examiner_checks_what_waits(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = allowed(school), allowed(school, **{"text/ru.md": b"# x"})
    looked: list[int] = []

    def examine(_school: School, own_id: int, **_how: Any) -> checking.Examined:
        looked.append(own_id)
        return GOOD if own_id == first else BAD

    monkeypatch.setattr(checking, "examine", examine)
    monkeypatch.setattr(leases, "LOOK_S", 0.05)
    with Examiner(school, "a"):
        until(lambda: found(school, second).state == "refused", 20.0)
    assert found(school, first).state == "checked"
    assert looked == [first, second]


def test_a_database_that_is_away_loses_no_result(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    own_id, store, times = allowed(school), checking.store, []

    def away(*arguments: Any) -> bool:
        times.append(1)
        if len(times) < 3:
            raise DatabaseAway("away")
        return store(*arguments)

    monkeypatch.setattr(checking, "examine", lambda *_a, **_k: GOOD)
    monkeypatch.setattr(checking, "store", away)
    monkeypatch.setattr(leases, "LOOK_S", 0.01)
    assert Examiner(school, "a").look()
    assert found(school, own_id).state == "checked"


def test_the_check_ends_where_the_administrator_refuses_meanwhile(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_id = allowed(school, **{"exercise.py": b"import time\ntime.sleep(600)\n"})
    monkeypatch.setattr(leases, "BEAT_S", 0.0)
    root = a_person(school, "again", "administrator")

    one = Examiner(school, "a")

    def going() -> bool:
        do(school, exercises.refuse, root, own_id, "I read it.")
        return Examiner._going(one, own_id)

    monkeypatch.setattr(one, "_going", lambda _own_id: going())
    begun = stopwatch.monotonic()
    one.look()
    assert stopwatch.monotonic() - begun < 60.0
    assert found(school, own_id).state == "refused"


def test_an_examiner_that_ends_gives_its_check_back_and_leaves_no_process(school: School, tmp_path: Path) -> None:
    own_id = allowed(school, **{"exercise.py": _endless(tmp_path / "pid")})
    with Examiner(school, "a"):
        pid = int(until(lambda: _written(tmp_path / "pid")))
    own = found(school, own_id)
    assert (own.state, own.checker, own.check_until, own.check_tries) == ("checking", "", None, 0)
    assert not alive(pid)


@pytest.mark.long
@pytest.mark.box
def test_a_worker_that_is_killed_takes_its_check_along_and_another_ends_it(school: School, tmp_path: Path) -> None:
    """`sheber work` is killed in the middle of a check; the next one begins it anew when the lease has run out."""
    endless = _endless(tmp_path / "pid", b"import pathlib\nif pathlib.Path(%r).exists(): raise RuntimeError('again')\n")
    own_id = allowed(school, **{"exercise.py": endless})
    first = _worker(school)
    pid = int(until(lambda: _written(tmp_path / "pid")))
    first.send_signal(signal.SIGKILL)
    first.wait()
    until(lambda: not alive(pid), 20.0)
    with school.writing() as session:  # a minute passes
        own = session.get_one(OwnExercise, own_id)
        assert (own.state, own.check_tries) == ("checking", 1)
        assert own.check_until is not None
        own.check_until = None
    second = _worker(school)
    until(lambda: found(school, own_id).state == "refused")
    second.terminate()
    assert second.wait(60) == 0
    assert "again" in found(school, own_id).findings[0]["broken"][0]
    with school.reading() as session:
        assert session.query(AuditEntry).filter_by(action="exercise.checked").count() == 1


def _worker(school: School) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "sheber", "work", str(school.folder), "--workers", "1"]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def _endless(mark: Path, before: bytes = b"") -> bytes:
    """An exercise whose code tells its process and then never ends."""
    before = before.replace(b"%r", repr(str(mark)).encode())
    return before + f"import os, time\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n".encode()


def _written(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def alive(pid: int) -> bool:
    """Whether a process runs."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
