"""The archive of the station: what the program hands in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sheber.client import checks
from sheber.client.errors import NotGiven, StationError, wrong
from sheber.client.fixed import Fixed
from sheber.client.named import Named, missing
from sheber.client.session import Session
from sheber.i18n import message

__all__ = ["Archive"]

FORM = message("client.what_form", "form of the archive")
NO_FIELD = message("client.form_no_field", "The form {form!r} has no field {name!r}. It has: {known}.")
BYTES = message("client.form_bytes", "{name} must be bytes. You gave {value}.")


class Archive(Fixed):
    """Takes what the program found. `forms` says which entries it takes, and which fields they have."""

    __slots__ = ("_session", "forms")

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        self._session = session
        # fields by the name of the form: kind ("number", "text", "bytes"), unit, optional
        self.forms: Named[Mapping[str, Mapping[str, Any]]] = Named(FORM, given["forms"])

    def __repr__(self) -> str:
        forms = (f"{name}({', '.join(fields)})" for name, fields in self.forms.items())
        return f"Archive({'; '.join(forms)})"

    def store(self, form: str, **values: Any) -> None:
        """Hand in one entry. Costs no simulated time.

        `values` are the fields of the form, by name: numbers in the units that `forms` says, texts or bytes. Raises
        NotGiven for a form that does not exist, StationError for fields that do not fit, TypeError for wrong values.

        >>> station.archive.store("frame", data=b"...")
        """
        if form not in self.forms:
            raise NotGiven(missing(FORM, form, self.forms))
        fields = self.forms[form]
        if unknown := [name for name in values if name not in fields]:
            raise StationError(NO_FIELD(form=form, name=unknown[0][:40], known=list(fields)))
        sent = {name: _sent(fields.get(name, {}).get("kind"), name, value, fields) for name, value in values.items()}
        self._session.call("store", form=form, values=sent)


def _sent(kind: str | None, name: str, value: Any, fields: Mapping[str, Mapping[str, Any]]) -> Any:
    """A value as it travels: bytes in hexadecimal. What no field takes goes as it is, and the station says so."""
    if value is None:
        return None
    if kind == "bytes":
        if not isinstance(value, bytes | bytearray | memoryview):
            raise wrong(TypeError, BYTES(name=name, value=type(value).__name__))
        return bytes(value).hex()
    if kind == "text":
        return checks.text(value, name, 200)
    if kind == "number":
        return checks.number(value, name, fields[name]["unit"] or "1", most=1e12)
    return str(value)
