"""Account: what somebody may change of themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Response

from sheber.i18n import _
from sheber.school.errors import Refused
from sheber.school.people import logins
from sheber.web.rendering import page
from sheber.web.visit import Known, page_router

router = page_router()

Text = Annotated[str, Form(max_length=1000)]


@router.get("/account")
def account_page(visit: Known) -> Response:
    """One's own account."""
    return page(visit, "account.html.j2", wrong="", where="", notice="")


@router.post("/account/password")
def change_password(visit: Known, old: Text, new: Text) -> Response:
    """Choose another password."""
    try:
        with visit.school.writing() as session:
            logins.change_password(session, visit.actor, old, new, token=visit.token, address=visit.address)
    except Refused as error:
        return page(visit, "account.html.j2", status=422, wrong=str(error), where=error.where, notice="")
    return page(visit, "account.html.j2", wrong="", where="", notice=_("The password was changed."))
