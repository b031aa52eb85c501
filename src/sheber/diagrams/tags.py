"""Tags: the elements of a picture in SVG, as text. Whatever is written into one is made harmless here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, Final

import numpy as np

from sheber.diagrams.arrays import Floats

__all__ = ["CHARACTER", "curve", "cut", "dots", "label", "shortest", "slanted", "tag", "wide"]

CHARACTER: Final = 0.56  # of the size of a letter: how wide one is, about


def tag(name: str, *inside: str, **attributes: Any) -> str:
    """An element; `inside` is SVG already. `class_` and `stroke_width` are written `class` and `stroke-width`;
    an attribute that is "" is left out."""
    words = "".join(
        f' {key.strip("_").replace("_", "-")}="{_written(value)}"' for key, value in attributes.items() if value != ""
    )
    return f"<{name}{words}>{''.join(inside)}</{name}>" if inside else f"<{name}{words}/>"


def _written(value: Any) -> str:
    return shortest(value) if isinstance(value, float) else escape(str(value))


def shortest(value: float, digits: int = 1) -> str:
    """A place in the picture in as few signs as do."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def label(words: str, x: float, y: float, **attributes: Any) -> str:
    """Words at a place."""
    return tag("text", escape(words), x=float(x), y=float(y), **attributes)


def curve(x: Floats, y: Floats) -> str:
    """The path through points; it begins anew after each gap. Empty where fewer than two neighbours are there."""
    return "".join(_piece(x[part], y[part]) for part in _without_gaps(np.isfinite(x) & np.isfinite(y)))


def _without_gaps(there: Any) -> Iterator[slice]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], there, [False])).astype(np.int8)))
    return (slice(int(start), int(end)) for start, end in edges.reshape(-1, 2))


def _piece(x: Floats, y: Floats) -> str:
    if len(x) == 1:
        return f"M{shortest(x[0])} {shortest(y[0])}h0"
    return "M" + "L".join(f"{shortest(a)} {shortest(b)}" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def dots(x: Floats, y: Floats) -> str:
    """The path that is a dot at each finite point, for a stroke with round ends."""
    pairs: Iterable[tuple[float, float]] = zip(x.tolist(), y.tolist(), strict=True)
    return "".join(f"M{shortest(a)} {shortest(b)}h0" for a, b in pairs if np.isfinite(a) and np.isfinite(b))


def slanted(x: Floats, y: Floats) -> str:
    """The path that is a slanted cross at each finite point."""
    pairs: Iterable[tuple[float, float]] = zip(x.tolist(), y.tolist(), strict=True)
    there = ((a, b) for a, b in pairs if np.isfinite(a) and np.isfinite(b))
    return "".join(f"M{shortest(a - 2.5)} {shortest(b - 2.5)}l5 5m0-5l-5 5" for a, b in there)


def wide(words: str, size: float = 12.0) -> float:
    """About how wide words are in letters of a size; signs of Chinese are square."""
    return size * sum(1.0 if ord(sign) > 0x2E7F else CHARACTER for sign in words)


def cut(words: str, room: float, size: float = 12.0) -> str:
    """The words, or as many of their signs as fit into a width."""
    if wide(words, size) <= room:
        return words
    kept = words
    while kept and wide(kept + "…", size) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…" if kept else ""
