"""Courses: their members and groups, joining and leaving."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from sheber.school.courses import assignments, courses
from sheber.school.people import invitations
from sheber.web.api.caller import Asks, api_router
from sheber.web.api.forms import MOST_ID, Answer, Done, Form, Id, IdNumber, Made

router = api_router("courses")

Role = Literal["student", "assistant", "teacher"]


class CourseLineAnswer(Answer):
    """A course in a list."""

    id: int = Field(examples=[3])
    title: str = Field(examples=["Robot cells, autumn 2026"])
    role: str = Field(description="yours in it; empty for an administrator who is not in it", examples=["student"])
    archived: bool = Field(description="it is read, and not changed any more")
    created: datetime
    assignments: int = Field(description="that you can see")
    next_due: datetime | None
    students: int
    zone: str = Field(description="time zone of its dates", examples=["Asia/Almaty"])
    waiting: int = Field(description="requests for another look that wait for an answer; 0 for students")


class CourseAnswer(Answer):
    """A course."""

    id: int = Field(examples=[3])
    title: str = Field(examples=["Robot cells, autumn 2026"])
    role: str = Field(description="yours in it", examples=["student"])
    archived: bool
    zone: str = Field(description="time zone of its own; empty: the school's", examples=["Asia/Almaty"])
    join_code: str | None = Field(description="with which students join; for teachers only")


class CourseForm(Form):
    """A course to make."""

    title: str = Field(max_length=1000, examples=["Robot cells, autumn 2026"])


class CourseChange(Form):
    """What to change of a course; what is left out stays."""

    title: str | None = Field(None, max_length=1000, examples=["Robot cells, spring 2027"])
    zone: str | None = Field(
        None, max_length=64, description="time zone; empty: the school's", examples=["Asia/Almaty"]
    )
    archived: bool | None = None


class JoinForm(Form):
    """The code of a course."""

    code: str = Field(max_length=200, examples=["ABCDE23456"])


class JoinCode(Answer):
    """A new code, with which students join."""

    code: str = Field(examples=["ABCDE23456"])


class MemberAnswer(Answer):
    """Somebody in a course."""

    person_id: int = Field(examples=[7])
    login: str = Field(examples=["dana"])
    name: str = Field(examples=["Дана Оспанова"])
    role: str = Field(examples=["student"])
    group_id: int | None
    group: str = Field(description="empty: none", examples=["CE-21"])
    joined: datetime
    has_password: bool
    disabled: bool


class MemberChange(Form):
    """What a member is to be."""

    role: Role


class GroupAnswer(Answer):
    """A group of a course."""

    id: int = Field(examples=[2])
    name: str = Field(examples=["CE-21"])
    members: int


class GroupForm(Form):
    """A group, by its name."""

    name: str = Field(max_length=400, examples=["CE-21"])


class GroupPeople(Form):
    """Members of the course, by the ids of the people."""

    people: list[IdNumber] = Field(max_length=2000, examples=[[7, 8]])


class Moved(Answer):
    """How many were moved."""

    moved: int


class InvitedAnswer(Answer):
    """A student without a password, and their one-time link."""

    person_id: int
    login: str
    name: str
    address: str = Field(description="path of the page where the password is chosen; it is shown this once")


@router.get("/courses", summary="Your courses")
def my_courses(caller: Asks) -> list[CourseLineAnswer]:
    """The courses that you are in, the newest first, the archived ones last."""
    with caller.school.reading() as session:
        return CourseLineAnswer.all_of(courses.my_courses(session, caller.actor))


@router.get("/school/courses", summary="All courses of the school")
def all_courses(caller: Asks, page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> list[CourseLineAnswer]:
    """For administrators: a page of 50."""
    with caller.school.reading() as session:
        return CourseLineAnswer.all_of(courses.all_courses(session, caller.actor, page))


@router.post("/courses", status_code=201, summary="Make a course")
def make_course(caller: Asks, form: CourseForm) -> Made:
    """A new course, with you as its teacher."""
    with caller.school.writing() as session:
        return Made(id=courses.make_course(session, caller.actor, form.title))


@router.post("/courses/join", summary="Join a course")
def join_course(caller: Asks, form: JoinForm) -> Made:
    """Join as a student, by the code that its teacher tells you; gives the course's id."""
    with caller.school.writing() as session:
        return Made(id=courses.join(session, caller.actor, form.code))


@router.get("/courses/{course_id}", summary="One course")
def read_course(caller: Asks, course_id: Id) -> CourseAnswer:
    """A course that you are in."""
    with caller.school.reading() as session:
        return CourseAnswer.of(assignments.course_page(session, caller.actor, course_id))


@router.patch("/courses/{course_id}", summary="Change a course")
def change_course(caller: Asks, course_id: Id, form: CourseChange) -> CourseAnswer:
    """Another title or time zone, or archive it, or open it again."""
    with caller.school.writing() as session:
        if form.archived is False:
            courses.archive(session, caller.actor, course_id, archived=False)
        if form.title is not None:
            courses.change_course(session, caller.actor, course_id, form.title)
        if form.zone is not None:
            courses.set_zone(session, caller.actor, course_id, form.zone)
        if form.archived:
            courses.archive(session, caller.actor, course_id)
        session.flush()
        return CourseAnswer.of(assignments.course_page(session, caller.actor, course_id))


@router.post("/courses/{course_id}/join-code", status_code=201, summary="A new join code")
def new_join_code(caller: Asks, course_id: Id) -> JoinCode:
    """A new code with which students join; the one before ends."""
    with caller.school.writing() as session:
        return JoinCode(code=courses.new_join_code(session, caller.actor, course_id))


@router.delete("/courses/{course_id}/join-code", summary="End the join code")
def close_joining(caller: Asks, course_id: Id) -> Done:
    """Nobody joins by code any more."""
    with caller.school.writing() as session:
        courses.close_joining(session, caller.actor, course_id)
    return Done()


@router.post("/courses/{course_id}/leave", summary="Leave a course")
def leave_course(caller: Asks, course_id: Id) -> Done:
    """Your results stay."""
    with caller.school.writing() as session:
        courses.leave(session, caller.actor, course_id)
    return Done()


@router.post("/courses/{course_id}/invitations", status_code=201, summary="Invite the whole course")
def invite_course(caller: Asks, course_id: Id) -> list[InvitedAnswer]:
    """One-time links for all students of the course who have no password yet. Their older links end."""
    with caller.school.writing() as session:
        found = invitations.invite_course(session, caller.actor, course_id)
    return [
        InvitedAnswer(person_id=one.person_id, login=one.login, name=one.name, address=f"/invitation/{one.token}")
        for one in found
    ]


# --- members ------------------------------------------------------------------------------------------


@router.get("/courses/{course_id}/members", tags=["members"], summary="Members of a course")
def list_members(
    caller: Asks,
    course_id: Id,
    search: Annotated[str, Query(max_length=200, examples=["dana"])] = "",
    group_id: Annotated[int | None, Query(ge=1, le=MOST_ID)] = None,
) -> list[MemberAnswer]:
    """Who is in the course: teachers first, then by name. For its staff."""
    with caller.school.reading() as session:
        found = courses.members(session, caller.actor, course_id, search=search, group_id=group_id)
    return MemberAnswer.all_of(found)


@router.patch("/courses/{course_id}/members/{person_id}", tags=["members"], summary="Give a member another role")
def change_member(caller: Asks, course_id: Id, person_id: Id, form: MemberChange) -> Done:
    """Make somebody student, assistant or teacher of the course."""
    with caller.school.writing() as session:
        courses.change_member(session, caller.actor, course_id, person_id, form.role)
    return Done()


@router.delete("/courses/{course_id}/members/{person_id}", tags=["members"], summary="Take a member out")
def remove_member(caller: Asks, course_id: Id, person_id: Id) -> Done:
    """Take somebody out of the course. The results stay."""
    with caller.school.writing() as session:
        courses.remove_member(session, caller.actor, course_id, person_id)
    return Done()


# --- groups -------------------------------------------------------------------------------------------


@router.get("/courses/{course_id}/groups", tags=["groups"], summary="Groups of a course")
def list_groups(caller: Asks, course_id: Id) -> list[GroupAnswer]:
    """The groups by name."""
    with caller.school.reading() as session:
        return GroupAnswer.all_of(courses.groups(session, caller.actor, course_id))


@router.post("/courses/{course_id}/groups", status_code=201, tags=["groups"], summary="Make a group")
def make_group(caller: Asks, course_id: Id, form: GroupForm) -> Made:
    """A new group, with nobody in it."""
    with caller.school.writing() as session:
        return Made(id=courses.make_group(session, caller.actor, course_id, form.name))


@router.patch("/courses/{course_id}/groups/{group_id}", tags=["groups"], summary="Rename a group")
def rename_group(caller: Asks, course_id: Id, group_id: Id, form: GroupForm) -> Done:
    """Give a group another name."""
    with caller.school.writing() as session:
        courses.rename_group(session, caller.actor, course_id, group_id, form.name)
    return Done()


@router.delete("/courses/{course_id}/groups/{group_id}", tags=["groups"], summary="Remove a group")
def remove_group(caller: Asks, course_id: Id, group_id: Id) -> Done:
    """Its members stay in the course, in no group."""
    with caller.school.writing() as session:
        courses.remove_group(session, caller.actor, course_id, group_id)
    return Done()


@router.post("/courses/{course_id}/groups/{group_id}/members", tags=["groups"], summary="Put people into a group")
def fill_group(caller: Asks, course_id: Id, group_id: Id, form: GroupPeople) -> Moved:
    """Put members of the course into a group; each is in one group at most."""
    with caller.school.writing() as session:
        return Moved(moved=courses.put_in_group(session, caller.actor, course_id, form.people, group_id))


@router.post("/courses/{course_id}/ungrouped", tags=["groups"], summary="Take people out of their groups")
def empty_group(caller: Asks, course_id: Id, form: GroupPeople) -> Moved:
    """Put members of the course into no group."""
    with caller.school.writing() as session:
        return Moved(moved=courses.put_in_group(session, caller.actor, course_id, form.people, None))
