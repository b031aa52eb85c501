"""Invalid: what a request lacks or has wrong, as one sentence and the name of the field, for people and scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sheber.i18n import N_, _

__all__ = ["invalid"]

_SAID: Final[Mapping[str, str]] = {
    "missing": N_("{field} is missing."),
    "extra_forbidden": N_("{field} is not a field of this request."),
    "greater_than_equal": N_("{field} must be {ge} or more."),
    "greater_than": N_("{field} must be more than {gt}."),
    "less_than_equal": N_("{field} must be {le} or less."),
    "less_than": N_("{field} must be less than {lt}."),
    "string_too_long": N_("{field} may have at most {max_length} characters."),
    "string_too_short": N_("{field} must have at least {min_length} characters."),
    "too_long": N_("{field} may have at most {max_length} values."),
    "too_short": N_("{field} must have at least {min_length} values."),
    "literal_error": N_("{field} must be one of {expected}."),
    "enum": N_("{field} must be one of {expected}."),
    "timezone_aware": N_("{field} needs its time zone: 2026-11-22T09:00:00Z, for example."),
    "string_unicode": N_("{field} has a character that cannot be stored."),
    "finite_number": N_("{field} must be a number."),
}
_KINDS: Final[Mapping[str, str]] = {
    "int": N_("{field} must be a whole number."),
    "float": N_("{field} must be a number."),
    "bool": N_("{field} must be true or false."),
    "string": N_("{field} must be a text."),
    "datetime": N_("{field} must be a moment: 2026-11-22T09:00:00Z, for example."),
    "list": N_("{field} must be a list."),
    "dict": N_("{field} must be an object with names and values."),
    "model": N_("{field} must be an object with names and values."),
}


def invalid(errors: Sequence[Mapping[str, Any]]) -> tuple[int, str, str]:
    """Status, sentence and field of the first thing that is wrong with a request.

    errors: as the validation tells them. What was sent is not repeated: it may be long, or a secret.
    """
    first = errors[0] if errors else {"loc": (), "type": ""}
    place = tuple(first["loc"])
    if place[:1] == ("path",):
        return 404, _("There is nothing at this address."), ""
    kind = str(first["type"])
    if kind == "json_invalid":
        return 400, _("The body of the request is not JSON that can be read."), "body"
    if place == ("body",):
        return 422, _("The request needs a body: a JSON object, sent as application/json."), "body"
    field = ".".join(str(part) for part in place[1:] if not str(part)[:1].isupper()) or "body"
    sentence = _SAID.get(kind) or _KINDS.get(kind.split("_")[0]) or N_("{field} cannot be taken as it is.")
    shown = field if len(field) <= 80 else field[:79] + "…"
    return 422, _(sentence).format_map({"field": shown, **_limits(first)}), field[:200]


def _limits(error: Mapping[str, Any]) -> dict[str, Any]:
    """The limits that a sentence may name."""
    return {name: value for name, value in (error.get("ctx") or {}).items() if isinstance(value, int | float | str)}
