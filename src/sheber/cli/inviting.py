"""Inviting: a one-time link by the hand of the operator, for who cannot log in."""

from __future__ import annotations

import argparse

from sheber.cli.errors import DONE
from sheber.cli.extras import need_school
from sheber.cli.saving import existing_school
from sheber.i18n import _

__all__ = ["invite"]


def invite(arguments: argparse.Namespace) -> int:
    """`sheber invite`: a link with which somebody chooses a new password."""
    need_school(arguments.database)
    from sheber.school.people.invitations import LASTS, let_in

    school = existing_school(
        arguments.folder, arguments.database, _("There is no school in {folder}. Name its folder.")
    )
    try:
        with school.writing() as session:
            token = let_in(session, arguments.login)
    finally:
        school.close()
    print(f"{arguments.public_url.rstrip('/')}/invitation/{token}")
    text = _("Whoever opens this link first chooses the password of {login}. It works once, for {days} days.")
    print(text.format(login=arguments.login, days=LASTS.days))
    return DONE
