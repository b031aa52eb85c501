"""Roster: a file of students enrolled in a course, as one, and undone as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select, tuple_
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school import audit, clock
from sheber.school.audit import AuditEntry
from sheber.school.courses.courses import require_open
from sheber.school.courses.models import Assignment, Extension, Group, Member
from sheber.school.courses.rosters import ENCODINGS, Preview, Problem, Row, preview
from sheber.school.errors import NotFound, Refused
from sheber.school.gradebook.models import Override
from sheber.school.people import policy
from sheber.school.people.models import ApiToken, Invitation, Login, Person, folded
from sheber.school.people.policy import Actor
from sheber.school.submissions.models import Draft, Submission

__all__ = ["ENCODINGS", "Enrolled", "Preview", "Problem", "Row", "Undone", "enrol", "known_logins", "preview", "undo"]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What an enrolment did."""

    undo: int  # with which it is undone
    made: int  # new accounts
    joined: int  # people who were not in the course before
    moved: int  # who were, and are in another group now
    already: int  # who were in it as the file says
    groups: int  # new groups
    other_names: tuple[tuple[int, str, str], ...]  # line, name of the account, name in the file: nothing was changed


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back. Who has handed something in since stays."""

    left: int  # are no longer in the course
    deleted: int  # accounts that nobody had used
    stayed: int


def enrol(session: Session, actor: Actor, course_id: int, found: Preview) -> Enrolled:
    """Enrol everybody of a file, or nobody: new accounts where there are none, without a password.

    A number of queries that does not grow with the rows. Raises NotFound, NotAllowed, and Refused for a file with
    serious problems.
    """
    require_open(session, actor, "people.enrol", course_id)
    if not found.usable:
        raise Refused(_("The file has problems. Mend them first. Nobody was enrolled."), "file")
    people, made = _people(session, found.rows)
    groups, new_groups = _groups(session, course_id, found.rows)
    here = select(Member).where(Member.course_id == course_id)
    members = {one.person_id: one for one in session.scalars(here)}
    joined, returned, moved = [], [], []
    for row in found.rows:
        person_id = people[row.login][0]
        group_id = groups.get(row.group)
        member = members.get(person_id)
        if member is None:
            joined.append({"person_id": person_id, "group_id": group_id})
        elif member.left is not None:
            returned.append([person_id, member.role, member.group_id, member.removed])
            member.left, member.removed, member.role, member.group_id = None, False, "student", group_id
        elif group_id is not None and member.group_id != group_id:
            moved.append([person_id, member.group_id, group_id])
            member.group_id = group_id
    if joined:
        now = clock.now()
        same = {"course_id": course_id, "role": "student", "joined": now}
        session.execute(insert(Member), [{**same, **one} for one in joined])
    session.flush()
    new = [one["person_id"] for one in joined]
    undo_id = _record(
        session, actor, course_id, made=made, joined=new, returned=returned, moved=moved, groups=new_groups
    )
    others = tuple(
        (row.line, people[row.login][1], row.name)
        for row in found.rows
        if folded(people[row.login][1]) != folded(row.name)
    )
    already = len(found.rows) - len(new) - len(returned) - len(moved)
    return Enrolled(undo_id, len(made), len(new) + len(returned), len(moved), already, len(new_groups), others)


def known_logins(session: Session, actor: Actor, course_id: int, found: Preview) -> frozenset[str]:
    """The logins of a file that have an account already; the others would be new. Raises NotFound, NotAllowed."""
    policy.require(session, actor, "people.enrol", course_id)
    return frozenset(_by_login(session, {row.login for row in found.rows}))


def undo(session: Session, actor: Actor, undo_id: int) -> Undone:
    """Take an enrolment back: who joined by it leaves, who was moved goes back, unused accounts are deleted.

    Who has handed in a program or written a draft stays, and so does an account that somebody has used. Raises
    NotFound, NotAllowed, and Refused where it was undone already.
    """
    entry = session.get(AuditEntry, undo_id, with_for_update=True)
    if entry is None or entry.course_id is None or entry.action != "roster.enrolled":
        raise NotFound(_("There is no such enrolment."))
    course_id, details = entry.course_id, entry.details
    require_open(session, actor, "people.enrol", course_id)
    again = select(AuditEntry.id).where(AuditEntry.action == "roster.undone", AuditEntry.thing == f"roster {undo_id}")
    if session.scalars(again.limit(1)).one_or_none() is not None:
        raise Refused(_("This enrolment was undone already."))
    busy = _busy(session, course_id)
    joined = set(details["joined"])
    returned = {person_id: before for person_id, *before in details["returned"]}
    leaving = (joined | returned.keys()) - busy
    left = _leave(session, course_id, leaving & joined, {one: returned[one] for one in leaving & returned.keys()})
    _move_back(session, course_id, details["moved"])
    _remove_empty(session, details["groups"])
    deleted = _delete_unused(session, details["made"])
    stayed = len(joined | returned.keys()) - left
    audit.record(
        session, actor.id, "roster.undone", f"roster {undo_id}", course_id=course_id, left=left, deleted=len(deleted)
    )
    return Undone(left, len(deleted), stayed)


def _people(session: Session, rows: Sequence[Row]) -> tuple[dict[str, tuple[int, str]], list[int]]:
    """Id and name of each login of the file, and the ids of accounts that are new."""
    wanted = {row.login: row for row in rows}
    there = _by_login(session, wanted)
    now = clock.now()
    new = [
        {
            "login": row.login,
            "name": row.name,
            "email": row.email,
            "search": folded(f"{row.name} {row.login}"),
            "rank": "student",
            "created": now,
        }
        for login, row in wanted.items()
        if login not in there
    ]
    if not new:
        return there, []
    session.execute(insert(Person), new)
    everybody = _by_login(session, wanted)
    return everybody, [everybody[login][0] for login in everybody.keys() - there.keys()]


def _by_login(session: Session, logins: Iterable[str]) -> dict[str, tuple[int, str]]:
    query = select(Person.login, Person.id, Person.name).where(Person.login.in_(list(logins)))
    return {login: (person_id, name) for login, person_id, name in session.execute(query)}


def _groups(session: Session, course_id: int, rows: Sequence[Row]) -> tuple[dict[str, int], list[int]]:
    """Id of each group of the file by name, and the ids of those that are new."""
    query = select(Group.name, Group.id).where(Group.course_id == course_id)
    before = dict(session.execute(query).all())
    new = sorted({row.group for row in rows if row.group} - before.keys())
    if not new:
        return before, []
    session.execute(insert(Group), [{"course_id": course_id, "name": name} for name in new])
    after = dict(session.execute(query).all())
    return after, [after[name] for name in new]


def _record(session: Session, actor: Actor, course_id: int, **details: Any) -> int:
    """Note the enrolment in the audit; its entry is what undoing reads."""
    audit.record(session, actor.id, "roster.enrolled", f"course {course_id}", course_id=course_id, **details)
    session.flush()
    query = select(func.max(AuditEntry.id)).where(
        AuditEntry.person_id == actor.id, AuditEntry.course_id == course_id, AuditEntry.action == "roster.enrolled"
    )
    return session.scalars(query).one() or 0


def _busy(session: Session, course_id: int) -> set[int]:
    """Who has done something in a course."""
    works = select(Assignment.id).where(Assignment.course_id == course_id)
    queries = [
        select(row.person_id).where(row.assignment_id.in_(works)) for row in (Submission, Draft, Extension, Override)
    ]
    return set(session.scalars(queries[0].union(*queries[1:])))


def _leave(session: Session, course_id: int, joined: set[int], returned: Mapping[int, Sequence[Any]]) -> int:
    """Delete the membership of those who joined; those who came back have left again. Gives how many."""
    count = 0
    now = clock.now()
    for row in session.scalars(
        select(Member).where(Member.course_id == course_id, Member.person_id.in_([*joined, *returned]))
    ):
        if row.left is not None or row.role != "student":
            continue  # was changed since: it is another teacher's decision
        count += 1
        if row.person_id in returned:
            row.left = now
            row.role, row.group_id, row.removed = returned[row.person_id]
        else:
            session.delete(row)
    session.flush()
    return count


def _move_back(session: Session, course_id: int, moved: Sequence[Sequence[int | None]]) -> None:
    """Into the group of before, for those who are still where the file put them."""
    put = {(person_id, after): before for person_id, before, after in moved}
    if not put:
        return
    groups = set(session.scalars(select(Group.id).where(Group.course_id == course_id)))
    where = tuple_(Member.person_id, Member.group_id).in_(list(put))
    for row in session.scalars(select(Member).where(Member.course_id == course_id, where)):
        before = put[row.person_id, row.group_id]
        row.group_id = before if before in groups else None
    session.flush()


def _remove_empty(session: Session, groups: Sequence[int]) -> None:
    """Remove new groups in which nobody is, or ever was."""
    used = select(Member.group_id).where(Member.group_id.in_(groups))
    session.execute(delete(Group).where(Group.id.in_(groups), Group.id.not_in(used)))


def _delete_unused(session: Session, made: Sequence[int]) -> list[int]:
    """Delete new accounts that have no password and stand in no course; their links end."""
    elsewhere = set(session.scalars(select(Member.person_id).where(Member.person_id.in_(made))))
    unused = session.scalars(
        select(Person.id).where(Person.id.in_(made), Person.password == "", Person.rank == "student")
    )
    gone = sorted(set(unused) - elsewhere - _traces(session))
    session.execute(delete(Invitation).where(Invitation.person_id.in_(gone)))
    session.execute(delete(Person).where(Person.id.in_(gone)))
    return gone


def _traces(session: Session) -> set[int]:
    """Which students without a password stand in another table, and so are not deleted."""
    waiting = select(Person.id).where(Person.password == "", Person.rank == "student")
    tables = (Submission, Draft, Extension, Override, Login, ApiToken, AuditEntry)
    queries = [select(table.person_id).where(table.person_id.in_(waiting)) for table in tables]
    return {one for one in session.scalars(queries[0].union(*queries[1:])) if one is not None}
