"""The gates of a school with few jobs and rows, and their own arithmetic: would they see that something was lost?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest
from sqlalchemy import delete, update

from sheber.bench import SCHOOL, rows
from sheber.bench.school import killed, rush, viewers
from sheber.bench.school.browser import _event
from sheber.bench.school.pages import fill, queries, sizes
from sheber.bench.school.recorded import recording
from sheber.bench.school.town import Town, settled
from sheber.school.clock import now
from sheber.school.queue.models import Job
from sheber.school.submissions.handing_in import submit
from sheber.school.submissions.models import SceneResult, Submission


def test_every_gate_names_a_function_that_exists() -> None:
    from importlib import import_module

    for gate in SCHOOL.values():
        assert callable(getattr(import_module(f"sheber.bench.{gate.module}"), gate.function))


def test_an_aim_decides_nothing_and_says_whether_it_was_reached() -> None:
    row = rows.aimed("x", 2.0, "s", "≤ 1", "a note")
    assert (row.gate, row.met, row.note) == ("", None, "aim ≤ 1, NOT reached; a note")
    assert rows.aimed("x", 1.0, "s", "≤ 1").note == "aim ≤ 1, reached"


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_quantiles_are_values_that_were_measured(share: float, value: int) -> None:
    assert rows.quantile([float(n) for n in range(100, 0, -1)], share) == value


def test_events_of_a_stream() -> None:
    event = _event(b'id: 7\nevent: piece\ndata: {"time":1.5}')
    assert event is not None
    assert (event.kind, event.number, event.content()) == ("piece", 7, {"time": 1.5})
    assert _event(b": still here") is None
    assert _event(b"retry: 1500") is None


# --- the kill gate --------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.box
@pytest.mark.physics
def test_server_and_workers_are_killed_in_the_middle_of_twenty_jobs() -> None:
    """Each submission ends graded, exactly once."""
    measured = killed.killed(quick=True)
    assert all(row.met for row in measured if row.gate), measured
    begun_again = int(measured[0].note.rpartition(";")[2].split()[0])
    assert begun_again, "nothing was being judged when all was killed"


@pytest.fixture
def judged() -> Iterator[Town]:
    """Two submissions of two scenes, all of them graded well."""
    with settled(2, scenes=2) as town:
        found = recording("poses-and-moves").result
        for student in town.students:
            with town.school.writing() as session:
                id_ = submit(town.school.secret, session, student.actor, town.assignments[0], b"x", "p.py")
                for place in (1, 2):
                    name = f"{id_}-{place}.trace"
                    (town.school.traces / name).touch()
                    columns = {key: value for key, value in asdict(found).items() if key != "exercise_sha256"}
                    columns |= {"trace": name, "trace_sha256": str(place), "points": 80.0, "losses": {}}
                    session.add(SceneResult(submission_id=id_, place=place, seed="1", judged=now(), **columns))
        with town.school.writing() as session:
            session.execute(update(Submission).values(state="done", final=80.0, points=80.0))
            session.execute(update(Job).values(state="done", tries=1))
        yield town


WELL = killed.Ended(graded=2, doubled=0, traces=2, missing=0, left=0, again=0)


@pytest.mark.box
@pytest.mark.physics
def test_the_kill_gate_sees_what_is_lost_doubled_or_left(judged: Town) -> None:
    school = judged.school
    assert killed.looked_at(school) == WELL
    (school.traces / "running").mkdir()
    (school.traces / "running" / "1-1.trace").touch()
    (school.traces / "1-2.trace").unlink()
    assert killed.looked_at(school) == replace(WELL, left=1, missing=1)
    with school.writing() as session:
        session.execute(update(Job).where(Job.id == 1).values(state="queued", tries=2))
        session.execute(update(SceneResult).where(SceneResult.id == 3).values(trace_sha256="other"))
        session.execute(update(Submission).where(Submission.id == 2).values(final=79.0))
    assert killed.looked_at(school) == replace(WELL, left=1, missing=1, doubled=1, again=1, traces=3, graded=1)
    with school.writing() as session:
        session.execute(delete(SceneResult).where(SceneResult.id == 1))
    assert killed.looked_at(school).graded == 0


# --- rush, viewers, pages ---------------------------------------------------------------------------------


@pytest.mark.long
def test_thirty_submissions_at_one_moment_are_stored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """On both databases; every tenth student clicks twice."""
    monkeypatch.setattr(rush, "STUDENTS", 300)
    measured = rush.rush(quick=True)
    gates = [row for row in measured if row.gate and row.value is not None]
    assert [row.value for row in gates] == [30, 240] * (len(gates) // 2)
    assert all(row.met for row in gates)


@pytest.mark.long
@pytest.mark.box
@pytest.mark.physics
def test_no_viewer_misses_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewers, "VIEWERS", 120)
    monkeypatch.setattr(viewers, "LONGEST_S", 4.0)
    measured = viewers.viewers(quick=True)
    assert measured[0].met, measured


@pytest.mark.box
@pytest.mark.physics
def test_no_page_asks_more_often_where_there_are_more_rows() -> None:
    """Three students and three exercises, against twelve and nine."""
    found = []
    for students, exercises in ((3, 3), (12, 9)):
        with settled(students, exercises=("poses-and-moves",) * exercises) as town:
            fill(town)
            found.append(queries(town))
    few, many = found
    assert len(many) >= 6
    assert few == many


@pytest.mark.box
@pytest.mark.physics
def test_pages_stay_small() -> None:
    light, heavy = sizes(quick=True)
    assert light.met, light
    assert heavy.met, heavy
    assert heavy.value is not None
    assert heavy.value > 200.0, "editor and 3D were not counted"
