"""Exercises: the exercise of an assignment, with the course's own numbers; and folders that teachers upload.

A teacher's `exercise.py` is code that this server would run, with all that its account may do. So nothing of an upload
is imported when it arrives. An administrator reads it, and allows that it is checked: then its contract is examined by
a process of its own, with limits (`checking.py`). What the check found is stored in sentences, and the administrator
admits it or not. Only then can a course ask for it.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from sheber.exercises import PROGRAMS, Exercise, catalogue, load
from sheber.exercises.exercise import read_exercise
from sheber.exercises.files import read_text
from sheber.i18n import _, current
from sheber.school import audit, clock
from sheber.school.courses import archives
from sheber.school.courses.models import OwnExercise
from sheber.school.errors import NotFound, Refused
from sheber.school.people import policy
from sheber.school.people.models import Person, storable
from sheber.school.people.policy import Actor

__all__ = [
    "Available",
    "Proposal",
    "Upload",
    "admit",
    "allow_check",
    "available",
    "exercise_of",
    "folder_of",
    "headline_of",
    "proposal_file",
    "proposal_files",
    "proposals",
    "propose",
    "refuse",
    "starter_of",
]

_NAME: Final = re.compile(r"(?!-)(?:[^\W_]|-){1,60}")
_NEEDED: Final = (
    *("exercise.toml", "exercise.py", "starter.py", "text/en.md", "programs/expected.toml"),
    *(f"programs/{name}.py" for name in PROGRAMS),
)
_MOST_WAITING: Final = 20  # uploads of one teacher that nobody has looked at
_LONGEST_TOML: Final = 256 << 10  # bytes
_MOST_HEADLINES: Final = 2000
_headlines: Final[dict[tuple[Path, str, str], tuple[str, str]]] = {}


class Asked(Protocol):
    """An assignment, or what is to become one."""

    @property
    def exercise(self) -> str: ...
    @property
    def own_exercise_id(self) -> int | None: ...
    @property
    def numbers(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Available:
    """An exercise that a course can ask for."""

    name: str
    own_exercise_id: int | None  # None: of the catalogue
    title: str
    summary: str
    level: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """An exercise that a teacher uploaded."""

    id: int
    name: str
    state: str
    sha256: str
    findings: tuple[Mapping[str, Any], ...]  # of the check: {"promise": title, "broken": [sentence, ...]}
    uploaded_by: str
    created: datetime


class Upload(Protocol):
    """An upload, as its row or as a page has it."""

    @property
    def id(self) -> int: ...
    @property
    def sha256(self) -> str: ...


def exercise_of(session: Session, assignment: Asked) -> Exercise:
    """The exercise of an assignment, with its own numbers. The same assignment gives the same object.

    Raises Refused where an exercise of a teacher's own is not admitted, ExerciseError where one cannot be opened.
    """
    numbers = json.dumps(dict(assignment.numbers), sort_keys=True)
    if assignment.own_exercise_id is None:
        return _opened(assignment.exercise, None, numbers)
    return _opened(assignment.exercise, _admitted_folder(session, assignment.own_exercise_id), numbers)


def starter_of(exercise: Exercise) -> str:
    """The program that a student begins with, as it was written: it names no folder of the server."""
    return read_text(exercise.folder / "starter.py")


def headline_of(exercise: Exercise) -> tuple[str, str]:
    """Title and summary, in the language in force. Read once in a process: what was opened does not change."""
    key = (exercise.folder, exercise.sha256, current())
    if key not in _headlines:
        if len(_headlines) >= _MOST_HEADLINES:
            _headlines.clear()
        _headlines[key] = (exercise.title, exercise.summary)
    return _headlines[key]


def available(session: Session) -> tuple[Available, ...]:
    """What a course can ask for: the catalogue, then the newest admitted of each teacher's own, by name.

    Titles are in the language in force.
    """
    shipped = [Available(one.name, None, one.title, one.summary, one.level) for one in catalogue()]
    newest = select(func.max(OwnExercise.id)).where(OwnExercise.state == "admitted").group_by(OwnExercise.name)
    query = select(OwnExercise.id, OwnExercise.name).where(OwnExercise.id.in_(newest)).order_by(OwnExercise.name)
    own = [(row.id, _opened(row.name, _admitted_folder(session, row.id), "{}")) for row in session.execute(query)]
    return (*shipped, *(Available(one.name, id_, one.title, one.summary, one.level) for id_, one in own))


def propose(session: Session, actor: Actor, archive: bytes) -> int:
    """Upload an exercise folder as ZIP; gives its id. Nothing of it is run or imported. Raises NotAllowed, Refused."""
    policy.require_rank(actor, "exercise.propose")
    files = archives.opened(archive)
    missing = [name for name in _NEEDED if name not in files]
    if missing:
        text = _("The archive has no {missing}. An exercise needs {needed}.")
        raise Refused(text.format(missing=", ".join(missing), needed=", ".join(_NEEDED)), "archive")
    name = _named(files["exercise.toml"])
    digest = hashlib.sha256(archive).hexdigest()
    waiting = session.scalars(
        select(OwnExercise.sha256).where(OwnExercise.uploaded_by == actor.id, OwnExercise.state == "proposed")
    ).all()
    if digest in waiting:
        raise Refused(_("You uploaded this archive already. An administrator will look at it."), "archive")
    if len(waiting) >= _MOST_WAITING:
        text = _("{count} of your exercises wait for an administrator. Please wait until they were looked at.")
        raise Refused(text.format(count=len(waiting)), "archive")
    own = OwnExercise(
        name=name,
        archive=archive,
        sha256=digest,
        state="proposed",
        findings=[],
        uploaded_by=actor.id,
        created=clock.now(),
    )
    session.add(own)
    session.flush()
    _note(session, actor, own, "exercise.proposed", sha256=digest)
    return own.id


def proposals(session: Session, actor: Actor) -> tuple[Proposal, ...]:
    """What was uploaded, the newest first: one's own; everything for an administrator. Raises NotAllowed."""
    policy.require_rank(actor, "exercise.propose")
    query = select(OwnExercise, Person.name).join(Person, Person.id == OwnExercise.uploaded_by)
    if not actor.administrator:
        query = query.where(OwnExercise.uploaded_by == actor.id)
    rows = session.execute(query.order_by(OwnExercise.id.desc()).limit(200)).all()
    return tuple(
        Proposal(own.id, own.name, own.state, own.sha256, tuple(own.findings), name, own.created) for own, name in rows
    )


def proposal_files(session: Session, actor: Actor, own_id: int) -> tuple[tuple[str, int], ...]:
    """Name and size [bytes] of what was uploaded, so that it can be read before it runs. Raises NotFound."""
    files = archives.opened(_own(session, actor, own_id).archive)
    return tuple((name, len(content)) for name, content in sorted(files.items()))


def proposal_file(session: Session, actor: Actor, own_id: int, name: str) -> bytes:
    """One file of what was uploaded. It is a stranger's: show it as text only. Raises NotFound."""
    files = archives.opened(_own(session, actor, own_id).archive)
    if name not in files:
        raise NotFound(_("There is no such file in this archive."))
    return files[name]


def allow_check(session: Session, actor: Actor, own_id: int) -> None:
    """Allow that an upload's code runs, for its check. Only for administrators. Raises NotAllowed, NotFound, Refused.

    A worker checks it soon (`examiner.py`). May be said again where a check was broken off.
    """
    own = _decide(session, actor, own_id, "checking", ("proposed", "checking"))
    own.check_tries = 0


def admit(session: Session, actor: Actor, own_id: int) -> None:
    """Let courses ask for a checked exercise. Only for administrators. Raises NotAllowed, NotFound, Refused."""
    _decide(session, actor, own_id, "admitted", ("checked",))


def refuse(session: Session, actor: Actor, own_id: int, reason: str) -> None:
    """Refuse an upload, with a reason for its teacher. For administrators. Raises NotAllowed, NotFound, Refused."""
    reason = storable(" ".join(reason.split())[:1000])
    if not reason:
        raise Refused(_("Say why the exercise is refused: its teacher reads it."), "reason")
    own = _decide(session, actor, own_id, "refused", ("proposed", "checking", "checked"), reason=reason)
    own.findings = [*own.findings, {"promise": "", "broken": [reason]}]


def folder_of(exercises: Path, own: Upload) -> Path:
    """Where the files of an upload lie, once it may run: named after its content, so that it never changes."""
    return exercises / f"{own.id}-{own.sha256[:16]}"


def _decide(
    session: Session, actor: Actor, own_id: int, state: str, before: tuple[str, ...], **details: str
) -> OwnExercise:
    """Move an upload to another state. Raises NotAllowed, NotFound, Refused."""
    policy.require_rank(actor, "exercise.admit")
    own = session.get(OwnExercise, own_id, with_for_update=True)
    if own is None:
        raise NotFound(_("There is no such exercise."))
    if own.state not in before:
        text = _("The exercise {name} is {state!r}. This can only be done while it is {before}.")
        raise Refused(text.format(name=own.name, state=own.state, before=_(" or ").join(map(repr, before))))
    _note(session, actor, own, f"exercise.{state}", before=own.state, **details)
    own.state = state
    return own


def _note(session: Session, actor: Actor, own: OwnExercise, action: str, **details: Any) -> None:
    audit.record(session, actor.id, action, f"exercise {own.id}", name=own.name, **details)


def _own(session: Session, actor: Actor, own_id: int) -> OwnExercise:
    """An upload with its archive, for who uploaded it and for administrators. Raises NotFound."""
    own = session.get(OwnExercise, own_id, options=[undefer(OwnExercise.archive)])
    if own is None or not (actor.administrator or own.uploaded_by == actor.id):
        raise NotFound(_("There is no such exercise."))
    return own


def _admitted_folder(session: Session, own_id: int) -> Path:
    """The files of an admitted exercise; unpacked again where they are gone, as after a restore."""
    own = session.get(OwnExercise, own_id)
    if own is None or own.state != "admitted":
        raise Refused(_("This exercise is not admitted. Please ask an administrator of the school."), "exercise")
    folder = folder_of(session.info["exercises"], own)
    if not folder.is_dir():
        archives.unpack(archives.opened(own.archive), folder)
    return folder


@lru_cache(maxsize=256)
def _opened(name: str, folder: Path | None, numbers: str) -> Exercise:
    """An exercise with its own numbers, opened once in a process: neither the catalogue nor an upload changes."""
    bare = _shipped(name) if folder is None else _read(folder)
    own = json.loads(numbers)
    return bare.with_numbers(own) if own else bare


def _shipped(name: str) -> Exercise:
    """One of the catalogue: never a folder that happens to have this name. Raises Refused."""
    if name not in {one.name for one in catalogue()}:
        names = ", ".join(one.name for one in catalogue())
        text = _("There is no exercise {name!r}. The exercises are: {names}.")
        raise Refused(text.format(name=name[:100], names=names), "exercise")
    return load(name)


@lru_cache(maxsize=64)
def _read(folder: Path) -> Exercise:
    return read_exercise(folder)


def _named(toml: bytes) -> str:
    """The name in an uploaded `exercise.toml`. Raises Refused."""
    try:
        if len(toml) > _LONGEST_TOML:
            raise ValueError("too long")
        name = tomllib.loads(toml.decode("utf-8-sig")).get("name")
    except (ValueError, RecursionError) as error:
        text = _("The file exercise.toml of the archive cannot be read: {why}.")
        raise Refused(text.format(why=str(error)[:200]), "archive") from error
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        text = _("The name in exercise.toml is {name!r}. It must have letters, digits and hyphens only, up to 60.")
        raise Refused(text.format(name=str(name)[:80]), "archive")
    if name in {one.name for one in catalogue()}:
        text = _("The name in exercise.toml is {name!r}, as that of an exercise of the catalogue. Choose another one.")
        raise Refused(text.format(name=name), "archive")
    return name
