"""Errors of commands: what a program asked for in good faith and cannot have."""

from __future__ import annotations

from sheber.i18n import Text, Worded, message

__all__ = ["CommandError", "missing"]

NOT_THERE = message("robot.not_there", "There is no {what} {name!r} here. These exist: {names}.")
NONE_THERE = message("robot.none_there", "There is no {what} {name!r} here. None exists.")


class CommandError(Worded):
    """A command that cannot be carried out; its text tells the student why."""

    def __init__(self, kind: str, text: Text) -> None:
        super().__init__(text)
        self.kind = kind  # a name of sheber.client.errors.KINDS


def missing(what: Text, name: str, known: tuple[str, ...]) -> CommandError:
    """The error for a name that the station does not have; it says which ones it has."""
    if not known:
        return CommandError("NotGiven", NONE_THERE(what=what, name=name))
    return CommandError("NotGiven", NOT_THERE(what=what, name=name, names=sorted(known)))
