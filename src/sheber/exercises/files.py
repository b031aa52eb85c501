"""Files of an exercise, read as UTF-8 text or as TOML. A mistake of the writer is told by its own name and place."""

from __future__ import annotations

import errno
import re
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

from sheber.i18n import _
from sheber.untrusted import read_regular

__all__ = ["ExerciseError", "read_text", "read_toml", "read_whole"]

LARGEST_FILE = 1 << 20  # bytes

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # how a file in UTF-16 begins
_QUOTES = "“”„‟«»‘’‚‹›"
_LATIN_TWINS = dict(zip("авекмнорстухіјАВЕКМНОРСТУХІЈ", "abekmhopctyxijABEKMHOPCTYXIJ", strict=True))
_STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*')


class ExerciseError(Exception):
    """An exercise cannot be used as it is written: which file, which entry, what is allowed."""


def read_whole(file: Path) -> bytes:
    """The bytes of a regular file, or of one that a link leads to. Raises OSError for all else, and for too much."""
    raw = read_regular(file, LARGEST_FILE + 1, links=True)
    if len(raw) > LARGEST_FILE:
        raise OSError(errno.EFBIG, _("it has more than {most} bytes").format(most=LARGEST_FILE))
    return raw


def read_text(file: Path) -> str:
    """The text of a file in UTF-8, with or without a byte order mark. Raises ExerciseError."""
    try:
        raw = read_whole(file)
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        text = _("{file}: This file cannot be read: {why}.")
        raise ExerciseError(text.format(file=file, why=error.strerror)) from error
    except UnicodeDecodeError as error:
        if raw.startswith(_UTF_16):
            text = _("{file}: This file is saved as UTF-16. Save the file as UTF-8.")
            raise ExerciseError(text.format(file=file)) from error
        text = _("{file}: line {line}: The text here is not UTF-8 (byte 0x{byte:02x}). Save the file as UTF-8.")
        line = raw.count(b"\n", 0, error.start) + 1
        raise ExerciseError(text.format(file=file, line=line, byte=raw[error.start])) from error


def read_toml(file: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises ExerciseError, which names the mistake where it is one of the usual ones."""
    text = read_text(file)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = _("{file}: This is not valid TOML: {why}.").format(file=file, why=error)
        lines = text.splitlines()
        at = re.search(r"at line (\d+)", str(error))
        number = min(int(at[1]) if at else len(lines), len(lines))
        hint = _hint(lines[number - 1], str(error)) if number else ""
        raise ExerciseError(f"{message} {hint}".strip()) from error


def _hint(line: str, why: str) -> str:
    """What is wrong with a line that is not TOML, in words; "" for a mistake that is not a usual one."""
    bare = _STRING_OR_COMMENT.sub(lambda match: " " * len(match[0]), line)  # columns stay what they are
    hint = _quotation_mark(bare) or _foreign_letter(bare) or _comma(bare) or _twice(line, why)
    return _("The line is {line!r}. {hint}").format(line=line.strip(), hint=hint) if hint else ""


def _quotation_mark(bare: str) -> str:
    for column, letter in enumerate(bare, 1):
        if letter in _QUOTES:
            text = _('Column {column} has the quotation mark {mark}. Use the straight quotation mark ".')
            return text.format(column=column, mark=letter)
    return ""


def _foreign_letter(bare: str) -> str:
    """Names in TOML have Latin letters only; some letters of other alphabets look the same."""
    for column, letter in enumerate(bare, 1):
        if letter.isalpha() and not letter.isascii():
            about = {"column": column, "letter": letter, "name": unicodedata.name(letter, "?")}
            if letter in _LATIN_TWINS:
                text = _(
                    "The letter {letter} in column {column} is not Latin ({name}). "
                    "Replace it by the Latin letter {latin}, which looks the same."
                )
                return text.format(latin=_LATIN_TWINS[letter], **about)
            text = _("The letter {letter} in column {column} is not Latin ({name}). Put a text into quotes.")
            return text.format(**about)
    return ""


def _comma(bare: str) -> str:
    """A decimal comma: in a single number, or in a list, where TOML refuses a zero after the comma."""
    number = re.search(r"=\s*(-?\d+,\d+)", bare) or re.search(r"[\[\s,](-?\d+,0\d+)", bare)
    if number is None:
        return ""
    text = _("Write a number with a point, {right}, not with a comma, {wrong}.")
    return text.format(right=number[1].replace(",", "."), wrong=number[1])


def _twice(line: str, why: str) -> str:
    if "twice" in why:
        return _("This table is there twice. Put its entries into one table.")
    if "Cannot overwrite" in why or "Duplicate" in why:
        key = re.search(r"key '(.*)'", why)
        text = _("The entry {key} is there twice in this table. Delete one of the two.")
        return text.format(key=key[1] if key else line.partition("=")[0].strip())
    return ""
