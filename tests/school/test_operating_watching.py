"""/healthz and /metrics tell an operator what is there, and strangers nothing; the log has no secrets."""

from __future__ import annotations

import io
import json
import logging
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select, update

from school.judged import judged
from school.making import make_class
from sheber.school import clock
from sheber.school.database import Sessions, open_engine
from sheber.school.opening import School
from sheber.school.operating import logs, measures, tokens
from sheber.school.queue.claiming import About, register
from sheber.school.queue.models import Job, Worker
from sheber.web.app import create_app

HERE = "http://localhost"


def asking(school: School, client: str = "127.0.0.1", base_url: str = HERE) -> TestClient:
    """Somebody who asks from an address."""
    return TestClient(create_app(school), base_url=base_url, client=(client, 50000), raise_server_exceptions=False)


@pytest.fixture
def worker(school: School) -> str:
    """A worker that lives."""
    with school.writing() as session:
        register(session, About("worker-1", "local", 4, "A", "x86_64"))
    return "worker-1"


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Name and values of labels → value, read by Prometheus's own parser."""
    return {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


# --- /healthz ------------------------------------------------------------------------------------


def test_a_school_that_works_is_well(school: School, worker: str) -> None:
    answer = asking(school).get("/healthz")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["database"], told["worker"], told["disk"]) == ("ok", "answers", "lives", "has room")
    assert 0 <= told["worker_seen_s"] < 5
    assert told["disk_free_bytes"] > 0


def test_without_a_worker_nothing_is_judged_and_it_says_so(school: School) -> None:
    answer = asking(school).get("/healthz")
    assert (answer.status_code, answer.json()["worker"]) == (503, "none")
    assert asking(school).get("/healthz?only=database").status_code == 200  # the pages of this process work


def test_a_worker_that_was_not_seen_for_a_minute_is_none(school: School, worker: str) -> None:
    from datetime import timedelta

    with school.writing() as session:
        session.execute(update(Worker).values(seen=clock.now() - timedelta(seconds=61)))
    assert asking(school).get("/healthz").json()["worker"] == "none"


def test_a_full_disk_is_trouble(school: School, worker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "LEAST_FREE_BYTES", 1 << 60)
    answer = asking(school).get("/healthz")
    assert (answer.status_code, answer.json()["disk"]) == (503, "full")


def test_a_database_that_is_away_is_trouble_and_no_fault(school: School) -> None:
    school = replace(school, sessions=Sessions(open_engine("postgresql://nobody@127.0.0.1:1/x")))
    answer = asking(school).get("/healthz?only=database")
    assert (answer.status_code, answer.json()["database"]) == (503, "away")
    assert samples(asking(school).get("/metrics").text)["sheber_database_up",] == 0.0


# --- who may read --------------------------------------------------------------------------------

STRANGERS = [
    {"client": "10.0.0.7"},
    {"client": "not an address"},
    {"base_url": "http://school.example"},  # a proxy of this machine that passes the name on
]
FORWARDED = ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_strangers_learn_only_whether_it_works(school: School, worker: str, stranger: dict[str, str]) -> None:
    client = asking(school, **stranger)
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize("header", FORWARDED)
def test_what_a_proxy_of_this_machine_passes_on_is_a_stranger(school: School, worker: str, header: str) -> None:
    client = asking(school)
    assert client.get("/healthz", headers={header: "127.0.0.1"}).json() == {"status": "ok"}
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404


def test_behind_a_proxy_only_the_token_counts(school: School, worker: str) -> None:
    """A proxy that passes nothing on looks like a process of this machine."""
    client = TestClient(create_app(school, public_url="https://school.example"), base_url=HERE, client=("127.0.0.1", 1))
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/metrics").status_code == 404


def test_who_brings_the_token_may_read(school: School, worker: str) -> None:
    tokens.keep_metrics_token(school)
    file = school.folder / "metrics-token"
    assert file.stat().st_mode & 0o777 == 0o600
    client = asking(school, client="10.0.0.7")
    right = {"Authorization": f"Bearer {file.read_text().strip()}"}
    assert client.get("/metrics", headers=right).status_code == 200
    assert client.get("/healthz", headers=right).json()["worker"] == "lives"
    for wrong in ("", "Bearer ", "Bearer 123", "Basic " + file.read_text().strip(), right["Authorization"][:-1]):
        assert client.get("/metrics", headers={"Authorization": wrong}).status_code == 404


# --- /metrics ------------------------------------------------------------------------------------


def test_measures_tell_the_queue(any_school: School) -> None:
    course = make_class(any_school)
    for student in range(3):
        course.submit(student)
    judged(course, "graded")
    with any_school.writing() as session:
        register(session, About("worker-1", "local", 4, "A", "x86_64"))
        session.get_one(Job, session.scalars(select(Job.id)).first()).state = "leased"
    found = samples(asking(any_school).get("/metrics").text)
    assert found["sheber_queue_waiting", "graded"] == 5.0
    assert found["sheber_queue_waiting", "exam"] == 0.0
    assert (found["sheber_jobs", "queued"], found["sheber_jobs", "leased"], found["sheber_jobs", "done"]) == (5, 1, 0)
    assert 0.0 < found["sheber_queue_oldest_seconds",] < 60.0
    assert found["sheber_scene_seconds", "0.5"] == found["sheber_scene_seconds", "0.95"] == 1.0
    assert (found["sheber_workers",], found["sheber_places",], found["sheber_database_up",]) == (1, 4, 1)
    assert found["sheber_disk_free_bytes",] > 0


def test_requests_are_counted_by_route(school: School) -> None:
    client = asking(school)
    for path in (
        "/log-in",
        "/log-in",
        "/invitation/secret-one",
        "/invitation/secret-two",
        "/no-such-page",
        "/wp-admin",
    ):
        client.get(path)
    client.request("EVIL", "/log-in")
    text = client.get("/metrics").text
    found = samples(text)
    assert found["sheber_http_requests_total", "GET", "/log-in", "200"] == 2.0
    assert found["sheber_http_requests_total", "GET", "/invitation/{token}", "404"] == 2.0
    assert found["sheber_http_requests_total", "GET", "(none)", "404"] == 2.0
    assert found["sheber_http_request_seconds_count",] == 7.0
    assert not [word for word in ("secret-", "wp-admin", "EVIL") if word in text]


def test_many_monitors_ask_the_database_once(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(measures, "measures", lambda _school, real=measures.measures: asked.append(1) or real(_school))
    client = asking(school)
    for _monitor in range(5):
        assert client.get("/metrics").status_code == 200
    assert len(asked) == 1
    monkeypatch.setattr(measures, "KEEP_S", 0.0)
    client.get("/metrics")
    assert len(asked) == 2


# --- the log -------------------------------------------------------------------------------------


@pytest.fixture
def log() -> io.StringIO:
    """The log of this process as JSON."""
    stream = io.StringIO()
    logs.begin_log("json", stream=stream)
    return stream


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_request_is_a_line_of_json_without_secrets(school: School, log: io.StringIO) -> None:
    client = asking(school)
    client.get("/invitation/secret-token?next=/private")
    client.get("/healthz?only=database")
    (line,) = [one for one in lines(log) if one["from"] == "sheber.web.requests"]
    assert line | {"time": "", "ms": 0} == {
        "time": "",
        "level": "info",
        "from": "sheber.web.requests",
        "text": "request",
        "method": "GET",
        "route": "/invitation/{token}",
        "status": 404,
        "ms": 0,
    }
    assert "secret-token" not in log.getvalue()
    assert "private" not in log.getvalue()


def test_an_error_has_its_traceback_in_the_same_line(log: io.StringIO) -> None:
    try:
        raise ValueError("a line\nand another \u202e")
    except ValueError:
        logging.getLogger("sheber.test").exception("it broke")
    (line,) = lines(log)
    assert (line["level"], line["text"]) == ("error", "it broke")
    assert "ValueError: a line\nand another" in str(line["error"])


def test_words_cannot_control_a_terminal() -> None:
    stream = io.StringIO()
    logs.begin_log("text", stream=stream)
    logging.getLogger("sheber.test").warning("name \x1b[2J\nfaked line", extra={"route": "/x\x1b"})
    (line,) = stream.getvalue().splitlines()
    assert line.endswith("warning name \ufffd[2J\ufffdfaked line route=/x\ufffd")


def test_a_pipe_gets_json_and_a_terminal_words() -> None:
    stream = io.StringIO()
    logs.begin_log("", stream=stream)
    logging.getLogger("sheber.test").warning("x")
    assert json.loads(stream.getvalue())["text"] == "x"
