"""Catalogue: many elements, read from a file of any form, and one chosen of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from sheber.ground.elements import omm, tle
from sheber.ground.elements.model import NO_ELEMENTS, BadElements, Elements, Provenance
from sheber.i18n import message
from sheber.untrusted import read_regular

__all__ = ["chosen", "newest", "parse", "read"]

LARGEST_FILE: Final = 64 << 20  # bytes; the whole catalogue as XML has 40 MB

NOT_READ = message("ground.elements_not_read", "{where} cannot be read: {why}.")
TOO_LARGE = message("ground.elements_large", "{where} is larger than {most} MB; no catalogue of elements is.")
NOT_THERE = message("ground.elements_not_there", "There is no satellite {asked!r} among these elements.")
NEARLY = message(
    "ground.elements_nearly", "There is no satellite {asked!r} among these elements. Did you mean {names}?"
)


def read(path: Path | str) -> list[Elements]:
    """The elements of a file, TLE or OMM in any form; each knows the file and when it was read. Raises BadElements."""
    source = Provenance(Path(path).name, time.time())
    try:
        content = read_regular(path, LARGEST_FILE + 1, links=True)
    except OSError as error:
        raise BadElements(NOT_READ(where=str(path), why=error.strerror or str(error))) from None
    if len(content) > LARGEST_FILE:
        raise BadElements(TOO_LARGE(where=source.where, most=LARGEST_FILE >> 20))
    return parse(content.decode("utf-8-sig", errors="replace"), source)


def parse(text: str, source: Provenance | None = None) -> list[Elements]:
    """The elements of a text whose form is seen from its beginning. Raises BadElements, also where there are none."""
    source = source or Provenance("the text")
    start = text.lstrip()[:4096]
    if start.startswith("<"):
        found = omm.from_xml(text, source)
    elif start.startswith(("[", "{")):
        found = omm.from_json(text, source)
    elif "NORAD_CAT_ID" in start.partition("\n")[0]:
        found = omm.from_csv(text, source)
    else:
        found = tle.from_tle(text, source)
    if not found:
        raise BadElements(NO_ELEMENTS(where=source.where))
    return found


def newest(elements: Iterable[Elements], t: float | None = None) -> list[Elements]:
    """One of each number, in the order of the first: that of the epoch nearest to an instant, or the latest."""
    best: dict[int, Elements] = {}
    for one in elements:
        rival = best.get(one.norad_id)
        if rival is None or (one.epoch > rival.epoch if t is None else abs(one.epoch - t) < abs(rival.epoch - t)):
            best[one.norad_id] = one
    return list(best.values())


def chosen(elements: Sequence[Elements], asked: str | int) -> Elements:
    """The satellite of a number or a name (capitals do not matter); of several elements the latest.

    Raises BadElements, and names those that are written nearly so.
    """
    text = str(asked).strip().casefold()
    found = [one for one in elements if text and text in (str(one.norad_id), one.name.casefold())]
    if found:
        return max(found, key=lambda one: one.epoch)
    names = {one.name.casefold(): one.name for one in elements}
    near = get_close_matches(text, names, n=3, cutoff=0.5) or [name for name in names if text and text in name][:3]
    if near:
        raise BadElements(NEARLY(asked=str(asked), names=", ".join(names[name] for name in near)))
    raise BadElements(NOT_THERE(asked=str(asked)))
