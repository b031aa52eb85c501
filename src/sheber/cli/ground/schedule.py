"""`sheber schedule`: the best timetable of a file, proven, with what each partner holds and why others are refused."""

from __future__ import annotations

import argparse
import csv
import io
from typing import TYPE_CHECKING, Any, Final

from sheber.cli.errors import DONE
from sheber.cli.extras import need_ground
from sheber.cli.output import console, plain, print_json, shown_path, write_text
from sheber.i18n import _

if TYPE_CHECKING:
    from sheber.ground.schedule import Contact, Plan

__all__ = ["schedule"]

_COLUMNS: Final = ("contact", "start", "end", "antenna", "satellite", "partner", "elevation_max_deg", "value")


def schedule(arguments: argparse.Namespace) -> int:
    """Make the plan of a file and print it; a schedule that cannot be met ends the command with what is missing."""
    need_ground()
    from sheber.ground.passes import find_passes
    from sheber.ground.schedule import solve
    from sheber.ground.schedule.reading import read

    problem = read(arguments.file).problem(find_passes)
    plan = solve(problem, gap=arguments.gap / 100.0, limit_s=arguments.limit)
    if arguments.csv is not None:
        write_text(arguments.csv, _table(plan))
    if arguments.svg is not None:
        _draw(plan, arguments)
    if arguments.why is not None:
        return _tell_why(plan, arguments)
    if arguments.json:
        print_json(_form(plan, arguments.prices))
    else:
        _print(plan, arguments)
    return DONE


def _row(plan: Plan, one: Contact) -> dict[str, Any]:
    """A contact as plain values, times as UTC."""
    from sheber.ground.instants import written

    partner = plan.problem.partner_of[one.satellite]
    height, value = round(one.elevation_max_deg, 1), round(one.value, 3)
    times = (written(one.start), written(one.end))
    return dict(zip(_COLUMNS, (one.name, *times, one.antenna, one.satellite, partner, height, value), strict=True))


def _form(plan: Plan, priced: bool) -> dict[str, Any]:
    """All that is known of a plan, for other programs."""
    from sheber.ground.schedule import prices, refusals

    form: dict[str, Any] = {
        "value": plan.value,
        "bound": plan.bound,
        "proven": plan.proven,
        "seconds": plan.seconds,
        "candidates": len(plan.problem.contacts),
        "contacts": [_row(plan, one) for one in plan.chosen],
        "partners": [
            {"partner": h.partner, "contacts": h.contacts, "seconds": h.seconds, "share": h.share, "value": h.value}
            for h in plan.holdings
        ],
        "refused": [
            {
                **_row(plan, one.contact),
                "reason": one.reason,
                "takers": [taker.name for taker in one.takers],
                "takers_value": one.theirs,
                "words": str(one.text),
            }
            for one in refusals(plan)
        ],
    }
    if priced:
        form["prices"] = [{"rule": str(one.rule), "value": one.value, "part": one.part} for one in prices(plan)]
    return form


def _table(plan: Plan) -> str:
    """The timetable as CSV."""
    words = io.StringIO()
    writer = csv.DictWriter(words, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(plan, one) for one in plan.chosen)
    return words.getvalue()


def _draw(plan: Plan, arguments: argparse.Namespace) -> None:
    from sheber.diagrams import standalone
    from sheber.ground.schedule.timetable import timetable

    write_text(arguments.svg, standalone(timetable(plan, refused=arguments.refused)))


def _tell_why(plan: Plan, arguments: argparse.Namespace) -> int:
    """Why one contact is not in the plan, and what it would cost to give it."""
    from sheber.ground.schedule import cost, refusal

    one = refusal(plan, arguments.why)
    price = cost(plan, arguments.why, limit_s=arguments.limit)
    if arguments.json:
        words = None if one is None else str(one.text)
        print_json({"contact": arguments.why, "given": one is None, "words": words, "cost": price})
        return DONE
    print(plain(str(one.text)) if one else _("The plan has {contact}.").format(contact=plain(arguments.why)))
    if one and price is None:
        print(_("No plan with it keeps the rules."))
    elif one:
        print(_("The best plan with it is worth {cost:.0f} less.").format(cost=price))
    return DONE


def _print(plan: Plan, arguments: argparse.Namespace) -> None:
    _print_rows(plan)
    print()
    _print_holdings(plan)
    print()
    best = _("no better plan exists") if plan.proven else _("a better one by at most {gap:.2%} may exist")
    text = _("{n} of {all} contacts, worth {value:.0f}: {best}. Made in {seconds:.2f} s.")
    words = {"n": len(plan.chosen), "all": len(plan.problem.contacts), "value": plan.value, "seconds": plan.seconds}
    print(text.format(best=best.format(gap=plan.gap), **words))
    if arguments.prices:
        _print_prices(plan)
    if arguments.refused:
        _print_refused(plan)
    for path in (arguments.csv, arguments.svg):
        if path is not None:
            print(plain(shown_path(path)))


def _grid(*titles: str, right: tuple[int, ...] = ()) -> Any:
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, title in enumerate(titles):
        grid.add_column(title, justify="right" if place in right else "left", overflow="fold")
    return grid


def _print_rows(plan: Plan) -> None:
    from rich.text import Text

    titles = (_("Contact"), _("Start (UTC)"), _("End"), _("Antenna"), _("Satellite"), _("Partner"), "°", _("Value"))
    grid = _grid(*titles, right=(6, 7))
    for one in plan.chosen:
        row = _row(plan, one)
        end, height, value = row["end"][11:], f"{one.elevation_max_deg:.0f}", f"{one.value:.0f}"
        cells = (one.name, row["start"], end, one.antenna, one.satellite, row["partner"], height, value)
        grid.add_row(*(Text(plain(cell)) for cell in cells))
    console().print(grid)


def _print_holdings(plan: Plan) -> None:
    from rich.text import Text

    grid = _grid(_("Partner"), _("Contacts"), _("Minutes"), _("Share"), _("Value"), right=(1, 2, 3, 4))
    for one in plan.holdings:
        cells = (one.partner, str(one.contacts), f"{one.seconds / 60.0:.0f}", f"{one.share:.1%}", f"{one.value:.0f}")
        grid.add_row(*(Text(plain(cell)) for cell in cells))
    console().print(grid)


def _print_prices(plan: Plan) -> None:
    from sheber.ground.schedule import prices

    for one in prices(plan):
        text = _("Price of {rule}: {value:.0f} ({part:.2%}).")
        print(plain(text.format(rule=one.rule, value=one.value, part=one.part)))


def _print_refused(plan: Plan) -> None:
    from sheber.ground.schedule import refusals

    for one in refusals(plan):
        print(plain(str(one.text)))
