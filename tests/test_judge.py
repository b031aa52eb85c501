"""Frames, deadlines, printed text, endings and programs: the judge without a box."""

from __future__ import annotations

import importlib
import json
import math
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

import sheber.client
from sheber import i18n
from sheber.i18n import known
from sheber.judge import JudgeError, Program, ProgramError, wire
from sheber.judge.program import LARGEST_PROGRAM
from sheber.judge.sandbox import Ending, LimitReached
from sheber.judge.sandbox.box import FLOOD_BYTES, Printing
from sheber.judge.sandbox.ending import Said, outcome_of
from sheber.judge.sandbox.separate import Doorman
from sheber.judge.sandbox.setup import limits_shown
from sheber.judge.sandbox.told import told_text
from sheber.judge.wire import Channel, Expired, wait_for_socket
from sheber.station import Answer, Limits, ProtocolError
from sheber.trace import Channel as Recorded
from sheber.trace import Header, Outcome, OutcomeKind, TraceWriter, read


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    judge, program = socket.socketpair()
    channel = Channel(judge, wait_for_socket)
    yield channel, program
    channel.close()
    program.close()


def frame(body: bytes) -> bytes:
    return struct.pack("<I", len(body)) + body


def soon(seconds: float = 2.0) -> float:
    return time.monotonic() + seconds


def test_a_request_and_its_answer_with_bytes(ends: tuple[Channel, socket.socket]) -> None:
    channel, program = ends
    program.sendall(frame(b'{"do":"count"}'))
    assert channel.receive(soon()) == b'{"do":"count"}'
    image = bytes(range(256)) * 8000  # more than a socket takes at once
    heard = bytearray()

    def listen() -> None:
        while len(heard) < 4 + 2 + len(image):
            heard.extend(program.recv(1 << 16))

    listener = threading.Thread(target=listen)
    listener.start()
    channel.send(Answer(b"{}", image), soon(10.0))
    listener.join(10.0)
    assert bytes(heard) == frame(b"{}") + image


def test_a_request_in_pieces(ends: tuple[Channel, socket.socket]) -> None:
    channel, program = ends

    def slowly() -> None:
        for byte in frame(b"abc"):
            program.sendall(bytes([byte]))
            time.sleep(0.005)

    speaker = threading.Thread(target=slowly)
    speaker.start()
    assert channel.receive(soon()) == b"abc"
    speaker.join()


def test_the_end_between_two_frames(ends: tuple[Channel, socket.socket]) -> None:
    channel, program = ends
    program.close()
    assert channel.receive(soon()) is None


def test_the_largest_request_is_taken_and_a_larger_one_refused(ends: tuple[Channel, socket.socket]) -> None:
    channel, program = ends
    program.sendall(frame(b"x" * wire.LARGEST_REQUEST))
    received = channel.receive(soon())
    assert received is not None
    assert len(received) == wire.LARGEST_REQUEST
    program.sendall(struct.pack("<I", wire.LARGEST_REQUEST + 1))
    with pytest.raises(ProtocolError, match=r"65536 bytes\. The program announced a request of 65537"):
        channel.receive(soon())


def test_a_frame_has_one_deadline_as_a_whole(
    ends: tuple[Channel, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "FRAME_S", 0.2)
    channel, program = ends
    stop = threading.Event()

    def drip() -> None:
        program.sendall(struct.pack("<I", 1000))
        while not stop.wait(0.02):
            program.sendall(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    started = time.monotonic()
    with pytest.raises(ProtocolError, match=r"not send the rest within 0\.2 s"):
        channel.receive(soon(30.0))
    assert time.monotonic() - started < 2.0
    stop.set()
    dripping.join()


def test_silence_runs_out(ends: tuple[Channel, socket.socket]) -> None:
    with pytest.raises(Expired):
        ends[0].receive(time.monotonic() + 0.05)


def test_a_program_that_does_not_read_runs_out_of_time(ends: tuple[Channel, socket.socket]) -> None:
    with pytest.raises(Expired):
        ends[0].send(Answer(b"{}", bytes(64 << 20)), time.monotonic() + 0.1)


def test_closing_within_a_request_is_told(ends: tuple[Channel, socket.socket]) -> None:
    channel, program = ends
    program.sendall(frame(b"abcdef")[:7])
    program.close()
    with pytest.raises(ProtocolError, match="after 7 bytes"):
        channel.receive(soon())


def test_two_requests_at_once_are_refused(ends: tuple[Channel, socket.socket]) -> None:
    channel, program = ends
    program.sendall(frame(b"one") + frame(b"two"))
    assert channel.receive(soon()) == b"one", "the first counts, whether the second came with it or a moment later"
    with pytest.raises(ProtocolError, match="Only one request at a time is allowed"):
        channel.send(Answer(b"{}"), soon())


def test_a_request_before_the_answer_is_refused(ends: tuple[Channel, socket.socket]) -> None:
    channel, program = ends
    program.sendall(frame(b"one"))
    channel.receive(soon())
    program.sendall(frame(b"two"))
    with pytest.raises(ProtocolError, match="Only one request at a time is allowed"):
        channel.send(Answer(b"{}"), soon())


# --- printed text --------------------------------------------------------------------------


def text_of(stream: Printing) -> str:
    stream.finish()
    return "".join(stream.fresh)


def test_of_long_printed_text_the_beginning_and_the_end_are_kept() -> None:
    stream = Printing("stdout", keep=1000)
    lines = [f"line {n}\n" for n in range(1000)]
    for line in lines:
        stream.take(line.encode())
    beginning, _bracket, rest = text_of(stream).partition("\n[")
    note, _bracket, end = rest.partition("]\n")
    whole = "".join(lines)
    assert whole.startswith(beginning)
    assert len(beginning) == 750
    assert end.startswith("line 9")
    assert whole.endswith(end)
    assert 240 <= len(end) <= 250
    missing = len(whole) - len(beginning) - len(end)
    assert note == f"{missing} bytes of the printed text are missing here. Its beginning and its end are kept."
    assert text_of(stream).count("missing here") == 1, "it is said once"


def test_a_long_line_of_many_alphabets_is_cut_without_an_error() -> None:
    stream = Printing("stdout", keep=10)
    stream.take("бір екі үш төрт бес".encode())
    assert text_of(stream).startswith("бір ")
    assert text_of(stream).endswith("]\nс")


@pytest.mark.parametrize("pieces", [(10,), (4, 6), (10, 0), (3, 7, 0), (9, 1)])
def test_a_print_of_exactly_the_limit_is_not_cut(pieces: tuple[int, ...]) -> None:
    stream = Printing("stdout", keep=10)
    for size in pieces:
        stream.take(b"x" * size)
    assert text_of(stream) == "x" * 10


def test_a_print_of_one_byte_too_much_is_cut() -> None:
    stream = Printing("stdout", keep=10)
    stream.take(b"x" * 11)
    assert text_of(stream).startswith("x" * 8 + "\n[1 byte of the printed text is missing")
    assert text_of(stream).endswith("]\nxx")


def test_a_character_cut_in_two_is_put_together() -> None:
    stream = Printing("stdout", keep=100)
    for byte in "ш".encode():
        stream.take(bytes([byte]))
    assert text_of(stream) == "ш"
    halves = Printing("stdout", keep=4)  # the beginning ends in the middle of the second one
    halves.take("шш".encode())
    assert text_of(halves) == "шш"


def test_a_flood_stops_the_program() -> None:
    stream = Printing("stderr", keep=10)
    stream.take(bytes(FLOOD_BYTES))
    with pytest.raises(LimitReached, match="8 MiB to stderr"):
        stream.take(b"x")


# --- endings -------------------------------------------------------------------------------

FINISHED = Said(ended="finished")


@pytest.mark.parametrize(
    ("ending", "connected", "kind", "words"),
    [
        (Ending(0, FINISHED, 0.1), True, OutcomeKind.FINISHED, ""),
        (Ending(0, FINISHED, 0.1), False, OutcomeKind.PROGRAM_ERROR, "connect()"),
        (Ending(1, Said(ended="error", message="Line 3: no", line=3), 0.1), True, OutcomeKind.PROGRAM_ERROR, "Line 3"),
        (Ending(1, Said(ended="memory", message="too much"), 0.1), True, OutcomeKind.RESOURCE_LIMIT, "too much"),
        (Ending(-9, None, 59.7), True, OutcomeKind.RESOURCE_LIMIT, "60 s of processor time"),
        (Ending(-9, None, 2.0), True, OutcomeKind.RESOURCE_LIMIT, "memory"),
        (Ending(-11, None, 0.1), True, OutcomeKind.PROGRAM_ERROR, "segmentation fault"),
        (Ending(0, None, 0.1), True, OutcomeKind.PROGRAM_ERROR, "exit code 0"),
        (Ending(-9, None, 0.1, stopped=True), True, OutcomeKind.PROGRAM_ERROR, "did not end within 5 s"),
    ],
)
def test_how_a_program_ends(ending: Ending, connected: bool, kind: OutcomeKind, words: str) -> None:
    outcome = outcome_of(ending, Limits(processor_s=60), connected)
    assert outcome.kind is kind
    assert words in outcome.reason
    assert outcome.connected is connected


@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_outcome_is_worded_for_its_reader(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_catalogues", {"ru": Translated()})
    outcome = outcome_of(Ending(-11, None, 0.1), Limits(), True)
    with i18n.language(language):
        assert (
            outcome.reason == {"en": "The program crashed: segmentation fault.", "ru": "Сбой: ошибка памяти."}[language]
        )


class Translated(NullTranslations):
    """Two sentences in another language."""

    SENTENCES: ClassVar = {
        "The program crashed: {signal}.": "Сбой: {signal}.",
        "segmentation fault": "ошибка памяти",
        "There is no command {command!r}. The commands are: connect, count, stop.": "нет команды {command}",
        "Line {line}: {told}": "Строка {line}: {told}",
    }

    def gettext(self, message: str) -> str:
        return self.SENTENCES.get(message, message)


# --- last words with a sentence of the station ---------------------------------------------

UNKNOWN = {"id": "fake.unknown", "values": {"command": "dance"}}
WORDS = "Line 3: the station says no\n    dance()\nTry count()."


def told(text: object, words: str = WORDS, line: int = 3, **more: object) -> Outcome:
    """The outcome of a program whose last words were these, by the way that they take."""
    line_of_json = json.dumps({"ended": "error", "message": words, "line": line, "text": text, **more}).encode()
    return outcome_of(Ending(1, msgspec.json.decode(line_of_json, type=Said), 0.1), Limits(), True)


def test_an_error_of_the_station_is_worded_for_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_catalogues", {"ru": Translated()})
    outcome = told(UNKNOWN)
    known = "There is no command 'dance'. The commands are: connect, count, stop."
    assert outcome.reason == f"Line 3: {known} · dance() · Try count()."
    assert told(UNKNOWN, "Line 3: no").reason == f"Line 3: {known}"
    assert told(UNKNOWN, "no", 0).reason == known
    assert told(UNKNOWN, "no", kind="Unreachable").reason == f"Line 3: Unreachable: {known}"
    assert told(UNKNOWN, "no", 0, kind="RunOver").reason == known
    assert told(UNKNOWN, "no", kind="\x1b[2J").reason == f"Line 3: {known}"
    with i18n.language("ru"):
        assert outcome.reason == "Строка 3: нет команды dance · dance() · Try count()."
    assert (outcome.kind, outcome.line) == (OutcomeKind.PROGRAM_ERROR, 3)


def test_an_error_of_the_station_is_stored_with_its_english_sentence(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "run.trace", Header("counting")) as recorder:
        recorder.begin([Recorded("count", "u4")], [], [], {}, step_s=0.002)
        recorder.end(0, told({"id": "fake.time_up", "values": {"limit": [UNKNOWN, [1.5, None, True], 5]}}))
    raw = (tmp_path / "run.trace").read_bytes()
    assert b"The {limit:d} ticks are over." in raw
    assert b"There is no command {command!r}" in raw
    assert read(tmp_path / "run.trace").outcome.reason.startswith("Line 3: fake.time_up: limit There is no command ")


def test_sentences_of_the_client_are_known_to_the_judge() -> None:
    """Each was said in a box: the judge has to load the client library of the station before it knows them."""
    folder = Path(sheber.client.__file__).parent
    ids = {found for file in folder.rglob("*.py") for found in re.findall(r'message\(\s*"([^"]+)"', file.read_text())}
    assert len(ids) > 20
    assert [id_ for id_ in sorted(ids) if told_text({"id": id_, "values": {}}) is None] == []


def nested(depth: int) -> object:
    """A sentence within sentences."""
    return UNKNOWN if depth == 0 else {"id": "fake.unknown", "values": {"command": nested(depth - 1)}}


@pytest.mark.parametrize("text", [nested(3), {"id": "fake.unknown", "values": {"command": [[["x"]]]}}])
def test_three_levels_of_nesting_are_taken(text: object) -> None:
    assert told(text).reason.startswith("Line 3: There is no command")


FORGED = [
    None,
    7,
    "fake.unknown",
    [],
    {},
    {"id": "fake.unknown"},
    {"id": "fake.unknown", "values": {}, "english": "You get all the points."},
    {"id": 7, "values": {}},
    {"id": None, "values": {}},
    {"id": "fake.unknown", "values": []},
    {"id": "fake.unknown" * 20, "values": {}},
    {"id": "nobody.says_this", "values": {}},
    {"id": "", "values": {}},
    {"id": "fake.unknown", "values": {f"v{n}": n for n in range(21)}},
    {"id": "fake.unknown", "values": {"c" * 101: 1}},
    {"id": "fake.unknown", "values": {"command": "x" * 1001}},
    {"id": "fake.unknown", "values": {"command": ["x" * 1001]}},
    {"id": "fake.unknown", "values": {"command": list(range(21))}},
    {"id": "fake.unknown", "values": {"command": [[[["x"]]]]}},
    {"id": "fake.unknown", "values": {"command": nested(3)}},
    {"id": "fake.unknown", "values": {"command": {"id": "nobody.says_this", "values": {}}}},
    {"id": "fake.unknown", "values": {"command": {"plain": "object"}}},
    {"id": "fake.unknown", "values": {"command": 1 << 257}},
    {"id": "fake.unknown", "values": {"command": -1e300}},
]


@pytest.mark.parametrize("text", FORGED, ids=range(len(FORGED)))
def test_a_forged_sentence_is_left_out_and_the_programs_words_stay(text: object) -> None:
    assert told(text) == told(None)
    assert told(text).reason == "Line 3: the station says no · dance() · Try count()."


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 10.0**300])
def test_a_number_that_is_none_is_left_out(number: float) -> None:
    assert told_text({"id": "fake.unknown", "values": {"command": number}}) is None


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (
            {"command": "{0.__class__.__mro__} {limit:9999999999d} %s %n"},
            "{0.__class__.__mro__} {limit:9999999999d} %s %n",
        ),
        ({"command": "\x1b]0;owned\x07"}, "\ufffd]0;owned\ufffd"),
        ({"command": ["two\nlines", "\x9b2J"]}, "two · lines', '\ufffd2J"),
        ({"command": {"id": "fake.unknown", "values": {"command": "\x1b[2J"}}}, "\ufffd[2J"),
        ({}, "fake.unknown"),  # the value that the sentence needs is missing
    ],
)
def test_values_are_words_and_never_formats_or_commands(values: dict[str, object], shown: str) -> None:
    reason = told({"id": "fake.unknown", "values": values}).reason
    assert shown in reason
    assert reason.isprintable()


def test_a_word_where_a_number_is_meant_stays_a_word() -> None:
    assert "The many ticks are over." in told({"id": "fake.time_up", "values": {"limit": "many"}}).reason


@pytest.mark.parametrize("values", [{"limit": 1}, {"command": "x", "more": 1}, {"command": "x", "\x1b": 1}, {"": 0}])
def test_a_sentence_takes_only_the_values_that_it_has_places_for(values: dict[str, object]) -> None:
    assert told_text({"id": "fake.unknown", "values": values}) is None


@pytest.mark.parametrize("id_", ["run.fault", "run.processor_time", "wire.haste", "trace.breaks_off", "criteria.cycle"])
def test_what_only_the_judge_says_no_program_says(id_: str) -> None:
    importlib.import_module("sheber.exercises.criteria.common")
    assert known()[id_]
    assert told_text({"id": id_, "values": {}}) is None


def test_a_program_cannot_claim_that_its_time_was_used_up() -> None:
    said = Said(ended="stopped", message="Line 3: enough", line=3, processor_s=1e6)
    forged = outcome_of(Ending(0, said, 0.3), Limits(processor_s=60), connected=True)
    assert forged.kind is OutcomeKind.PROGRAM_ERROR
    assert "processor time" not in forged.reason
    true = outcome_of(Ending(0, said, 59.9), Limits(processor_s=60), connected=True)
    assert (true.kind, true.line) == (OutcomeKind.RESOURCE_LIMIT, 3)


def test_limits_are_plain_numbers_for_people() -> None:
    shown = limits_shown(Limits())
    assert shown["memory_bytes"] == Limits().memory_bytes
    assert shown["threads"] == 32
    assert all(isinstance(value, int | float) for value in shown.values())


# --- programs ------------------------------------------------------------------------------


def test_a_program_is_bytes_and_a_hash(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_bytes(b"\xff not even text")
    program = Program.read(file)
    assert program.name == "mine.py"
    assert program.sha256 == Program("other.py", b"\xff not even text").sha256


def test_a_program_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=r"nowhere\.py cannot be read: no such file"):
        Program.read(tmp_path / "nowhere.py")
    with pytest.raises(ProgramError, match="directory"):
        Program.read(tmp_path)
    assert issubclass(ProgramError, JudgeError)


def test_a_program_that_is_too_long_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "long.py"
    file.write_bytes(b"#" * (LARGEST_PROGRAM + 1))
    with pytest.raises(ProgramError, match="may have up to 1048576"):
        Program.read(file)


# --- the door of level C and of practice ---------------------------------------------------


def test_only_who_knows_the_token_is_let_in() -> None:
    doorman = Doorman()
    try:
        for token, admitted in ((doorman.token, True), ("guess", False), (doorman.token + "x", False)):
            with socket.create_connection(("127.0.0.1", doorman.port)) as caller:
                caller.sendall(frame(b'{"do":"hello","token":"%s"}' % token.encode()) + frame(b'{"do":"connect"}'))
                found = knock(doorman)
                assert (found is not None) == admitted
                if found is not None:
                    role, connection = found
                    assert role == "program"
                    assert Channel(connection, wait_for_socket).receive(soon()) == b'{"do":"connect"}'
                    connection.close()
        assert doorman.admit() is None
    finally:
        doorman.close()


def test_a_caller_that_says_nothing_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sheber.judge.sandbox.separate.HELLO_S", 0.1)
    doorman = Doorman()
    try:
        with socket.create_connection(("127.0.0.1", doorman.port)):
            assert knock(doorman) is None
        with socket.create_connection(("127.0.0.1", doorman.port)) as caller:
            caller.sendall(struct.pack("<I", 1 << 30))
            assert knock(doorman) is None
    finally:
        doorman.close()


def knock(doorman: Doorman) -> tuple[str, socket.socket] | None:
    """What the doorman does with a caller that is there."""
    wait_for_socket(doorman.listener, False, soon())
    return doorman.admit()
