"""Rosters: a CSV file of students as spreadsheets write it, read without a database.

Whatever is wrong is told at its line and column, all of it at once, so that a file is mended in one go.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sheber.i18n import _
from sheber.school.courses.courses import group_name
from sheber.school.errors import Refused
from sheber.school.people.accounts import checked_email, checked_login, checked_name
from sheber.school.people.models import folded

__all__ = ["ENCODINGS", "MOST_BYTES", "MOST_ROWS", "Preview", "Problem", "Row", "preview"]

MOST_BYTES: Final = 4 << 20
MOST_ROWS: Final = 10_000
_MOST_PROBLEMS: Final = 200  # that are told: a file with more is of another kind
_MOST_COLUMNS: Final = 100
ENCODINGS: Final = ("utf-8", "utf-16", "cp1251", "gb18030")
"""What a file may be saved as. Those without a mark are told apart by whether the titles are words."""

_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DELIMITERS: Final = ",;\t"

_TITLES: Final[Mapping[str, tuple[str, ...]]] = {
    "login": (
        "login",
        "username",
        "user",
        "user name",
        "id",
        "student id",
        "логин",
        "пайдаланушы",
        "登录名",
        "用户名",
        "学号",
    ),
    "name": ("name", "full name", "student", "имя", "фио", "ф.и.о.", "студент", "аты-жөні", "аты", "姓名", "名字"),
    "first": ("first name", "given name", "имя студента", "өз аты"),
    "last": ("last name", "surname", "family name", "фамилия", "тегі"),
    "email": ("email", "e-mail", "mail", "почта", "электронная почта", "эл. почта", "пошта", "邮箱", "电子邮件"),
    "group": ("group", "class", "группа", "топ", "тобы", "班级", "组"),
}
"""The titles of columns that are understood, in the languages of the school."""
_KNOWN: Final = {folded(title): column for column, names in _TITLES.items() for title in names}


@dataclass(frozen=True, slots=True)
class Row:
    """One student of the file."""

    line: int  # from 1
    login: str
    name: str
    email: str
    group: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place. A serious one must be mended before anybody is enrolled."""

    line: int  # 0: of the file as a whole
    column: str  # title of the column in the file; ""
    sentence: str
    serious: bool = True


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would enrol."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    encoding: str  # that was found: one of ENCODINGS; "" where the file could not be read
    delimiter: str  # , ; or a tab; ""
    columns: tuple[str, ...]  # titles of the file that are not used

    @property
    def usable(self) -> bool:
        """Whether somebody can be enrolled from it."""
        return bool(self.rows) and not any(problem.serious for problem in self.problems)


class _Unreadable(Exception):
    """The file as a whole cannot be used."""


def preview(data: bytes, encoding: str = "") -> Preview:
    """What stands in the bytes of a file. encoding: one of ENCODINGS, where it shall not be found by looking."""
    found = delimiter = ""
    try:
        text, found = _decoded(data, encoding)
        lines, delimiter = _lines(text)
        columns = _columns(lines[0][1] if lines else [])
    except _Unreadable as error:
        return Preview((), (Problem(0, "", str(error)),), found, delimiter, ())
    rows, problems = _rows(lines[1:], columns)
    used = set(columns.values())
    rest = tuple(title for place, title in enumerate(lines[0][1]) if place not in used and title)
    return Preview(tuple(rows), tuple(problems[:_MOST_PROBLEMS]), found, delimiter, rest)


# --- bytes → text ------------------------------------------------------------------------------------


def _decoded(data: bytes, encoding: str) -> tuple[str, str]:
    """The text, and what it was saved as. Raises _Unreadable."""
    if len(data) > MOST_BYTES:
        text = _("The file has {size:.1f} MB. It must have at most {most} MB.")
        raise _Unreadable(text.format(size=len(data) / (1 << 20), most=MOST_BYTES >> 20))
    if not data.strip():
        raise _Unreadable(_("The file is empty."))
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _Unreadable(_("This is a workbook, not CSV. In the spreadsheet choose “Save as” and “CSV UTF-8”."))
    if data.startswith(b"%PDF"):
        raise _Unreadable(_("This is a PDF, not CSV. Ask for the list as a table."))
    name, codec = _codec(data, encoding)
    try:
        text = data.decode(codec).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        sentence = _("The file is not saved as {encoding}: byte {place} does not fit. Save it as CSV UTF-8.")
        raise _Unreadable(sentence.format(encoding=name, place=error.start + 1)) from error
    if "\0" in text:
        raise _Unreadable(_("This file is not text. Save the list as CSV UTF-8."))
    return text, name


def _codec(data: bytes, encoding: str) -> tuple[str, str]:
    """What the file is saved as, for people and for Python."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return ("utf-8", codec) if codec == "utf-8-sig" else ("utf-16", codec)
    if encoding:
        if encoding not in ENCODINGS:
            text = _("{encoding!r} is not an encoding that is read here. Choose one of {encodings}.")
            raise _Unreadable(text.format(encoding=encoding, encodings=", ".join(ENCODINGS)))
        return encoding, "utf-16-le" if encoding == "utf-16" else encoding
    wide = ("utf-16-le", "utf-16-be") if b"\0" in data[:4000] and len(data) % 2 == 0 else ()
    for codec in (*wide, "utf-8", "cp1251", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            text = data.decode(codec)
            if codec == "utf-8" or _understood(text):
                return codec.removesuffix("-le").removesuffix("-be"), codec
    return "cp1251", "cp1251"


def _understood(text: str) -> bool:
    """Whether the titles are words: the bytes of one encoding are nonsense in another."""
    titles = next((line for line in text.splitlines() if line.strip()), "").split(_delimiter(text))
    return any(_title(title.strip(' "')) in _KNOWN for title in titles)


# --- text → lines ------------------------------------------------------------------------------------


def _lines(text: str) -> tuple[list[tuple[int, list[str]]], str]:
    """Number and cells of each line that is not empty, and the delimiter. Raises _Unreadable."""
    delimiter = ""
    if text[:4].lower() == "sep=" and text[4:5] in tuple(_DELIMITERS):  # as Excel writes it
        delimiter = text[4]
        text = "\n" + text.partition("\n")[2]
    delimiter = delimiter or _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found, before = [], 0
    try:
        for cells in reader:
            first, before = before + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                found.append((first, [cell.strip() for cell in cells[:_MOST_COLUMNS]]))
            if len(found) > MOST_ROWS + 1:
                sentence = _("The file has more than {most} rows. Split it into several files.")
                raise _Unreadable(sentence.format(most=MOST_ROWS))
    except csv.Error as error:
        sentence = _("Line {line}: a quotation mark is not closed, or stands where none may stand ({why}).")
        raise _Unreadable(sentence.format(line=before + 1, why=error)) from error
    return found, delimiter


def _delimiter(text: str) -> str:
    """What separates the titles: the sign that is there most often, outside quotation marks."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    plain = "".join(first.split('"')[::2])
    return max(_DELIMITERS, key=plain.count)


# --- lines → rows ------------------------------------------------------------------------------------


def _columns(titles: Sequence[str]) -> dict[str, int]:
    """Where each column that is understood stands. Raises _Unreadable where login or name is not there."""
    found: dict[str, int] = {}
    for place, title in enumerate(titles):
        column = _KNOWN.get(_title(title), "")
        if column in found:
            text = _("The first line has two columns for the same thing, {first!r} and {second!r}. Delete one.")
            raise _Unreadable(text.format(first=titles[found[column]], second=title))
        if column:
            found[column] = place
    if "last" in found and "name" in found and "first" not in found:
        found["first"] = found.pop("name")  # «Фамилия» and «Имя» are two halves of a name
    there = ", ".join(repr(title[:40]) for title in titles[:12]) or _("nothing")
    for column, missing in (("login", "login" not in found), ("name", not {"name", "last"} & set(found))):
        if missing:
            text = _("No column of the first line is the {column}. There is: {there}. It may be called: {names}.")
            raise _Unreadable(text.format(column=column, there=there, names=", ".join(_TITLES[column])))
    return found


def _title(title: str) -> str:
    """A title as it is compared."""
    return " ".join(folded(title).replace("_", " ").split())


def _rows(lines: Sequence[tuple[int, list[str]]], columns: Mapping[str, int]) -> tuple[list[Row], list[Problem]]:
    """The rows that are right, and what is wrong with the others."""
    rows: list[Row] = []
    problems: list[Problem] = []
    logins: dict[str, int] = {}
    names: dict[str, int] = {}
    width = max(columns.values()) + 1
    for line, cells in lines:
        padded = [*cells, *[""] * (width - len(cells))]
        values = {column: padded[place] for column, place in columns.items()}
        values["name"] = values.get("name") or f"{values.get('last', '')} {values.get('first', '')}"
        row, wrong = _row(line, values)
        problems += wrong
        if row is None:
            continue
        if row.login in logins:
            text = _("The login {login!r} is in line {line} already. Each student is there once.")
            problems.append(Problem(line, "login", text.format(login=row.login, line=logins[row.login])))
            continue
        problems += _remarks(row, names)
        logins[row.login] = line
        names.setdefault(folded(row.name), line)
        rows.append(row)
    if not rows and not problems:
        problems.append(Problem(0, "", _("There is no student in the file, only a line of titles.")))
    return rows, problems


def _row(line: int, values: Mapping[str, str]) -> tuple[Row | None, list[Problem]]:
    """One student; None where something of it is wrong."""
    checks: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("login", checked_login),
        ("name", checked_name),
        ("email", checked_email),
        ("group", lambda text: group_name(text) if text else ""),
    )
    good: dict[str, str] = {}
    problems = []
    for column, check in checks:
        try:
            good[column] = check(values.get(column, ""))
        except Refused as error:
            problems.append(Problem(line, column, str(error)))
    return (None if problems else Row(line, **good)), problems


def _remarks(row: Row, names: Mapping[str, int]) -> Iterator[Problem]:
    """What may be meant, and may not."""
    if "?" in row.name or "\ufffd" in row.name:
        text = _("The name {name!r} has lost letters when the file was saved. Save the list as CSV UTF-8.")
        yield Problem(row.line, "name", text.format(name=row.name))
    same = names.get(folded(row.name))
    if same is not None:
        text = _("The name {name!r} is in line {line} too, with another login. Are these two people?")
        yield Problem(row.line, "name", text.format(name=row.name, line=same), serious=False)
