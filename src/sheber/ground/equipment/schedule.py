"""The schedule: the desk at which contacts of several antennas are asked for, held, confirmed, refused and released.

A program makes the timetable of a whole network for all partners. The book (`sheber.ground.schedule.Book`) says who has
what; a hold that clashes is refused with the reason. An antenna may fail: what was booked there is lost, and the
program is told when it waits for news. Partners ask for some contacts by name and want an answer: the contact, or who
has it instead.

What the best plan would be worth is known here alone. It is on the record at the end, with what the program's plans are
worth (`network`). A program may leave after its last change: what is confirmed then happens without it, and so do
failures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec import Meta, field

from sheber.desk import Command, CommandError, Name, Reply
from sheber.ground.serving import Device, Equipment, Instant, Served, serves
from sheber.i18n import N_, Text, message
from sheber.trace import Channel, EventKind

if TYPE_CHECKING:
    from sheber.ground.schedule import Plan, Problem, Request

__all__ = ["SCHEDULE", "Outage", "Schedule", "ScheduleSpec"]

MOST_NAMES: Final = 500  # of one request
MOST_HOLDS: Final = 20_000  # of one run, refused ones too: each is on the record
Names = Annotated[list[Name], Meta(max_length=MOST_NAMES)]

NOT_ASKED = message("ground.schedule.not_asked", "Nobody asked for {contact}. These contacts are asked for: {names}.")
NOT_HELD = message("ground.schedule.not_held", "{contact} is not held, so it is no reason to refuse {asked}.")
NO_CLASH = message("ground.schedule.no_clash", "{contact} does not exclude {asked}, so it is no reason to refuse it.")
IS_HELD = message("ground.schedule.is_held", "{contact} is held, so it cannot be refused.")
IS_FREE = message(
    "ground.schedule.is_free",
    "Nothing that is held excludes {contact}, and to hold it breaks no share. So it cannot be refused.",
)
NAME_TAKERS = message("ground.schedule.name_takers", "{contact} is excluded by {names}. Name one of these.")
NOT_BOOKED = message("ground.schedule.not_booked", "{contact} is neither held nor confirmed.")
TOO_MANY = message("ground.schedule.too_many_holds", "The desk takes at most {most:d} holds in one run.")
TOO_LATE = message(
    "ground.schedule.answer_late", "{contact} had to be answered until {until:.0f} s. It is {now:.0f} s."
)


@dataclass(frozen=True, slots=True)
class Outage:
    """An antenna fails. Times are seconds after the start of the run."""

    antenna: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class ScheduleSpec:
    """A network and what happens to it. Times are seconds after the start of the run."""

    problem: Problem
    outages: tuple[Outage, ...] = ()
    asked: tuple[str, ...] = ()  # contacts that partners want an answer for
    answer_by: float = math.inf
    hold_s: float = 900.0  # a hold that is not confirmed lapses after so long
    freeze_s: float = 600.0  # so long before its start nothing of a contact changes


class HoldContacts(Command, tag="hold_contacts", frozen=True, kw_only=True):
    """Hold contacts, in this order."""

    contacts: Names


class ConfirmContacts(Command, tag="confirm_contacts", frozen=True, kw_only=True):
    """Confirm contacts that are held; none: all of them."""

    contacts: Names = field(default_factory=list)


class ReleaseContacts(Command, tag="release_contacts", frozen=True, kw_only=True):
    """Give contacts back."""

    contacts: Names


class AskContact(Command, tag="ask_contact", frozen=True, kw_only=True):
    """Whether a contact could be held now."""

    contact: Name


class RefuseContact(Command, tag="refuse_contact", frozen=True, kw_only=True):
    """Tell a partner that a contact is not given, and which contacts are in its place."""

    contact: Name
    because: Names


class WaitForNews(Command, tag="wait_for_news", frozen=True, kw_only=True):
    """Let time pass until an antenna fails or works again, or until an instant."""

    until: Instant


class Schedule(Equipment):
    """The desk, alive."""

    def __init__(self, spec: ScheduleSpec, station: Served) -> None:
        from sheber.ground.schedule import Book

        self._spec, self._station = spec, station
        self.book = Book(spec.problem, hold_s=spec.hold_s, freeze_s=spec.freeze_s)
        self._logged = 0  # entries of the book that are on the record
        self._to_come = sorted(
            [(one.start, "outage", one) for one in spec.outages]
            + [(one.end, "outage_end", one) for one in spec.outages],
            key=lambda entry: entry[:2],
        )
        self._news: list[dict[str, Any]] = []
        self._answered: dict[str, str] = {}  # what was asked for: "held" or "refused"
        self._refused_holds = 0
        self._first: Plan | None = None  # what was agreed when the first antenna failed
        self._changed_at = math.nan  # s: the last change that the program made

    # --- what a program gets --------------------------------------------------------------

    def given(self) -> dict[str, Any]:
        """The network: antennas, partners, satellites, contacts as columns, blocks, what is asked for."""
        problem, spec = self._spec.problem, self._spec
        columns = ("name", "antenna", "satellite", "start", "end", "value", "elevation_max_deg")
        return {
            "antennas": [[one.name, one.turn_round_s] for one in problem.antennas],
            "partners": [[one.name, one.least, one.most] for one in problem.partners],
            "satellites": [[one.name, one.partner, one.priority, one.contacts_a_day] for one in problem.satellites],
            "contacts": {name: [getattr(one, name) for one in problem.contacts] for name in columns},
            "own_time": [[one.antenna, one.start, one.end, one.partner] for one in problem.own_time],
            "start": problem.start,
            "asked": list(spec.asked),
            "answer_by": spec.answer_by if spec.asked else None,
            "hold": spec.hold_s,
            "freeze": spec.freeze_s,
        }

    # --- time -----------------------------------------------------------------------------

    def advance(self, steps: int) -> None:
        """Live through whole steps: holds lapse, antennas fail."""
        station = self._station
        self.live_until(round((station.step + steps) * station.scene.step_s, 6))

    def live_until(self, now: float) -> None:
        """Let everything happen that is due until now [s]."""
        while self._to_come and self._to_come[0][0] <= now:
            time, kind, outage = self._to_come.pop(0)
            self._happens(time, kind, outage)
        self.book.advance(now)
        self._log()

    def next_news(self) -> float:
        """When an antenna fails or works again next [s]."""
        return self._to_come[0][0] if self._to_come else math.inf

    @property
    def has_news(self) -> bool:
        """Whether something happened that the program was not told yet."""
        return bool(self._news)

    def take_news(self) -> list[dict[str, Any]]:
        """What happened since this was asked for the last time."""
        told, self._news = self._news, []
        return told

    def _happens(self, time: float, kind: str, outage: Outage) -> None:
        lost: list[str] = []
        if kind == "outage":
            self.book.advance(time)
            self._first = self._first or self.book.plan()
            lost = [one.contact.name for one in self.book.fail(outage.antenna, time, outage.end)]
            self._log()
        told = {"kind": kind, "antenna": outage.antenna, "time": time, "until": outage.end, "lost": lost}
        self._news.append(told)
        recorded = {"antenna": outage.antenna, "start": outage.start, "until": outage.end, "lost": len(lost)}
        self._station.event(kind, recorded)

    def _log(self) -> None:
        """Write what is new in the book on the record."""
        for one in self.book.log[self._logged :]:
            if one.state.value == "lapsed" and self._station.time <= self._spec.answer_by:
                self._answered.pop(one.contact.name, None)  # nobody got it
            data: dict[str, Any] = {"contact": one.contact.name, "state": one.state.value, "line": self._station.line}
            self._station.event("contact", data | ({"why": one.why} if one.why else {}))
        self._logged = len(self.book.log)

    # --- what a program does --------------------------------------------------------------

    def hold(self, names: Sequence[str]) -> dict[str, str]:
        """Hold contacts; those that are refused, with the reason."""
        refused: dict[str, str] = {}
        if len(self.book.requests) + len(names) > MOST_HOLDS:
            raise CommandError("StationError", TOO_MANY(most=MOST_HOLDS))
        problem = self.book.problem
        contacts = [problem.named(name) for name in names]  # all of them exist, or nothing happens
        for name, contact in zip(names, contacts, strict=True):
            one = self.book.hold(name, problem.partner_of[contact.satellite], self._station.time)
            if one.why is not None:
                self._refused_holds += 1
                refused[name] = str(one.why)
            elif name in self._spec.asked and self._station.time <= self._spec.answer_by:
                self._answered[name] = "held"
        self._changed(len(refused) < len(names))
        return refused

    def confirm(self, names: Iterable[str]) -> int:
        """Confirm contacts, or all that are held; how many."""
        held = [one for one in self.book.requests if one.state.value == "held"]
        wanted = [self._booked(name) for name in names] or held
        for one in wanted:
            self.book.confirm(one.number, self._station.time)
        self._changed(bool(wanted))
        return len(wanted)

    def release(self, names: Iterable[str]) -> None:
        """Give contacts back."""
        booked = [(name, self._booked(name)) for name in names]  # all of them are held, or nothing happens
        given_back = 0
        try:
            for name, one in booked:
                self.book.release(one.number, self._station.time)
                given_back += 1
                if self._answered.get(name) == "held" and self._station.time <= self._spec.answer_by:
                    del self._answered[name]
        finally:
            self._changed(given_back > 0)

    def refuse(self, name: str, because: list[str]) -> None:
        """Answer a partner that a contact is not given. Raises CommandError where the reason is none."""
        wrong = self._no_reason(name, because)
        if wrong is not None:
            raise CommandError("StationError", wrong)
        self._answered[name] = "refused"
        self._station.event(
            "answer", {"contact": name, "because": list(dict.fromkeys(because)), "line": self._station.line}
        )

    def _no_reason(self, name: str, because: list[str]) -> Text | None:
        """What is wrong with a refusal; None where its reasons are true."""
        from sheber.ground.schedule import broken, clash, rivals

        spec, problem, now = self._spec, self.book.problem, self._station.time
        if name not in spec.asked:
            return NOT_ASKED(contact=name, names=list(spec.asked))
        if now > spec.answer_by:
            return TOO_LATE(contact=name, until=spec.answer_by, now=now)
        booked = {one.name: one for one in self.book.booked}
        if name in booked:
            return IS_HELD(contact=name)
        contact = problem.named(name)
        for other in because:
            if other not in booked:
                return NOT_HELD(contact=other, asked=name)
            if not clash(problem, contact, booked[other]):
                return NO_CLASH(contact=other, asked=name)
        if because:
            return None
        if takers := rivals(problem, contact, booked.values()):
            return NAME_TAKERS(contact=name, names=[one.name for one in takers])
        worse = [one for one in broken(problem, [*booked.values(), contact]) if one.rule in ("least", "most")]
        return None if worse or problem.place[name] in problem.barred else IS_FREE(contact=name)

    def _booked(self, name: str) -> Request:
        """The request that has a contact. Raises CommandError."""
        found = self.book.request_of(name)
        if found is None:
            self.book.problem.named(name)
            raise CommandError("StationError", NOT_BOOKED(contact=name))
        return found

    def _changed(self, truly: bool) -> None:
        if truly:
            self._changed_at = self._station.time
        self._log()

    # --- the record -----------------------------------------------------------------------

    def row(self) -> tuple[Any, ...]:
        """Contacts that are held or confirmed, what they are worth, antennas that are out of work."""
        booked = self.book.booked
        out = sum(one.start <= self._station.time < one.end for one in self._spec.outages)
        return len(booked), sum(one.value for one in booked), out

    def settle(self) -> None:
        """The program has gone: what is to come happens without it, and what its plans were worth is recorded."""
        self.live_until(self._station.time)
        self.live_until(max([self._station.time + self._spec.hold_s, *(one.end for one in self._spec.outages)]))
        self._station.event("network", self._measured())
        self._station.event("timetable", {"bookings": self._timetable()})

    def _timetable(self) -> list[list[Any]]:
        """Antenna, satellite, start and end [s], partner of each contact, and whether it was refused or lost."""
        booked = {one.name: one for one in self.book.booked}
        asked = [self.book.problem.named(name) for name, answer in self._answered.items() if answer == "refused"]
        gone = [one.contact for one in self.book.requests if one.state.value in ("refused", "lost", "lapsed")]
        refused = {one.name: one for one in (*gone, *asked) if one.name not in booked}
        partner = self.book.problem.partner_of
        contacts = [*((one, False) for one in booked.values()), *((one, True) for one in refused.values())]
        return [[one.antenna, one.satellite, one.start, one.end, partner[one.satellite], no] for one, no in contacts]

    def _measured(self) -> dict[str, Any]:
        """What the plans of the program are worth, beside the best ones."""
        from sheber.ground.schedule import change, solve

        spec, final = self._spec, self.book.plan()
        first = self._first or final
        states = [one.state.value for one in self.book.requests]
        told: dict[str, Any] = {
            "first": first.counted,
            "first_kept": first.kept,
            "first_best": solve(spec.problem).value,
            "final": final.counted,
            "final_kept": final.kept,
            "contacts": len(final.chosen),
            "holds": len(states),
            "refused_holds": self._refused_holds,
            "lapsed": states.count("lapsed"),
            "answered": len(self._answered),
            "asked": len(spec.asked),
            "unanswered": [name for name in spec.asked if name not in self._answered],
            "changed_at": None if math.isnan(self._changed_at) else self._changed_at,
        }
        if not spec.outages:
            return told
        best, now = self._best_after(first), spec.outages[0].start + spec.freeze_s
        moved = change(first, final, now, best)
        return told | {
            "final_best": best,
            "left": self._left_alone(first).counted,
            "kept": len(moved.kept),
            "moved": len(moved.moved),
            "added": len(moved.added),
        }

    def _best_after(self, first: Plan) -> float:
        """The value of the best plan that could be made after the first failure."""
        from sheber.ground.schedule import Plan, Unmet, loosened, now_open, solve

        problem = self.book.problem
        left = now_open(problem, first, self._spec.outages[0].start + self._spec.freeze_s)
        try:
            best = solve(left)
        except Unmet as unmet:
            best = solve(loosened(left, unmet.nearest))
        return Plan(problem, best.chosen).counted

    def _left_alone(self, first: Plan) -> Plan:
        """What is left of the first plan if nobody does anything."""
        from sheber.ground.schedule import Plan

        problem = self.book.problem
        barred = {problem.contacts[place].name for place in problem.barred}
        return Plan(problem, tuple(one for one in first.chosen if one.name not in barred))


@contextmanager
def _in_words() -> Iterator[None]:
    """Within the `with` block, what the library refuses is an answer to the program."""
    from sheber.ground.schedule import ScheduleError

    try:
        yield
    except ScheduleError as error:
        raise CommandError("StationError", error.text) from error


@serves(HoldContacts)
def _hold(station: Served, command: HoldContacts) -> Reply:
    desk = station.part(Schedule)
    with _in_words():
        return Reply({"refused": desk.hold(command.contacts)})


@serves(ConfirmContacts)
def _confirm(station: Served, command: ConfirmContacts) -> Reply:
    desk = station.part(Schedule)
    with _in_words():
        return Reply({"confirmed": desk.confirm(command.contacts)})


@serves(ReleaseContacts)
def _release(station: Served, command: ReleaseContacts) -> None:
    desk = station.part(Schedule)
    with _in_words():
        desk.release(command.contacts)


@serves(AskContact)
def _ask(station: Served, command: AskContact) -> Reply:
    desk = station.part(Schedule)
    with _in_words():
        problem = desk.book.problem
        partner = problem.partner_of[problem.named(command.contact).satellite]
        offer = desk.book.ask(command.contact, partner, station.time)
    return Reply({"free": offer.free, "why": str(offer.why) if offer.why else ""})


@serves(RefuseContact)
def _refuse(station: Served, command: RefuseContact) -> None:
    desk = station.part(Schedule)
    with _in_words():
        desk.refuse(command.contact, command.because)


@serves(WaitForNews)
def _wait_for_news(station: Served, command: WaitForNews) -> Reply:
    desk = station.part(Schedule)
    until = min(command.until, desk.next_news())
    if until > station.time and not desk.has_news:
        station.run(station.steps(until - station.time))
    return Reply({"news": desk.take_news()})


SCHEDULE = Device(
    "schedule",
    ScheduleSpec,
    Schedule,
    (HoldContacts, ConfirmContacts, ReleaseContacts, AskContact, RefuseContact, WaitForNews),
    {
        "contact": EventKind(N_("contact"), "{contact} {state}", action=True, quiet=True),
        "answer": EventKind(N_("refused a contact"), "{contact}", action=True, quiet=True),
        "outage": EventKind(N_("antenna out of work"), "{antenna}, {lost:d} contacts lost"),
        "outage_end": EventKind(N_("antenna works again"), "{antenna}"),
        "network": EventKind(N_("what the plans are worth"), quiet=True),
        "timetable": EventKind(N_("timetable"), quiet=True),
    },
    lambda _spec, _scene: (
        Channel("schedule_contacts", "u2", (), "", N_("Contacts held")),
        Channel("schedule_value", "f4", (), "", N_("Value held")),
        Channel("schedule_outages", "u1", (), "", N_("Antennas out of work")),
    ),
)
