"""Exporting: a gradebook as CSV and as XLSX. Pure: what may be read was decided when the gradebook was read.

A name is a student's text. A spreadsheet takes a cell that begins with = + - @ for a formula, which may open a page or
read another file. In CSV such a cell gets an apostrophe before it, which spreadsheets know as "this is text". In XLSX
each cell says itself that it is text or a number, and nothing of ours is a formula or a link.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sheber.i18n import N_, _
from sheber.school.errors import Refused
from sheber.school.gradebook.book import Cell, Column, Gradebook, Line, Row, Sheet

__all__ = ["DELIMITERS", "csv_lines", "csv_of", "xlsx_of"]

DELIMITERS: Final = (",", ";", "\t")
"""What may stand between cells: a spreadsheet whose language writes 1,5 wants a semicolon."""

_FORMULA: Final = frozenset("=+-@")
_LONGEST_CELL: Final = 32_000  # characters; a spreadsheet takes 32,767
_STATES: Final = {
    "graded": N_("graded"),
    "waiting": N_("waiting"),
    "fault": N_("fault of the school"),
    "missing": N_("missing"),
    "late": N_("nothing yet, late work is taken"),
    "open": N_("open"),
}

Value = str | float | int | None


def csv_of(sheet: Sheet, *, titles: Mapping[int, str] | None = None, delimiter: str = ",", decimal: str = ".") -> bytes:
    """The rows as CSV in UTF-8 with the mark by which spreadsheets know it. titles: of assignments, by id.

    decimal: what stands in a number, "." or ",": a spreadsheet takes 57.1 for a date or a text where its language
    writes 57,1. Raises Refused for another delimiter.
    """
    if delimiter not in DELIMITERS:
        text = _("{delimiter!r} cannot stand between cells. It must be a comma, a semicolon or a tab.")
        raise Refused(text.format(delimiter=delimiter[:10]), "delimiter")
    return csv_lines(_grades(sheet.columns, sheet.lines, titles or {}), delimiter, decimal)


def csv_lines(lines: Iterable[Sequence[Value]], delimiter: str = ",", decimal: str = ".") -> bytes:
    """Lines as CSV in UTF-8 with the mark by which spreadsheets know it; no cell is a formula."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)

    @cache  # there are at most 10,001 points, and many more cells
    def number(value: float) -> str:
        return str(value).replace(".", decimal)

    for line in lines:
        writer.writerow(
            [_defused(one) if isinstance(one, str) else number(one) if one is not None else one for one in line]
        )
    return "\ufeff".encode() + stream.getvalue().encode("utf-8", "replace")


def xlsx_of(book: Gradebook, *, titles: Mapping[int, str] | None = None) -> bytes:
    """The gradebook as XLSX: a sheet of points, and one with everything known of each cell."""
    import xlsxwriter

    stream = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(stream, options) as workbook:
        bold = workbook.add_format({"bold": True})
        lines = (_line(row) for row in book.rows)
        grades = _grades(book.columns, lines, titles or {})
        _fill(workbook.add_worksheet(_sheet(_("Grades"))), grades, bold, frozen=2)
        _fill(workbook.add_worksheet(_sheet(_("Details"))), _details(book, titles or {}), bold, frozen=2)
    return stream.getvalue()


def _grades(columns: Sequence[Column], lines: Iterable[Line], titles: Mapping[int, str]) -> Iterator[Sequence[Value]]:
    """A line for each student."""
    named = [_title(n, column, titles) for n, column in enumerate(columns, 1)]
    yield [_("Login"), _("Name"), _("Group"), *named, _("Total"), _("Graded")]
    for one in lines:
        yield [one.login, one.name, one.group, *one.points, one.total, one.graded]


def _line(row: Row) -> Line:
    """A student without the words."""
    return Line(
        row.login, row.name, row.group, tuple(cell.points for cell in row.cells), row.total, row.standing.graded
    )


def _details(book: Gradebook, titles: Mapping[int, str]) -> Iterator[Sequence[Value]]:
    """A line for each student and assignment, where there is anything to say."""
    columns = [_title(n, column, titles) for n, column in enumerate(book.columns, 1)]
    yield [
        _("Login"),
        _("Name"),
        _("Assignment"),
        _("State"),
        _("Points"),
        _("Computed points"),
        _("Points before lateness"),
        _("Days late"),
        _("Attempts"),
        _("By hand, because"),
    ]
    for row in book.rows:
        for title, cell in zip(columns, row.cells, strict=True):
            if cell.state != "open":
                yield _detail(row, title, cell)


def _detail(row: Row, title: str, cell: Cell) -> Sequence[Value]:
    state = _(_STATES[cell.state])
    numbers = (cell.points, cell.computed, cell.final, cell.late_days, cell.attempts)
    return [row.login, row.name, title, state, *numbers, cell.reason]


def _title(number: int, column: Column, titles: Mapping[int, str]) -> str:
    """Of an assignment; with its number, since a course may ask for one exercise twice."""
    return f"{number}. {titles.get(column.assignment_id, column.exercise)}"


def _defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula: also not after spaces, or in the wide letters of Asia."""
    first = unicodedata.normalize("NFKC", text).lstrip()[:1]
    suspect = first in _FORMULA and bool(first)
    return "'" + text if suspect or text[:1] in ("\t", "\r", "\n") else text


def _fill(sheet: Any, lines: Iterator[Sequence[Value]], bold: Any, frozen: int) -> None:
    """Write lines from top to bottom, as a workbook of constant memory wants them."""
    sheet.freeze_panes(1, frozen)
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 28)
    for number, line in enumerate(lines):
        for column, value in enumerate(line):
            if isinstance(value, str):
                sheet.write_string(number, column, value[:_LONGEST_CELL], None if number else bold)
            elif value is not None:
                sheet.write_number(number, column, value)


def _sheet(name: str) -> str:
    """A name that a workbook takes, in each language."""
    return "".join(sign for sign in name if sign not in "[]:*?/\\")[:31]
