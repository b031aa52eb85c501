"""Ray: several machines judge as one does, bit for bit; machines are compared first; a lost one costs nothing."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from making import keep_warm, make_class, program
from sqlalchemy import func, select
from test_queue_worker import ENDLESS, results, states, until

from sheber.exercises.exercise import read_exercise
from sheber.judge import Program, best_sandbox, run
from sheber.judge.errors import SystemFault
from sheber.judge.forms import revived_outcome, revived_score
from sheber.school.errors import Refused
from sheber.school.opening import School
from sheber.school.queue import exercises
from sheber.school.queue.away import Bench, Parcel, Site, exercise_files, this_site
from sheber.school.queue.executor import Judged, Work
from sheber.school.queue.models import Job
from sheber.school.queue.worker import JudgingWorker
from sheber.trace import read

TESTS = Path(__file__).parents[1]
PATHS = os.pathsep.join(str(path) for path in (TESTS.parent / "src", TESTS, TESTS / "school"))


# --- without a cluster ----------------------------------------------------------------------------


OURS = Site("x86_64-avx2", (("numpy", "2.4.0"), ("python", "3.11.7")), "A")


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        (OURS, ""),
        (replace(OURS, level="B"), ""),
        (replace(OURS, level="C"), "it has no sandbox that isolates programs"),
        (replace(OURS, processor="x86_64-avx512"), "another class (x86_64-avx512, not x86_64-avx2)"),
        (replace(OURS, versions=(("numpy", "2.5.0"), ("python", "3.11.7"))), "it has other versions: numpy"),
        (replace(OURS, versions=(("python", "3.11.7"),)), "it has other versions: numpy"),
    ],
)
def test_a_machine_is_used_only_where_scenes_have_the_same_bits(theirs: Site, words: str) -> None:
    assert words in theirs.refusal(OURS)
    assert bool(theirs.refusal(OURS)) == bool(words)


def test_this_machine_would_be_used_by_itself() -> None:
    assert this_site().refusal(this_site()) == ""


def test_an_exercise_travels_by_content(tmp_path: Path) -> None:
    files = exercise_files(keep_warm())
    assert files.keys() == {"exercise.py", "exercise.toml", "starter.py", "text/en.md"}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert read_exercise(tmp_path).sha256 == keep_warm().sha256


@pytest.mark.box
def test_a_place_on_another_machine_judges_as_this_one_does() -> None:
    bench = Bench()
    files = exercise_files(keep_warm())
    source = Program("p.py", program("reference"))
    parcel = Parcel(keep_warm().sha256, {}, source, 2**200 + 1, "scene 1", "kk", 60.0)
    judged, trace = bench.judge(parcel, files)
    assert trace.startswith(b"sheber-trace")
    alone = run(keep_warm(), source, 2**200 + 1, best_sandbox())
    assert (judged.trace_sha256, judged.score, judged.outcome) == (
        alone.sha256,
        keep_warm().score(alone),
        alone.outcome,
    )
    assert judged.versions == alone.header.versions
    with pytest.raises(SystemFault, match="did not arrive whole"):
        bench.judge(replace(parcel, exercise_sha256="0" * 64), files)


def test_without_ray_the_line_that_mends_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from sheber.school.queue.ray import RayExecutor

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(Refused, match=r"pip install 'sheberkhana\[cluster\]'"):
        RayExecutor()


# --- with two local nodes ---------------------------------------------------------------------------


@pytest.fixture
def two_nodes() -> Iterator[tuple[Any, Any]]:
    """A cluster of two nodes on this machine, with one core each; and the second of them."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    about = {"num_cpus": 1, "object_store_memory": 100 << 20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=about)
    second = cluster.add_node(num_cpus=1, object_store_memory=100 << 20)
    yield cluster, second
    cluster.shutdown()


@pytest.mark.box
@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(900)
def test_a_node_killed_in_the_middle_of_forty_jobs(
    any_school: School, two_nodes: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sheber.school.queue import ray as ray_executor
    from sheber.school.queue import worker

    monkeypatch.setattr(worker, "PAUSE_S", (0.5, 0.5))
    monkeypatch.setattr(exercises, "exercise_of", lambda _school, _job: keep_warm())
    monkeypatch.setattr(ray_executor, "LOOK_S", 1.0)
    cluster, second = two_nodes
    work = make_class(any_school, students=5, scenes=8)
    for student in range(5):
        work.submit(student, program("reference"), language="ru")

    def done() -> int:
        with any_school.reading() as session:
            return session.scalar(select(func.count(Job.id)).where(Job.state == "done")) or 0

    executor = ray_executor.RayExecutor(cluster.address, {"PYTHONPATH": PATHS})
    until(lambda: executor.places == 2, 120.0)
    made = JudgingWorker(any_school, executor)
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        until(lambda: done() >= 10, 300.0)
        cluster.remove_node(second, allow_graceful=False)
        assert done() < 40
        until(lambda: states(any_school) == ["done"] * 5, 300.0)
    finally:
        made.stop()
        thread.join(60.0)
    seen = results(any_school)
    assert len(seen) == len({(one.submission_id, one.place) for one in seen}) == 40
    for place in range(1, 9):
        of_place = [one for one in seen if one.place == place]
        alone = run(keep_warm(), Program("program.py", program("reference")), int(of_place[0].seed), best_sandbox())
        for one in of_place:
            assert one.trace_sha256 == alone.sha256 == read(any_school.traces / one.trace).sha256
            assert revived_score(one.score) == keep_warm().score(alone)
            assert revived_outcome(one.outcome) == alone.outcome
            assert (one.level, one.processor, one.versions) == (
                alone.header.sandbox,
                alone.header.processor,
                alone.header.versions,
            )


@pytest.mark.box
@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(900)
def test_works_of_a_cluster_are_cancelled_limited_and_refused(
    two_nodes: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sheber.judge.errors import TooLong
    from sheber.school.queue import ray as ray_executor

    def work(id_: int, source: bytes, limit_s: float = 60.0, folder: Path = tmp_path) -> Work:
        return Work(id_, keep_warm(), Program("p.py", source), 7, "scene 1", folder / f"{id_}.trace", "en", limit_s)

    executor = ray_executor.RayExecutor(two_nodes[0].address, {"PYTHONPATH": PATHS})
    ended: dict[int, Any] = {}

    def hear(count: int) -> bool:
        ended.update({one.id: one.found for one in executor.endings(0.5)})
        return len(ended) >= count

    try:
        for id_ in (1, 2):
            executor.start(work(id_, ENDLESS))
        executor.start(work(3, program("reference")))
        until(lambda: hear(0) and executor.places == 2, 120.0)
        assert ended == {}
        executor.cancel(1)
        until(lambda: hear(1), 120.0)
        assert ended.keys() == {3}
        assert isinstance(ended[3], Judged)
        executor.start(work(4, ENDLESS, limit_s=2.0))
        executor.start(work(5, program("reference"), folder=tmp_path / "nowhere"))
        until(lambda: hear(3), 120.0)
        assert isinstance(ended[4], TooLong)
        assert type(ended[5]).__name__ == "TraceWriteError"
        executor.cancel(2)
    finally:
        executor.close()
    strange = replace(this_site(), processor="another")
    monkeypatch.setattr(ray_executor, "this_site", lambda: strange)
    executor = ray_executor.RayExecutor(two_nodes[0].address, {"PYTHONPATH": PATHS})
    try:
        until(lambda: executor.places == 0 and len(executor.refused) == 2, 120.0)
        assert all("of another class" in why for why in executor.refused.values())
    finally:
        executor.close()
