"""Courses: made, changed, joined and left; their groups and members."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sheber.i18n import _
from sheber.school import audit, clock, zones
from sheber.school.courses.models import ROLES, Assignment, Course, Group, Member
from sheber.school.errors import NotFound, Refused
from sheber.school.limiter import Limiter
from sheber.school.people import policy
from sheber.school.people.models import Person, folded
from sheber.school.people.policy import Actor, Standing
from sheber.school.submissions.models import RegradeRequest, Submission

__all__ = [
    "CourseLine",
    "GroupLine",
    "MemberLine",
    "all_courses",
    "archive",
    "change_course",
    "change_member",
    "close_joining",
    "groups",
    "join",
    "leave",
    "make_course",
    "make_group",
    "members",
    "my_courses",
    "new_join_code",
    "put_in_group",
    "remove_group",
    "remove_member",
    "rename_group",
    "require_open",
    "set_zone",
    "waiting_requests",
]

PAGE: Final = 50  # courses on an administrator's page
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that looks like another: no I, O, 0, 1
_CODE: Final = 10  # letters of a join code: 50 random bits
_codes = Limiter(burst=20, per_s=1 / 10)  # codes that one person tries


@dataclass(frozen=True, slots=True)
class CourseLine:
    """A course in a list."""

    id: int
    title: str
    role: str  # of who asks; "" for an administrator who is not in it
    archived: bool
    created: datetime
    assignments: int  # that the reader can see
    next_due: datetime | None  # of those, without the reader's extensions
    students: int
    zone: str  # time zone of its dates
    waiting: int  # requests for another look that nobody has answered; 0 for students


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group of a course."""

    id: int
    name: str
    members: int


@dataclass(frozen=True, slots=True)
class MemberLine:
    """Somebody in a course."""

    person_id: int
    login: str
    name: str
    role: str
    group_id: int | None
    group: str  # "": none
    joined: datetime
    has_password: bool  # has logged in, or could
    disabled: bool


def make_course(session: Session, actor: Actor, title: str) -> int:
    """A new course, with its maker as teacher; gives its id. Raises NotAllowed, Refused."""
    policy.require_rank(actor, "course.make")
    course = Course(title=_title(title), created=clock.now())
    session.add(course)
    session.flush()
    session.add(Member(course_id=course.id, person_id=actor.id, role="teacher", joined=clock.now()))
    _note(session, actor, course.id, "course.made", title=course.title)
    return course.id


def change_course(session: Session, actor: Actor, course_id: int, title: str) -> None:
    """Give a course another title. Raises NotFound, NotAllowed, Refused."""
    course = require_open(session, actor, "course.change", course_id).course
    before, course.title = course.title, _title(title)
    if course.title != before:
        _note(session, actor, course_id, "course.changed", before=before, after=course.title)


def set_zone(session: Session, actor: Actor, course_id: int, name: str) -> None:
    """Choose the time zone of a course; "": the school's. Its dates stay the moments that they are.

    Raises NotFound, NotAllowed, Refused.
    """
    course = require_open(session, actor, "course.change", course_id).course
    before, course.zone = course.zone, zones.checked(name) if name.strip() else ""
    zones.enter(session, course.zone)
    if course.zone != before:
        _note(session, actor, course_id, "course.zone-changed", before=before, after=course.zone)


def archive(session: Session, actor: Actor, course_id: int, archived: bool = True) -> None:
    """Close a course for good, or open it again: an archived one is read, and not changed."""
    course = policy.require(session, actor, "course.change", course_id).course
    if course.archived != archived:
        course.archived = archived
        course.join_code = None
        _note(session, actor, course_id, "course.archived" if archived else "course.reopened")


def my_courses(session: Session, actor: Actor) -> tuple[CourseLine, ...]:
    """The courses that somebody is in, the newest first, the archived ones last."""
    query = select(Course, Member.role).join(Member, Member.course_id == Course.id)
    query = query.where(Member.person_id == actor.id, Member.left.is_(None))
    rows = session.execute(query.order_by(Course.archived, Course.id.desc())).all()
    return _lines(session, [(row[0], row[1]) for row in rows])


def all_courses(session: Session, actor: Actor, page: int = 1) -> tuple[CourseLine, ...]:
    """Every course of the school, a page of them, the newest first. Raises NotAllowed."""
    policy.require_rank(actor, "school.see")
    query = select(Course, Member.role).outerjoin(
        Member, (Member.course_id == Course.id) & (Member.person_id == actor.id) & Member.left.is_(None)
    )
    query = query.order_by(Course.archived, Course.id.desc()).limit(PAGE).offset((max(page, 1) - 1) * PAGE)
    return _lines(session, [(row[0], row[1] or "") for row in session.execute(query)], sees_all=True)


def require_open(session: Session, actor: Actor, what: str, course_id: int) -> Standing:
    """Like `policy.require`, in a course that is not archived. Raises Refused for one that is."""
    found = policy.require(session, actor, what, course_id)
    if found.course.archived:
        raise Refused(_("This course is archived. It can be read, and nothing in it can be changed."))
    return found


def new_join_code(session: Session, actor: Actor, course_id: int) -> str:
    """A new code with which students join; the one before ends. Raises NotFound, NotAllowed, Refused."""
    course = require_open(session, actor, "people.enrol", course_id).course
    course.join_code = "".join(secrets.choice(_LETTERS) for _letter in range(_CODE))
    _note(session, actor, course_id, "course.join-code-made")
    return course.join_code


def close_joining(session: Session, actor: Actor, course_id: int) -> None:
    """End the code: nobody joins with it any more."""
    course = policy.require(session, actor, "people.enrol", course_id).course
    if course.join_code is not None:
        course.join_code = None
        _note(session, actor, course_id, "course.join-code-ended")


def join(session: Session, actor: Actor, code: str) -> int:
    """Join a course as a student by its code; gives its id. Who is in it already stays what they are.

    Raises NotFound for a code that no course has, Refused for who was taken out, and TooMany for who tries many.
    """
    _codes.take(actor.id)
    plain = "".join(sign for sign in code[:100].upper() if sign.isalnum())
    course = session.scalars(select(Course).where(Course.join_code == plain, Course.archived.is_(False))).one_or_none()
    if course is None:
        raise NotFound(_("No course has this code. Please ask the teacher for the code of today."))
    _codes.give_back(actor.id)
    here = (Member.course_id == course.id, Member.person_id == actor.id)
    member = session.scalars(select(Member).where(*here)).one_or_none()
    if member is None:
        _add_once(session, Member(course_id=course.id, person_id=actor.id, role="student", joined=clock.now()))
    elif member.removed:
        raise Refused(_("A teacher took you out of this course. Only a teacher can bring you back."))
    elif member.left is not None:
        member.left, member.role = None, "student"
    else:
        return course.id
    _note(session, actor, course.id, "course.joined")
    return course.id


def leave(session: Session, actor: Actor, course_id: int) -> None:
    """Leave a course; the results stay. Raises NotFound, and Refused for its last teacher."""
    policy.require(session, actor, "course.see", course_id)
    member = _member(session, course_id, actor.id)
    _keep_a_teacher(session, member)
    member.left = clock.now()
    _note(session, actor, course_id, "course.left")


def members(
    session: Session,
    actor: Actor,
    course_id: int,
    *,
    search: str = "",
    group_id: int | None = None,
    person_id: int | None = None,
) -> tuple[MemberLine, ...]:
    """Who is in a course: teachers first, then by name. person_id: only this one. Raises NotFound, NotAllowed."""
    policy.require(session, actor, "work.see-all", course_id)
    here = (Member.role, Member.group_id, Group.name, Member.joined, Person.password != "", Person.disabled)
    query = (
        select(Person.id, Person.login, Person.name, *here)
        .select_from(Member)
        .join(Person, Person.id == Member.person_id)
        .outerjoin(Group, Group.id == Member.group_id)
        .where(Member.course_id == course_id, Member.left.is_(None))
    )
    for word in folded(search[:200]).split()[:8]:
        query = query.where(Person.search.contains(word, autoescape=True))
    if group_id is not None:
        query = query.where(Member.group_id == group_id)
    if person_id is not None:
        query = query.where(Member.person_id == person_id)
    rows = session.execute(query.order_by(Person.name, Person.id))
    found = [MemberLine(*row[:5], row[5] or "", *row[6:]) for row in rows]
    return tuple(sorted(found, key=lambda one: -ROLES.index(one.role)))


def change_member(session: Session, actor: Actor, course_id: int, person_id: int, role: str) -> None:
    """Make a member student, assistant or teacher of the course. Raises NotFound, NotAllowed, Refused."""
    require_open(session, actor, "people.enrol", course_id)
    if role not in ROLES:
        raise Refused(
            _("{role!r} is not a role. It must be one of {roles}.").format(role=role, roles=", ".join(ROLES)), "role"
        )
    member = _member(session, course_id, person_id)
    if member.role == role:
        return
    _keep_a_teacher(session, member)
    before, member.role = member.role, role
    _note(session, actor, course_id, "member.changed", person=person_id, before=before, after=role)


def remove_member(session: Session, actor: Actor, course_id: int, person_id: int) -> None:
    """Take somebody out of a course; the results stay. The code does not bring them back.

    Raises NotFound, NotAllowed, Refused.
    """
    require_open(session, actor, "people.enrol", course_id)
    member = _member(session, course_id, person_id)
    _keep_a_teacher(session, member)
    member.left, member.removed = clock.now(), True
    _note(session, actor, course_id, "member.removed", person=person_id, role=member.role)


def groups(session: Session, actor: Actor, course_id: int) -> tuple[GroupLine, ...]:
    """The groups of a course, by name, with how many are in each."""
    policy.require(session, actor, "work.see-all", course_id)
    here = (Member.group_id == Group.id) & Member.left.is_(None)
    query = select(Group.id, Group.name, func.count(Member.id)).outerjoin(Member, here)
    query = query.where(Group.course_id == course_id).group_by(Group.id, Group.name).order_by(Group.name)
    return tuple(GroupLine(*row) for row in session.execute(query))


def make_group(session: Session, actor: Actor, course_id: int, name: str) -> int:
    """A new group; gives its id. Raises NotFound, NotAllowed, Refused."""
    require_open(session, actor, "people.enrol", course_id)
    group = Group(course_id=course_id, name=group_name(name))
    _add_once(session, group, _("There is a group {name!r} already.").format(name=group.name))
    _note(session, actor, course_id, "group.made", name=group.name)
    return group.id


def rename_group(session: Session, actor: Actor, course_id: int, group_id: int, name: str) -> None:
    """Give a group another name. Raises NotFound, NotAllowed, Refused."""
    require_open(session, actor, "people.enrol", course_id)
    group = _group(session, course_id, group_id)
    before, after = group.name, group_name(name)
    try:
        with session.begin_nested():
            group.name = after
    except IntegrityError as error:
        raise Refused(_("There is a group {name!r} already.").format(name=after), "name") from error
    _note(session, actor, course_id, "group.renamed", before=before, after=after)


def remove_group(session: Session, actor: Actor, course_id: int, group_id: int) -> None:
    """Remove a group; its members stay in the course, in no group. Raises NotFound, NotAllowed, Refused."""
    require_open(session, actor, "people.enrol", course_id)
    group = _group(session, course_id, group_id)
    session.execute(update(Member).where(Member.group_id == group_id).values(group_id=None))
    _note(session, actor, course_id, "group.removed", name=group.name)
    session.delete(group)


def put_in_group(session: Session, actor: Actor, course_id: int, people: Sequence[int], group_id: int | None) -> int:
    """Put members of a course into a group of it, or into none; gives how many. Raises NotFound, NotAllowed."""
    require_open(session, actor, "people.enrol", course_id)
    name = "" if group_id is None else _group(session, course_id, group_id).name
    here = (Member.course_id == course_id, Member.person_id.in_(people), Member.left.is_(None))
    moved = session.execute(update(Member).where(*here).values(group_id=group_id).returning(Member.id)).all()
    if len(moved) != len(set(people)):
        raise NotFound(_("Not all of these people are in this course. Nobody was moved."))
    _note(session, actor, course_id, "group.filled", name=name, people=sorted(set(people)))
    return len(moved)


def group_name(name: str) -> str:
    """The name of a group, on one line. Raises Refused."""
    found = " ".join(name.split())
    if not found or len(found) > 80 or not found.isprintable():
        text = _("The name of a group has 1 to 80 characters that can be seen. {name!r} is not allowed.")
        raise Refused(text.format(name=name[:100]), "name")
    if found.startswith(("=", "+", "-", "@")):
        text = _("The name {name!r} begins with {sign!r}. A spreadsheet would take it for a formula.")
        raise Refused(text.format(name=found, sign=found[0]), "name")
    return found


def waiting_requests(session: Session, courses: Sequence[int]) -> dict[int, int]:
    """How many requests for another look wait for an answer, by course; a course without any is not named."""
    query = select(Assignment.course_id, func.count(RegradeRequest.id)).join(
        Submission, Submission.assignment_id == Assignment.id
    )
    query = query.join(RegradeRequest, RegradeRequest.submission_id == Submission.id)
    query = query.where(Assignment.course_id.in_(courses), RegradeRequest.state == "open")
    return dict(session.execute(query.group_by(Assignment.course_id)).all())


def _lines(
    session: Session, courses: Sequence[tuple[Course, str]], *, sees_all: bool = False
) -> tuple[CourseLine, ...]:
    """Courses with what stands in them: four queries, however many there are."""
    ids = [course.id for course, _role in courses]
    soon = func.min(Assignment.due).filter(Assignment.due > clock.now())
    hidden = func.count(Assignment.id).filter(Assignment.visible.is_(False))
    visible_soon = func.min(Assignment.due).filter(Assignment.due > clock.now(), Assignment.visible.is_(True))
    works = select(Assignment.course_id, func.count(Assignment.id), hidden, soon, visible_soon)
    works = works.where(Assignment.course_id.in_(ids)).group_by(Assignment.course_id)
    work = {row[0]: row[1:] for row in session.execute(works)}
    students = select(Member.course_id, func.count(Member.id)).where(Member.left.is_(None), Member.role == "student")
    people = {
        row[0]: row[1] for row in session.execute(students.where(Member.course_id.in_(ids)).group_by(Member.course_id))
    }
    lines, usual = [], zones.of_school(session)
    waiting = waiting_requests(session, ids)
    for course, role in courses:
        count, unseen, due, visible_due = work.get(course.id, (0, 0, None, None))
        staff = sees_all or role in ("assistant", "teacher")
        lines.append(
            CourseLine(
                course.id,
                course.title,
                role,
                course.archived,
                course.created,
                count if staff else count - unseen,
                due if staff else visible_due,
                people.get(course.id, 0),
                course.zone or usual,
                waiting.get(course.id, 0) if staff else 0,
            )
        )
    return tuple(lines)


def _title(title: str) -> str:
    found = " ".join(title.split())
    if not found or len(found) > 200 or not found.isprintable():
        text = _("The title has {count} characters. It must have 1 to 200 that can be seen.")
        raise Refused(text.format(count=len(found)), "title")
    return found


def _member(session: Session, course_id: int, person_id: int) -> Member:
    here = (Member.course_id == course_id, Member.person_id == person_id, Member.left.is_(None))
    member = session.scalars(select(Member).where(*here)).one_or_none()
    if member is None:
        raise NotFound(_("This person is not in this course."))
    return member


def _group(session: Session, course_id: int, group_id: int) -> Group:
    group = session.get(Group, group_id)
    if group is None or group.course_id != course_id:
        raise NotFound(_("There is no such group in this course."))
    return group


def _keep_a_teacher(session: Session, member: Member) -> None:
    """Refuse to lose the last teacher; the rows are held, so that two do not leave at the same moment."""
    if member.role != "teacher":
        return
    here = (Member.course_id == member.course_id, Member.role == "teacher", Member.left.is_(None))
    if len(session.scalars(select(Member.id).where(*here).with_for_update()).all()) == 1:
        raise Refused(_("This is the last teacher of the course. Make somebody else a teacher first."))


def _add_once(session: Session, row: Member | Group, taken: str = "") -> None:
    """Store a row. Where another one was quicker: Refused, or nothing where no sentence is given."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        if taken:
            raise Refused(taken, "name") from error


def _note(session: Session, actor: Actor, course_id: int, action: str, **details: object) -> None:
    audit.record(session, actor.id, action, f"course {course_id}", course_id=course_id, **details)
