"""Reservations: how a contact is asked for, held, confirmed and given back, when several partners want it.

A request goes through states, and the table `NEXT` is all of its life:

    hold ──► held ── confirm ──► confirmed ── release ──► released
      │        ├── release ──► released
      │        └── (its time is over) ──► lapsed
      └──► refused

Between asking and holding somebody else may have been quicker: what was listed need not be there any more. So an
`Offer` carries the version of the book, and a hold that names it is told whether anything it depends on has changed
since. Of two who hold in one moment the first that comes wins, and the second is told who has it. Nothing is ever taken
from one who holds it but by `fail` (the antenna is out of work). Time is told to the book, and never goes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sheber.ground.schedule.conflicts import rivals
from sheber.ground.schedule.errors import ScheduleError
from sheber.ground.schedule.model import Contact, Problem
from sheber.ground.schedule.plan import Holding, Plan
from sheber.i18n import Text, message

__all__ = ["NEXT", "Book", "Offer", "Request", "State"]


class State(StrEnum):
    """Where a request stands."""

    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    REFUSED = "refused"
    LAPSED = "lapsed"  # it was held and not confirmed in time
    LOST = "lost"  # its antenna is out of work


NEXT: Final = {
    (State.HELD, "confirm"): State.CONFIRMED,
    (State.HELD, "release"): State.RELEASED,
    (State.HELD, "lapse"): State.LAPSED,
    (State.HELD, "fail"): State.LOST,
    (State.CONFIRMED, "release"): State.RELEASED,
    (State.CONFIRMED, "fail"): State.LOST,
}
"""What may happen to a request in each state; anything else is refused with the states that there are."""

_BOOKED: Final = (State.HELD, State.CONFIRMED)
_TAKER = message("ground.schedule.book_taker", "{contact} of {satellite} over {antenna} ({partner})")
_TAKEN = message(
    "ground.schedule.book_taken",
    "{contact} is taken by {takers}, worth {theirs:.0f}; it is worth {own:.0f}. {partner} holds {share:.1%} of the "
    "contact time.",
)
_PLANNED = message(
    "ground.schedule.book_planned",
    "{contact} is kept free for {takers}, worth {theirs:.0f}, by the common plan until {until:.0f} s; it is worth "
    "{own:.0f}.",
)
_CLOSED = message("ground.schedule.book_closed", "{contact} cannot be had: nobody may use {antenna} then.")
_OWN_TIME = message("ground.schedule.book_own_time", "{contact} cannot be had: {antenna} works for {owner} alone then.")
_NOT_YOURS = message(
    "ground.schedule.book_not_yours", "{satellite} belongs to {owner}; {partner} cannot hold contacts of it."
)
_TOO_LATE = message(
    "ground.schedule.book_late",
    "{contact} starts in {left:.0f} s. It can be changed until {freeze:.0f} s before its start.",
)
_CHANGED = message(
    "ground.schedule.book_changed",
    "{contact} was free when you asked, at version {seen} of the book. Since then: {why}",
)
_WRONG_STATE = message(
    "ground.schedule.book_state", "Request {number} is {state}: it cannot {act}. From there it can: {allowed}."
)
_NO_REQUEST = message("ground.schedule.book_unknown", "There is no request {number}. There are {n}, counted from 1.")
_BACK = message("ground.schedule.book_back", "The book is at {now:.1f} s. It cannot go back to {then:.1f} s.")
_NOTHING = message("ground.schedule.nothing", "nothing")


@dataclass(frozen=True, slots=True)
class Offer:
    """What one is told who asks for a contact."""

    contact: Contact
    free: bool
    version: int  # of the book
    why: Text | None = None  # why it is not free


@dataclass(frozen=True, slots=True)
class Request:
    """One request and where it stands."""

    number: int  # 1, 2, 3 …
    partner: str
    contact: Contact
    state: State
    since: float  # [s]
    until: float = 0.0  # of a held one: when it lapses [s]
    why: Text | None = None  # of a refused or lost one


class Book:
    """Who has which contact. It changes with each call; `log` keeps every state that a request was in."""

    def __init__(
        self,
        problem: Problem,
        *,
        hold_s: float = 600.0,
        freeze_s: float = 900.0,
        plan: Plan | None = None,
        plan_until: float = 0.0,
    ) -> None:
        """A book without requests.

        hold_s: how long a hold lasts that is not confirmed. freeze_s: so long before its start nothing of a contact
        changes. plan: until `plan_until` [s] nobody may hold what excludes a contact of another partner in this plan.
        """
        self.problem = problem
        self.log: list[Request] = []
        self._hold_s, self._freeze_s = hold_s, freeze_s
        self._planned = plan.chosen if plan else ()
        self._plan_until = plan_until
        self._requests: list[Request] = []
        self._booked: dict[str, int] = {}  # contact → number of its request
        self._held: dict[int, float] = {}  # number of a held request → when it lapses
        self._now = float("-inf")

    @property
    def version(self) -> int:
        """It grows with each thing that is written into the book."""
        return len(self.log)

    @property
    def requests(self) -> tuple[Request, ...]:
        """All requests as they stand."""
        return tuple(self._requests)

    @property
    def booked(self) -> tuple[Contact, ...]:
        """The contacts that are held or confirmed, in the order of their start."""
        return tuple(sorted((self.problem.named(name) for name in self._booked), key=lambda one: (one.start, one.name)))

    def request_of(self, name: str) -> Request | None:
        """The request that holds or has confirmed a contact; None where nobody does."""
        number = self._booked.get(name)
        return None if number is None else self._requests[number - 1]

    def plan(self) -> Plan:
        """What is held or confirmed, as a plan: its shares, its value, and the rules that it does not keep."""
        return Plan.of(self.problem, self._booked, method="booked")

    def advance(self, now: float) -> None:
        """Tell the time [s]: holds that are over lapse. Raises ScheduleError where it goes back."""
        if now < self._now:
            raise ScheduleError(_BACK(now=self._now, then=now))
        self._now = now
        for number in [number for number, until in self._held.items() if until <= now]:
            one = self._request(number)
            self._move(one, "lapse", one.until)

    def ask(self, name: str, partner: str, now: float) -> Offer:
        """Whether a contact could be held by a partner now. Raises ScheduleError for an unknown contact."""
        self.advance(now)
        contact = self.problem.named(name)
        why = self._against(contact, partner)
        return Offer(contact, why is None, self.version, why)

    def hold(self, name: str, partner: str, now: float, version: int | None = None) -> Request:
        """Hold a contact: the request is held, or refused with the reason.

        version: of the offer that it follows, so that a refusal tells what has happened since. Raises ScheduleError
        for an unknown contact.
        """
        self.advance(now)
        contact = self.problem.named(name)
        why = self._against(contact, partner)
        number = len(self._requests) + 1
        if why is not None:
            if version is not None and version < self.version:
                why = _CHANGED(contact=name, seen=version, why=why)
            return self._write(Request(number, partner, contact, State.REFUSED, now, why=why))
        self._booked[name] = number
        return self._write(
            Request(number, partner, contact, State.HELD, now, until=min(now + self._hold_s, contact.start))
        )

    def confirm(self, number: int, now: float) -> Request:
        """Confirm a held request. Raises ScheduleError where it is not held any more."""
        self.advance(now)
        return self._move(self._request(number), "confirm", now)

    def release(self, number: int, now: float) -> Request:
        """Give a held or confirmed contact back. Raises ScheduleError where it is neither, or starts too soon."""
        self.advance(now)
        one = self._request(number)
        if one.state is State.CONFIRMED and one.contact.start - now < self._freeze_s:
            left = one.contact.start - now
            raise ScheduleError(_TOO_LATE(contact=one.contact.name, left=left, freeze=self._freeze_s))
        return self._move(one, "release", now)

    def fail(self, antenna: str, now: float, until: float) -> list[Request]:
        """An antenna is out of work from now until then [s]: the requests that are lost by it."""
        self.advance(now)
        self.problem = self.problem.closing(antenna, now, until)
        barred = {self.problem.contacts[place].name for place in self.problem.barred}
        hit = [one for one in self._requests if one.state in _BOOKED and one.contact.name in barred]
        return [self._move(one, "fail", now, _CLOSED(contact=one.contact.name, antenna=antenna)) for one in hit]

    def _against(self, contact: Contact, partner: str) -> Text | None:
        """What speaks against a hold now; None where nothing does."""
        owner = self.problem.partner_of[contact.satellite]
        if partner != owner:
            return _NOT_YOURS(satellite=contact.satellite, owner=owner, partner=partner)
        if contact.start - self._now < self._freeze_s:
            return _TOO_LATE(contact=contact.name, left=contact.start - self._now, freeze=self._freeze_s)
        block = self.problem.barred.get(self.problem.place[contact.name])
        if block is not None:
            values = {"contact": contact.name, "antenna": contact.antenna}
            return _OWN_TIME(owner=block.partner, **values) if block.partner else _CLOSED(**values)
        return self._taken(contact, partner) or self._kept_free(contact, partner)

    def _taken(self, contact: Contact, partner: str) -> Text | None:
        everything = (self.problem.named(name) for name in self._booked)
        booked = [o for o in everything if o.antenna == contact.antenna or o.satellite == contact.satellite]
        takers = [one for one in booked if one.name == contact.name] or rivals(self.problem, contact, booked)
        if not takers:
            return None
        holding = self._holding(partner)
        return _TAKEN(share=holding.share, partner=partner, **self._against_these(contact, takers))

    def _kept_free(self, contact: Contact, partner: str) -> Text | None:
        if self._now >= self._plan_until:
            return None
        others = [one for one in self._planned if self.problem.partner_of[one.satellite] != partner]
        takers = rivals(self.problem, contact, others)
        return _PLANNED(until=self._plan_until, **self._against_these(contact, takers)) if takers else None

    def _against_these(self, contact: Contact, takers: list[Contact]) -> dict[str, object]:
        """The values of a sentence about who has a contact."""
        partner_of = self.problem.partner_of
        names = [
            _TAKER(contact=one.name, satellite=one.satellite, antenna=one.antenna, partner=partner_of[one.satellite])
            for one in takers
        ]
        theirs = sum(one.value for one in takers)
        return {"contact": contact.name, "own": contact.value, "takers": names, "theirs": theirs}

    def _holding(self, partner: str) -> Holding:
        return next(one for one in self.plan().holdings if one.partner == partner)

    def _request(self, number: int) -> Request:
        if not 1 <= number <= len(self._requests):
            raise ScheduleError(_NO_REQUEST(number=number, n=len(self._requests)))
        return self._requests[number - 1]

    def _move(self, one: Request, act: str, now: float, why: Text | None = None) -> Request:
        """A request in its next state, written down. Raises ScheduleError where the table has no way."""
        following = NEXT.get((one.state, act))
        if following is None:
            allowed = [name for state, name in NEXT if state is one.state and name in ("confirm", "release")]
            words = ", ".join(allowed) if allowed else _NOTHING()
            raise ScheduleError(_WRONG_STATE(number=one.number, state=one.state.value, act=act, allowed=words))
        if following not in _BOOKED:
            self._booked.pop(one.contact.name, None)
        return self._write(replace(one, state=following, since=now, why=why))

    def _write(self, one: Request) -> Request:
        self._held.pop(one.number, None)
        if one.state is State.HELD:
            self._held[one.number] = one.until
        if one.number > len(self._requests):
            self._requests.append(one)
        else:
            self._requests[one.number - 1] = one
        self.log.append(one)
        return one
