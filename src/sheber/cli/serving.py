"""Commands that serve a school: serve, work."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sheber.cli.errors import DONE, Refused
from sheber.cli.extras import need_cluster, need_school
from sheber.cli.output import console, linked, shown_path
from sheber.i18n import _

if TYPE_CHECKING:
    from sheber.school.opening import School
    from sheber.school.operating.beginning import Demo
    from sheber.school.operating.planning import Measured
    from sheber.school.queue.executor import Executor

__all__ = ["serve", "work"]

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_PLACES: Final = (4, 16, 64)  # of machines that a plan compares with this one


def serve(arguments: argparse.Namespace) -> int:
    """`sheber serve`: pages, worker and cleaning, until SIGTERM or Ctrl-C."""
    _check(arguments)
    if arguments.plan:
        return _plan(arguments)
    from sheber.school.opening import open_school
    from sheber.school.operating import keeping, logs, tokens
    from sheber.school.operating.beginning import begin, begin_demo
    from sheber.school.operating.retention import GB, Rule
    from sheber.web import serving
    from sheber.web.app import create_app

    logs.begin_log(arguments.log)
    bound = serving.bind(arguments.host, arguments.port)
    with ExitStack() as kept:
        kept.callback(bound.close)
        school = open_school(arguments.folder, arguments.database)
        kept.callback(school.close)
        tokens.keep_metrics_token(school)
        token = begin(school)
        demo = begin_demo(school) if arguments.demo else None
        rule = Rule(arguments.keep_practice, arguments.keep_graded, int(arguments.quota_gb * GB))
        kept.enter_context(keeping.Cleaning(school, rule))
        if arguments.workers != 0:
            kept.enter_context(keeping.WorkerProcess(_worker_command(arguments), _environment(arguments)))
        address = arguments.public_url.rstrip("/") or _address(arguments.host, bound.getsockname()[1])
        app = create_app(school, public_url=arguments.public_url)
        serving.serve(app, bound, lambda: _greet(arguments, school, address, token, demo))
    return DONE


def work(arguments: argparse.Namespace) -> int:
    """`sheber work`: judge what waits, check uploaded exercises and compare programs, until SIGTERM or Ctrl-C."""
    _check(arguments)
    from sheber.school import migrating
    from sheber.school.courses.examiner import Examiner
    from sheber.school.opening import open_school
    from sheber.school.operating import keeping, logs
    from sheber.school.queue.worker import JudgingWorker
    from sheber.school.similarity.comparer import Comparer

    logs.begin_log(arguments.log)
    if not (arguments.folder / "secret").is_file():
        text = _("There is no school in {folder}. `sheber serve` makes one.")
        raise Refused(text.format(folder=arguments.folder))
    school = open_school(arguments.folder, arguments.database, migrate=False)
    try:
        if migrating.edition(school.engine) != migrating.newest():
            raise Refused(
                _("The tables of this school are of another edition. Start `sheber serve` of this version first.")
            )
        worker = JudgingWorker(school, _executor(arguments))
        if arguments.with_parent:
            keeping.end_with_parent(worker.stop)
        with Examiner(school, worker.name), Comparer(school, worker.name):
            worker.run()
    finally:
        school.close()
    return DONE


def _check(arguments: argparse.Namespace) -> None:
    need_school(arguments.database)
    if arguments.executor == "ray":
        need_cluster()
    elif arguments.address:
        raise Refused(_("--address is for --executor ray."))


def _executor(arguments: argparse.Namespace) -> Executor:
    from sheber.judge import best_sandbox

    if arguments.executor == "ray":
        from sheber.school.queue.ray import RayExecutor

        return RayExecutor(arguments.address or "auto")
    from sheber.school.queue.local import LocalExecutor

    return LocalExecutor(best_sandbox(), arguments.workers)


# --- the worker as a child -------------------------------------------------------------------------


def _worker_command(arguments: argparse.Namespace) -> list[str]:
    command = [sys.executable, "-P", "-m", "sheber", "work", str(arguments.folder.absolute()), "--with-parent"]
    command += ["--executor", arguments.executor]
    command += ["--address", arguments.address] if arguments.address else []
    command += ["--workers", str(arguments.workers)] if arguments.workers else []
    command += ["--log", arguments.log or ("text" if sys.stderr.isatty() else "json")]
    return command


def _environment(arguments: argparse.Namespace) -> dict[str, str]:
    """The database's URL may hold a password: it goes where other users cannot see it."""
    return os.environ | {"SHEBER_DATABASE": arguments.database}


# --- what is told ----------------------------------------------------------------------------------


def _address(host: str, port: int) -> str:
    named = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{named}:{port}"


def _greet(arguments: argparse.Namespace, school: School, address: str, token: str | None, demo: Demo | None) -> None:
    print(_("The school in {folder} is served at {address}").format(folder=shown_path(school.folder), address=address))
    if token:
        print("\n" + _("It has no administrator yet. Open this link once to choose a password (login: admin):"))
        print(f"  {address}/invitation/{token}")
    if demo:
        _tell_demo(demo)
    if arguments.host not in LOOPBACK and not arguments.public_url.startswith("https://"):
        text = _("Other machines can reach it without encryption. Put a proxy with TLS before it (docs/operator.md).")
        print("\n" + text)
    print("\n" + _("Stop it with Ctrl-C."), flush=True)


def _tell_demo(demo: Demo) -> None:
    print("\n" + _("People of the demo:"))
    for guest in demo.guests:
        print(f"  {guest.login:<10} {guest.password:<16} {guest.rank:<9} {guest.name}")
    if demo.submitted:
        print(_("{count} programs were handed in for them. They are judged now.").format(count=demo.submitted))
    if demo.missing:
        text = _(
            "No programs were handed in for {names}: an installed package has none. A clone has them (make serve)."
        )
        print(text.format(names=", ".join(demo.missing)))


# --- the plan --------------------------------------------------------------------------------------


def _plan(arguments: argparse.Namespace) -> int:
    """Print the table of `--plan`."""
    from sheber.judge.pool import cores

    here = arguments.workers or cores()
    found, source = _measured(arguments)
    places = sorted({here, *_PLACES})
    print(source)
    _print_measured(found)
    mean = sum(one.mean_s for one in found) / len(found)
    _print_drains(arguments.plan, mean, places, here)
    return DONE


def _measured(arguments: argparse.Namespace) -> tuple[tuple[Measured, ...], str]:
    """Seconds a scene: of this school, else of this machine, tried now."""
    from sheber.school.opening import open_school
    from sheber.school.operating.planning import measured

    if arguments.database or (arguments.folder / "school.db").is_file():
        school = open_school(arguments.folder, arguments.database, migrate=False)
        try:
            with school.reading() as session:
                found = measured(session)
        finally:
            school.close()
        if found:
            text = _("Measured by the workers of the school in {folder}:")
            return found, text.format(folder=linked(Path(arguments.folder), sys.stdout))
    from sheber.judge import best_sandbox
    from sheber.school.operating.trying import try_here

    print(_("This school has judged too little yet, so some scenes are judged now."), file=sys.stderr, flush=True)
    found = try_here(best_sandbox(), arguments.workers or None)
    if not found:
        raise Refused(_("Nothing could be judged on this machine. `sheber doctor` tells why."))
    return found, _("Measured on this machine now:")


def _print_measured(found: Sequence[Measured]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2))
    table.add_column(_("exercise"))
    for heading in (_("scenes"), _("mean, s"), _("1 of 20 above, s")):
        table.add_column(heading, justify="right")
    for one in found:
        table.add_row(one.exercise, str(one.scenes), f"{one.mean_s:.1f}", f"{one.slow_s:.1f}")
    console().print(table)


def _print_drains(students: int, mean_s: float, places: Sequence[int], here: int) -> None:
    from rich.table import Table

    from sheber.school.operating.planning import SCENES, drains

    text = _(
        "\nHow long it takes until all are judged, {scenes} scenes each, {mean:.1f} s a scene, by scenes at a time:"
    )
    print(text.format(scenes=SCENES, mean=mean_s))
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for heading in (_("students at once"), _("scenes")):
        table.add_column(heading, justify="right")
    for one in places:
        table.add_column(_("{count} (here)").format(count=one) if one == here else str(one), justify="right")
    for row in drains(students, mean_s, places):
        table.add_row(str(row.students), str(row.scenes), *(_span(one) for one in row.drain_s))
    console().print(table)


def _span(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 90:
        return _("{s:.0f} s").format(s=seconds)
    if seconds < 5400:
        return _("{min:.0f} min").format(min=seconds / 60)
    return _("{h:.1f} h").format(h=seconds / 3600)
