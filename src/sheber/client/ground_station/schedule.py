"""The schedule of the network: contacts that could be had, and the desk that gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sheber.client import checks
from sheber.client.errors import NotGiven, wrong
from sheber.client.fixed import Fixed
from sheber.client.named import Named, missing
from sheber.client.session import Session
from sheber.i18n import message

__all__ = ["Contact", "NetworkSatellite", "News", "Offer", "OwnTime", "Partner", "Schedule"]

CONTACT = message("client.what_contact", "contact")
ANTENNA = message("client.what_antenna", "antenna")
PARTNER = message("client.what_partner", "partner")
SATELLITE = message("client.what_scheduled", "satellite of the schedule")
NAMES = message("client.contact_names", '{name} must be names of contacts, such as ["c0001"]. You gave {value}.')

AT_ONCE = 500  # names in one request


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that could be had: one satellite over one antenna, whole or not at all."""

    name: str
    antenna: str
    satellite: str
    start: float  # s after the start of the run
    end: float  # s
    value: float
    elevation_max_deg: float

    @property
    def seconds(self) -> float:
        """How long it takes [s].

        >>> print(station.schedule.contacts["c0001"].seconds)
        """
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Partner:
    """One who shares the antennas."""

    name: str
    least: float  # of all contact time that is given, 0 to 1: what was promised
    most: float


@dataclass(frozen=True, slots=True)
class NetworkSatellite:
    """A satellite, whose it is, and what it was promised."""

    name: str
    partner: str
    priority: float
    contacts_a_day: int  # at least, or as many as it could have alone


@dataclass(frozen=True, slots=True)
class OwnTime:
    """Own time: the antenna works for one partner only, or for nobody."""

    antenna: str
    start: float  # s
    end: float  # s
    partner: str  # "": nobody


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether a contact could be held now."""

    contact: Contact
    free: bool
    why: str  # why not; "" where it is free


@dataclass(frozen=True, slots=True)
class News:
    """An antenna failed or works again."""

    kind: str  # "outage" or "outage_end"
    antenna: str
    time: float  # s: when
    until: float  # s: when it works again, as far as anybody knows
    lost: tuple[str, ...]  # contacts that were held or confirmed, and cannot happen


class Schedule(Fixed):
    """The desk of the network. You make the timetable for all partners."""

    __slots__ = (
        "_booked",
        "_session",
        "answer_by",
        "antennas",
        "asked",
        "contacts",
        "freeze",
        "hold_time",
        "own_time",
        "partners",
        "satellites",
        "start",
    )

    def __init__(self, session: Session, given: Mapping[str, Any]) -> None:
        self._session = session
        self.antennas: Named[float] = Named(ANTENNA, dict(given["antennas"]))  # turn-round [s] by name
        self.partners: Named[Partner] = Named(PARTNER, {one[0]: Partner(*one) for one in given["partners"]})
        self.satellites: Named[NetworkSatellite] = Named(
            SATELLITE, {one[0]: NetworkSatellite(*one) for one in given["satellites"]}
        )
        self.contacts: Named[Contact] = Named(CONTACT, _contacts(given["contacts"]))
        self.own_time = tuple(OwnTime(*one) for one in given["own_time"])
        self.start = float(given["start"])  # s; days of contacts_a_day are counted from here
        self.asked = tuple(given["asked"])  # contacts that partners want an answer for
        self.answer_by = None if given["answer_by"] is None else float(given["answer_by"])  # s
        self.hold_time = float(given["hold"])  # s after which a hold lapses that is not confirmed
        self.freeze = float(given["freeze"])  # s before its start, in which nothing of a contact changes
        self._booked: dict[str, None] = {}

    def __repr__(self) -> str:
        return f"Schedule({len(self.contacts)} contacts, {len(self.antennas)} antennas, {len(self.partners)} partners)"

    @property
    def held(self) -> list[str]:
        """The contacts that this program has, held or confirmed, as the last replies said. Costs nothing.

        >>> print(len(station.schedule.held))
        """
        return list(self._booked)

    def ask(self, contact: str) -> Offer:
        """Whether a contact could be held now, and if not, who has it. Costs no simulated time.

        >>> offer = station.schedule.ask("c0001")
        """
        (name,) = self._names([contact], "contact")
        reply = self._session.call("ask_contact", contact=name)
        return Offer(self.contacts[name], bool(reply["free"]), str(reply["why"]))

    def hold(self, contacts: Iterable[str]) -> dict[str, str]:
        """Hold contacts, one after the other. Gives those that were refused, with the reason. Costs no simulated time.

        A hold lapses after `hold_time` unless you confirm it.

        >>> refused = station.schedule.hold(["c0001", "c0002"])
        """
        refused: dict[str, str] = {}
        names = self._names(contacts, "contacts")
        for place in range(0, len(names), AT_ONCE):
            some = names[place : place + AT_ONCE]
            refused.update(self._session.call("hold_contacts", contacts=some)["refused"])
        self._booked.update(dict.fromkeys(name for name in names if name not in refused))
        return refused

    def confirm(self, contacts: Iterable[str] = ()) -> int:
        """Confirm contacts that you hold; all of them if you name none. Gives how many. Costs no simulated time.

        Raises StationError for one that is not held any more.

        >>> station.schedule.confirm()
        """
        names = self._names(contacts, "contacts")
        parts = [names[place : place + AT_ONCE] for place in range(0, len(names), AT_ONCE)] or [[]]
        return sum(int(self._session.call("confirm_contacts", contacts=some)["confirmed"]) for some in parts)

    def release(self, contacts: Iterable[str]) -> None:
        """Give contacts back. Costs no simulated time.

        Raises StationError for one that you do not have, or that starts within `freeze`.

        >>> station.schedule.hold(["c0001"])
        >>> station.schedule.release(["c0001"])
        """
        names = self._names(contacts, "contacts")
        for place in range(0, len(names), AT_ONCE):
            some = names[place : place + AT_ONCE]
            self._session.call("release_contacts", contacts=some)
            for name in some:
                self._booked.pop(name, None)

    def refuse(self, contact: str, because: Iterable[str] = ()) -> None:
        """Answer a partner who asked for a contact: it is not given, because of contacts that you hold.

        Name no contact where only a share stands against it. Raises StationError where the reasons are not true. Costs
        no simulated time.

        >>> station.schedule.hold(["c0002"])
        >>> station.schedule.refuse("c0003", because=["c0002"])
        """
        (name,) = self._names([contact], "contact")
        self._session.call("refuse_contact", contact=name, because=self._names(because, "because"))

    def wait_for_news(self, until: float) -> list[News]:
        """Let time pass until an antenna fails or works again, or until the time `until` [s]; what happened.

        >>> news = station.schedule.wait_for_news(60.0)
        """
        reply = self._session.call("wait_for_news", until=checks.number(until, "until", "s"))
        told = [
            News(one["kind"], one["antenna"], float(one["time"]), float(one["until"]), tuple(one["lost"]))
            for one in reply["news"]
        ]
        for one in told:
            for name in one.lost:
                self._booked.pop(name, None)
        return told

    def _names(self, contacts: Iterable[str], name: str) -> list[str]:
        """Names that exist. Raises TypeError, NotGiven."""
        given: Any = contacts
        if isinstance(given, str):
            raise wrong(TypeError, NAMES(name=name, value=repr(given)))
        names: list[Any] = list(given)
        for one in names:
            if not isinstance(one, str):
                raise wrong(TypeError, NAMES(name=name, value=type(one).__name__))
            if one not in self.contacts:
                raise NotGiven(missing(CONTACT, one, list(self.contacts)[:8]))
        return list(dict.fromkeys(names))


def _contacts(columns: Mapping[str, Any]) -> dict[str, Contact]:
    """Contacts by name, from columns."""
    fields = ("name", "antenna", "satellite", "start", "end", "value", "elevation_max_deg")
    return {row[0]: Contact(*row) for row in zip(*(columns[field] for field in fields), strict=True)}
