"""Passwords: argon2id hashes, and which passwords are refused.

A hash takes tens of milliseconds and 19 MiB, on purpose. Only a few are computed at once, so that a class that logs in
together fills neither the memory nor the processor; and none is computed inside a transaction.
"""

from __future__ import annotations

import threading
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from sheber.i18n import _
from sheber.school.errors import Refused

__all__ = ["LEAST", "MOST", "check_new", "hash_password", "outdated", "verify"]

LEAST: Final = 8  # characters
MOST: Final = 200  # characters: a longer one only costs time
_DIFFERENT: Final = 4  # characters that a password has at least
_AT_ONCE: Final = 4  # hashes that are computed at the same time

_NOBODY: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$F6Y1FLqqVZOaV77yRXv5Vg$fqx8Ad"
    "7OBHsuzUUQMcfjF5bBNRZH08705xfH7sP2OMA"
)  # of nobody's password, at today's cost: what is compared where there is no account
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_computing = threading.BoundedSemaphore(_AT_ONCE)

_WORDS: Final = """
password passw0rd password1 qwertyui qwerty123 1q2w3e4r 12345678 123456789 1234567890 87654321 11223344
abcdefgh abc12345 iloveyou sunshine football princess welcome1 administrator student1 teacher1 sheberkhana
йцукенгш йцукен123 пароль12 пароль123 asdfghjk zxcvbnm1 1qaz2wsx qazwsxedc
"""
_COMMON: Final = frozenset(_WORDS.split())


def check_new(password: str, login: str) -> None:
    """Refuse a password that is guessed soon, in words. Raises Refused."""
    plain = _normal(password)
    folded = plain.casefold()
    if len(plain) < LEAST:
        text = _("The password has {count} characters. It must have at least {least}.")
        raise Refused(text.format(count=len(plain), least=LEAST), "password")
    if len(plain) > MOST:
        text = _("The password has {count} characters. It must have at most {most}.")
        raise Refused(text.format(count=len(plain), most=MOST), "password")
    if login and folded in (login.casefold(), login.casefold()[::-1], login.casefold().partition("@")[0]):
        raise Refused(_("The password is the login. Choose another one."), "password")
    if folded in _COMMON or len(set(folded)) < _DIFFERENT:
        raise Refused(_("Many people use this password, so it is guessed first. Choose another one."), "password")


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its salt and cost. Do not call it inside a transaction."""
    with _computing:
        return _hasher.hash(_normal(password))


def verify(known: str, password: str) -> bool:
    """Whether this is the password of a hash. It takes as long where there is no hash (""), and says no."""
    usable = len(password) <= MOST
    with _computing:
        try:
            _hasher.verify(known or _NOBODY, _normal(password) if usable else "")
        except (Argon2Error, InvalidHashError):
            return False
    return usable and bool(known)


def outdated(known: str) -> bool:
    """Whether a hash was made with another cost than today's, and should be made anew."""
    return bool(known) and _hasher.check_needs_rehash(known)


def _normal(password: str) -> str:
    """The same password, however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
