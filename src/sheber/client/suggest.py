"""Names that were meant: by likeness, and by what other robots call the same thing."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["listed", "meant", "question"]

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
"""What the makers of robots, and other libraries, call things; without underscores and in small letters."""


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


def question(name: str, known: Iterable[str]) -> str:
    """The question "did you mean move_linear?", or nothing where no name is like it."""
    names = meant(name, known)
    return f"did you mean {' or '.join(names)}?" if names else ""


def listed(thing: object) -> list[str]:
    """The public names that `thing` has."""
    return [name for name in dir(thing) if not name.startswith("_")]
