"""The gradebook for spreadsheets: read back as a spreadsheet would, with hostile names."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from xml.etree import ElementTree

import pytest
from grading import Marks, make_marks

from sheber.school.errors import Refused
from sheber.school.gradebook.book import Gradebook, Sheet, gradebook, sheet
from sheber.school.gradebook.exporting import csv_of, xlsx_of
from sheber.school.gradebook.overrides import override
from sheber.school.opening import School
from sheber.school.people.models import Person

HOSTILE = [
    "=HYPERLINK(1)",
    "+7 701",
    "-1+1",
    "@SUM(A1)",
    "  =1+1",
    "＝1+1",
    "\t=1",
    "\r=1",
    "\rx",
    '"=1"',
    "Әлия, «Ұ»",
    "张伟",
    "a\nb",
    "x\x01y",
]


def book(marks: Marks) -> Gradebook:
    with marks.school.reading() as session:
        return gradebook(session, marks.teacher, marks.course, page=None, sort="login")


def points(marks: Marks) -> Sheet:
    with marks.school.reading() as session:
        return sheet(session, marks.teacher, marks.course)


def rename(marks: Marks, names: list[str]) -> None:
    with marks.school.writing() as session:
        for student, name in zip(marks.students, names, strict=True):
            session.get_one(Person, student.id).name = name


def read_csv(content: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_csv_says_that_it_is_utf8_and_has_a_line_for_each_student(school: School) -> None:
    marks = make_marks(school, students=2)
    asked = marks.assignment()
    marks.assignment(position=2)
    marks.group("Б-21", 1)
    marks.attempt(0, asked, 50, 60)
    content = csv_of(points(marks), titles={asked: "Poses, and moves"})
    assert content.startswith(b"\xef\xbb\xbf")
    assert read_csv(content) == [
        ["Login", "Name", "Group", "1. Poses, and moves", "2. poses-and-moves", "Total", "Graded"],
        ["robotics-s0000", "Student 0000", "", "53.5", "", "53.5", "1"],
        ["robotics-s0001", "Student 0001", "Б-21", "", "", "", "0"],
    ]
    assert read_csv(csv_of(points(marks), delimiter=";"), ";")[1][3] == "53.5"
    with pytest.raises(Refused, match="cannot stand between cells"):
        csv_of(points(marks), delimiter="=")


def test_no_cell_of_the_csv_is_a_formula(school: School) -> None:
    marks = make_marks(school, students=len(HOSTILE))
    rename(marks, HOSTILE)
    names = [line[1] for line in sorted(read_csv(csv_of(points(marks)))[1:])]  # by login
    assert names[:9] == ["'" + one for one in HOSTILE[:9]]
    assert names[9:] == HOSTILE[9:]


def test_a_number_is_not_taken_for_a_formula(school: School) -> None:
    marks = make_marks(school, students=1)
    asked = marks.assignment()
    with school.writing() as session:
        override(session, marks.teacher, asked, marks.students[0].id, 0, "why")
    assert read_csv(csv_of(points(marks)))[1][3:] == ["0.0", "0.0", "1"]


def test_xlsx_has_texts_and_numbers_and_nothing_else(school: School) -> None:
    marks = make_marks(school, students=len(HOSTILE))
    rename(marks, HOSTILE)
    asked = marks.assignment()
    marks.attempt(0, asked, 50, 60)
    with school.writing() as session:
        override(session, marks.teacher, asked, marks.students[1].id, 70, "=cmd|'/C calc'!A0")
    with zipfile.ZipFile(io.BytesIO(xlsx_of(book(marks)))) as archive:
        sheets = [archive.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2)]
        assert not [name for name in archive.namelist() if "rels" in name and "sheet" in name]  # no links
    for one in sheets:
        assert "<f>" not in one
        ElementTree.fromstring(one)
        assert set(re.findall(r'<c [^>]*\bt="(\w+)"', one)) == {"inlineStr"}
    assert ">=HYPERLINK(1)</t>" in sheets[0]
    assert "<v>53.5</v>" in sheets[0]
    assert "=cmd|'/C calc'!A0" in sheets[1]
    assert [one.count("<row ") for one in sheets] == [1 + len(HOSTILE), 1 + 2]
