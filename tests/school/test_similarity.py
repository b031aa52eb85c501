"""Similarity: stretches in common are found whatever the names; hostile programs cost no more than their length."""

from __future__ import annotations

import random
import time as clock
from pathlib import Path

import pytest
from grading import Marks, make_marks, statements

from sheber.exercises import load
from sheber.school.errors import NotAllowed, NotFound, Refused, TooMany
from sheber.school.opening import School
from sheber.school.similarity import comparing
from sheber.school.similarity.comparing import compare_programs, compared
from sheber.school.similarity.reports import SimilarityPage, compare, side_by_side, similarity_page
from sheber.school.similarity.winnowing import GRAM, WINDOW, fingerprints, grams, tokens

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


def test_hostile_programs_cost_no_more_than_their_length() -> None:
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
    before = clock.process_time()
    found = compare_programs(programs, STARTER, [])
    assert clock.process_time() - before < 2.0  # of this process: the other one does the work
    assert (found["pairs"][0]["one"], found["pairs"][0]["other"]) == ("a", "b")


def test_comparing_ends_after_its_time() -> None:
    many = {str(n): "(" * 200_000 + str(n) for n in range(20)}
    with pytest.raises(Refused, match="It was ended"):
        compare_programs(many, "", [], longest_s=1.0)


def test_too_much_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "_MOST_BYTES", len(MINE) + len(RENAMED))
    found = compared({"1": MINE + "#" * 100, "2": RENAMED, "3": MINE}, STARTER, [])
    assert found["left_out"] == ["1"]


# --- reports ---------------------------------------------------------------------------------------


def page(marks: Marks, assignment: int) -> SimilarityPage | None:
    with marks.school.reading() as session:
        return similarity_page(session, marks.assistant, assignment)


def hand_in(marks: Marks, assignment: int, *programs: str) -> list[int]:
    return [marks.attempt(n, assignment, 50, 50, source=one.encode()) for n, one in enumerate(programs)]


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


def test_who_compares_and_reads(school: School, tmp_path: Path) -> None:
    marks, others = make_marks(school), make_marks(school, title="Vision")
    asked, theirs = marks.assignment(), others.assignment()
    hand_in(marks, asked, MINE)
    with pytest.raises(Refused, match="nothing to compare"):
        compare(school, marks.teacher, asked)
    hand_in(marks, asked, MINE, RENAMED)
    report = compare(school, marks.teacher, asked)
    with pytest.raises(NotAllowed):
        compare(school, marks.students[0], asked)
    with pytest.raises(NotFound):
        compare(school, others.teacher, asked)
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


def test_one_person_compares_a_few_times_in_a_minute(school: School) -> None:
    marks = make_marks(school)
    asked = marks.assignment()
    hand_in(marks, asked, MINE, RENAMED)
    for _ in range(3):
        compare(school, marks.teacher, asked)
    with pytest.raises(TooMany):
        compare(school, marks.teacher, asked)
    compare(school, marks.assistant, asked)


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
