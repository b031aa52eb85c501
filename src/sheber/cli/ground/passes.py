"""`sheber passes`: when satellites pass over a site, as a table, JSON, CSV or a plot of the sky."""

from __future__ import annotations

import argparse
import csv
import io
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sheber.cli.errors import DONE, Refused
from sheber.cli.extras import need_ground
from sheber.cli.output import console, plain, print_json, shown_path, write_text
from sheber.i18n import Text, _, ngettext

if TYPE_CHECKING:
    from sheber.ground.elements import Elements
    from sheber.ground.passes import Pass
    from sheber.ground.site import Site

__all__ = ["passes"]

_COLUMNS: Final = (
    "satellite",
    "norad_id",
    "aos",
    "tca",
    "los",
    "duration_s",
    "elevation_max_deg",
    "azimuth_aos_deg",
    "azimuth_tca_deg",
    "azimuth_los_deg",
    "rises",
    "sets",
)


def passes(arguments: argparse.Namespace) -> int:
    """Find the passes and print them; 0 also where there are none."""
    need_ground()
    from sheber.ground.elements import sorted_out
    from sheber.ground.instants import DAY, parse
    from sheber.ground.passes import find_passes, finder

    site = _site(arguments)
    start = time.time() if arguments.start is None else parse(arguments.start)
    end = start + arguments.days * DAY
    finder.check_window(start, end)
    oldest = None if arguments.oldest is None else arguments.oldest * DAY
    fit, refused = sorted_out(_wanted(arguments, start), start, end, oldest=oldest)
    _tell(refused)
    if not fit:
        raise Refused(_("No elements are left to search with."))
    found = find_passes(fit, site, start, end, oldest=oldest)
    _write(arguments, found, fit, site)
    if arguments.json:
        print_json({"passes": [_form(one) for one in found], "refused": [_refusal(*one) for one in refused]})
    else:
        _print(found, len(fit), start, end, site)
    return DONE


def _site(arguments: argparse.Namespace) -> Site:
    from sheber.ground.site import Site, Skyline

    skyline = Skyline.from_csv(_text(arguments.skyline)) if arguments.skyline else Skyline.flat()
    place = (arguments.latitude, arguments.longitude, arguments.altitude)
    return Site(arguments.site, *place, skyline, arguments.minimum)


def _text(path: Path) -> str:
    """A small text file of the user. Raises Refused."""
    from sheber.untrusted import read_regular

    try:
        return read_regular(path, 1 << 20, links=True).decode("utf-8-sig", errors="replace")
    except OSError as error:
        text = _("The skyline {file} cannot be read: {why}")
        raise Refused(text.format(file=shown_path(path), why=error.strerror or error)) from error


def _wanted(arguments: argparse.Namespace, start: float) -> list[Elements]:
    """The elements to search with: of each satellite those whose epoch is nearest."""
    from sheber.ground.elements import chosen, newest, read

    known = newest(read(arguments.elements), start)
    if not arguments.satellite:
        return known
    return list({one.norad_id: one for one in (chosen(known, name) for name in arguments.satellite)}.values())


def _tell(refused: list[tuple[Elements, Text]]) -> None:
    """Each refusal on a line; many of one catalogue are counted."""
    for _one, why in refused[:_TOLD]:
        print(plain(f"sheber: {why}"), file=sys.stderr)
    more = len(refused) - _TOLD
    if more > 0:
        text = ngettext(
            "sheber: and {n} more satellite was refused", "sheber: and {n} more satellites were refused", more
        )
        print(text.format(n=more), file=sys.stderr)


_TOLD: Final = 5


# --- forms ------------------------------------------------------------------------------------------


def _form(one: Pass) -> dict[str, Any]:
    from sheber.ground.instants import written

    moments = {name: written(getattr(one, name), 1) for name in ("aos", "tca", "los")}
    numbers = {name: round(getattr(one, name), 2) for name in _COLUMNS if name.endswith("_deg")}
    form = {"satellite": one.satellite, "norad_id": one.norad_id, "rises": one.rises, "sets": one.sets}
    return {name: {**form, **moments, **numbers, "duration_s": round(one.duration, 1)}[name] for name in _COLUMNS}


def _refusal(elements: Elements, why: Text) -> dict[str, Any]:
    return {"satellite": elements.name, "norad_id": elements.norad_id, "why": str(why)}


def _write(arguments: argparse.Namespace, found: list[Pass], elements: list[Elements], site: Site) -> None:
    """The files that were asked for."""
    if arguments.csv is not None:
        out = io.StringIO()
        writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_form(one) for one in found)
        write_text(arguments.csv, out.getvalue())
    if arguments.sky is not None:
        from sheber.diagrams import standalone
        from sheber.ground.passes import sky_plot

        write_text(arguments.sky, standalone(sky_plot(found, elements, site)))


def _print(found: list[Pass], satellites: int, start: float, end: float, site: Site) -> None:
    from rich.table import Table

    from sheber.ground.instants import written

    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column(_("satellite"), overflow="fold")  # where there is little room, names are broken first
    headings = (_("AOS (UTC)"), _("LOS"), _("lasts"), _("highest"), _("from"), _("over"), _("to"))
    for place, heading in enumerate(headings):
        width = max([len(heading), *(len(row[place + 1]) for row in map(_row, found))])
        table.add_column(heading, justify="right", overflow="fold", min_width=width)
    for one in found:
        table.add_row(*_row(one))
    if found:
        console().print(table)
    text = ngettext(
        "{n} pass of {satellites} from {start} to {end} over {place}",
        "{n} passes of {satellites} from {start} to {end} over {place}",
        len(found),
    )
    counted = ngettext("{n} satellite", "{n} satellites", satellites).format(n=satellites)
    window = {"start": written(start)[:16] + "Z", "end": written(end)[:16] + "Z"}
    print(plain(text.format(n=len(found), satellites=counted, place=site.name, **window)))


def _row(one: Pass) -> tuple[str, ...]:
    """A pass in the cells of the table."""
    from sheber.ground.instants import written

    aos, los = written(one.aos).replace("T", " ")[:19], written(one.los)[11:19]
    minutes, seconds = divmod(round(one.duration), 60)
    directions = (one.azimuth_aos_deg, one.azimuth_tca_deg, one.azimuth_los_deg)
    return (
        plain(one.satellite or str(one.norad_id)),
        aos if one.rises else _("up before"),
        los if one.sets else _("up after"),
        f"{minutes}:{seconds:02d}",
        f"{one.elevation_max_deg:.0f}°",
        *(f"{direction % 360:.0f}°" for direction in directions),
    )
