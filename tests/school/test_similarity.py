"""Similarity: stretches in common are found whatever the names; hostile programs cost no more than their length."""

from __future__ import annotations

import json
import random
import time as stopwatch
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from grading import Marks, make_marks, statements
from making import Clock
from sqlalchemy import select

from sheber.exercises import load
from sheber.judge import Program, best_sandbox
from sheber.judge.sandbox import LimitReached, Sandbox, SandboxError, sandbox_of_level
from sheber.judge.sandbox.errand import BrokenOff, errand
from sheber.school.errors import NotAllowed, NotFound, Refused, TooMany
from sheber.school.leases import LEASE_S
from sheber.school.opening import School
from sheber.school.people.policy import Actor
from sheber.school.similarity import comparer, comparing, reports
from sheber.school.similarity.comparer import COMPARISONS, Comparer, store
from sheber.school.similarity.comparing import NotCompared, compare_programs
from sheber.school.similarity.models import SimilarityReport
from sheber.school.similarity.reports import (
    ReportState,
    SimilarityPage,
    ask,
    report_state,
    side_by_side,
    similarity_page,
    unfinished,
)
from sheber.school.similarity.winnowing import BINS, GRAM, WINDOW, compared, fingerprints, grams, tokens
from sheber.station import Limits

STARTER = "from sheber import connect\n\nrobot = connect()\nrobot.move_joint(robot.home)\nprint(robot.state)\n"

MINE = (
    STARTER
    + """
def pick(part, height=0.1):
    # above it first
    above = part.pose.moved(z=height)
    robot.move_joint(above)
    robot.move_linear(part.pose)
    robot.tool.close()
    if robot.tool.width < 0.001:
        raise RuntimeError("nothing held")
    robot.move_linear(above)

for part in sorted(robot.camera.parts(), key=lambda one: one.pose.x):
    pick(part)
    for n in range(3):
        if part.colour == "red":
            robot.place(bins[n], offset=n * 0.02)
"""
)

RENAMED = (
    STARTER
    + """
def take(thing, up=0.25):
    over = thing.pose.moved(z=up)   # go up
    robot.move_joint(over)

    robot.move_linear(thing.pose)
    robot.tool.close()
    if robot.tool.width < 0.5:
        raise RuntimeError('lost it')
    robot.move_linear(over)

for thing in sorted(robot.camera.parts(), key=lambda a: a.pose.x):
    take(thing)
    for i in range(8):
        if thing.colour == "blue":
            robot.place(bins[i], offset=i * 0.5)
"""
)

OTHER = (
    STARTER
    + """
seen = {}
while True:
    picture = robot.camera.picture()
    found = [shape for shape in picture.shapes if shape.area > 12]
    if not found:
        break
    seen.update({shape.id: shape for shape in found})
    with robot.speed(0.5) as slow:
        slow.follow([shape.centre for shape in found], blend=0.01)
    assert len(seen) <= 100, "too many"
    try:
        robot.wait(0.2)
    except TimeoutError as error:
        print(error)
    else:
        continue
"""
)


def words(text: str, kept: tuple[str, ...] = ()) -> list[str]:
    return [one.kind for one in tokens(text, kept)]


# --- tokens and fingerprints ------------------------------------------------------------------------


def test_names_numbers_and_texts_are_alike() -> None:
    assert words("x = foo(1.5, 'a') # why") == ["v", "=", "v", "(", "n", ",", "s", ")"]
    assert words("if é: ж = 0x1F") == ["if", "v", ":", "v", "=", "n"]
    assert words("robot.move_joint(q)", ("move_joint",)) == ["v", ".", "move_joint", "(", "v", ")"]
    assert words('rb"a\\"b" + f"""x\n"y" """ + \'\'') == ["s", "+", "s", "+", "s"]


def test_lines_are_counted_through_texts() -> None:
    assert [(one.kind, one.line) for one in tokens('a\n"""x\ny"""\n\\\nb')] == [("v", 1), ("s", 2), ("v", 5)]


@pytest.mark.parametrize("open_text", ['"abc\nx', "'abc\nx", '"""abc\nx', "r'''\\", '"\\'])
def test_a_text_that_never_ends_ends_somewhere(open_text: str) -> None:
    assert words(open_text)[0] == "s"


def test_every_shared_stretch_of_the_promised_length_is_found() -> None:
    """The guarantee of winnowing, tried with random programs."""
    chance = random.Random(5)
    signs = "+-*/%&|^<>=()[]{},:;.@~"
    for _try in range(200):
        shared = "".join(chance.choices(signs, k=GRAM + WINDOW - 1))
        one, other = (
            "".join(chance.choices(signs, k=chance.randrange(60))) + shared + "".join(chance.choices(signs, k=40))
            for _side in range(2)
        )
        assert fingerprints(one).places.keys() & fingerprints(other).places.keys()


def test_a_shorter_stretch_than_a_gram_is_never_found() -> None:
    assert len(grams(tokens("+" * GRAM))) == 1
    assert grams(tokens("+" * (GRAM - 1))) == []


def test_of_equal_hashes_the_rightmost_is_kept() -> None:
    (places,) = fingerprints("+" * 40).places.values()
    assert places[0] == WINDOW - 1


def test_the_same_hashes_in_every_process() -> None:
    assert grams(tokens("+-*/%&|^<>=("))[0] == 15283771944580596891


# --- programs compared -------------------------------------------------------------------------------


def test_a_renamed_program_is_the_same_program() -> None:
    found = compared({"1": MINE, "2": RENAMED, "3": OTHER}, STARTER, [])
    first = found["pairs"][0]
    assert (first["one"], first["other"]) == ("1", "2")
    assert first["similarity"] > 0.9
    assert all(pair["similarity"] < 0.2 for pair in found["pairs"][1:])
    assert found["histogram"][-1] + found["histogram"][-2] == 2
    assert sum(found["histogram"]) == 3


def test_common_lines_stand_beside_each_other() -> None:
    (pair,) = compared({"1": MINE, "2": "\n\n\n" + RENAMED}, STARTER, [])["pairs"]
    own = MINE.count("\n", 0, MINE.index("def pick")) + 1
    first, last, other_first, other_last, _tokens = pair["blocks"][0]
    assert own - 4 <= first <= own + 1
    assert last == MINE.count("\n")
    assert 2 <= other_first - first <= 4
    assert 2 <= other_last - last <= 5


def test_what_the_starter_has_is_nobodys() -> None:
    found = compared({"1": STARTER, "2": STARTER, "3": MINE, "4": OTHER}, STARTER, [])
    assert found["left_out"] == ["1", "2"]
    assert all(pair["similarity"] < 0.2 for pair in found["pairs"])
    assert found["pairs"] == [] or found["pairs"][0]["blocks"][0][0] > STARTER.count("\n")


def test_a_copy_within_a_long_program_is_found() -> None:
    padding = "\n".join(f"value_{n} = [{n}] * {n} if {n} else {{}}" for n in range(400))
    (pair,) = compared({"1": MINE, "2": padding + "\n" + RENAMED}, STARTER, [])["pairs"]
    assert pair["similarity"] == pair["share"] > 0.9
    assert pair["other_share"] < pair["share"]


def test_programs_of_the_exercise_are_compared_with_students_only() -> None:
    programs = {"1": MINE, "shipped:reference": RENAMED, "shipped:clumsy": RENAMED}
    found = compared(programs, STARTER, ["shipped:reference", "shipped:clumsy"])
    assert [(pair["one"], pair["other"]) for pair in found["pairs"]] == [
        ("1", "shipped:clumsy"),
        ("1", "shipped:reference"),
    ]
    assert sum(found["histogram"]) == 1
    assert found["histogram"][0] == 1  # the nearest other student: there is none


# --- in a box ----------------------------------------------------------------------------------------


@pytest.mark.box
@pytest.mark.parametrize("level", ["A", "B"])
def test_hostile_programs_are_compared_in_a_box_and_cost_no_more_than_their_length(level: str) -> None:
    size = 256 << 10
    hostile = [
        "(" * size,
        '"' * size,
        '"""\\' * (size // 4),
        "\0" * size,
        "a" * size,
        "x=1;" * (size // 4),
        "\ud800" * 9,
    ]
    programs = {str(n): one for n, one in enumerate(hostile)} | {"a": MINE, "b": RENAMED}
    before = stopwatch.process_time()
    found = compare_programs(_level(level), programs, STARTER, [])
    assert stopwatch.process_time() - before < 2.0  # of this process: the other one does the work
    assert (found["pairs"][0]["one"], found["pairs"][0]["other"]) == ("a", "b")
    small = {"a": MINE, "b": RENAMED}
    assert compare_programs(_level(level), small, STARTER, []) == json.loads(json.dumps(compared(small, STARTER, [])))


def _level(level: str) -> Sandbox:
    try:
        return sandbox_of_level(level)
    except SandboxError as error:
        pytest.skip(str(error))


@pytest.mark.box
def test_comparing_ends_after_its_time() -> None:
    many = {str(n): "(" * 200_000 + str(n) for n in range(20)}
    with pytest.raises(NotCompared, match="Comparing 20 programs was ended"):
        compare_programs(best_sandbox(), many, "", [], longest_s=1.0)


def test_nothing_of_others_is_read_without_a_box() -> None:
    with pytest.raises(SandboxError, match="Level C does not isolate"):
        compare_programs(Sandbox("C"), {"1": MINE, "2": OTHER}, "", [])


GOOD: dict[str, Any] = {
    "compared": ["1", "2"],
    "left_out": ["3"],
    "histogram": [0] * BINS,
    "pairs": [
        {"one": "1", "other": "2", "similarity": 0.5, "share": 0.5, "other_share": 0.1, "blocks": [[1, 2, 3, 4, 15]]}
    ],
}


def _pair(**change: Any) -> dict[str, Any]:
    return {"pairs": [GOOD["pairs"][0] | change]}


@pytest.mark.parametrize(
    "change",
    [
        {"compared": ["1", "2", "4"]},
        {"compared": ["1", "2", "2"]},
        {"left_out": []},
        {"histogram": [0] * (BINS - 1)},
        {"histogram": [-1] * BINS},
        {"more": 1},
        {"pairs": GOOD["pairs"] * 101},
        _pair(one="9"),
        _pair(one="3"),
        _pair(similarity=1.5),
        _pair(share="0.5"),
        _pair(blocks=[[1, 2, 3, 4]]),
        _pair(blocks=[[0, 2, 3, 4, 5]]),
        _pair(blocks=[[1, 1 << 30, 3, 4, 5]]),
        _pair(blocks=[[1, 2, 3, 4, 5]] * 41),
        _pair(blocks=[[1, 5, 3, 4, 5]]),
        _pair(blocks=[[1, 2, 3, 5, 5]]),
        _pair(blocks=[[2, 1, 3, 4, 5]]),
    ],
)
def test_what_a_box_says_is_believed_of_nothing_else(monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]) -> None:
    said = [json.dumps(GOOD)]
    monkeypatch.setattr(comparing, "errand", lambda *_a, **_k: said[0])
    programs = dict.fromkeys("123", "a\nb\nc\nd")
    assert compare_programs(Sandbox("A"), programs, "", [])["left_out"] == ["3"]
    for said[0] in (json.dumps(GOOD | change), json.dumps(GOOD)[:-1], "[" * 100_000, "NaN"):
        with pytest.raises(NotCompared, match="cannot be read"):
            compare_programs(Sandbox("A"), programs, "", [])


_TAKES = """
from sheber.client.wire import open_endpoint
channel = open_endpoint("fd:3")
said = channel.exchange({"do": "take"})[1].decode()
"""


@pytest.mark.box
@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("", "ended before"),
        ("1 / 0", "ZeroDivisionError"),
        ("import os; os.write(3, b'x' * 100)", "ended before"),
        (_TAKES + "channel.exchange({'do': 'give', 'text': said})", "ended before"),
        (_TAKES + "channel.exchange({'do': 'connect'})", "ended before"),
        (_TAKES + "while True: channel.exchange({'do': 'give', 'text': 'x' * 50_000, 'last': False})", "more than"),
        (_TAKES + "while True: pass", "processor time"),
    ],
)
def test_a_script_that_gives_nothing_of_use_is_ended(script: str, why: str) -> None:
    limits = Limits(processor_s=1, wall_s=20.0, silent_s=20.0)
    with pytest.raises(LimitReached, match=why):
        errand(best_sandbox(), Program("s.py", script.encode()), b"asked", limits, largest=200_000)


@pytest.mark.box
def test_an_errand_sees_nothing_of_ours_and_can_be_broken_off(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("no")
    looks = _TAKES + (
        "found = ''\n"
        "for name in said.split():\n"
        "    try: found += open(name).read()\n"
        "    except OSError: pass\n"
        "channel.exchange({'do': 'give', 'text': found + '.', 'last': True})\n"
    )
    asked = f"{tmp_path / 'secret'} /etc/passwd {comparing.__file__}".encode()
    assert errand(best_sandbox(), Program("s.py", looks.encode()), asked, Limits(), largest=1000) == "."
    script, begun = Program("s.py", b"while True: pass"), stopwatch.monotonic()
    with pytest.raises(BrokenOff):
        errand(best_sandbox(), script, b"", Limits(), largest=9, going=lambda: stopwatch.monotonic() < begun + 1.0)
    assert stopwatch.monotonic() - begun < 20.0


# --- reports ---------------------------------------------------------------------------------------


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs are compared in this process: tests of what comes before and after it need no box."""

    def compare_here(_sandbox: Sandbox, programs: Any, starter: str, shipped: Any, **_how: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(json.dumps(compared(programs, starter, shipped)))
        return found

    monkeypatch.setattr(comparer, "compare_programs", compare_here)


def do(school: School, what: Callable[..., Any], *arguments: Any) -> Any:
    with school.writing() as session:
        return what(session, *arguments)


def worker(school: School, name: str = "w") -> Comparer:
    return Comparer(school, name, lambda: Sandbox("A"))


def compare(school: School, actor: Actor, assignment: int) -> int:
    """Asked for, and done by a worker; the report's id."""
    report: int = do(school, ask, actor, assignment)
    assert worker(school).look()
    assert state(school, actor, report).state == "done"
    return report


def state(school: School, actor: Actor, report: int) -> ReportState:
    found: ReportState = do(school, report_state, actor, report)
    return found


def page(marks: Marks, assignment: int) -> SimilarityPage | None:
    with marks.school.reading() as session:
        return similarity_page(session, marks.assistant, assignment)


def hand_in(marks: Marks, assignment: int, *programs: str) -> list[int]:
    return [marks.attempt(n, assignment, 50, 50, source=one.encode()) for n, one in enumerate(programs)]


@pytest.mark.usefixtures("here")
def test_a_report_of_the_programs_that_count(any_school: School) -> None:
    marks = make_marks(any_school, students=4)
    asked = marks.assignment()
    marks.group("B", 1)
    assert page(marks, asked) is None
    marks.attempt(2, asked, 10, 10, source=MINE.encode())  # a later one counts
    ids = hand_in(marks, asked, MINE, RENAMED, OTHER)
    report = compare(any_school, marks.assistant, asked)
    found = page(marks, asked)
    assert found is not None
    assert (found.id, found.compared, found.newer, found.made_by) == (report, 3, 0, "robotics assistant")
    assert found.shipped >= 3
    first = found.pairs[0]
    assert (first.one.submission_id, first.one.name, first.one.group) == (ids[0], "Student 0000", "")
    assert (first.other.submission_id, first.other.name, first.other.group) == (ids[1], "Student 0001", "B")
    assert first.lines > 10
    marks.attempt(3, asked, 60, 60, source=b"pass")
    assert page(marks, asked).newer == 1  # type: ignore[union-attr]
    with any_school.reading() as session:
        sides = side_by_side(session, marks.teacher, report, 1)
    assert (sides.program, sides.other_program) == (MINE, RENAMED)
    assert sides.blocks[0].last > 20
    assert marks.actions() == ["similarity.compared"]


@pytest.mark.usefixtures("here")
def test_the_longest_are_left_out_where_all_are_too_long(any_school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MOST_BYTES", len((MINE + RENAMED).encode()))
    marks = make_marks(any_school)
    asked = marks.assignment()
    ids = hand_in(marks, asked, MINE + "#" * 100, RENAMED, MINE)
    compare(any_school, marks.teacher, asked)
    found = page(marks, asked)
    assert found is not None
    assert [one.submission_id for one in found.left_out if one.submission_id] == ids[:1]
    assert (found.compared, found.newer) == (2, 0)


@pytest.mark.usefixtures("here")
def test_a_line_that_two_stretches_share_is_counted_once(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment()
    ids = hand_in(marks, asked, MINE, RENAMED)
    compare(school, marks.teacher, asked)
    pair = GOOD["pairs"][0] | {"one": str(ids[0]), "other": str(ids[1])}
    pair["blocks"] = [[8, 9, 1, 2, 15], [1, 3, 1, 2, 15], [3, 5, 1, 2, 15], [4, 4, 1, 2, 15]]
    with school.writing() as session:
        row = session.scalars(select(SimilarityReport)).one()
        row.findings = {**row.findings, "pairs": [pair]}
    assert page(marks, asked).pairs[0].lines == 7  # type: ignore[union-attr]


@pytest.mark.usefixtures("here")
def test_a_reference_program_that_went_round_is_named(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment()
    reference = load("poses-and-moves").program("reference").read_text("utf-8")
    hand_in(marks, asked, reference, OTHER)
    report = compare(school, marks.teacher, asked)
    found = page(marks, asked)
    assert found is not None
    first = found.pairs[0]
    assert (first.one.name, first.other.name, first.other.submission_id) == ("Student 0000", "reference", None)
    assert first.similarity == 1.0
    with school.reading() as session:
        assert side_by_side(session, marks.teacher, report, 1).other_program == reference


@pytest.mark.usefixtures("here")
def test_who_compares_and_reads(school: School) -> None:
    marks, others = make_marks(school), make_marks(school, title="Vision")
    asked, theirs = marks.assignment(), others.assignment()
    hand_in(marks, asked, MINE)
    with pytest.raises(Refused, match="nothing to compare"):
        do(school, ask, marks.teacher, asked)
    hand_in(marks, asked, MINE, RENAMED)
    report = compare(school, marks.teacher, asked)
    for what, thing in ((ask, asked), (unfinished, asked), (report_state, report)):
        with pytest.raises(NotAllowed):
            do(school, what, marks.students[0], thing)
        with pytest.raises(NotFound):
            do(school, what, others.teacher, thing)
    with school.reading() as session:
        with pytest.raises(NotAllowed):
            similarity_page(session, marks.students[0], asked)
        with pytest.raises(NotAllowed):
            side_by_side(session, marks.students[0], report, 1)
        with pytest.raises(NotFound, match="no such comparison"):
            side_by_side(session, others.teacher, report, 1)
        for number in (0, 999):
            with pytest.raises(NotFound):
                side_by_side(session, marks.teacher, report, number)
        assert similarity_page(session, others.teacher, theirs) is None


@pytest.mark.usefixtures("here")
def test_one_person_compares_a_few_times_in_a_minute(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment()
    hand_in(marks, asked, MINE, RENAMED)
    for _ in range(3):
        compare(school, marks.teacher, asked)
    with pytest.raises(TooMany):
        do(school, ask, marks.teacher, asked)
    compare(school, marks.assistant, asked)


@pytest.mark.usefixtures("here")
def test_the_number_of_queries_does_not_grow(any_school: School) -> None:
    counts = []
    for students, title in ((2, "Robotics"), (30, "Vision")):
        marks = make_marks(any_school, students=students, title=title)
        asked = marks.assignment()
        hand_in(marks, asked, *[MINE] * students)
        compare(any_school, marks.teacher, asked)
        with statements(any_school) as found:
            page(marks, asked)
        counts.append(len(found))
    assert counts[0] == counts[1]


# --- asked for, and made by a worker -----------------------------------------------------------------


@pytest.fixture
def asked(any_school: School) -> tuple[Marks, int, int]:
    """A course, its assignment with two programs, and a comparison that was asked for."""
    marks = make_marks(any_school)
    assignment = marks.assignment()
    hand_in(marks, assignment, MINE, RENAMED)
    return marks, assignment, do(any_school, ask, marks.teacher, assignment)


def of(marks: Marks, report: int) -> SimilarityReport:
    with marks.school.reading() as session:
        return session.get_one(SimilarityReport, report)


@pytest.mark.usefixtures("here")
def test_who_asks_again_asks_for_the_same(asked: tuple[Marks, int, int]) -> None:
    marks, assignment, report = asked
    assert do(marks.school, ask, marks.assistant, assignment) == report
    waiting = do(marks.school, unfinished, marks.assistant, assignment)
    assert (waiting.id, waiting.state, waiting.going, waiting.made_by) == (report, "asked", True, "robotics teacher")
    assert page(marks, assignment) is None
    with pytest.raises(NotFound):
        do(marks.school, side_by_side, marks.teacher, report, 1)
    assert worker(marks.school).look()
    assert not worker(marks.school).look()
    assert do(marks.school, unfinished, marks.teacher, assignment) is None
    assert do(marks.school, ask, marks.teacher, assignment) == report + 1
    assert page(marks, assignment).id == report  # type: ignore[union-attr]
    assert marks.actions() == ["similarity.compared"] * 2


def test_one_worker_compares_and_a_lost_one_s_result_comes_too_late(asked: tuple[Marks, int, int], time: Clock) -> None:
    marks, _assignment, report = asked
    school = marks.school
    assert do(school, COMPARISONS.take, "a") == report
    assert do(school, COMPARISONS.take, "b") is None
    time.forward(seconds=LEASE_S - 1)
    assert do(school, COMPARISONS.keep, "a", report)
    time.forward(seconds=2)
    assert do(school, COMPARISONS.take, "b") is None
    time.forward(seconds=LEASE_S)
    assert do(school, COMPARISONS.take, "b") == report
    assert not do(school, COMPARISONS.keep, "a", report)
    assert not do(school, store, "a", report, GOOD)
    assert do(school, store, "b", report, GOOD)
    assert not do(school, store, "b", report, GOOD)
    assert (of(marks, report).state, of(marks, report).findings) == ("done", GOOD)


def test_an_interrupted_comparison_says_so_and_can_be_asked_for_again(
    asked: tuple[Marks, int, int], time: Clock
) -> None:
    marks, assignment, report = asked
    for _n in range(COMPARISONS.most):
        assert do(marks.school, COMPARISONS.take, "a") == report
        time.forward(seconds=LEASE_S + 1)
    assert do(marks.school, COMPARISONS.take, "a") is None
    failed = do(marks.school, unfinished, marks.teacher, assignment)
    assert (failed.state, failed.going) == ("failed", False)
    assert f"begun {COMPARISONS.most} times and interrupted" in failed.trouble
    assert do(marks.school, ask, marks.teacher, assignment) == report + 1


def test_a_worker_that_ends_gives_its_comparison_back(
    asked: tuple[Marks, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    marks, _assignment, report = asked

    def endless(*_a: Any, going: Callable[[], bool], **_k: Any) -> None:
        while going():
            stopwatch.sleep(0.01)
        raise BrokenOff

    monkeypatch.setattr(comparer, "compare_programs", endless)
    with worker(marks.school):
        until = stopwatch.monotonic() + 20.0
        while of(marks, report).state != "comparing" and stopwatch.monotonic() < until:
            stopwatch.sleep(0.02)
    found = of(marks, report)
    assert (found.state, found.worker, found.until, found.tries) == ("asked", "", None, 0)


@pytest.mark.usefixtures("here")
def test_why_nothing_was_compared_is_told_in_the_readers_language(
    asked: tuple[Marks, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    marks, _assignment, report = asked
    monkeypatch.undo()
    Comparer(marks.school, "w", lambda: Sandbox("C")).look()
    told = state(marks.school, marks.teacher, report)
    assert told.state == "failed"
    assert told.trouble.startswith("The programs could not be compared: Level C does not isolate.")
    with marks.school.reading() as session:
        assert session.scalars(select(SimilarityReport.failure)).one()["id"] == "similarity.not_begun"


@pytest.mark.box
def test_a_worker_compares_in_a_box(school: School) -> None:
    marks = make_marks(school)
    assignment = marks.assignment()
    ids = hand_in(marks, assignment, MINE, RENAMED, OTHER)
    report = do(school, ask, marks.teacher, assignment)
    with Comparer(school, "w"):
        until = stopwatch.monotonic() + 60.0
        while state(school, marks.teacher, report).going and stopwatch.monotonic() < until:
            stopwatch.sleep(0.1)
    found = page(marks, assignment)
    assert found is not None
    assert (found.pairs[0].one.submission_id, found.pairs[0].other.submission_id) == (ids[0], ids[1])
