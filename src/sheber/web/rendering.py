"""Rendering: a template and plain values become a page, in the language in force."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sheber.i18n import _, ngettext
from sheber.judge.report import words
from sheber.school import zones
from sheber.web import moments
from sheber.web.assets import address
from sheber.web.language import NAMES, choices
from sheber.web.looking import unread, zone_to_choose
from sheber.web.navigation import navigation
from sheber.web.visit import Visit, remember

__all__ = ["go_to", "page", "part"]

_HERE: Final = Path(__file__).parent / "templates"
_ORNAMENT: Final = Path(words.__file__).parent


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader([_HERE, _ORNAMENT]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        _=_,
        ngettext=ngettext,
        asset=address,
        languages=choices,
        tongue=NAMES.get,
        navigation=navigation,
        unread=unread,
        passed=words.passed,
        zone=zones.in_force,
        zone_note=moments.zone_note,
        zone_to_choose=zone_to_choose,
    )
    made.filters.update(
        points=words.number,
        day=moments.day,
        moment=moments.moment,
        iso=moments.iso,
        away=moments.away,
        span=moments.span,
        plain=_plain,
        size=_size,
    )
    return made


def page(visit: Visit, template: str, *, status: int = 200, **content: Any) -> Response:
    """A whole page."""
    _in_zone(visit)
    text = _templates().get_template(template).render(visit=visit, **content)
    response = HTMLResponse(text, status)
    if visit.fresh:
        remember(visit, response, "visit", visit.fresh)
    return response


def part(visit: Visit, template: str, *, status: int = 200, **content: Any) -> Response:
    """A piece of a page, for the page that asks for it."""
    _in_zone(visit)
    return HTMLResponse(_templates().get_template(template).render(visit=visit, **content), status)


def go_to(path: str) -> Response:
    """Send the browser on; it asks for the page anew."""
    return RedirectResponse(path, 303)


def _in_zone(visit: Visit) -> None:
    """A page that is about no course shows its moments in the school's zone; the others are in their course's."""

    def usual() -> str:
        with visit.school.reading() as session:
            return zones.of_school(session)

    zones.otherwise(usual)


def _plain(value: float) -> str:
    """A number as it was typed: no digits that say nothing."""
    return f"{value:.10g}"


def _size(count: float) -> str:
    """A number of bytes in its largest unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
