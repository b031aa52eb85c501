"""`sheber submit` against a server that listens: what it prints, keeps, refuses, and its exit codes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from judged import PRINTED, judge
from town import Town

from sheber.cli import main, school_server, submitting
from sheber.cli.errors import Refused
from sheber.school.people import tokens
from sheber.school.submissions import handing_in
from sheber.web.app import create_app


@contextmanager
def listening(town: Town) -> Iterator[str]:
    """The town's server on a port of this machine."""
    server = uvicorn.Server(uvicorn.Config(create_app(town.school), port=0, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)


@contextmanager
def judging(town: Town, stop: float = 60.0) -> Iterator[None]:
    """Somebody judges whatever waits, one scene at a time."""
    end = threading.Event()

    def work() -> None:
        while not end.wait(0.05):
            judge(town, 1)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    end.set()
    thread.join(stop)


@pytest.fixture
def desk(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Town, str, Path]]:
    """A student's desk: a program, and a token of the server that listens."""
    monkeypatch.setattr(submitting, "LOOK_S", 0.05)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "program.py").write_text("print('hello')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with listening(town) as url:
        with town.school.writing() as session:
            school_server.keep_token(
                school_server.usual_file(), url, tokens.make_token(session, town.student, "desk", 3)
            )
        yield town, url, tmp_path


Said = Callable[[], tuple[str, str]]


def run(*words: str) -> int:
    return main(["submit", *words, "--language", "en"])


def test_a_program_is_handed_in_and_its_score_explained(
    desk: tuple[Town, str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    town, url, _folder = desk
    with judging(town):
        assert run("роботтандырылған/poses-and-moves", "program.py") == 0
    out, err = capsys.readouterr()
    assert "Scene 3: 20." in out
    assert "The part 1 is 1.5 mm away." in out
    assert "Points: 20 of 100." in out
    assert f"{url}/submissions/1" in out
    assert PRINTED not in out
    assert "3/3" in err
    assert "your program waits" in err.lower()


def test_a_practice_run_of_a_seed_and_json(desk: tuple[Town, str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    town, _url, _folder = desk
    seed = str(2**200)
    with judging(town):
        where = f"{town.course}/{town.assignment}"
        assert run(where, "program.py", "--practice", "--seed", seed, "--json") == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["kind"], found["state"], found["scenes"][0]["seed"]) == ("practice", "done", seed)
    assert PRINTED in found["scenes"][0]["ending"]
    assert err == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("1/1", "nothing.py"), "nothing.py cannot be read"),
        (("1/1", "binary.py"), "line 2 is not UTF-8"),
        (("1/1", "large.py"), "at most 256 KiB"),
        (("1/1", "empty.py"), "The program is empty"),
        (("poses-and-moves", "program.py"), "COURSE/ASSIGNMENT"),
        (("7/1", "program.py"), "Роботтандырылған ұяшықтар"),
        (("1/7", "program.py"), "1: poses-and-moves"),
        (("1/1", "program.py", "--seed", "3"), "--practice"),
        (("1/1", "program.py", "--server", "http://school.example"), "no encryption"),
        (("1/1", "program.py", "--server", "https://school.example/x"), "not the address"),
        (("1/1", "program.py", "--server", "https://other.example"), "no token for https://other.example"),
    ],
)
def test_wrong_use_is_told_and_nothing_is_handed_in(
    desk: tuple[Town, str, Path], capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    town, _url, folder = desk
    (folder / "binary.py").write_bytes(b"x = 1\n\xff\xfe")
    (folder / "large.py").write_bytes(b"x" * (257 << 10))
    (folder / "empty.py").write_bytes(b"")
    assert run(*words) == 2
    assert said in capsys.readouterr().err
    with town.school.reading() as session:
        assert handing_in.attempts_used(session, town.assignment, town.student.id) == 0


def test_a_token_that_was_revoked_is_told_in_the_servers_words(
    desk: tuple[Town, str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    town, _url, _folder = desk
    with town.school.writing() as session:
        tokens.revoke(session, town.student, 1)
    assert run("1/1", "program.py") == 2
    assert "token" in capsys.readouterr().err


def test_a_token_is_kept_where_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "tokens"
    school_server.keep_token(file, "https://a.example", "one")
    school_server.keep_token(file, "https://b.example", "two")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert school_server.kept_token(file, "b.example") == ("https://b.example", "two")
    assert school_server.kept_token(file, "https://c.example") == ("https://c.example", "")
    with pytest.raises(Refused, match=r"https://a\.example, https://b\.example"):
        school_server.kept_token(file, None)
    file.chmod(0o640)
    with pytest.raises(Refused, match="chmod 600"):
        school_server.kept_token(file, "b.example")
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("https://a.example one\n")
    with pytest.raises(Refused, match="cannot be read"):
        school_server.kept_token(file, "b.example")


class Strange(BaseHTTPRequestHandler):
    """A server that is none of ours."""

    says: tuple[int, dict[str, str], bytes] = (200, {}, b"")
    seen: list[Any] = []  # noqa: RUF012

    def do_GET(self) -> None:
        status, headers, content = self.says
        self.seen.append(self.headers.get("Authorization"))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_all: object) -> None:
        """Be silent."""


@contextmanager
def strange(status: int, headers: dict[str, str], content: bytes) -> Iterator[str]:
    kind = type("Says", (Strange,), {"says": (status, headers, content), "seen": []})
    server = HTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_token_follows_no_redirection() -> None:
    with strange(302, {"Location": "http://127.0.0.1:9/"}, b"") as url, pytest.raises(Refused, match="another address"):
        school_server.Server(url, "sheber_x").ask("GET", "/api/v1/me")


@pytest.mark.parametrize(
    ("status", "content", "word"),
    [(200, b"<html>", "no server of Sheberkhana"), (418, b"<html>", "418"), (404, b'{"error": "No."}', "No.")],
)
def test_an_answer_that_is_none_of_ours_is_told(status: int, content: bytes, word: str) -> None:
    with strange(status, {}, content) as url, pytest.raises(Refused, match=word):
        school_server.Server(url, "sheber_x").ask("GET", "/api/v1/me")


def test_what_a_server_says_cannot_control_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "program.py").write_text("x = 1\n")
    with strange(403, {}, json.dumps({"error": "\x1b]0;owned\x07 no"}).encode()) as url:
        school_server.keep_token(tmp_path / "tokens", url, "sheber_x")
        assert run("1/1", str(tmp_path / "program.py"), "--token-file", str(tmp_path / "tokens")) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_a_server_that_asks_to_wait_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(school_server.time, "sleep", waited.append)
    with strange(429, {"Retry-After": "7"}, b'{"error": "Too many."}') as url, pytest.raises(Refused, match="Too many"):
        school_server.Server(url, "sheber_x").ask("GET", "/api/v1/me")
    assert waited == [7.0] * (school_server.TRIES - 1)


def test_a_server_that_is_away_is_asked_again_and_then_told(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(school_server.time, "sleep", waited.append)
    with pytest.raises(school_server.Unreachable, match="does not answer"):
        school_server.Server("http://127.0.0.1:9", "sheber_x").ask("GET", "/api/v1/me")
    assert waited == [1.0, 2.0, 4.0, 8.0]
