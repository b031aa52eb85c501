"""Logins: somebody proves who they are, and a browser is remembered for a while.

An account that does not exist, one without a password and a wrong password look alike, and take as long. Tries are
limited for each account from each address, for each account from everywhere, and, far wider, for each address: a class
behind one address is not punished. Only failed tries count.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school import clock
from sheber.school.database import Moment, let_go
from sheber.school.errors import NotFound, Refused
from sheber.school.limiter import Limiter
from sheber.school.opening import School
from sheber.school.people import passwords, tokens
from sheber.school.people.accounts import folded_login
from sheber.school.people.keys import actor_of, hashed, new_key
from sheber.school.people.models import Login, Person
from sheber.school.people.policy import Actor

__all__ = [
    "IDLE",
    "WHOLE",
    "LoggedIn",
    "change_password",
    "forget_expired",
    "known",
    "log_in",
    "log_out",
    "log_out_everywhere",
    "who",
]

IDLE: Final = timedelta(hours=12)  # without a request a browser is forgotten
WHOLE: Final = timedelta(days=14)  # ... and after this in any case
_TOUCH: Final = timedelta(minutes=10)  # `seen` is stored no more often
_KEPT: Final = timedelta(days=30)  # expired ones stay as long, so that a clock that jumped loses nobody

_account_here = Limiter(burst=8, per_s=1 / 15)  # by login and address
_account = Limiter(burst=40, per_s=1 / 10)  # by login: from many addresses
_address = Limiter(burst=600, per_s=5.0)  # by address: a campus may have one


class LoggedIn(NamedTuple):
    """Who logged in, and the token that their browser keeps. The token is nowhere else."""

    actor: Actor
    token: str


def log_in(session: Session, login: str, password: str, *, address: str) -> LoggedIn:
    """Log somebody in. It lets go of the database while it computes, so call it first in its transaction.

    Raises Refused, the same for every reason, and TooMany.
    """
    login = folded_login(login)
    _limit(login, address)
    found = session.execute(select(Person.id, Person.password).where(Person.login == login)).one_or_none()
    person_id, stored = (found.id, found.password) if found else (0, "")
    with let_go(session):  # nobody waits for the database while a hash is computed
        if not passwords.verify(stored, password):
            raise Refused(_("The login or the password is wrong."), "login")
        newer = passwords.hash_password(password) if passwords.outdated(stored) else ""
    person = session.get(Person, person_id)
    if person is None or person.password != stored:
        raise Refused(_("The login or the password is wrong."), "login")
    _pardon(login, address)
    if person.disabled:
        raise Refused(_("This account was closed. Please ask an administrator of the school."), "login")
    if newer:
        person.password = newer
    return LoggedIn(actor_of(person), remember(session, person.id))


def remember(session: Session, person_id: int) -> str:
    """Remember a browser of somebody; gives its token."""
    token, digest = new_key()
    now = clock.now()
    session.add(Login(token_sha256=digest, person_id=person_id, created=now, seen=now, expires=now + WHOLE))
    return token


def who(session: Session, token: str) -> Actor | None:
    """Whose browser this is; None for a token that is unknown or too old, and for a closed account."""
    found = _remembered(session, token)
    return found.actor if found else None


def known(school: School, token: str) -> Actor | None:
    """Like `who`, in transactions of its own, and notes now and then that the browser was seen."""
    if not token:
        return None
    with school.reading() as session:
        found = _remembered(session, token)
    if found is None:
        return None
    now = clock.now()
    if abs(now - found.seen) > _TOUCH:
        with school.writing() as session:
            session.execute(update(Login).where(Login.id == found.login).values(seen=now))
    return found.actor


def log_out(session: Session, token: str) -> None:
    """Forget a browser."""
    session.execute(delete(Login).where(Login.token_sha256 == hashed(token)))


def log_out_everywhere(session: Session, person_id: int, *, but: str = "") -> None:
    """Forget all browsers of somebody. but: the token of one that stays."""
    where = (Login.person_id == person_id, Login.token_sha256 != hashed(but))
    session.execute(delete(Login).where(*where))


def change_password(session: Session, actor: Actor, old: str, new: str, *, token: str = "", address: str = "") -> None:
    """Choose another password; other browsers are forgotten, and tokens end. Call it first in its transaction.

    token: of this browser, which stays. Raises Refused, TooMany.
    """
    person = session.get(Person, actor.id)
    if person is None:
        raise NotFound(_("There is no such person."))
    login, stored = person.login, person.password
    passwords.check_new(new, login)
    _limit(login, address)
    with let_go(session):
        if not passwords.verify(stored, old):
            raise Refused(_("The old password is wrong."), "old")
        _pardon(login, address)
        changed = passwords.hash_password(new)
    same = (Person.id == actor.id, Person.password == stored)
    if not session.execute(update(Person).where(*same).values(password=changed).returning(Person.id)).all():
        raise Refused(_("The old password is wrong."), "old")
    log_out_everywhere(session, actor.id, but=token)
    tokens.revoke_all(session, actor.id)


def forget_expired(session: Session) -> int:
    """Delete what expired long ago; gives how many log-ins that were."""
    before = clock.now() - _KEPT
    return len(session.execute(delete(Login).where(Login.expires < before).returning(Login.id)).all())


class _Remembered(NamedTuple):
    """A browser that is logged in."""

    login: int
    seen: datetime
    actor: Actor


_OF_TOKEN: Final = (
    select(Login.id, Login.seen, Person.id, Person.name, Person.rank, Person.language)
    .join(Person, Person.id == Login.person_id)
    .where(Login.token_sha256 == bindparam("token"), Person.disabled.is_(False))
    .where(Login.expires > bindparam("now", type_=Moment()), Login.seen > bindparam("idle", type_=Moment()))
)
"""Asked by every request: built once, and columns in place of objects."""


def _remembered(session: Session, token: str) -> _Remembered | None:
    now = clock.now()
    found = session.execute(_OF_TOKEN, {"token": hashed(token), "now": now, "idle": now - IDLE}).one_or_none()
    if found is None:
        return None
    login, seen, person, name, rank, tongue = found
    return _Remembered(login, seen, Actor(person, name, rank, tongue))


def _limit(login: str, address: str) -> None:
    """Take a try from each limit. Raises TooMany; then those that were taken are given back."""
    taken = []
    try:
        for limiter, key in _limits(login, address):
            limiter.take(key)
            taken.append((limiter, key))
    except Exception:
        for limiter, key in taken:
            limiter.give_back(key)
        raise


def _pardon(login: str, address: str) -> None:
    for limiter, key in _limits(login, address):
        limiter.give_back(key)


def _limits(login: str, address: str) -> tuple[tuple[Limiter, object], ...]:
    return (_address, address), (_account, login), (_account_here, (login, address))
