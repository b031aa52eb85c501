"""The archive: what a program hands in for the record: frames, timetables, numbers that it found.

A scene says which forms the archive takes, as data: the name of the form and of its fields. So an exercise decides
what is handed in, and a wrong field is told in words at once. What is handed in is an event of the trace; criteria
compare it with what truly happened. It costs no simulated time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from msgspec import Meta

from sheber.desk import Command, CommandError, Name
from sheber.ground.serving import Device, Equipment, Served, serves
from sheber.i18n import N_, Text, message
from sheber.trace import EventKind

__all__ = ["ARCHIVE", "Archive", "ArchiveSpec", "Field", "Form"]

NO_FORM = message("ground.no_form", "The archive has no form {asked!r}. It has: {names}.")
FIELDS = message("ground.form_fields", "The form {form!r} has the fields {wanted}. The entry has: {arrived}.")
NOT_A_NUMBER = message(
    "ground.form_number", "The field {field!r} of the form {form!r} takes a number in {unit}. It got {value!r}."
)
NOT_WORDS = message(
    "ground.form_words", "The field {field!r} of the form {form!r} takes a text with up to {most:d} characters."
)
NOT_BYTES = message("ground.form_bytes", "The field {field!r} of the form {form!r} takes up to {most:d} bytes.")
FORM_FULL = message("ground.form_full", "The archive takes at most {most:d} entries of the form {form!r}.")

LONGEST_TEXT, MOST_BYTES = 200, 4096
KINDS: Final = ("number", "text", "bytes")
Value = float | str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form."""

    name: str
    kind: str = "number"  # number, text or bytes (hexadecimal on the wire and in the trace)
    unit: str = ""  # of a number
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """What one kind of entry holds."""

    name: str  # "frame", "pass", "alarm"
    fields: tuple[Field, ...]
    most: int = 10_000  # entries


@dataclass(frozen=True, slots=True)
class ArchiveSpec:
    """The forms that the archive takes."""

    forms: tuple[Form, ...]


class Store(Command, tag="store", frozen=True, kw_only=True):
    """Hand in one entry."""

    form: Name
    values: Annotated[dict[Name, float | str | None], Meta(max_length=32)]


class Archive(Equipment):
    """Takes entries and counts them."""

    def __init__(self, spec: ArchiveSpec, station: Served) -> None:
        self.forms = {form.name: form for form in spec.forms}
        self._entries = dict.fromkeys(self.forms, 0)

    def given(self) -> dict[str, Any]:
        """The forms: fields with kind and unit."""
        return {"forms": {form.name: _told(form) for form in self.forms.values()}}

    def enter(self, name: str, values: Mapping[str, Value | None]) -> dict[str, Value]:
        """The entry as it is recorded; raises CommandError where it does not fit its form, or the form is full."""
        form = self.forms.get(name)
        if form is None:
            raise CommandError("NotGiven", NO_FORM(asked=name, names=list(self.forms)))
        if self._entries[name] >= form.most:
            raise CommandError("StationError", FORM_FULL(form=name, most=form.most))
        entry = _checked(form, values)
        self._entries[name] += 1
        return entry


def _told(form: Form) -> dict[str, Any]:
    return {one.name: {"kind": one.kind, "unit": one.unit, "optional": one.optional} for one in form.fields}


def _checked(form: Form, values: Mapping[str, Value | None]) -> dict[str, Value]:
    given = {name: value for name, value in values.items() if value is not None}
    wanted = {one.name for one in form.fields}
    needed = {one.name for one in form.fields if not one.optional}
    if not needed <= given.keys() <= wanted:
        names = [one.name for one in form.fields]
        raise CommandError("StationError", FIELDS(form=form.name, wanted=names, arrived=sorted(given)))
    for one in form.fields:
        if one.name in given and (fault := _fault(form, one, given[one.name])):
            raise CommandError("StationError", fault)
    return {one.name: given[one.name] for one in form.fields if one.name in given}


def _fault(form: Form, one: Field, value: Value) -> Text | None:
    """What is wrong with a value; None where it fits."""
    if one.kind == "number":
        fits = isinstance(value, int | float) and math.isfinite(value)
        return (
            None if fits else NOT_A_NUMBER(field=one.name, form=form.name, unit=one.unit or "1", value=str(value)[:40])
        )
    if one.kind == "text":
        fits = isinstance(value, str) and len(value) <= LONGEST_TEXT
        return None if fits else NOT_WORDS(field=one.name, form=form.name, most=LONGEST_TEXT)
    return None if _is_bytes(value) else NOT_BYTES(field=one.name, form=form.name, most=MOST_BYTES)


def _is_bytes(value: Value) -> bool:
    if not isinstance(value, str) or len(value) > 2 * MOST_BYTES:
        return False
    try:
        return bytes.fromhex(value).hex() == value
    except ValueError:
        return False


@serves(Store)
def _store(station: Served, command: Store) -> None:
    entry = station.part(Archive).enter(command.form, command.values)
    station.event("entry", {"form": command.form, "values": entry, "line": station.line})


ARCHIVE = Device(
    "archive", ArchiveSpec, Archive, (Store,), {"entry": EventKind(N_("entry"), "{form}", action=True, quiet=True)}
)
