"""Posted: what a form sent, as texts; and their reading as numbers and moments, with errors at the field."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.datastructures import FormData

from sheber.i18n import _
from sheber.school import zones
from sheber.school.errors import Refused

__all__ = ["Posted", "Sent", "for_field", "integer", "moment_of", "number_of", "quantity_of"]

_LONGEST: Final = 40  # characters of a number or a moment


class Sent:
    """The fields of a form: texts by name, several of one name, and files."""

    def __init__(self, texts: Mapping[str, list[str]], files: Mapping[str, bytes]) -> None:
        self._texts, self._files = texts, files

    def __getitem__(self, name: str) -> str:
        """The last text of a field; "" where there is none."""
        return (self._texts.get(name) or [""])[-1]

    def __contains__(self, name: str) -> bool:
        return name in self._texts

    def every(self, name: str) -> list[str]:
        """All texts of a field, in their order."""
        return list(self._texts.get(name, ()))

    def plain(self) -> dict[str, str]:
        """The last text of each field."""
        return {name: texts[-1] for name, texts in self._texts.items() if texts}

    def under(self, prefix: str) -> dict[str, str]:
        """The fields whose name begins so, without that beginning."""
        return {name[len(prefix) :]: text for name, text in self.plain().items() if name.startswith(prefix)}

    def file(self, name: str) -> bytes:
        """The bytes of a file; empty where none was chosen."""
        return self._files.get(name, b"")


async def _sent(request: Request) -> Sent:
    """The form of a request: its size is bounded by the guard before it, and each field by the reader of forms."""
    async with request.form() as form:
        return await _read(form)


async def _read(form: FormData) -> Sent:
    texts: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            texts.setdefault(name, []).append(value)
        else:
            files[name] = await value.read()
    return Sent(texts, files)


Posted = Annotated[Sent, Depends(_sent)]
"""What a form sent."""


def integer(text: str, where: str) -> int:
    """A whole number in a form. Raises Refused."""
    plain = text.strip()
    if not (plain.isascii() and plain.removeprefix("-").isdigit() and len(plain) <= 9):
        raise Refused(_("{text!r} is not a whole number.").format(text=text[:_LONGEST]), where)
    return int(plain)


def number_of(text: str, where: str) -> float:
    """A number in a form; a decimal comma is a point. Raises Refused."""
    plain = text.strip().replace(",", ".").replace("\N{MINUS SIGN}", "-")
    try:
        if not plain.isascii() or len(plain) > _LONGEST:
            raise ValueError
        found = float(plain)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise Refused(_("{text!r} is not a number.").format(text=text[:_LONGEST]), where)
    return found


def quantity_of(text: str, where: str) -> int | None:
    """A whole number, or None for an empty field. Raises Refused."""
    return integer(text, where) if text.strip() else None


def moment_of(text: str, where: str, stored: datetime | None = None) -> datetime | None:
    """A moment as a form sends it, by the clock of the zone in force; None for an empty field. Raises Refused.

    stored: the moment that the form was filled with. Where its text was not touched it stays what it is, to the second.
    """
    plain = text.strip()[:_LONGEST]
    if not plain:
        return None
    if stored is not None and plain == for_field(stored):
        return stored
    try:
        found = datetime.fromisoformat(plain)
        return found.astimezone(UTC) if found.tzinfo else zones.moment_at(found)
    except (ValueError, OverflowError):
        sentence = _("{text!r} is not a day and time. Write it like 2026-11-30T18:00.")
        raise Refused(sentence.format(text=plain), where) from None
    except Refused as error:
        raise Refused(str(error), where) from None


def for_field(moment: datetime | None) -> str:
    """A moment as a field for days and times takes it, by the clock of the zone in force."""
    return "" if moment is None else f"{zones.local(moment):%Y-%m-%dT%H:%M}"
