"""Keys: tokens of sessions, links and scripts. Whoever reads the database finds only their hashes."""

from __future__ import annotations

import hashlib
import secrets

from sheber.school.people.models import Person
from sheber.school.people.policy import Actor

__all__ = ["actor_of", "hashed", "new_key"]

_BYTES = 32


def new_key(prefix: str = "") -> tuple[str, str]:
    """A new token of 256 random bits, and the hash under which it is kept."""
    key = prefix + secrets.token_urlsafe(_BYTES)
    return key, hashed(key)


def hashed(key: str) -> str:
    """What is kept of a token. It has 256 random bits, so that a plain hash cannot be undone by trying."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def actor_of(person: Person) -> Actor:
    """A person as somebody who asks for something."""
    return Actor(person.id, person.name, person.rank, person.language)
