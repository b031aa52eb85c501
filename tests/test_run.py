"""One program, one scene, one trace: how runs end, and what is on the record."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from counting import ASK, HONEST, Breaks, Coasts
from sheber.i18n import language
from sheber.judge import Program, Sandbox, best_sandbox, run, sandbox_of_level
from sheber.judge.collector import collector_at_rest
from sheber.judge.sandbox.silence import Silence
from sheber.judge.selftest import CountingExercise, CountingStation
from sheber.station import Answer, FakeStation, Limits
from sheber.trace import OutcomeKind, Trace, TraceWriteError, TraceWriter, read

pytestmark = pytest.mark.box


def judged(source: bytes, limits: Limits | None = None, sandbox: Sandbox | None = None) -> Trace:
    """The trace of a program on the counting station."""
    exercise = CountingExercise() if limits is None else CountingExercise(limits=limits)
    return run(exercise, Program("mine.py", source), 1, sandbox or best_sandbox())


def printed(trace: Trace) -> str:
    return "".join(piece.text for piece in trace.printed)


def test_an_honest_program_finishes_and_all_is_on_the_record(tmp_path: Path) -> None:
    file = tmp_path / "run.trace"
    exercise = CountingExercise()
    trace = run(exercise, Program("mine.py", HONEST + b"print('done')\n"), 5, best_sandbox(), to=file)
    assert trace.outcome.kind is OutcomeKind.FINISHED
    assert trace.sha256 == read(file).sha256
    assert [event.data["count"] for event in trace.events_of("count")] == [1, 2, 3, 4, 5, 6, 7]
    assert printed(trace).endswith("done\n")
    header = trace.header
    assert (header.exercise, header.program, header.seed, header.scene) == ("counting", "mine.py", 5, "practice 5")
    assert header.sandbox == best_sandbox().level
    assert header.source.startswith(ASK.decode())
    assert header.limits["memory_bytes"] == exercise.limits.memory_bytes
    assert header.processor
    assert header.versions.keys() == {"sheberkhana", "python", "numpy"}
    assert header.station == "counter"


def test_the_packages_of_the_station_are_on_the_record(tmp_path: Path) -> None:
    exercise = CountingExercise(station=CountingStation("clock", ("msgspec", "a-package-that-nobody-has")))
    trace = run(exercise, Program("mine.py", HONEST), 5, best_sandbox(), to=tmp_path / "run.trace")
    assert trace.header.station == "clock"
    assert trace.header.versions.keys() == {"sheberkhana", "python", "numpy", "msgspec"}


def test_a_run_is_in_the_language_of_the_judge() -> None:
    with language("kk"):
        trace = judged(b"import os\nprint(os.environ['SHEBER_LANGUAGE'])\n" + HONEST)
    assert trace.header.language == "kk"
    assert printed(trace).endswith("kk\n")
    assert trace.sha256 == judged(HONEST).sha256


def test_a_run_leaves_the_settings_of_its_process_alone() -> None:
    found: list[tuple[int, ...]] = []

    class Looks(CountingExercise):
        def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
            found.append((*gc.get_threshold(), gc.get_freeze_count()))
            return super().build(seed, recorder)

    before = (*gc.get_threshold(), gc.get_freeze_count())
    run(Looks(), Program("mine.py", HONEST), 1, best_sandbox())
    with collector_at_rest():
        run(Looks(), Program("mine.py", HONEST), 1, best_sandbox())
    assert found[0] == before
    assert found[1][0] > before[0]
    assert found[1][3] > before[3]
    assert (*gc.get_threshold(), gc.get_freeze_count()) == before


def test_the_same_run_gives_the_same_hash() -> None:
    assert judged(HONEST).sha256 == judged(HONEST + b"print('a word more')\n").sha256
    assert judged(HONEST).sha256 != judged(HONEST + b"ask(do='count')\n").sha256


@pytest.mark.parametrize(
    ("source", "kind", "words", "line"),
    [
        (b"def f(:\n", OutcomeKind.PROGRAM_ERROR, "cannot be read as Python", 1),
        (b"\n\n1 / 0\n", OutcomeKind.PROGRAM_ERROR, "ZeroDivisionError", 3),
        (b"def f():\n    raise KeyError('x')\nf()\n", OutcomeKind.PROGRAM_ERROR, "KeyError", 2),
        (b"import sys\nsys.exit('enough')\n", OutcomeKind.PROGRAM_ERROR, "enough", 0),
        (b"pass\n", OutcomeKind.PROGRAM_ERROR, "connect()", 0),
        (b"import os\nos._exit(0)\n", OutcomeKind.PROGRAM_ERROR, "exit code 0", 0),
        (b"def f(): f()\nf()\n", OutcomeKind.PROGRAM_ERROR, "Recursion", 1),
        (b"x = bytearray(1 << 40)\n", OutcomeKind.RESOURCE_LIMIT, "memory", 1),
        (ASK + b"ask(do='stop')\n", OutcomeKind.EMERGENCY_STOP, "asked for", 0),
        (ASK + b"ask(do='dance')\n", OutcomeKind.PROTOCOL_ERROR, "The commands are: connect, count, stop", 0),
    ],
)
def test_how_runs_end(source: bytes, kind: OutcomeKind, words: str, line: int) -> None:
    trace = judged(source)
    assert trace.outcome.kind is kind
    assert words in trace.outcome.reason + printed(trace)
    assert trace.outcome.line == line
    assert "stub.py" not in printed(trace) + trace.outcome.reason, "no internals in what students read"


EVERY_ENDING = {
    OutcomeKind.FINISHED: b"",
    OutcomeKind.EMERGENCY_STOP: b"ask(do='stop')\n",
    OutcomeKind.PROGRAM_ERROR: b"1 / 0\n",
    OutcomeKind.TIME_LIMIT: b"ask(do='count')\n",
    OutcomeKind.RESOURCE_LIMIT: b"x = bytearray(1 << 40)\n",
    OutcomeKind.PROTOCOL_ERROR: b"os.write(3, b'x' * 100)\nos.read(3, 1)\n",
}


class FourCommands(CountingExercise):
    """An exercise whose time is over after four commands."""

    def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
        station = super().build(seed, recorder)
        station.limit = 4
        return station


@pytest.mark.parametrize("kind", EVERY_ENDING)
def test_the_points_before_the_end_count_however_a_run_ends(kind: OutcomeKind) -> None:
    source = ASK + b"ask(do='connect')\n" + b"ask(do='count')\n" * 3 + EVERY_ENDING[kind]
    trace = run(FourCommands(), Program("mine.py", source), 1, best_sandbox())
    assert trace.outcome.kind is kind, trace.outcome.reason
    assert CountingExercise().score(trace).points == pytest.approx(60.0 * 3 / 7, abs=0.01)


def test_every_ending_is_tried() -> None:
    assert {*EVERY_ENDING, OutcomeKind.SYSTEM_FAULT} == {*OutcomeKind}


def test_connected_tells_whether_the_program_ever_spoke() -> None:
    assert not judged(b"1 / 0\n").outcome.connected
    assert judged(ASK + b"ask(do='connect')\n1 / 0\n").outcome.connected


def test_a_loop_that_only_sleeps_gets_a_hint() -> None:
    limits = Limits(processor_s=5, wall_s=2.0)
    trace = judged(ASK + b"import time\nask(do='connect')\nwhile True: time.sleep(0.1)\n", limits)
    assert trace.outcome.kind is OutcomeKind.RESOURCE_LIMIT
    assert "time.sleep" in trace.outcome.reason
    assert "Let the station wait" in trace.outcome.reason
    assert trace.outcome.line == len(ASK.splitlines()) + 3
    assert f"Line {trace.outcome.line}: The program was stopped here" in printed(trace)


def test_a_loop_that_computes_is_told_of_processor_time() -> None:
    trace = judged(ASK + b"ask(do='connect')\nwhile True: pass\n", Limits(processor_s=1, wall_s=60.0))
    assert trace.outcome.kind is OutcomeKind.RESOURCE_LIMIT
    assert "1 s of processor time" in trace.outcome.reason
    assert trace.outcome.line == len(ASK.splitlines()) + 2


@pytest.mark.parametrize(
    ("level", "asks"), [("", b"ask(do='count')\n"), ("", b"pass\n"), ("C", b"pass\n")], ids=["asked", "never", "C"]
)
@pytest.mark.parametrize(
    ("silent", "words"),
    [(b"while True: pass\n", "computed for 1.5 s"), (b"import time; time.sleep(60)\n", "slept for 1.5 s")],
)
def test_a_program_that_asks_nothing_is_ended_long_before_its_budget(
    silent: bytes, words: str, asks: bytes, level: str
) -> None:
    started = time.monotonic()
    limits = Limits(processor_s=60, wall_s=60.0, silent_s=1.5)
    trace = judged(ASK + asks + silent, limits, sandbox_of_level(level) if level else best_sandbox())
    assert time.monotonic() - started < 20.0
    assert trace.outcome.kind is OutcomeKind.RESOURCE_LIMIT
    assert words in trace.outcome.reason
    assert trace.outcome.line == len(ASK.splitlines()) + 2
    assert trace.outcome.connected is (asks != b"pass\n")
    assert len(trace.events_of("count")) == trace.outcome.connected, "what was done until then stays on the record"


def test_a_request_ends_the_silence() -> None:
    works = b"import time\nfor _ in range(7):\n    time.sleep(0.4)\n    ask(do='count')\n"
    trace = judged(ASK + works, Limits(silent_s=1.5))
    assert trace.outcome.kind is OutcomeKind.FINISHED
    assert len(trace.events_of("count")) == 7


def test_waiting_for_a_busy_machine_is_no_silence() -> None:
    silence = Silence(limit_s=1.0)
    for looks in range(50):
        assert silence.look(1, 0.01 * looks, sleeps=False) is None
        time.sleep(0.04)
    assert silence.computed_s == pytest.approx(0.49)
    assert silence.slept_s == 0.0
    assert silence.look(1, 1.1, sleeps=False) is not None
    assert silence.look(2, 1.1, sleeps=False) is None


def test_a_program_that_will_not_be_stopped_is_killed() -> None:
    stubborn = b"import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass\n"
    trace = judged(stubborn, Limits(processor_s=1, wall_s=60.0))
    assert trace.outcome.kind is OutcomeKind.RESOURCE_LIMIT
    assert "1 s of processor time" in trace.outcome.reason
    started = time.monotonic()
    assert judged(stubborn, Limits(processor_s=60, wall_s=1.0)).outcome.kind is OutcomeKind.RESOURCE_LIMIT
    assert time.monotonic() - started < 6.0


def test_requests_are_counted() -> None:
    trace = judged(ASK + b"while True: ask(do='count')\n", Limits(commands=50))
    assert trace.outcome.kind is OutcomeKind.RESOURCE_LIMIT
    assert "more than 50 requests" in trace.outcome.reason
    assert len(trace.events_of("count")) == 50


def test_what_a_program_prints_is_kept_up_to_its_limit() -> None:
    trace = judged(HONEST + b"for n in range(10000): print(n)\n", replace(CountingExercise().limits, output_bytes=5000))
    assert trace.outcome.kind is OutcomeKind.FINISHED
    assert len(printed(trace)) < 5200
    assert printed(trace).startswith("[   0.00 s] 0\n[   0.00 s] 1\n")
    assert "bytes of the printed text are missing here" in printed(trace)
    assert printed(trace).endswith("] 9998\n[   0.00 s] 9999\n")


class Slow(CountingExercise):
    """A station that takes 0.3 s for each request."""

    def build(self, seed: int, recorder: TraceWriter) -> FakeStation:
        station = super().build(seed, recorder)
        handle = station.handle

        def slowly(request: bytes) -> Answer:
            time.sleep(0.3)
            return handle(request)

        station.handle = slowly  # type: ignore[method-assign]
        return station


def test_our_own_time_and_the_programs_are_bounded_apart() -> None:
    both = Program("p.py", b"import time\ntime.sleep(1.5)\n" + HONEST)
    trace = run(Slow(limits=Limits(wall_s=3.0)), both, 1, best_sandbox())
    assert trace.outcome.kind is OutcomeKind.FINISHED
    trace = run(Slow(limits=Limits(wall_s=1.0)), Program("p.py", HONEST), 1, best_sandbox())
    assert trace.outcome.kind is OutcomeKind.RESOURCE_LIMIT
    assert "The judge needed more than 1 s" in trace.outcome.reason


@pytest.mark.parametrize(
    "last_words",
    [
        b'{"ended":"error","message":"\xff"}',
        rb'{"ended":"error","message":"\ud800"}',
        b'{"ended":"error","message":' + b"[" * 5000,
        b'{"ended":"error","message":"","line":-1}',
        b'{"ended":"error","message":"","line":1e400}',
        b'{"ended":"system fault"}',
        b'{"ended":"error","text":' + b'{"id":"fake.unknown","values":{"command":' * 190 + b"1" + b"}}" * 190 + b"}",
        b'{"ended":"error","text":{"id":"run.fault","values":' + b'{"why":"' + b"x" * 40000 + b'"}}}',
        b'{"ended":"error","text":{"id":"run.fault","values":{"why":' + b"9" * 6000 + b"}}}",
        b'{"ended":"error","message":"\xff"}\n' * 50,
        b"null",
        b"",
    ],
)
def test_no_last_words_are_a_fault_of_ours(last_words: bytes, tmp_path: Path) -> None:
    source = f"import os\nos.write(4, {last_words!r} + b'\\n')\nos._exit(0)\n".encode()
    trace = run(Breaks(marks=tmp_path, times=0), Program("p.py", source), 1, best_sandbox())
    assert trace.outcome.kind is OutcomeKind.PROGRAM_ERROR
    assert len(list(tmp_path.iterdir())) == 1, "the run was repeated for it"
    trace.outcome.reason.encode()


def test_last_words_are_one_line() -> None:
    trace = judged(b"import sys\nsys.exit('no' + chr(10) * 3 + '100 / 100   You earned all points.')\n")
    assert "\n" not in trace.outcome.reason
    assert "\n" not in judged(b"1 / 0\n").outcome.reason


def test_a_forged_sentence_changes_words_and_nothing_else(tmp_path: Path) -> None:
    words = {
        "ended": "error",
        "line": 2,
        "text": {"id": "run.fault", "values": {"kind": "a", "why": "b", "place": "c"}},
    }
    source = f"import os\nos.write(4, {json.dumps(words).encode()!r} + b'\\n')\nos._exit(0)\n".encode()
    trace = run(Breaks(marks=tmp_path, times=0), Program("p.py", source), 1, best_sandbox())
    assert trace.outcome.kind is OutcomeKind.PROGRAM_ERROR
    assert "The judge failed" not in trace.outcome.reason
    assert len(list(tmp_path.iterdir())) == 1, "the run was repeated for it"


def test_last_words_do_not_command_a_terminal() -> None:
    trace = judged(b"import sys\nsys.exit('\\x1b[2J\\x1b]0;owned\\x07')\n")
    assert "\x1b" not in trace.outcome.reason


def test_a_fault_of_ours_is_repeated_once(tmp_path: Path) -> None:
    trace = run(Breaks(marks=tmp_path, times=1), Program("p.py", HONEST), 1, best_sandbox())
    assert trace.outcome.kind is OutcomeKind.FINISHED
    assert len(list(tmp_path.iterdir())) == 2


def test_a_fault_that_stays_is_a_system_fault_and_never_the_programs(tmp_path: Path) -> None:
    trace = run(Breaks(marks=tmp_path, times=9), Program("p.py", HONEST), 1, best_sandbox())
    assert trace.outcome.kind is OutcomeKind.SYSTEM_FAULT
    assert "a bug of ours" in trace.outcome.reason
    assert len(list(tmp_path.iterdir())) == 2


def test_a_program_cannot_pretend_a_fault_of_ours(tmp_path: Path) -> None:
    source = b"import os, sys\nprint('the box cannot be locked', file=sys.stderr, flush=True)\nos._exit(70)\n"
    trace = run(Breaks(marks=tmp_path, times=0), Program("p.py", source), 1, best_sandbox())
    assert trace.outcome.kind is OutcomeKind.PROGRAM_ERROR
    assert len(list(tmp_path.iterdir())) == 1, "the run was repeated for it"


def test_a_collision_after_the_end_counts() -> None:
    trace = run(Coasts(), Program("p.py", HONEST), 1, best_sandbox())
    assert trace.outcome.kind is OutcomeKind.EMERGENCY_STOP
    assert "coasting" in trace.outcome.reason


def test_no_way_of_leaving_hides_a_collision() -> None:
    for end in (b"1 / 0\n", b"import os\nos._exit(1)\n", ASK + b"os.write(3, b'x' * 100)\nos.read(3, 1)\n"):
        trace = run(Coasts(), Program("p.py", end), 1, best_sandbox())
        assert trace.outcome.kind is OutcomeKind.EMERGENCY_STOP
        assert "coasting" in trace.outcome.reason


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sheber.trace.writer.create", lambda path: open("/dev/full", "wb", buffering=0))  # noqa: SIM115
    with pytest.raises(TraceWriteError, match="no space left"):
        run(CountingExercise(), Program("p.py", HONEST), 1, best_sandbox(), to=tmp_path / "run.trace")


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(TraceWriteError, match=r"nowhere.*no such file"):
        run(CountingExercise(), Program("p.py", HONEST), 1, best_sandbox(), to=tmp_path / "nowhere" / "run.trace")


# --- level C: the way of macOS and Windows, forced here with harmless programs -------------

THROUGH_THE_CLIENT = b"""
import os
from sheber.client.wire import open_endpoint
channel = open_endpoint(os.environ["SHEBER_ENDPOINT"])
for do in ["connect"] + ["count"] * 7:
    reply, _ = channel.exchange({"do": do})
print("counted", reply["count"])
"""


@pytest.mark.parametrize("level", ["A", "C"])
def test_the_client_finds_its_endpoint_in_the_environment(level: str) -> None:
    trace = judged(THROUGH_THE_CLIENT, sandbox=Sandbox(level))
    assert trace.outcome.kind is OutcomeKind.FINISHED, trace.outcome.reason + printed(trace)
    assert "counted 7" in printed(trace)
    assert trace.header.sandbox == level


def test_level_c_is_marked_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sandbox = Sandbox("C")
    assert not sandbox.verified
    assert "not isolated" in sandbox.words
    assert judged(b"1 / 0\n", sandbox=sandbox).outcome.line == 1
    assert judged(THROUGH_THE_CLIENT, sandbox=sandbox).sha256 == judged(HONEST).sha256
    assert list(tmp_path.iterdir()) == []


def test_the_token_of_level_c_is_not_for_everybody_on_the_machine() -> None:
    with Sandbox("C").prepare(Program("p.py", b"import time\ntime.sleep(10)"), Limits()) as box:
        box.wait_until_locked()
        line = Path(f"/proc/{box.process.pid}/cmdline").read_text()
        token = Path(f"/proc/{box.process.pid}/environ").read_text().partition("SHEBER_ENDPOINT=")[2].split("\0")[0]
        assert token.rpartition(":")[2] not in line


def test_level_c_has_its_limits() -> None:
    never = judged(b"import time\ntime.sleep(100)\n", Limits(wall_s=0.5), Sandbox("C"))
    assert never.outcome.kind is OutcomeKind.RESOURCE_LIMIT
    flood = judged(b"for _ in range(16384): print('x' * 65535)\n", Limits(wall_s=20.0), Sandbox("C"))
    assert flood.outcome.kind is OutcomeKind.RESOURCE_LIMIT
    assert "8 MiB" in flood.outcome.reason


def test_the_start_needs_no_engine() -> None:
    """The box is under way before anything heavy is imported; `import sheber.judge` imports none of it."""
    script = (
        "import sys, sheber.judge\nprint(sorted({'mujoco', 'numba', 'cv2', 'jinja2', 'rich'} & sys.modules.keys()))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)
    assert told.stdout.strip() == "[]"
