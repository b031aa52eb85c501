"""Find the name that was probably meant: a similar name, or the name of the same thing on other robots."""

from __future__ import annotations

from collections.abc import Iterable

from sheber.i18n import Text, message

__all__ = ["MEANT", "listed", "meant", "question"]

MEANT = message("client.meant", "Did you mean {name}?")
MEANT_ONE_OF_TWO = message("client.meant_one_of_two", "Did you mean {one} or {other}?")

ELSEWHERE = {
    "movej": ("move_joints", "move_to"),
    "moveabsj": ("move_joints",),
    "ptp": ("move_to", "move_joints"),
    "movel": ("move_linear",),
    "lin": ("move_linear",),
    "movep": ("move_linear",),
    "movec": ("move_circular",),
    "circ": ("move_circular",),
    "sleep": ("wait",),
    "velocity": ("speed",),
    "vel": ("speed",),
    "v": ("speed",),
    "accel": ("acceleration",),
    "acc": ("acceleration",),
    "a": ("acceleration",),
    "zone": ("blend",),
    "radius": ("blend",),
    "r": ("blend",),
    "wobj": ("frame",),
    "config": ("configuration",),
    "blocking": ("wait",),
    "color": ("colour",),
    "tcp": ("pose",),
    "grasp": ("close",),
    "release": ("open", "off"),
}
"""What robot makers and other libraries call things; without underscores and in small letters."""


def meant(name: str, known: Iterable[str]) -> list[str]:
    """Which of the names that exist were probably meant, the likeliest first; at most two."""
    import difflib  # only where something went wrong

    names = sorted({*known} - {name})
    plain = name.replace("_", "").lower()
    elsewhere = [other for other in ELSEWHERE.get(plain, ()) if other in names]
    if elsewhere:
        return elsewhere[:2]
    small = {known.lower(): known for known in names}
    return [small[match] for match in difflib.get_close_matches(name.lower(), small, n=1, cutoff=0.6)]


def question(name: str, known: Iterable[str]) -> Text | None:
    """The question "Did you mean move_linear?"; None where no name is like it."""
    names = meant(name, known)
    if len(names) == 2:
        return MEANT_ONE_OF_TWO(one=names[0], other=names[1])
    return MEANT(name=names[0]) if names else None


def listed(thing: object) -> list[str]:
    """The public names that `thing` has."""
    return [name for name in dir(thing) if not name.startswith("_")]
