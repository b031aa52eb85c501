"""Account: what somebody may change of themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Response

from sheber.i18n import _
from sheber.school.errors import Refused
from sheber.school.people import logins, tokens
from sheber.web.rendering import go_to, page
from sheber.web.visit import Id, Known, Visit, page_router

router = page_router()

Text = Annotated[str, Form(max_length=1000)]


@router.get("/account")
def account_page(visit: Known) -> Response:
    """One's own account."""
    return _account(visit)


@router.post("/account/password")
async def change_password(visit: Known, old: Text, new: Text) -> Response:
    """Choose another password."""
    return await visit.hashing.run(visit.address, _change_password, visit, old, new)


def _change_password(visit: Visit, old: str, new: str) -> Response:
    try:
        with visit.school.writing() as session:
            logins.change_password(session, visit.actor, old, new, token=visit.token, address=visit.address)
    except Refused as error:
        return _account(visit, error)
    return _account(visit, notice=_("The password was changed."))


@router.post("/account/tokens")
def make_token(visit: Known, name: Text, days: Annotated[int, Form(ge=1, le=tokens.LONGEST)] = 90) -> Response:
    """Make a token for a script; the page shows it this once."""
    try:
        with visit.school.writing() as session:
            token = tokens.make_token(session, visit.actor, name, days)
    except Refused as error:
        return _account(visit, Refused(str(error), "token"))
    return _account(visit, token=token)


@router.post("/account/tokens/{token_id}/revoke")
def revoke_token(visit: Known, token_id: Id) -> Response:
    """End a token at once."""
    with visit.school.writing() as session:
        tokens.revoke(session, visit.actor, token_id)
    return go_to("/account#tokens")


def _account(visit: Visit, refused: Refused | None = None, notice: str = "", token: str = "") -> Response:
    with visit.school.reading() as session:
        mine = tokens.list_tokens(session, visit.actor)
    wrong, where = (str(refused), refused.where) if refused else ("", "")
    status = 422 if refused else 200
    told = {"wrong": wrong, "where": where, "notice": notice, "tokens": mine, "token": token}
    return page(visit, "account.html.j2", status=status, **told)
