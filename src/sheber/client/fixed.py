"""Objects with fixed attributes: a misspelt attribute is an error, not a new attribute."""

from __future__ import annotations

from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

from sheber.client.errors import wrong
from sheber.client.suggest import MEANT, listed, question
from sheber.i18n import Text, message

__all__ = ["Fixed"]

CANNOT_BE_SET = message("client.cannot_be_set", "A program cannot set {name}: it can only read it.")
NO_ATTRIBUTE = message("client.no_attribute", "{kind} has no attribute {name!r}. It has: {known}.")
NO_ATTRIBUTE_MEANT = message(
    "client.no_attribute_meant", "{kind} has no attribute {name!r}. {question} It has: {known}."
)


class Fixed:
    """The base of cell, robot, tools and cameras. Each attribute is set once, by the constructor.

    If you read or set an attribute that does not exist, you get an AttributeError. It names the attribute that you
    probably meant.
    """

    __slots__ = ()

    if not TYPE_CHECKING:  # with these in sight, a type checker would let every name pass

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            raise wrong(AttributeError, _unknown(self, name), name=name, obj=self)

        def __setattr__(self, name: str, value: Any) -> None:
            member = getattr(type(self), name, None)
            if member is None and not name.startswith("_"):
                self.__getattr__(name)  # says what exists
            if not _may_be_set(self, name, member):
                raise wrong(AttributeError, CANNOT_BE_SET(name=f"{type(self).__name__}.{name}"), name=name, obj=self)
            object.__setattr__(self, name, value)


def _may_be_set(thing: object, name: str, member: Any) -> bool:
    """True for what is private, for a property that can be set, and for the first value of an attribute."""
    if name.startswith("_") or (isinstance(member, property) and member.fset is not None):
        return True
    if not isinstance(member, MemberDescriptorType):
        return False
    try:
        member.__get__(thing, type(thing))
    except AttributeError:
        return True
    return False


def _deeper(thing: object, name: str) -> str:
    """Where an object that this one holds has the name: "robot.move_joints"; "" where none has it."""
    for own in listed(type(thing)):
        if isinstance(getattr(type(thing), own), MemberDescriptorType):
            held = getattr(thing, own, None)
            if isinstance(held, Fixed) and name in listed(type(held)):
                return f"{own}.{name}"
    return ""


def _unknown(thing: object, name: str) -> Text:
    """The sentence for an attribute that does not exist."""
    kind, known = type(thing).__name__, listed(type(thing))
    asked = question(name, known) if name in known or not (deeper := _deeper(thing, name)) else MEANT(name=deeper)
    if asked is None:
        return NO_ATTRIBUTE(kind=kind, name=name, known=known)
    return NO_ATTRIBUTE_MEANT(kind=kind, name=name, question=asked, known=known)
