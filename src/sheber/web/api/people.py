"""People: the accounts of the school, for its administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from sheber.school.people import accounts, invitations
from sheber.web.api.caller import Asks, api_router
from sheber.web.api.forms import Answer, Form, Id, Made
from sheber.web.api.me import PersonAnswer, Rank

router = api_router("people")


class PeopleAnswer(Answer):
    """A page of people."""

    people: list[PersonAnswer]
    page: int = Field(description="this page, from 1")
    pages: int
    count: int = Field(description="of all that were found")


class PersonForm(Form):
    """A new account."""

    login: str = Field(max_length=200, examples=["dana"])
    name: str = Field(max_length=400, examples=["Дана Оспанова"])
    email: str = Field("", max_length=200, examples=["dana@example.edu"])
    rank: Rank = "student"
    language: str = Field("", max_length=20, examples=["kk"])


class PersonChange(Form):
    """What to change of an account; what is left out stays."""

    name: str | None = Field(None, max_length=400, examples=["Дана Оспанова"])
    email: str | None = Field(None, max_length=200)
    rank: Rank | None = None
    language: str | None = Field(None, max_length=20)
    disabled: bool | None = Field(None, description="true closes the account: log-ins and tokens end at once")


class InvitationAnswer(Answer):
    """A one-time link with which a person chooses a password. It is shown this once."""

    address: str = Field(description="path of the page", examples=["/invitation/…"])


@router.get("/people", summary="Search for people")
def list_people(
    caller: Asks,
    search: Annotated[str, Query(max_length=200, examples=["dana"])] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> PeopleAnswer:
    """Everybody in the school, or those whose name or login has these words; a page of 50."""
    with caller.school.reading() as session:
        return PeopleAnswer.of(accounts.list_people(session, caller.actor, page, search))


@router.post("/people", status_code=201, summary="Add a person")
def add_person(caller: Asks, form: PersonForm) -> Made:
    """A new account without a password; invite the person afterwards."""
    with caller.school.writing() as session:
        return Made(id=accounts.add_person(session, caller.actor, **form.model_dump()))


@router.get("/people/{person_id}", summary="One person")
def read_person(caller: Asks, person_id: Id) -> PersonAnswer:
    """An account: one's own, or any for an administrator."""
    with caller.school.reading() as session:
        return PersonAnswer.of(accounts.person(session, caller.actor, person_id))


@router.patch("/people/{person_id}", summary="Change a person")
def change_person(caller: Asks, person_id: Id, form: PersonChange) -> PersonAnswer:
    """Change what is named of an account."""
    with caller.school.writing() as session:
        accounts.change_person(session, caller.actor, person_id, **form.model_dump())
        session.flush()
        return PersonAnswer.of(accounts.person(session, caller.actor, person_id))


@router.post("/people/{person_id}/invitation", status_code=201, summary="Invite a person")
def invite_person(caller: Asks, person_id: Id) -> InvitationAnswer:
    """A link with which the person chooses a password. Older links of this person end."""
    with caller.school.writing() as session:
        return InvitationAnswer(address=f"/invitation/{invitations.invite(session, caller.actor, person_id)}")
