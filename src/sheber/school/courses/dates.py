"""Dates: when an assignment is open, due and closed for one student, and whether a teacher's dates make sense."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from sheber.i18n import _
from sheber.school.courses.models import Extension
from sheber.school.errors import Refused, all_wrong
from sheber.school.zones import told

__all__ = ["Dates", "check_dates", "dates_of", "ends", "less_lateness", "passed"]


class HasDates(Protocol):
    """An assignment, or what is to become one."""

    @property
    def opens(self) -> datetime | None: ...
    @property
    def due(self) -> datetime | None: ...
    @property
    def closes(self) -> datetime | None: ...
    @property
    def attempts(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Dates:
    """What counts for one student, an extension included. None: no such date, or as many attempts as one likes."""

    opens: datetime | None
    due: datetime | None
    closes: datetime | None
    attempts: int | None
    extended: bool = False

    def begun(self, now: datetime) -> bool:
        """Whether students may read the text and hand in."""
        return self.opens is None or now >= self.opens

    def over(self, now: datetime) -> bool:
        """Whether nothing is taken any more. Without a date of its own it never closes."""
        return self.closes is not None and now > self.closes

    def late_days(self, moment: datetime) -> int:
        """Days begun after the due date."""
        if self.due is None or moment <= self.due:
            return 0
        late = moment - self.due
        return late.days + (1 if late.seconds or late.microseconds else 0)


def dates_of(assignment: HasDates, extension: Extension | None) -> Dates:
    """The dates of one student. An extension only ever gives more than the assignment."""
    if extension is None:
        return Dates(assignment.opens, assignment.due, assignment.closes, assignment.attempts)
    due = _later(assignment.due, extension.due)
    closes = _later(assignment.closes, extension.closes)
    if closes is not None and due is not None:
        closes = max(closes, due)
    attempts = None if assignment.attempts is None else max(assignment.attempts, extension.attempts or 0)
    return Dates(assignment.opens, due, closes, attempts, extended=True)


def ends(dates: HasDates) -> datetime | None:
    """From when on an exercise without points counts as 0: where late work ends, else the deadline. None: never."""
    return dates.closes if dates.closes is not None else dates.due


def less_lateness(points: float, days: int, percent: float) -> float:
    """Points less what lateness takes: `percent` of them for each day begun."""
    return round(points * max(0.0, 1.0 - days * percent / 100.0), 2)


def check_dates(now: datetime, wanted: HasDates, before: HasDates | None = None) -> None:
    """Refuse dates that make no sense, in words. Raises Refused.

    before: those of an assignment that is there; then a date may have passed, and `passed` says what follows of it.
    """
    for name, moment in (("opens", wanted.opens), ("due", wanted.due), ("closes", wanted.closes)):
        if moment is not None and moment.tzinfo is None:
            raise ValueError(f"{name} needs its time zone")
    all_wrong(
        *(partial(_in_future, now, wanted, name) for name in ("due", "closes") if before is None),
        lambda: _in_order(
            wanted.opens, wanted.due, "due", _("The deadline {second} is not after the opening {first}.")
        ),
        lambda: _in_order(
            wanted.opens, wanted.closes, "closes", _("It closes at {second}, before it opens at {first}.")
        ),
        lambda: _not_before_the_deadline(wanted),
    )


def passed(now: datetime, wanted: HasDates, before: HasDates) -> tuple[str, ...]:
    """What follows of new dates that have passed already, a sentence for each."""
    new = {name for name in ("due", "closes") if getattr(wanted, name) not in (None, getattr(before, name))}
    said = []
    if "closes" in new and wanted.closes is not None and wanted.closes <= now:
        text = _("It closes at {moment}, which has passed: nothing is taken any more.")
        said.append(text.format(moment=told(wanted.closes)))
    elif "due" in new and wanted.due is not None and wanted.due <= now:
        text = _("The deadline {moment} has passed: what comes from now on is late.")
        said.append(text.format(moment=told(wanted.due)))
    return tuple(said)


def _in_future(now: datetime, wanted: HasDates, name: str) -> None:
    moment = getattr(wanted, name)
    if moment is None or moment > now:
        return
    text = _("The deadline {moment} has passed: now it is {now}. Choose a later one.")
    if name == "closes":
        text = _("The time after which nothing is taken, {moment}, has passed: now it is {now}.")
    raise Refused(text.format(moment=told(moment), now=told(now)), name)


def _not_before_the_deadline(wanted: HasDates) -> None:
    if wanted.due is not None and wanted.closes is not None and wanted.closes < wanted.due:
        text = _("It closes at {closes}, before the deadline {due}. Let it close at the deadline or later.")
        raise Refused(text.format(closes=told(wanted.closes), due=told(wanted.due)), "closes")


def _in_order(first: datetime | None, second: datetime | None, where: str, sentence: str) -> None:
    if first is not None and second is not None and second <= first:
        raise Refused(sentence.format(first=told(first), second=told(second)), where)


def _later(usual: datetime | None, extended: datetime | None) -> datetime | None:
    """The later of two dates; an assignment without this date needs none."""
    if usual is None or extended is None:
        return usual
    return max(usual, extended)
