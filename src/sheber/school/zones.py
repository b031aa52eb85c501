"""Zones: the time zone in which dates are typed and read. They are kept in UTC.

The school has one, and a course may have its own. Who asks for something of a course is answered in the zone of that
course: `policy.standing` says which one is in force, as it is asked first by everything. All else is in the school's.

A clock that is put back shows one hour twice: a deadline typed in it means the later moment, which takes nothing from
anybody. A time that a clock skips when it is put forward does not exist, and is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school.courses.models import SchoolSetting
from sheber.school.errors import Refused

__all__ = [
    "CHOSEN",
    "KEY",
    "UNIVERSAL",
    "begin_school_zone",
    "checked",
    "chosen",
    "comes_twice",
    "enter",
    "in_force",
    "local",
    "moment_at",
    "names",
    "of_school",
    "offset",
    "otherwise",
    "server_zone",
    "told",
]

UNIVERSAL: Final = "UTC"
KEY: Final = "zone"
"""The zone of the school, among its settings."""

CHOSEN: Final = "zone-chosen"
"""Kept among the settings once an administrator has chosen the zone."""

_LINK: Final = Path("/etc/localtime")  # on most systems a link into the folder of all zones
_NAME: Final = Path("/etc/timezone")  # on Debian, the name itself

_zone: ContextVar[str] = ContextVar("zone", default="")
_usual: ContextVar[Callable[[], str] | None] = ContextVar("usual", default=None)


# --- which zone -----------------------------------------------------------------------------------------


@cache
def names() -> tuple[str, ...]:
    """The zones to choose from, by name: those of places, and UTC."""
    odd = ("Etc/", "US/", "SystemV/", "posix/", "right/")
    return (UNIVERSAL, *sorted(one for one in available_timezones() if "/" in one and not one.startswith(odd)))


def checked(name: str) -> str:
    """The name of a zone as it is written; its place alone is enough ("Almaty"). Raises Refused for what is none."""
    wish = name.strip().lower().replace(" ", "_")
    found = {one.lower(): one for one in names()}.get(wish)
    if found:
        return found
    places = [one for one in names() if one.lower().rpartition("/")[2] == wish]
    if len(places) == 1:
        return places[0]
    if places:
        text = _("{name!r} is more than one place. Write which one: {zones}.")
        raise Refused(text.format(name=name[:60], zones=", ".join(places)), "zone")
    text = _("{name!r} is not a time zone. It is written like Asia/Almaty or Europe/Berlin; UTC is one too.")
    raise Refused(text.format(name=name[:60]), "zone")


def chosen(session: Session) -> bool:
    """Whether somebody has chosen the zone of the school; else it is the one that its server had at the first start."""
    return session.get(SchoolSetting, CHOSEN) is not None


def of_school(session: Session) -> str:
    """The zone of the school; UTC where none was chosen."""
    found = session.get(SchoolSetting, KEY)
    return found.value if found else UNIVERSAL


def begin_school_zone(session: Session) -> None:
    """At the first start the school takes the zone of the machine that it runs on."""
    if session.get(SchoolSetting, KEY) is None:
        session.add(SchoolSetting(name=KEY, value=server_zone()))


def server_zone() -> str:
    """The zone of this machine's own clock; UTC where it cannot be told by a name that we know."""
    for wish in (os.environ.get("TZ", "").lstrip(":"), _linked(), _named()):
        if wish in names():
            return wish
    return UNIVERSAL


def enter(session: Session, own: str) -> None:
    """From here on this request is about a course. own: its zone; "": the school's."""

    def usual() -> str:  # asked only where a moment is told: handing in a program does not wait for it
        if session.in_transaction():
            return of_school(session)
        with Session(session.get_bind()) as fresh:
            return of_school(fresh)

    _zone.set(own)
    _usual.set(usual)


def otherwise(usual: Callable[[], str]) -> None:
    """What gives the zone where a request is about no course; it is asked only when a moment is to be shown."""
    _usual.set(usual)


def in_force() -> str:
    """The zone in which this request is answered."""
    found = _zone.get()
    if not found:
        usual = _usual.get()
        if usual is None:
            return UNIVERSAL
        found = usual()
        _zone.set(found)
    return found


# --- moments in it --------------------------------------------------------------------------------------


def local(moment: datetime, zone: str = "") -> datetime:
    """A moment by the clock of a zone. zone: the one in force if left out."""
    return moment.astimezone(_clock(zone or in_force()))


def offset(moment: datetime, zone: str = "") -> str:
    """How far a zone is from UTC at a moment: "UTC+5", "UTC-3:30"."""
    minutes = round((local(moment, zone).utcoffset() or timedelta()).total_seconds() / 60)
    if not minutes:
        return UNIVERSAL
    hours, rest = divmod(abs(minutes), 60)
    return f"{UNIVERSAL}{'+' if minutes > 0 else '-'}{hours}{f':{rest:02}' if rest else ''}"


def told(moment: datetime, zone: str = "") -> str:
    """A moment as a sentence says it: 2026-12-02 23:59 (UTC+5), or 2026-12-02 18:59 UTC."""
    far = offset(moment, zone)
    return f"{local(moment, zone):%Y-%m-%d %H:%M} {far if far == UNIVERSAL else f'({far})'}"


def moment_at(wall: datetime, zone: str = "") -> datetime:
    """The moment, in UTC, at which the clock of a zone shows this; the later one where it does twice.

    Raises Refused for a time that the clock skips.
    """
    zone = zone or in_force()
    clock = _clock(zone)
    found = wall.replace(tzinfo=clock, fold=1).astimezone(UTC)
    if found.astimezone(clock).replace(tzinfo=None, fold=0) == wall:
        return found
    after = wall.replace(tzinfo=clock, fold=0).astimezone(UTC).astimezone(clock)
    text = _("{wall} does not exist in {zone}: the clocks are put forward then. Write {after}, which is that moment.")
    raise Refused(text.format(wall=f"{wall:%Y-%m-%d %H:%M}", zone=zone, after=f"{after:%Y-%m-%d %H:%M}"))


def comes_twice(moment: datetime, zone: str = "") -> bool:
    """Whether the clock of a zone shows this time twice."""
    wall = local(moment, zone)
    return wall.utcoffset() > wall.replace(fold=1).utcoffset() or wall.fold == 1  # type: ignore[operator]


def _clock(zone: str) -> ZoneInfo:
    """The clock of a zone; UTC for one that this machine does not know any more."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(UNIVERSAL)


def _linked() -> str:
    """The zone that the link to this machine's zone names."""
    try:
        return str(_LINK.resolve()).partition("zoneinfo/")[2]
    except OSError:
        return ""


def _named() -> str:
    """The zone that this machine's file names."""
    try:
        return _NAME.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
