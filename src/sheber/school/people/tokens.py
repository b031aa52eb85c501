"""Tokens: keys for scripts, made by their owner, shown once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school import audit, clock
from sheber.school.errors import NotFound, Refused
from sheber.school.opening import School
from sheber.school.people.keys import actor_of, hashed, new_key
from sheber.school.people.models import ApiToken, Person
from sheber.school.people.policy import Actor

__all__ = [
    "LONGEST",
    "MOST",
    "TokenLine",
    "known_by_token",
    "list_tokens",
    "make_token",
    "revoke",
    "revoke_all",
    "who_by_token",
]

LONGEST: Final = 366  # days
MOST: Final = 20  # of one person
PREFIX: Final = "sheber_"  # so that a search through files finds one that was left there
_TOUCH: Final = timedelta(hours=1)  # `used` is stored no more often


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token as its owner sees it: never the token itself."""

    id: int
    name: str
    created: datetime
    used: datetime | None
    expires: datetime | None
    expired: bool


def make_token(session: Session, actor: Actor, name: str, days: int) -> str:
    """A new token, shown once. days: how long it works. Raises Refused."""
    name = " ".join(name.split())
    if not name or len(name) > 80 or not name.isprintable():
        raise Refused(
            _("A token needs a name of 1 to 80 characters that can be seen, so that you know it again."), "name"
        )
    if not 1 <= days <= LONGEST:
        text = _("A token works for 1 to {most} days. {days} is not allowed.")
        raise Refused(text.format(most=LONGEST, days=days), "days")
    count = select(func.count()).select_from(ApiToken).where(ApiToken.person_id == actor.id)
    if session.scalars(count).one() >= MOST:
        raise Refused(_("You have {most} tokens. Revoke one before you make another.").format(most=MOST))
    token, digest = new_key(PREFIX)
    now = clock.now()
    session.add(
        ApiToken(token_sha256=digest, person_id=actor.id, name=name, created=now, expires=now + timedelta(days=days))
    )
    audit.record(session, actor.id, "token.made", f"person {actor.id}", name=name, days=days)
    return token


def who_by_token(session: Session, token: str) -> Actor | None:
    """Whose token this is; None for one that is unknown or too old, and for a closed account."""
    found = _found(session, token)
    return actor_of(found[1]) if found else None


def known_by_token(school: School, token: str) -> Actor | None:
    """Like `who_by_token`, in transactions of its own, and notes now and then that the token was used."""
    with school.reading() as session:
        found = _found(session, token)
    if found is None:
        return None
    row, person = found
    now = clock.now()
    if row.used is None or abs(now - row.used) > _TOUCH:
        with school.writing() as session:
            session.execute(update(ApiToken).where(ApiToken.id == row.id).values(used=now))
    return actor_of(person)


def list_tokens(session: Session, actor: Actor) -> tuple[TokenLine, ...]:
    """One's own tokens, the newest first."""
    query = select(ApiToken).where(ApiToken.person_id == actor.id).order_by(ApiToken.id.desc())
    now = clock.now()
    return tuple(
        TokenLine(one.id, one.name, one.created, one.used, one.expires, one.expires is not None and one.expires <= now)
        for one in session.scalars(query)
    )


def revoke(session: Session, actor: Actor, token_id: int) -> None:
    """End a token of one's own; an administrator may end anybody's. Raises NotFound."""
    where = [ApiToken.id == token_id]
    if not actor.administrator:
        where.append(ApiToken.person_id == actor.id)
    gone = session.execute(delete(ApiToken).where(*where).returning(ApiToken.person_id, ApiToken.name)).one_or_none()
    if gone is None:
        raise NotFound(_("You have no such token."))
    audit.record(session, actor.id, "token.revoked", f"person {gone.person_id}", name=gone.name)


def revoke_all(session: Session, person_id: int) -> None:
    """End all tokens of somebody: who had got into the account may have made one, to stay there."""
    gone = session.scalars(delete(ApiToken).where(ApiToken.person_id == person_id).returning(ApiToken.name)).all()
    if gone:
        audit.record(session, person_id, "token.revoked", f"person {person_id}", names=list(gone))


def _found(session: Session, token: str) -> tuple[ApiToken, Person] | None:
    query = (
        select(ApiToken, Person)
        .join(Person, Person.id == ApiToken.person_id)
        .where(ApiToken.token_sha256 == hashed(token), Person.disabled.is_(False))
        .where(ApiToken.expires.is_(None) | (ApiToken.expires > clock.now()))
    )
    found = session.execute(query).one_or_none()
    return (found[0], found[1]) if found else None
