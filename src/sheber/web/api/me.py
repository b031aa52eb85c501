"""Me: who asks, and the tokens that they made for their scripts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from sheber.i18n import _
from sheber.school.errors import NotAllowed
from sheber.school.people import accounts, tokens
from sheber.school.submissions import news
from sheber.web.api.caller import Asks, api_router
from sheber.web.api.forms import Answer, Done, Form, Id, Whole

router = api_router("me")


class PersonAnswer(Answer):
    """A person of the school."""

    id: int = Field(examples=[7])
    login: str = Field(examples=["dana"])
    name: str = Field(examples=["Дана Оспанова"])
    email: str = Field(examples=["dana@example.edu"])
    rank: str = Field(description="student, teacher or administrator, in the whole school", examples=["student"])
    language: str = Field(description="of the texts; empty: as the browser asks", examples=["kk"])
    disabled: bool = Field(description="whether the account was closed")
    has_password: bool = Field(description="whether the person can log in already")


class MeForm(Form):
    """What one may change of oneself; what is left out stays."""

    language: str | None = Field(None, max_length=20, examples=["kk"])
    email: str | None = Field(None, max_length=200, examples=["dana@example.edu"])


class TokenForm(Form):
    """A token to make."""

    name: str = Field(max_length=200, description="so that you know it again", examples=["my laptop"])
    days: Whole = Field(90, ge=1, le=tokens.LONGEST, description="how long it works")


class NewToken(Answer):
    """A new token. It is shown this once: only its hash is kept."""

    token: str = Field(examples=["sheber_…"])


class TokenAnswer(Answer):
    """A token, without the token itself."""

    id: int = Field(examples=[4])
    name: str = Field(examples=["my laptop"])
    created: datetime
    used: datetime | None = Field(description="when it was last used, to the hour")
    expires: datetime | None
    expired: bool


class NewsAnswer(Answer):
    """One thing that happened to your work."""

    kind: str = Field(description="comment, answer, points, regrade, scene or extension")
    created: datetime
    course_id: int
    course: str
    assignment_id: int
    submission_id: int | None = Field(description="the attempt that it is about; null: all of them")
    number: int | None = Field(description="of that attempt")
    practice: bool = Field(description="it is a practice run")
    thing: int = Field(description="id of the comment, request, decision or regrade; place of the scene")
    text: str = Field(description="of the comment, the answer or the reason")
    points: float | None = Field(description="given by hand; null where they were taken back")
    due: datetime | None = Field(description="until when you have time now; null where only attempts were given")
    attempts: int | None = Field(description="that you have now; null where only time was given")
    state: str = Field(description="of a request: granted or declined")
    fresh: bool = Field(description="you have not looked at it yet")


@router.get("/me", summary="Who you are")
def me(caller: Asks) -> PersonAnswer:
    """The person whose token or log-in this is."""
    with caller.school.reading() as session:
        return PersonAnswer.of(accounts.person(session, caller.actor, caller.actor.id))


@router.patch("/me", summary="Change your language or address")
def change_me(caller: Asks, form: MeForm) -> PersonAnswer:
    """Change what is named."""
    with caller.school.writing() as session:
        accounts.change_self(session, caller.actor, language=form.language, email=form.email)
        session.flush()
        return PersonAnswer.of(accounts.person(session, caller.actor, caller.actor.id))


@router.get("/me/tokens", summary="Your tokens")
def list_tokens(caller: Asks) -> list[TokenAnswer]:
    """The tokens that you made, the newest first."""
    with caller.school.reading() as session:
        return TokenAnswer.all_of(tokens.list_tokens(session, caller.actor))


@router.post("/me/tokens", status_code=201, summary="Make a token")
def make_token(caller: Asks, form: TokenForm) -> NewToken:
    """A token for a script. It can be made from a log-in only: a token that was lost shall not make others."""
    if caller.by_token:
        raise NotAllowed(_("A token cannot make another token. Log in with a browser, and make it there."))
    with caller.school.writing() as session:
        return NewToken(token=tokens.make_token(session, caller.actor, form.name, form.days))


@router.delete("/me/tokens/{token_id}", summary="Revoke a token")
def revoke_token(caller: Asks, token_id: Id) -> Done:
    """End a token: it works no more, at once."""
    with caller.school.writing() as session:
        tokens.revoke(session, caller.actor, token_id)
    return Done()


@router.get("/me/news", summary="What happened to your work")
def list_news(caller: Asks) -> list[NewsAnswer]:
    """Comments, answers, points by hand, regrades and released scenes that concern you, the newest 100 first."""
    with caller.school.reading() as session:
        return NewsAnswer.all_of(news.news(session, caller.actor))


@router.post("/me/news/read", summary="Say that you have read all news")
def read_news(caller: Asks) -> Done:
    """From now on only what happens later is fresh."""
    with caller.school.writing() as session:
        news.looked_at(session, caller.actor)
    return Done()


Rank = Literal["student", "teacher", "administrator"]
