"""The command `sheber submit`: hand a program in at a school's server, wait, and print the explained score."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
import uuid
from pathlib import Path
from typing import Any, Final

from sheber.cli.errors import DONE, FAULT, WRONG_USE, Refused
from sheber.cli.output import plain, print_json, progress
from sheber.cli.school_server import Server, keep_token, kept_token, usual_file
from sheber.i18n import _

__all__ = ["submit"]

V1: Final = "/api/v1"
LARGEST_BYTES: Final = 256 << 10  # that a school takes
LOOK_S: Final = 1.0  # between two looks
ENDED: Final = frozenset({"done", "replaced", "cancelled", "fault"})


def submit(arguments: argparse.Namespace) -> int:
    """`sheber submit`."""
    source = _source(arguments.program)
    server = _server(arguments)
    assignment = _assignment(server, arguments.assignment)
    form: dict[str, Any] = {"source": source, "file_name": arguments.program.name, "token": uuid.uuid4().hex}
    if arguments.practice:
        form["kind"] = "practice"
        form |= {} if arguments.seed is None else {"seed": str(arguments.seed)}
    elif arguments.seed is not None:
        raise Refused(_("--seed is for --practice: the scenes of a hand-in are hidden."))
    made = server.ask("POST", f"{V1}/assignments/{assignment['id']}/submissions", form)
    page = server.url + str(made["page"])
    if arguments.no_wait:
        _say(_("Handed in: {page}").format(page=page))
        return DONE
    try:
        _follow(server, made, quiet=arguments.json)
    except KeyboardInterrupt:
        _note(_("Your program is judged all the same: {page}").format(page=page))
        raise
    found = server.ask("GET", str(made["address"]))
    if arguments.json:
        print_json(found)
    else:
        _tell(found, page)
    return {"done": DONE, "fault": FAULT}.get(str(found["state"]), WRONG_USE)


# --- what is sent, and to whom ---------------------------------------------------------------------------


def _source(file: Path) -> str:
    """The text of a program. Raises Refused."""
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise Refused(_("{file} cannot be read: {why}").format(file=file, why=error.strerror)) from error
    if len(content) > LARGEST_BYTES:
        text = _("{file} is too large: a program has at most {most} KiB.")
        raise Refused(text.format(file=file, most=LARGEST_BYTES >> 10))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        text = _("{file} is no program text: line {line} is not UTF-8.")
        raise Refused(text.format(file=file, line=content.count(b"\n", 0, error.start) + 1)) from error


def _server(arguments: argparse.Namespace) -> Server:
    """The server with a token of the file; on a terminal a new token is asked for, tried and kept."""
    file = arguments.token_file or usual_file()
    url, token = kept_token(file, arguments.server)
    if token:
        return Server(url, token)
    if not sys.stdin.isatty():
        text = _(
            "There is no token for {url} in {file}. Make one at {url}/account and put this line there: {url} TOKEN"
        )
        raise Refused(text.format(url=url, file=file))
    _note(_("Make a token at {url}/account. It is kept in {file}.").format(url=url, file=file))
    server = Server(url, getpass.getpass(_("Token: ")).strip())
    server.ask("GET", f"{V1}/me")
    keep_token(file, url, server.token)
    return server


def _assignment(server: Server, asked: str) -> dict[str, Any]:
    """The assignment that COURSE/ASSIGNMENT means: by their numbers or names. Raises Refused, with what exists."""
    course, slash, name = asked.rpartition("/")
    if not (slash and course.strip() and name.strip()):
        raise Refused(_("Name course and exercise as COURSE/ASSIGNMENT. {asked!r} is not so.").format(asked=asked))
    courses = [one for one in server.ask("GET", f"{V1}/courses") if not one["archived"]]
    chosen = _one_of(courses, course, ("title",))
    if chosen is None:
        there = "; ".join(f"{one['id']}: {one['title']}" for one in courses) or _("none")
        text = _("You are in no course {course!r}, or in several. Your courses: {there}")
        raise Refused(text.format(course=course, there=there))
    assignments = server.ask("GET", f"{V1}/courses/{chosen['id']}/assignments")
    found = _one_of(assignments, name, ("exercise", "title"))
    if found is None:
        there = "; ".join(f"{one['id']}: {one['exercise']}" for one in assignments) or _("none")
        text = _("The course {course} has no exercise {name!r}, or several. It has: {there}")
        raise Refused(text.format(course=chosen["title"], name=name, there=there))
    return found


def _one_of(things: list[dict[str, Any]], asked: str, names: tuple[str, ...]) -> dict[str, Any] | None:
    """The one thing with this number, this name, or a name that begins so."""
    word = asked.strip().casefold()
    called = [{str(one[name]).casefold() for name in names} for one in things]
    numbered = [one for one in things if str(one["id"]) == word]
    named = [one for one, own in zip(things, called, strict=True) if word in own]
    begun = [one for one, own in zip(things, called, strict=True) if any(name.startswith(word) for name in own)]
    found = numbered or named or begun
    return found[0] if len(found) == 1 else None


# --- waiting, and what came of it ------------------------------------------------------------------------


def _follow(server: Server, made: dict[str, Any], *, quiet: bool) -> None:
    """Wait until a submission has ended, and show how far it is."""
    first = server.ask("GET", str(made["address"]))
    if not quiet and first["place"]:
        _note(str(first["place"]["words"]))
    with progress(_("scenes"), len(first["scenes"]), shown=not quiet) as step:
        while True:
            now = server.ask("GET", f"{made['address']}/progress")
            step(len(now["judged"]))
            if now["state"] in ENDED:
                return
            time.sleep(LOOK_S)


def _tell(found: dict[str, Any], page: str) -> None:
    """The explained score, in words."""
    for scene in found["scenes"]:
        _tell_scene(scene)
    if found["state"] != "done":
        _say(_ended(str(found["state"])))
    elif found["kind"] == "graded":
        _say("")
        _say(_("Points: {points} of 100. {made_of}").format(points=_number(found["points"]), made_of=found["made_of"]))
        if found["late_days"]:
            text = _("Days late: {days}. Before that: {final}.")
            _say(text.format(days=found["late_days"], final=_number(found["final"])))
        for one in found["lost_most"]:
            _say(f"  −{one['lost']}  {one['name']}: {one['scenes']}")
    _say(page)


def _tell_scene(scene: dict[str, Any]) -> None:
    if scene["points"] is None:
        return
    _say(f"{scene['title']}: {_number(scene['points'])}. {scene['verdict']}")
    if scene["ending"]:
        _say(f"  {scene['ending']}")
    for loss in scene["losses"]:
        _say(f"  −{loss['lost']}  {loss['name']}: {loss['message']}")
    if scene["advice"]:
        _say(f"  {scene['advice']}")


def _ended(state: str) -> str:
    told = {
        "replaced": _("A newer program of yours took the place of this one. It was not judged."),
        "cancelled": _("The submission was cancelled."),
        "fault": _("The judging failed by a fault of the school, not of your program. Your teacher sees it."),
    }
    return told.get(state, state)


def _number(value: Any) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, int | float) else "-"


def _say(text: str) -> None:
    print(plain(text))


def _note(text: str) -> None:
    print(plain(text), file=sys.stderr)
