"""Invitations: one-time links with which somebody chooses a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session, aliased

from sheber.i18n import _
from sheber.school import audit, clock
from sheber.school.courses.models import Member
from sheber.school.database import let_go
from sheber.school.errors import NotAllowed, NotFound, Refused
from sheber.school.people import passwords, tokens
from sheber.school.people.keys import actor_of, hashed, new_key
from sheber.school.people.logins import log_out_everywhere
from sheber.school.people.models import Invitation, Person
from sheber.school.people.policy import Actor, require

__all__ = ["LASTS", "Invited", "accept", "first_administrator", "invite", "invite_course", "invited", "let_in"]

LASTS: Final = timedelta(days=14)
FIRST_LOGIN: Final = "admin"
_SHOWN: Final = 10  # administrators that a message names


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody and the one-time link that is theirs. The token is shown once."""

    person_id: int
    login: str
    name: str
    token: str


def invite(session: Session, actor: Actor, person_id: int) -> str:
    """A new one-time link for somebody; older ones of the same person end.

    An administrator may invite anybody, also who has forgotten a password. A teacher may invite somebody in a course
    of theirs who has no password yet: more would let a teacher into accounts of other courses. Raises NotFound,
    NotAllowed, Refused.
    """
    person = session.get(Person, person_id)
    if person is None or not (actor.administrator or _teaches(session, actor.id, person_id)):
        raise NotFound(_("There is no such person, or you may not invite them."))
    if person.disabled:
        raise Refused(_("This account is closed. Open it before you invite its owner."))
    if not actor.administrator and (person.password or person.rank != "student"):
        text = _("{name} has a password. Only an administrator of the school can give another link.")
        raise NotAllowed(text.format(name=person.name))
    (token,) = _invitations(session, [person_id])
    audit.record(session, actor.id, "person.invited", f"person {person_id}", login=person.login)
    return token


def invite_course(session: Session, actor: Actor, course_id: int) -> tuple[Invited, ...]:
    """A new one-time link for every student of a course who has no password yet, by name. Raises NotFound, NotAllowed.

    The number of queries does not grow with the students.
    """
    require(session, actor, "people.enrol", course_id)
    query = (
        select(Person.id, Person.login, Person.name)
        .join(Member, Member.person_id == Person.id)
        .where(Member.course_id == course_id, Member.left.is_(None), Member.role == "student")
        .where(Person.password == "", Person.disabled.is_(False), Person.rank == "student")
        .order_by(Person.name, Person.id)
    )
    found = session.execute(query).all()
    tokens = _invitations(session, [one.id for one in found])
    audit.record(session, actor.id, "course.invited", f"course {course_id}", course_id=course_id, people=len(found))
    return tuple(Invited(one.id, one.login, one.name, token) for one, token in zip(found, tokens, strict=True))


def invited(session: Session, token: str) -> str:
    """The login that a link is for. Raises NotFound for one that is unknown, used or too old."""
    return _person(session, token).login


def accept(session: Session, token: str, password: str) -> Actor:
    """Choose a password with a link; the link ends, and so do all log-ins and tokens. Call it first in its transaction.

    Raises NotFound for a link that is unknown, used or too old, and Refused for a weak password.
    """
    passwords.check_new(password, _person(session, token).login)
    with let_go(session):  # nobody waits for the database while a hash is computed
        stored = passwords.hash_password(password)
    person = _person(session, token)
    once = update(Invitation).where(Invitation.token_sha256 == hashed(token), Invitation.used.is_(None))
    if not session.execute(once.values(used=clock.now()).returning(Invitation.id)).all():
        raise _gone()
    person.password = stored
    log_out_everywhere(session, person.id)
    tokens.revoke_all(session, person.id)
    audit.record(session, person.id, "person.password-chosen", f"person {person.id}")
    return actor_of(person)


def first_administrator(session: Session) -> str | None:
    """The link of the first administrator; None where the school has people already.

    A link that nobody used is replaced by a new one, so that a server that was started twice still lets its owner in.
    """
    others = select(func.count()).select_from(Person).where((Person.login != FIRST_LOGIN) | (Person.password != ""))
    if session.scalars(others).one():
        return None
    person = session.scalars(select(Person).where(Person.login == FIRST_LOGIN)).one_or_none()
    if person is None:
        person = Person(login=FIRST_LOGIN, name="Administrator", rank="administrator", created=clock.now())
        session.add(person)
        session.flush()
        audit.record(session, None, "person.made", f"person {person.id}", login=FIRST_LOGIN, rank="administrator")
    (token,) = _invitations(session, [person.id])
    return token


def let_in(session: Session, login: str) -> str:
    """A new one-time link for any login, for the operator of the machine: also where no administrator can log in.

    Raises NotFound, Refused.
    """
    person = session.scalars(select(Person).where(Person.login == login)).one_or_none()
    if person is None:
        administrators = select(Person.login).where(Person.rank == "administrator", Person.disabled.is_(False))
        known = session.scalars(administrators.order_by(Person.id).limit(_SHOWN)).all()
        text = _("Nobody has the login {login!r} in this school. Its administrators are: {known}.")
        raise NotFound(text.format(login=login, known=", ".join(known) or "–"))
    if person.disabled and person.rank != "administrator":
        raise Refused(_("This account is closed. Open it before you invite its owner."))
    person.disabled = False
    (token,) = _invitations(session, [person.id])
    audit.record(session, None, "person.invited", f"person {person.id}", login=person.login)
    return token


def _invitations(session: Session, people: list[int]) -> list[str]:
    """A new link for each of these people; their older ones end."""
    if not people:
        return []
    now = clock.now()
    keys = [new_key() for _person in people]
    older = update(Invitation).where(Invitation.person_id.in_(people), Invitation.used.is_(None))
    session.execute(older.values(expires=now), execution_options={"synchronize_session": False})
    rows = [
        {"token_sha256": digest, "person_id": person_id, "created": now, "expires": now + LASTS}
        for person_id, (_token, digest) in zip(people, keys, strict=True)
    ]
    session.execute(insert(Invitation), rows)
    return [token for token, _digest in keys]


def _person(session: Session, token: str) -> Person:
    """Whose link this is. Raises NotFound."""
    query = (
        select(Person)
        .join(Invitation, Invitation.person_id == Person.id)
        .where(Invitation.token_sha256 == hashed(token), Invitation.used.is_(None), Invitation.expires > clock.now())
        .where(Person.disabled.is_(False))
    )
    person = session.scalars(query).one_or_none()
    if person is None:
        raise _gone()
    return person


def _gone() -> NotFound:
    return NotFound(
        _(
            "This link was used, or it is too old. Ask your teacher or administrator for a new one. "
            "An administrator gets one on the server, by `sheber invite`."
        )
    )


def _teaches(session: Session, teacher_id: int, student_id: int) -> bool:
    """Whether somebody is a teacher of a course in which somebody else is."""
    student, teacher = aliased(Member), aliased(Member)
    query = (
        select(teacher.id)
        .join(student, student.course_id == teacher.course_id)
        .where(teacher.person_id == teacher_id, teacher.role == "teacher", teacher.left.is_(None))
        .where(student.person_id == student_id, student.left.is_(None))
        .limit(1)
    )
    return session.scalars(query).one_or_none() is not None
