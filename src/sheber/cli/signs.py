"""Signs that an encoding lacks, and what is shown for them."""

from __future__ import annotations

import codecs
from typing import Final

__all__ = ["ERRORS", "register", "spelled"]

ERRORS: Final = "sheber"  # name of the way in which a stream replaces signs
_ASCII: Final = {
    "−": "-",
    "–": "-",
    "…": "...",
    "·": "|",
    "×": "x",
    "°": " deg",
    "²": "2",
    "←": "<-",
    "→": "->",
    "✓": "ok",
}


def register() -> None:
    """Let streams replace signs: `stream.reconfigure(errors=ERRORS)`."""
    codecs.register_error(ERRORS, _something_like_it)


def spelled(text: str, encoding: str) -> str:
    """The text, with each sign that the encoding lacks replaced by something like it."""
    if text.isascii():
        return text
    register()
    return text.encode(encoding, ERRORS).decode(encoding)


def _something_like_it(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_ASCII.get(sign, "?") for sign in signs), error.end
