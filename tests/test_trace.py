"""The trace: what was written comes back, whatever happened to the file or to the process that wrote it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path

import numpy as np
import pytest

from catalogues import speak_kazakh
from sheber import i18n
from sheber.geometry import Pose
from sheber.i18n import Text, current, language, message
from sheber.trace import (
    Channel,
    Event,
    Header,
    Outcome,
    OutcomeKind,
    Trace,
    TraceReadError,
    TraceWriteError,
    TraceWriter,
    Visual,
    read,
)
from sheber.trace.records import END, EVENT

CHANNELS: list[Channel] = [
    Channel("joints", "f8", (6,), "rad"),
    Channel("force", "f4", (), "N"),
    Channel("line", "u2", (), ""),
]
HEADER = Header("counting", program="program.py", seed=3, sandbox="A", versions={"sheber": "0.1"})
VISUALS = [Visual("box", "box", (0.1, 0.2, 0.3))]
PICK = Pose((0.4, 0.1, 0.05), (0.0, 1.0, 0.0, 0.0))
DOCUMENT = Path(__file__).parents[1] / "docs" / "trace-format.md"


def write(path: Path, samples: int = 5, header: Header = HEADER, text: str = "hello\n", pixel: int = 7) -> Path:
    """A small run: one body that moves at every second sample, one that never does."""
    with TraceWriter(path, header) as trace:
        row = np.zeros(
            (), trace.begin(CHANNELS, ["arm", "box"], VISUALS, {"n": 2}, taught={"pick": PICK}, step_s=0.002)
        )
        poses = np.array([[0, 0, 0, 1, 0, 0, 0], [1, 2, 3, 1, 0, 0, 0]], np.float32)
        trace.bodies(0, np.array([0, 1], np.uint16), poses)
        for n in range(samples):
            row["joints"], row["force"], row["line"] = n, 0.5 * n, 40 + n
            trace.sample(10 * n, row)
            if n % 2:
                poses[0, 0] = n
                trace.bodies(10 * n, np.array([0], np.uint16), poses[:1])
        trace.event(30, "grip", {"part": "box", "force_N": np.float32(2.5), "at": Pose((1, 2, 3))})
        trace.printed("stdout", text)
        trace.capture(30, "overhead", np.full((4, 6, 3), pixel, np.uint8), np.ones((4, 6), np.float32))
        trace.picture(31, b"\xff\xd8\xff\xe0", "what I saw")
        trace.end(10 * samples, Outcome(OutcomeKind.FINISHED), {"wall_s": 0.5})
    return path


REFUSED = message("test.refused", "The way to {place} is too long by {more:.1f} mm: {why}.")
WHY = message("test.why", "a wall stands there")


def refused(path: Path) -> Path:
    """A run with sentences in an event and in its outcome."""
    with TraceWriter(path, Header("counting", language=current())) as trace:
        trace.begin(CHANNELS, [], step_s=0.01)
        text = REFUSED(place="the bin", more=12.34, why=WHY())
        trace.event(5, "error", {"kind": "Unreachable", "text": text, "others": [text], "line": 3})
        trace.end(5, Outcome(OutcomeKind.TIME_LIMIT, text))
    return path


def test_the_hash_of_a_run_does_not_depend_on_the_language_and_its_words_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kazakh = {REFUSED.english: "{place}: жол {more:.1f} мм ұзын, {why}.", WHY.english: "онда қабырға тұр"}
    speak_kazakh(tmp_path, monkeypatch, kazakh)
    with language("kk"):
        one = read(refused(tmp_path / "kk.trace"))
    other = read(refused(tmp_path / "en.trace"))
    assert one.sha256 == other.sha256
    assert one.header.language == "kk"
    assert one.outcome.reason == "The way to the bin is too long by 12.3 mm: a wall stands there."
    with language("kk"):
        assert other.outcome.reason == "the bin: жол 12.3 мм ұзын, онда қабырға тұр."
        assert str(other.events[0].data["others"][0]) == other.outcome.reason


def test_the_hash_follows_the_id_and_the_values_of_a_text(tmp_path: Path) -> None:
    def hashed(text: Text) -> str:
        with TraceWriter(tmp_path / "run.trace", HEADER) as trace:
            trace.begin(CHANNELS, [], step_s=0.01)
            trace.event(5, "error", {"text": text})
            trace.end(5, Outcome(OutcomeKind.FINISHED))
        return read(tmp_path / "run.trace").sha256

    text = REFUSED(place="the bin", more=12.34, why="")
    assert hashed(text) == hashed(Text(text.id, text.values, "other words"))
    assert hashed(text) != hashed(Text("test.other", text.values, text.english))
    assert hashed(text) != hashed(REFUSED(place="the bin", more=12.35, why=""))


def test_a_trace_tells_its_sentences_where_nobody_knows_their_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = refused(tmp_path / "run.trace")
    monkeypatch.setattr(i18n, "_sentences", {})
    assert read(path).outcome.reason == "The way to the bin is too long by 12.3 mm: a wall stands there."


def test_many_samples_at_once_are_the_same_records(tmp_path: Path) -> None:
    one, many = tmp_path / "one.trace", tmp_path / "many.trace"
    indices, ends = np.array([0, 1, 0, 1, 1], np.uint16), [0, 2, 2, 3, 5]
    poses = np.arange(35, dtype=np.float32).reshape(5, 7)
    with TraceWriter(one, HEADER) as a, TraceWriter(many, HEADER) as b:
        rows = np.zeros(4, a.begin(CHANNELS, ["arm", "box"], step_s=0.002))
        assert b.begin(CHANNELS, ["arm", "box"], step_s=0.002) == rows.dtype
        rows["force"] = range(4)
        for n in range(4):
            a.sample(10 * n, rows[n])
            a.bodies(10 * n, indices[ends[n] : ends[n + 1]], poses[ends[n] : ends[n + 1]])
            if n == 1:
                a.event(10, "grip", {})
        b.samples([0, 10, 20, 30], rows, indices, poses, ends, 0, 2)
        b.event(10, "grip", {}, at_once=False)
        b.samples([0, 10, 20, 30], rows, indices, poses, ends, 2)
        with pytest.raises(ValueError, match="as many rows and ends"):
            b.samples([0, 10], rows[:1], indices, poses, ends)
    assert many.read_bytes() == one.read_bytes()


def altered(path: Path, old: bytes, new: bytes) -> bytes:
    """The bytes of a trace with something else in them, as if they had been written so."""
    raw = path.read_bytes()
    assert raw.count(old) == 1
    raw = raw.replace(old, new)
    end = raw.rindex(b'{"outcome"') - 4 - 5  # before the last record: its step, its length and kind
    told = json.loads(raw[end + 9 :]) | {"crc32": zlib.crc32(raw[:end])}
    body = raw[end + 5 : end + 9] + json.dumps(told).encode()
    return raw[:end] + struct.pack("<IB", len(body), END) + body


def write_samples(trace: TraceWriter, row: bytes, count: int) -> None:
    for n in range(count):
        trace.sample(10 * n, row)


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    trace = read(write(tmp_path / "run.trace"))
    assert trace.header == HEADER
    assert trace.whole
    np.testing.assert_allclose(trace.time, [0.0, 0.02, 0.04, 0.06, 0.08])
    np.testing.assert_array_equal(trace["joints"][:, 0], [0, 1, 2, 3, 4])
    assert trace["force"].dtype == np.float32
    assert trace["line"].tolist() == [40, 41, 42, 43, 44]
    assert trace.channels == tuple(CHANNELS)
    assert trace.events == [
        Event(30, "grip", {"part": "box", "force_N": 2.5, "at": [1.0, 2.0, 3.0, 1.0, 0.0, 0.0, 0.0]})
    ]
    assert trace.events_of("release") == []
    assert trace.visuals == tuple(VISUALS)
    assert trace.taught == {"pick": PICK}
    assert trace.facts == {"n": 2}
    assert trace.outcome == Outcome(OutcomeKind.FINISHED)
    assert trace.usage == {"wall_s": 0.5}
    assert [(p.stream, p.text) for p in trace.printed] == [("stdout", "hello\n")]
    assert [(p.step, p.title, p.jpeg) for p in trace.pictures] == [(31, "what I saw", b"\xff\xd8\xff\xe0")]
    assert trace.duration == pytest.approx(0.1)


def test_a_body_keeps_its_last_pose(tmp_path: Path) -> None:
    trace = read(write(tmp_path / "run.trace"))
    assert trace.body("arm")[:, 0].tolist() == [0, 1, 1, 3, 3]
    np.testing.assert_array_equal(trace.body("box"), np.tile([1, 2, 3, 1, 0, 0, 0], (5, 1)))
    with pytest.raises(KeyError, match="no body 'lid' in this trace; it has arm, box"):
        trace.body("lid")
    with pytest.raises(KeyError, match="it has joints, force, line"):
        trace["torque"]


def test_a_frame_is_kept_as_hashes_and_a_jpeg(tmp_path: Path) -> None:
    import cv2

    frame = read(write(tmp_path / "run.trace")).captures[0]
    assert (frame.camera, frame.width, frame.height, frame.step) == ("overhead", 6, 4, 30)
    assert len(frame.colour_sha256) == len(frame.depth_sha256) == 64
    image = cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert np.abs(image.astype(int) - 7).max() <= 3


def test_the_hash_is_of_what_the_equipment_did(tmp_path: Path) -> None:
    one = read(write(tmp_path / "a.trace")).sha256
    elsewhere = Header("counting", program="other.py", started="2030-01-01", versions={"sheber": "9"})
    assert read(write(tmp_path / "b.trace", header=elsewhere, text="else")).sha256 == one
    assert read(write(tmp_path / "c.trace", samples=6)).sha256 != one
    assert read(write(tmp_path / "d.trace", pixel=200)).sha256 != one
    assert Trace(altered(tmp_path / "a.trace", b'"part":"box"', b'"part":"lid"')).sha256 != one


def test_the_hash_tells_outcomes_apart(tmp_path: Path) -> None:
    hashes = set()
    for kind in OutcomeKind:
        with TraceWriter(tmp_path / "run.trace", HEADER) as trace:
            trace.end(0, Outcome(kind, REFUSED(place="", more=0.0, why="")))
        hashes.add(read(tmp_path / "run.trace").sha256)
    assert len(hashes) == len(OutcomeKind)


def test_a_file_cut_anywhere_is_read_up_to_its_last_whole_record(tmp_path: Path) -> None:
    raw = write(tmp_path / "run.trace").read_bytes()
    counts = []
    headless = 16 + 5 + struct.unpack_from("<I", raw, 16)[0]  # bytes up to the end of the header
    for length in range(headless):
        with pytest.raises(TraceReadError, match="stops before"):
            Trace(raw[:length])
    for length in range(headless, len(raw)):
        trace = Trace(raw[:length])
        counts.append((len(trace.samples), len(trace.events), len(trace.captures)))
        assert trace.outcome.kind is OutcomeKind.SYSTEM_FAULT
        assert not trace.whole
    assert counts == sorted(counts)
    assert counts[0] == (0, 0, 0)
    assert counts[-1] == (5, 1, 1)


def test_every_reason_for_not_reading_is_said(tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    with pytest.raises(TraceReadError, match=r"The trace .*run\.trace cannot be read: no such file"):
        read(path)
    path.write_bytes(b"")
    with pytest.raises(TraceReadError, match="It has nothing of the run"):
        read(path)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    with pytest.raises(TraceReadError, match=r"run\.trace: This file is not a trace"):
        read(path)
    raw = write(path).read_bytes()
    path.write_bytes(b"sheber-trace 07\n" + raw[16:])
    with pytest.raises(TraceReadError, match=r"The trace has format 7\. This version of sheber reads format 2"):
        read(path)
    path.write_bytes(raw[:16] + struct.pack("<IB", 3, ord("?")) + b"abc")
    with pytest.raises(TraceReadError, match="damaged at byte 16"):
        read(path)
    path.write_bytes(raw)
    path.write_bytes(altered(path, b'"exercise":', b'"exercise"!'))
    with pytest.raises(TraceReadError, match="damaged at byte 21"):
        read(path)
    with pytest.raises(TraceReadError, match="is a directory"):
        read(tmp_path)


@pytest.mark.parametrize(
    "payload",
    [b"[" * 200_000, b"[]", b'["grip", 3]', b'{"kind": "grip"}', b"\xff"],
    ids=["deep", "empty", "no data", "no pair", "no text"],
)
def test_events_that_make_no_sense_are_damage(tmp_path: Path, payload: bytes) -> None:
    raw = write(tmp_path / "run.trace").read_bytes()
    raw = raw[: raw.rindex(b'{"outcome"') - 9]  # without the record that ends it
    at, body = len(raw), struct.pack("<I", 31) + payload
    trace = Trace(raw + struct.pack("<IB", len(body), EVENT) + body)
    with pytest.raises(TraceReadError, match=f"damaged at byte {at + 5}"):
        trace.events_of("grip")


def test_a_later_word_in_the_header_is_left_alone(tmp_path: Path) -> None:
    raw = altered(write(tmp_path / "run.trace"), b'"sandbox":"A"', b'"sandbax":"A"')
    assert Trace(raw).header.sandbox == ""


def test_a_single_changed_byte_is_seen(tmp_path: Path) -> None:
    raw = write(tmp_path / "run.trace").read_bytes()
    end = raw.rindex(b'{"outcome"')
    for at in range(16, end - 9, 7):  # before the last record, whose own bytes are JSON
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with contextlib.suppress(TraceReadError):
            assert not Trace(changed).whole  # a changed length can end the file early
    with pytest.raises(TraceReadError, match="its bytes have changed since it was written"):
        Trace(raw.replace(b'"part":"box"', b'"part":"lid"'))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceWriteError, match=r"The trace .*nowhere.run\.trace cannot be written: no such file"):
        TraceWriter(tmp_path / "nowhere" / "run.trace", HEADER)


def test_a_sample_of_the_wrong_size_is_refused(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "run.trace", HEADER) as trace:
        trace.begin(CHANNELS, ["arm"], step_s=0.002)
        with pytest.raises(ValueError, match="has 54 bytes, got 3"):
            trace.sample(0, b"abc")
        with pytest.raises(ValueError, match="need poses"):
            trace.bodies(0, np.zeros(1, np.uint16), np.zeros((2, 7), np.float32))
        with pytest.raises(TypeError, match="plain JSON values, not object"):
            trace.event(0, "odd", {"thing": object()})


def test_a_lone_surrogate_in_a_note_does_not_stop_the_judge(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "run.trace", HEADER) as trace:
        trace.event(0, "note", {"text": "\ud800"})
    assert read(tmp_path / "run.trace").events[0].data == {"text": "?"}


def test_a_full_disk_is_said_and_loses_nothing_that_was_written(tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes write() fail in the middle of a record, as a full disk does."""
    path = tmp_path / "run.trace"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        trace = TraceWriter(path, HEADER)
        row = bytes(trace.begin(CHANNELS, ["arm"], step_s=0.002).itemsize)
        with pytest.raises(
            TraceWriteError, match=r"The rest of the trace .* cannot be written: .*The part before can be read"
        ):
            write_samples(trace, row, 10_000)
        with pytest.raises(TraceWriteError):
            trace.end(5, Outcome(OutcomeKind.FINISHED))
        trace.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    left = read(path)
    assert path.stat().st_size == 200_000
    assert 0 <= 200_000 - len(left.samples) * 63 < 1500  # header and declaration, and less than one sample
    assert not left.whole


def test_a_killed_process_loses_only_the_last_moments(tmp_path: Path) -> None:
    """SIGKILL after an event and 100 more samples: all up to the event is there."""
    path = tmp_path / "run.trace"
    program = f"""
        import os, signal
        from sheber.trace import Channel, Header, TraceWriter
        trace = TraceWriter({str(path)!r}, Header("counting"))
        row = bytes(trace.begin([Channel("force", "f8", (6,), "N")], [], step_s=0.002).itemsize)
        for n in range(1000):
            trace.sample(10 * n, row)
        trace.event(10_000, "grip")
        for n in range(1000, 1100):
            trace.sample(10 * n, row)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    trace = read(path)
    assert len(trace.samples) >= 1000
    assert len(trace.events) == 1
    assert trace.outcome.kind is OutcomeKind.SYSTEM_FAULT


def test_the_reader_in_the_documentation_needs_nothing_of_ours(tmp_path: Path) -> None:
    """The twenty lines of docs/trace-format.md, run alone, see what our reader sees."""
    path = write(tmp_path / "run.trace")
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    alone = next(block for block in blocks if "import struct" in block)
    assert "sheber" not in re.sub(r'".*?"', "", alone)
    assert len([line for line in alone.splitlines() if line.strip()]) <= 24
    script = alone.replace('"run.trace"', repr(str(path))) + textwrap.dedent("""
        import json
        print(json.dumps([header["exercise"], samples["joints"].tolist(), len(events), outcome["kind"]]))
    """)
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    trace = read(path)
    assert json.loads(done.stdout.splitlines()[-1]) == [
        "counting",
        trace["joints"].tolist(),
        1,
        "finished",
    ]
