"""Moments: days, times and spans as people read them. All in the time zone that is in force."""

from __future__ import annotations

from datetime import UTC, datetime

from sheber.i18n import _, ngettext
from sheber.school import clock, zones
from sheber.school.errors import Refused

__all__ = ["away", "day", "iso", "moment", "span", "zone_note"]

_DAY_S = 24 * 3600


def iso(when: datetime) -> str:
    """For machines: 2026-11-22T09:00:00Z."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def day(when: datetime) -> str:
    """2026-11-22, which every country reads alike."""
    return zones.local(when).date().isoformat()


def moment(when: datetime, zone: str = "") -> str:
    """Day, time, and how far the zone is from UTC. zone: the one in force if left out."""
    return zones.told(when, zone)


def zone_note(field: str = "") -> str:
    """What stands under a field for a day and time: in which zone it is. field: its text, as a form has it."""
    zone = zones.in_force()
    try:
        moment = zones.moment_at(datetime.fromisoformat(field)) if field else clock.now()
    except (ValueError, OverflowError, Refused):
        moment = clock.now()
    if field and zones.comes_twice(moment):
        text = _(
            "Time of {zone}. The clocks are put back then, and this time comes twice: the later one counts ({offset})."
        )
        return text.format(zone=zone, offset=zones.offset(moment))
    return (
        _("Time of {zone} ({offset}).").format(zone=zone, offset=zones.offset(moment))
        if zone != "UTC"
        else _("In UTC.")
    )


def away(when: datetime) -> str:
    """How far a moment is away: "in 3 days", "2 hours ago". Of what is left only whole ones: a deadline is no later."""
    seconds = (when - clock.now()).total_seconds()
    if seconds < 0:
        return _("{span} ago").format(span=span(-seconds))
    return _("in {span}").format(span=span(_whole(seconds)))


def _whole(seconds: float) -> float:
    """As many whole seconds, minutes, hours or days as `span` tells."""
    unit = 1 if seconds < 60 else 60 if seconds < 3600 else 3600 if seconds < 2 * _DAY_S else _DAY_S
    return seconds // unit * unit


def span(seconds: float) -> str:
    """A length of time, in its largest whole unit."""
    if seconds < 60:
        return ngettext("{n} second", "{n} seconds", round(seconds)).format(n=round(seconds))
    if seconds < 3600:
        return ngettext("{n} minute", "{n} minutes", round(seconds / 60)).format(n=round(seconds / 60))
    if seconds < 2 * _DAY_S:
        return ngettext("{n} hour", "{n} hours", round(seconds / 3600)).format(n=round(seconds / 3600))
    return ngettext("{n} day", "{n} days", round(seconds / _DAY_S)).format(n=round(seconds / _DAY_S))
