"""Words: what the scripts of a page say, in the language in force."""

from __future__ import annotations

from typing import Any

from sheber.i18n import _

__all__ = ["work_words"]


def work_words() -> dict[str, Any]:
    """Words of the page of an exercise."""
    return {
        "saved": _("Saved"),
        "changed": _("Not saved yet"),
        "saving": _("Saving …"),
        "away": _("The server does not answer. Your text is kept in this browser and is saved as soon as it answers."),
        "conflict": _("This draft was changed in another window. Choose which text stays."),
        "too_large": _("This file is too large: a program has at most 256 kB."),
        "not_text": _("This file is no program text. Save it as UTF-8 text, with a name that ends in .py."),
        "uploaded": _("{name} was put into the editor."),
        "start_again": _("Begin again with the first program? The text in the editor is replaced."),
        "sending": _("Sending …"),
        "seed": _("A seed is a whole number: 7, for example. Leave it empty for a new scene."),
        "loading": _("The scene is being loaded. The run goes on meanwhile."),
        "no_picture_yet": _("The picture comes with the first command of the program."),
        "no_picture": _("The program gave no command. There is no picture."),
        "stopping": _("The run is being stopped …"),
        "computing": _("Being computed …"),
        "lost": _("The connection to the run was lost. The run goes on; load the page again to see its end."),
        "line": _("line {n}"),
        "time": _("Time"),
        "problems": _("Problems: {n}"),
        "no_problems": _("No problems found"),
        "editor": {
            "reference": _("In the reference"),
            "colon": _("This line, or the one before it, probably needs a colon (:) at its end."),
            "tabs": _("This line mixes tabs and spaces. Use spaces alone."),
            "bracket": _("A bracket is opened and not closed, or closed and not opened."),
            "quote": _("A quotation mark is opened and not closed."),
            "not_python": _("Python cannot read this place."),
            "no_name": _("{kind} has no {name}."),
            "no_name_near": _("{kind} has no {name}. Did you mean {near}?"),
        },
    }
