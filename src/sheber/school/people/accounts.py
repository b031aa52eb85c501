"""Accounts: who has one, and what is changed in it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sheber.i18n import LANGUAGES, _
from sheber.school import audit, clock
from sheber.school.errors import NotFound, Refused
from sheber.school.people.models import RANKS, Login, Person, folded, storable
from sheber.school.people.policy import Actor, require_rank

__all__ = [
    "PAGE",
    "PeoplePage",
    "PersonLine",
    "add_person",
    "change_person",
    "change_self",
    "checked_email",
    "checked_login",
    "checked_name",
    "folded_login",
    "list_people",
    "person",
]

PAGE: Final = 50  # people on a page
_LONGEST_LOGIN, _LONGEST_NAME = 80, 200  # characters
_SIGNS: Final = ".-_@+"  # that a login may have beside letters and digits
_FORMULA: Final = ("=", "+", "-", "@")  # a spreadsheet would take a name that begins so for a formula


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person as an administrator sees them."""

    id: int
    login: str
    name: str
    email: str
    rank: str
    language: str
    disabled: bool
    has_password: bool


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of the people of the school."""

    people: tuple[PersonLine, ...]
    page: int  # from 1
    pages: int
    count: int  # of all that were found


def add_person(
    session: Session,
    actor: Actor,
    login: str,
    name: str,
    *,
    email: str = "",
    rank: str = "student",
    language: str = "",
) -> int:
    """A new account without a password; gives its id. Raises NotAllowed, Refused."""
    require_rank(actor, "people.change")
    one = Person(
        login=checked_login(login),
        name=checked_name(name),
        email=checked_email(email),
        rank=_rank(rank),
        language=_language(language),
        created=clock.now(),
    )
    _add(session, one)
    audit.record(session, actor.id, "person.made", f"person {one.id}", login=one.login, name=one.name, rank=one.rank)
    return one.id


def change_person(
    session: Session,
    actor: Actor,
    person_id: int,
    *,
    name: str | None = None,
    email: str | None = None,
    rank: str | None = None,
    language: str | None = None,
    disabled: bool | None = None,
) -> None:
    """Change what is not None. Raises NotAllowed, NotFound, Refused.

    Who is disabled is logged out at once, and their tokens no longer work. The last administrator stays.
    """
    require_rank(actor, "people.change")
    one = _person(session, person_id)
    wanted: dict[str, Any] = {
        "name": None if name is None else checked_name(name),
        "email": None if email is None else checked_email(email),
        "rank": None if rank is None else _rank(rank),
        "language": None if language is None else _language(language),
        "disabled": disabled,
    }
    changes = {key: value for key, value in wanted.items() if value is not None and value != getattr(one, key)}
    loses = changes.get("disabled") or changes.get("rank", "administrator") != "administrator"
    if loses and one.rank == "administrator" and not one.disabled and _administrators(session) == 1:
        raise Refused(_("This is the last administrator of the school. Make another one first."), "rank")
    before = {key: getattr(one, key) for key in changes}
    for key, value in changes.items():
        setattr(one, key, value)
    if changes.get("disabled"):
        session.execute(delete(Login).where(Login.person_id == person_id))
    if changes:
        audit.record(session, actor.id, "person.changed", f"person {person_id}", before=before, after=changes)


def change_self(session: Session, actor: Actor, *, language: str | None = None, email: str | None = None) -> None:
    """Change one's own language or address. Raises Refused."""
    one = _person(session, actor.id)
    if language is not None:
        one.language = _language(language)
    if email is not None:
        one.email = checked_email(email)


def person(session: Session, actor: Actor, person_id: int) -> PersonLine:
    """One person. Raises NotFound for who is neither an administrator nor this person."""
    if not actor.administrator and actor.id != person_id:
        raise NotFound(_("There is no such person."))
    return _line(_person(session, person_id))


def list_people(session: Session, actor: Actor, page: int = 1, search: str = "") -> PeoplePage:
    """The people of the school by name, a page of them. search: part of a name or login. Raises NotAllowed."""
    require_rank(actor, "people.change")
    where = [Person.search.contains(word, autoescape=True) for word in folded(search[:_LONGEST_NAME]).split()[:8]]
    count = session.scalars(select(func.count()).select_from(Person).where(*where)).one()
    pages = max(1, -(-count // PAGE))
    page = min(max(page, 1), pages)
    query = select(Person).where(*where).order_by(Person.name, Person.id).limit(PAGE).offset((page - 1) * PAGE)
    return PeoplePage(tuple(map(_line, session.scalars(query))), page, pages, count)


def folded_login(login: str) -> str:
    """A login as it is stored and compared: small letters, composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", storable(login[:400])).casefold().strip())


def checked_login(login: str) -> str:
    """The login as it is stored. Raises Refused."""
    found = folded_login(login)
    if not found or len(found) > _LONGEST_LOGIN:
        text = _("The login has {count} characters. It must have 1 to {most}.")
        raise Refused(text.format(count=len(login.strip()), most=_LONGEST_LOGIN), "login")
    wrong = next((sign for sign in found if not _in_login(sign)), None)
    if wrong is not None or not found[0].isalnum():
        text = _("The login {login!r} has the character {wrong!r}. It may have letters, digits and {signs}.")
        if wrong is None:
            text = _("The login {login!r} begins with {wrong!r}. It must begin with a letter or a digit.")
        raise Refused(text.format(login=found, wrong=wrong or found[0], signs=" ".join(_SIGNS)), "login")
    return found


def _in_login(sign: str) -> bool:
    """Whether a login may have this: Kazakh letters are composed, so that no combining mark is needed."""
    return sign.isalnum() or sign in _SIGNS


def checked_name(name: str) -> str:
    """The name of a person, in any script, on one line. Raises Refused."""
    found = " ".join(unicodedata.normalize("NFC", name).split())
    if not found or len(found) > _LONGEST_NAME:
        text = _("The name has {count} characters. It must have 1 to {most}.")
        raise Refused(text.format(count=len(found), most=_LONGEST_NAME), "name")
    wrong = next((sign for sign in found if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn")), None)
    if wrong is not None:
        text = _("The name {name!r} has a character that cannot be seen (U+{code:04X}). Write the name anew.")
        raise Refused(text.format(name=found, code=ord(wrong)), "name")
    if found.startswith(_FORMULA):
        text = _("The name {name!r} begins with {sign!r}. A spreadsheet would take it for a formula.")
        raise Refused(text.format(name=found, sign=found[0]), "name")
    return found


def checked_email(email: str) -> str:
    """An e-mail address, or nothing. Raises Refused."""
    found = email.strip()
    name, at, host = found.rpartition("@")
    plain = found.isprintable() and " " not in found and not found.startswith(_FORMULA) and len(found) <= 200
    if found and not (at and name and "." in host.strip(".") and plain):
        raise Refused(_("{email!r} is not an e-mail address.").format(email=found[:200]), "email")
    return found


def _rank(rank: str) -> str:
    if rank not in RANKS:
        text = _("{rank!r} is not a rank. It must be one of {ranks}.")
        raise Refused(text.format(rank=rank, ranks=", ".join(RANKS)), "rank")
    return rank


def _language(language: str) -> str:
    if language and language not in LANGUAGES:
        text = _("{language!r} is not a language of the school. It must be one of {languages}.")
        raise Refused(text.format(language=language, languages=", ".join(LANGUAGES)), "language")
    return language


def _add(session: Session, one: Person) -> None:
    """Store a new person. Raises Refused where the login is taken, also by who was added at the same moment."""
    try:
        with session.begin_nested():
            session.add(one)
    except IntegrityError as error:
        text = _("The login {login!r} is taken. Choose another one.")
        raise Refused(text.format(login=one.login), "login") from error


def _person(session: Session, person_id: int) -> Person:
    one = session.get(Person, person_id)
    if one is None:
        raise NotFound(_("There is no such person."))
    return one


def _administrators(session: Session) -> int:
    """How many administrators can log in; those rows are held, so that two do not leave at the same moment."""
    query = select(Person.id).where(Person.rank == "administrator", Person.disabled.is_(False)).with_for_update()
    return len(session.scalars(query).all())


def _line(one: Person) -> PersonLine:
    return PersonLine(one.id, one.login, one.name, one.email, one.rank, one.language, one.disabled, bool(one.password))
