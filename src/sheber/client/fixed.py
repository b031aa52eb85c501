"""What a program holds in its hands has the attributes that it has: a misspelt one is an error, not a new one."""

from __future__ import annotations

from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

from sheber.client.suggest import listed, question

__all__ = ["Fixed"]


class Fixed:
    """The base of cell, robot, tools and cameras. Each attribute is set once, by the constructor.

    Reading or setting what does not exist raises AttributeError with the name that was probably meant.
    """

    __slots__ = ()

    if not TYPE_CHECKING:  # with these in sight, a type checker would let every name pass

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(_unknown(self, name), name=name, obj=self)

        def __setattr__(self, name: str, value: Any) -> None:
            member = getattr(type(self), name, None)
            if member is None and not name.startswith("_"):
                self.__getattr__(name)  # says what exists
            if not _may_be_set(self, name, member):
                raise AttributeError(f"{_called(self)}.{name} cannot be set by a program", name=name, obj=self)
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


def _called(thing: object) -> str:
    return type(thing).__name__.lower()


def _unknown(thing: object, name: str) -> str:
    if name.startswith("__"):
        return f"{type(thing).__name__!r} object has no attribute {name!r}"
    known = listed(type(thing))
    asked = question(name, known)
    words = f"the {_called(thing)} has no {name!r}"
    return f"{words}: {asked} There is: {', '.join(known)}" if asked else f"{words}. There is: {', '.join(known)}"
