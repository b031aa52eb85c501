"""Commands about this machine: prepare, doctor, bench."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from typing import TYPE_CHECKING

from sheber.cli.errors import DONE, FAULT, Refused
from sheber.cli.extras import GROUND_LINE, missing_for_ground, missing_for_school, need_ground, need_school, school_line
from sheber.cli.output import console, print_json, progress, shown_path
from sheber.i18n import _

if TYPE_CHECKING:
    from sheber.bench.rows import Row
    from sheber.doctor import Finding

__all__ = ["bench", "doctor", "prepare"]


def prepare(arguments: argparse.Namespace) -> int:
    """`sheber prepare`: make what each kind of station keeps in the cache and does not find there."""
    from time import perf_counter

    from sheber import cache
    from sheber.exercises import catalogue

    if not cache.lasts():
        raise Refused(
            _("no folder here can keep kernels and meshes; set SHEBER_CACHE to a folder that you can write to")
        )
    started = perf_counter()
    cache.forget_old_kernels()
    for kind in {exercise.station.name: exercise.station for exercise in catalogue()}.values():
        for what, parts in kind.prepare().items():
            _follow(_(what), parts)
    text = _("Prepared in {s:.1f} s and kept in {folder}")
    print(text.format(s=perf_counter() - started, folder=shown_path(cache.folder())))
    return DONE


def _follow(what: str, parts: Iterator[tuple[str, int, int]]) -> None:
    """Show the progress of work that yields (part, done, total)."""
    first = next(parts, None)
    if first is None:
        return
    with progress(what, first[2]) as step:
        for name, done, _total in chain((first,), parts):
            step(done, name)


def doctor(arguments: argparse.Namespace) -> int:
    """`sheber doctor`: check what works on this machine, by trying it."""
    from sheber.doctor import examine

    findings = [*examine(progress=None if arguments.json else _examining), *_of_ground(), *_of_school(arguments)]
    if arguments.json:
        print_json([asdict(finding) for finding in findings])
        return _doctors_code(findings)
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2), show_header=False)
    table.add_column()
    table.add_column()
    table.add_column(overflow="fold")
    for finding in findings:
        mark = "[green]✓[/green]" if finding.ok else "[yellow]![/yellow]"
        table.add_row(mark, finding.name, finding.value)
    console().print(table)
    advice = dict.fromkeys(finding.advice for finding in findings if finding.advice)  # each once
    if advice:
        print("\n" + _("What would help:"))
        print("\n".join(f"  {line}" for line in advice))
    return _doctors_code(findings)


def _of_ground() -> Iterator[Finding]:
    """Whether the exercises of the ground station can run here."""
    from sheber.doctor import Finding

    missing = missing_for_ground()
    if missing:
        value = _("not installed, and needed only by its exercises: {names}").format(names=", ".join(missing))
        yield Finding(_("ground station"), value, True, GROUND_LINE)
    else:
        yield Finding(_("ground station"), _("installed"), True)


def _of_school(arguments: argparse.Namespace) -> Iterator[Finding]:
    """Whether a school can be served: its packages, and the school in the folder that was named."""
    from sheber.doctor import Finding

    missing = missing_for_school(arguments.database)
    if missing:
        value = _("not installed, and needed only by `sheber serve`: {names}").format(names=", ".join(missing))
        yield Finding(_("parts of a school"), value, arguments.school is None, school_line(arguments.database))
        return
    yield Finding(_("parts of a school"), _("installed"), True)
    if arguments.school is not None:
        from sheber.school.operating.examining import examine_school

        yield from (Finding(*found) for found in examine_school(arguments.school, arguments.database))


def _doctors_code(findings: Sequence[Finding]) -> int:
    """0 where programs can be graded on this machine; else say that they cannot."""
    if not any(finding.grave for finding in findings):
        return DONE
    print(_("sheber: no sandbox works on this machine, so it cannot grade programs yet"), file=sys.stderr)
    return FAULT


def _examining(name: str) -> None:
    print(_("trying: {name}").format(name=name), file=sys.stderr, flush=True)


def bench(arguments: argparse.Namespace) -> int:
    """`sheber bench`: every gate a row with its value, its gate, and whether it is met."""
    from sheber.bench import load

    measure, names = _ladder(arguments)
    unknown = [name for name in arguments.only or () if name not in names]
    if unknown:
        text = _("There is no gate {name!r}. The gates are: {names}.")
        raise Refused(text.format(name=unknown[0], names=", ".join(names)))
    chosen = arguments.only or names
    rows: list[Row] = []
    before = load()
    try:
        with progress(_("gates"), len(chosen)) as step:
            for done, name in enumerate(chosen):
                step(done, name)
                rows += measure(name)
            step(len(chosen))
    finally:  # what was measured before a gate broke is shown too
        if arguments.json:
            print_json([{k: v for k, v in asdict(row).items() if k != "note"} for row in rows])
        else:
            _print_rows(rows)
            print(
                "\n" + _("load of the machine before and after: {before}; {after}").format(before=before, after=load())
            )
    return DONE


def _print_rows(rows: Sequence[Row]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for heading in (_("measured"), _("value"), _("unit"), _("gate"), _("met")):
        table.add_column(heading, justify="left" if heading in (_("measured"), _("unit"), _("met")) else "right")
    table.add_column(_("remarks"), overflow="fold")
    for row in rows:
        met = "" if row.met is None else _("yes") if row.met else _("NO")
        value = "-" if row.value is None else f"{row.value:.4g}"
        table.add_row(row.name, value, row.unit, row.gate, met, row.note)
    console().print(table)


def _ladder(arguments: argparse.Namespace) -> tuple[Callable[[str], Sequence[Row]], list[str]]:
    """How a gate is measured, and the names of all: those of the judge, of the school or of the ground station."""
    from sheber.bench import GATES, GROUND, SCHOOL, measure, measure_ground, measure_school

    if arguments.what != "school" and arguments.database:
        raise Refused(_("--database is for `sheber bench school`."))
    if arguments.what == "judge":
        return (lambda name: measure(name, quick=arguments.quick)), list(GATES)
    if arguments.what == "ground":
        need_ground()
        return (lambda name: measure_ground(name, quick=arguments.quick)), list(GROUND)
    need_school(arguments.database)
    one = (arguments.only or ["submissions"])[0]  # an empty database is good for one gate

    def measured(name: str) -> Sequence[Row]:
        return measure_school(name, quick=arguments.quick, database=arguments.database if name == one else "")

    return measured, list(SCHOOL)
