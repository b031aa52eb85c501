"""Tables of people: accounts, log-ins, tokens, one-time links."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, validates

from sheber.school.database import Base

__all__ = ["RANKS", "ApiToken", "Invitation", "Login", "Person", "folded", "storable"]

RANKS: Final = ("student", "teacher", "administrator")
"""What somebody is to the whole school. A teacher may make courses; an administrator may do everything."""


def folded(text: str) -> str:
    """A text as it is searched for: neither database folds the letters of every script by itself."""
    return unicodedata.normalize("NFC", storable(text)).casefold()


def storable(text: str) -> str:
    """A text that each database takes: half a character and NUL, which not both do, become a question mark."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


class Person(Base):
    """Somebody with an account. Never deleted while results exist: `disabled` ends the account."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(80), unique=True)  # folded: small letters, NFC
    name: Mapped[str] = mapped_column(String(200))  # as the person writes it, in any script
    email: Mapped[str] = mapped_column(String(200), default="")
    rank: Mapped[str] = mapped_column(String(20), default="student")
    language: Mapped[str] = mapped_column(String(10), default="")  # "": as the browser asks
    password: Mapped[str] = mapped_column(String(200), default="")  # argon2; "": none yet
    created: Mapped[datetime]
    disabled: Mapped[bool] = mapped_column(default=False)
    search: Mapped[str] = mapped_column(String(400), default="")  # name and login, folded; follows them

    @validates("name", "login")
    def _followed(self, key: str, value: str) -> str:
        """Keep `search` in step."""
        name, login = (value, self.login) if key == "name" else (self.name, value)
        self.search = folded(f"{name or ''} {login or ''}")
        return value


class Login(Base):
    """A browser that somebody has logged in with. Only the hash of its token is kept."""

    __tablename__ = "logins"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    created: Mapped[datetime]
    seen: Mapped[datetime]
    expires: Mapped[datetime]


class ApiToken(Base):
    """A token for scripts. Shown once; only its hash is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))  # what its owner calls it
    created: Mapped[datetime]
    used: Mapped[datetime | None]
    expires: Mapped[datetime | None]


class Invitation(Base):
    """A one-time link with which somebody chooses a password. Only the hash of its token is kept."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    created: Mapped[datetime]
    expires: Mapped[datetime]
    used: Mapped[datetime | None]
