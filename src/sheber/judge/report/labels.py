"""Labels: the fixed words of the report pages, in the language in force."""

from __future__ import annotations

from typing import Any

from sheber.exercises.score import GROUPS
from sheber.i18n import _, ngettext
from sheber.judge.report import words

__all__ = ["grade_labels", "keys", "page_labels", "script_labels"]


def page_labels() -> dict[str, Any]:
    """Labels of a page."""
    return {
        "all_checks": _("All checks"),
        "camera": _("Camera"),
        "camera_pictures": _("Camera pictures"),
        "canvas": _("3D replay of the run: drag to turn, scroll to zoom"),
        "check": _("Check"),
        "close": _("Close"),
        "details": _("Details of the run"),
        "diagrams": _("Diagrams"),
        "events": _("Events"),
        "frames": _("Frames"),
        "help": _("Keys"),
        "licences": _("Licences of the parts of this page"),
        "line": _("line {n}"),
        "lost": _("Lost points"),
        "measured": _("Measured"),
        "moment": _("Moment"),
        "follow": _("Follow"),
        "look": _("View"),
        "looks": [
            ("overview", _("Overview")),
            ("front", _("Front")),
            ("side", _("Side")),
            ("top", _("Top")),
            ("tool", _("Tool")),
        ],
        "no_script": _(
            "The replay needs JavaScript, which is switched off here. Score and reasons are complete without it."
        ),
        "nothing_lost": _("You lost no points."),
        "failures": _("This failed in the equipment. Your program was not told."),
        "origin": _("About this run"),
        "overview": _("All scenes"),
        "path": _("Path"),
        "play": _("Play"),
        "plots": _("Plots"),
        "points": _("Points"),
        "points_of_100": _("{points} of 100 points"),
        "printed": _("Printed"),
        "program": _("Program"),
        "replay": _("Replay"),
        "scene": _("Scene"),
        "shown_pictures": _("Pictures that the program showed"),
        "speed": _("Speed of the replay"),
        "theme": _("Light or dark colours"),
        "time": _("Time in the run"),
        "went_well": _("What went well"),
        "wanted": _("For full points"),
        "where": _("Where points were lost"),
    }


def script_labels() -> dict[str, str]:
    """Words that the scripts write."""
    return {
        "auto": _("as the system"),
        "dark": _("dark"),
        "light": _("light"),
        "line": _("line {n}"),
        "next": _("Press for: {name}"),
        "no_3d": _(
            "This browser cannot draw in 3D (WebGL is missing). Score, reasons and plots are complete without it."
        ),
        "lost_3d": _("The 3D picture was lost. Reload the page to get it back."),
        "pause": _("Pause"),
        "play": _("Play"),
        "seconds": _("{time} seconds"),
        "theme": _("Colours: {name}"),
        "time": _("Time"),
    }


def keys() -> list[tuple[str, str]]:
    """Keys of the page, and what each does."""
    return [
        (_("Space"), _("play or pause")),
        ("← →", _("one second back or forward (five with Shift)")),
        (", .", _("one sample back or forward")),
        ("N P", _("next or previous event")),
        ("Home End", _("start or end")),
        ("?", _("show these keys")),
    ]


def grade_labels(count: int, mean: float, worst: float) -> dict[str, Any]:
    """Labels of the page over `count` scenes."""
    return {
        "made_of": words.made_of(mean, worst),
        "why_made_of": words.why_made_of(),
        "between": words.between(),
        "count": ngettext("{n} scene", "{n} scenes", count).format(n=count),
        "scenes": _("Scenes"),
        "costliest": _("Biggest loss"),
        "worst": _("worst"),
        "groups": [words.group_title(name) for name in GROUPS],
        "common": _("Losses over all scenes"),
        "level": _("Sandbox level"),
    }
